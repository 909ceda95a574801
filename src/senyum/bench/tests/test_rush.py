"""A small rush through both ways: nothing sold twice, everybody answered, and the keys that are documented."""

from __future__ import annotations

from senyum.bench.rush import LINES, PLACES, SLOTS, run


def test_a_small_rush() -> None:
    found = run(people=120, rounds=1)
    assert found["places"] == LINES * SLOTS * PLACES
    # 120 people over a hundred slots of ten places: there is room for all.
    for way in (found, found["plain"]):
        assert (way["sold"], way["oversold"], way["errors"], way["full"]) == (120, 0, 0, 0)
    assert found["ratio_orm"] > 0 and found["seconds"] > 0 and found["p99_ms"] > 0
