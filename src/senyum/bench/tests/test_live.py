from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from senyum.bench import live
from senyum.bench.streams import Following


def test_percentiles_of_counts() -> None:
    counts = Counter({10: 98, 20: 1, 900: 1})
    assert [live.percentile(counts, share) for share in (0.5, 0.98, 0.99, 1.0)] == [10, 10, 20, 900]
    assert live.percentile(Counter(), 0.5) == 0


def test_the_result_counts_what_arrived() -> None:
    answers = [
        {"histogram": {"100": 2, "300": 1}, "received": 3, "disordered": 0, "ended": 0},
        {"histogram": {"100": 2}, "received": 2, "disordered": 1, "ended": 1},
    ]
    result = live._result(3, 10.0, {1: 0.0, 2: 0.1}, answers)
    assert (result["delivered_share"], result["p50_ms"], result["p99_ms"]) == (5 / 6, 10.0, 30.0)
    assert (result["disordered"], result["ended"], result["events"]) == (1, 1, 2)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_stream_counts_each_event_once_however_it_is_cut(size: int) -> None:
    text = b"retry: 1500\n\nid: 3\nevent: beat\ndata: {}\n\n" + b"".join(
        b'id: %d\nevent: ticket.called\ndata: {"line":3,"label":"A-%d"}\n\n' % (n, n) for n in (4, 5, 5, 6)
    )

    async def feed() -> Following:
        one = Following(b"")
        for start in range(0, len(text), size):
            one.data_received(text[start : start + size])
        assert one.open.done()
        return one

    one = asyncio.run(feed())
    assert [number for number, _ in one.receipts] == [4, 5, 5, 6]
    assert one.disordered == 1


@pytest.mark.slow
def test_a_small_run_delivers_everything() -> None:
    said: list[str] = []
    (result,) = live.run([20], 2.0, said.append)
    assert (result["streams"], result["delivered_share"], result["disordered"], result["ended"]) == (20, 1.0, 0, 0)
    assert 0 < result["p50_ms"] <= result["p99_ms"] < 5_000
    assert len(said) == 1
