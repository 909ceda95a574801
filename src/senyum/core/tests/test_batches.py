"""Batches in the event loop: one at a time, answers after the run, a failed one fails alone, company is waited for."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest

from senyum.core import batches
from senyum.core.batches import Batches, Failed


class _Desk:
    """Doubles numbers, and remembers which came together. A negative number spoils its batch."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.seen: list[list[int]] = []
        self.inside = threading.Lock()

    def __call__(self, items: Sequence[int]) -> list[int]:
        assert self.inside.acquire(blocking=False), "two batches at once"
        try:
            self.seen.append(list(items))
            time.sleep(self.seconds)
            if min(items) < 0:
                raise ValueError("spoilt")
            return [2 * item for item in items]
        finally:
            self.inside.release()

    __name__ = "desk"


def _gathered(desk: _Desk, limit: int = 64) -> Batches[int, int]:
    return Batches(desk, limit)


def test_whoever_comes_while_one_runs_shares_the_next_batch() -> None:
    desk = _Desk(0.02)

    async def day() -> list[int]:
        made = _gathered(desk, limit=5)
        first = asyncio.create_task(made.submit(1))
        await asyncio.sleep(0.005)
        return [*await asyncio.gather(*(made.submit(n) for n in range(2, 9))), await first]

    assert asyncio.run(day()) == [4, 6, 8, 10, 12, 14, 16, 2]
    assert desk.seen == [[1], [2, 3, 4, 5, 6], [7, 8]]


def test_a_spoilt_batch_fails_and_the_next_works() -> None:
    desk = _Desk(0.01)

    async def day() -> list[int | BaseException]:
        made = _gathered(desk)
        first = asyncio.create_task(made.submit(-1))
        await asyncio.sleep(0.003)
        second = await made.submit(4)
        return [*await asyncio.gather(first, return_exceptions=True), second]

    failed, answer = asyncio.run(day())
    assert isinstance(failed, Failed) and answer == 8


def test_those_who_came_together_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three pressed together; when the first of them is back, the batch waits for the other two."""
    monkeypatch.setattr(batches, "COMPANY_SECONDS", 5.0)
    monkeypatch.setattr(batches, "LATELY_SECONDS", 5.0)
    desk = _Desk(0.01)

    async def day() -> float:
        made = _gathered(desk)
        await asyncio.gather(*(made.submit(n) for n in (1, 2, 3)))
        begun = time.monotonic()
        back = asyncio.create_task(made.submit(4))
        await asyncio.sleep(0.05)
        await asyncio.gather(made.submit(5), made.submit(6), back)
        return time.monotonic() - begun

    # The last of the three ends the wait: nobody sat out the five seconds.
    assert asyncio.run(day()) < 4
    assert desk.seen == [[1, 2, 3], [4, 5, 6]]


def test_nobody_is_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "LATELY_SECONDS", 5.0)
    desk = _Desk()

    async def day() -> list[int]:
        made = _gathered(desk)
        await asyncio.gather(*(made.submit(n) for n in (1, 2, 3)))
        return [await made.submit(4), await made.submit(5)]

    assert asyncio.run(day()) == [8, 10]
    assert desk.seen == [[1, 2, 3], [4], [5]]


def test_someone_alone_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "COMPANY_SECONDS", 60.0)
    desk = _Desk()

    async def day() -> list[int]:
        made = _gathered(desk)
        return [await made.submit(n) for n in range(20)]

    assert asyncio.run(asyncio.wait_for(day(), 30)) == [2 * n for n in range(20)]
