"""Moves for the next hour: the obvious one comes first, and nothing is suggested when nothing helps."""

from __future__ import annotations

from dataclasses import replace

from senyum.engine.staffing.next_hour import FreeOfficer, HallNow, IdleCounter, LiveDesk, LiveLine, LiveTicket, suggest

A, B = frozenset({0}), frozenset({1})
NOW = 600.0


def hall(waiting: int = 14) -> HallNow:
    """One busy and one quiet line, a counter each; a third counter stands empty."""
    return HallNow(
        now=NOW,
        closes=900.0,
        lines=(LiveLine("ktp", 8.0, 0.6, 0.1, 30.0), LiveLine("kk", 8.0, 0.6, 0.02, 30.0)),
        waiting=tuple(LiveTicket(0, NOW - n, NOW - n + 30) for n in range(waiting)),
        desks=(
            LiveDesk("1", "ani", A, frozenset(), A, NOW + 3, 900.0),
            LiveDesk("2", "budi", B, frozenset(), A | B, NOW, 900.0),
        ),
        idle=(IdleCounter("3", A, B),),
        free=(FreeOfficer("citra", A | B),),
    )


def test_opening_a_counter_and_helping_the_long_line_are_suggested_with_their_effect() -> None:
    found = suggest(hall(), seed=1)
    assert {(s.move.kind, s.move.counter) for s in found[:2]} == {("open", "3"), ("help", "2")}
    for suggestion in found:
        assert suggestion.low <= suggestion.saved <= suggestion.high
        assert suggestion.low > 0
        assert suggestion.late_before - suggestion.late_after == suggestion.saved or suggestion.saved > 0
        assert suggestion.wait_after < suggestion.wait_before


def test_nothing_is_suggested_when_nobody_waits() -> None:
    quiet = replace(hall(0), lines=tuple(replace(line, rate=0.005) for line in hall().lines))
    assert suggest(quiet, seed=1, samples=100) == []


def test_a_lunch_in_the_rush_is_moved_and_stays_in_its_window() -> None:
    alone = replace(
        hall(8),
        now=690.0,
        waiting=tuple(LiveTicket(0, 690.0, 715.0) for _ in range(4)),
        desks=(LiveDesk("1", "ani", A, frozenset(), A, 690.0, 900.0, lunch=690.0),),
        idle=(),
        free=(),
    )
    found = suggest(alone, seed=1)
    assert [(s.move.kind, s.move.minutes) for s in found] == [("lunch", 30.0)]
    late = replace(alone, desks=(replace(alone.desks[0], lunch=780.0),), lunch_latest=810.0)
    assert all(s.move.minutes != 30.0 for s in suggest(late, seed=1))


def test_the_same_seed_gives_the_same_suggestions() -> None:
    assert suggest(hall(), seed=3, samples=50) == suggest(hall(), seed=3, samples=50)


def test_an_hour_without_any_counter_makes_everyone_late() -> None:
    nobody = replace(hall(3), desks=(), lines=tuple(replace(line, rate=0.0) for line in hall().lines))
    (best, *_) = suggest(nobody, seed=1, samples=20)
    assert best.late_before == 3
    assert best.move.kind == "open"
