"""Who is next: each rule by an example, then properties, then the compiled twin."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senyum.engine.discipline import (
    FIRST,
    HELP,
    Choice,
    Waiting,
    Why,
    after_pause,
    choose,
    choose_by_hand,
    may_be_called,
    times,
    turn_key,
)
from senyum.engine.discipline_fast import choose_index

NINE = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LINE, HELPED, ELSEWHERE = 1, 2, 3


def ticket(number: int, turn: float, *, line: int = LINE, promise: float = 1000.0, **more: object) -> Waiting[float]:
    return replace(Waiting(number, line, float(turn), promise), **more)  # type: ignore[arg-type]  # fields by name


def at_counter(*waiting: Waiting[float], now: float = 100.0) -> Choice | None:
    return choose(waiting, first={LINE}, helps={HELPED}, now=now)


def test_times_are_the_anchor_less_the_head_start_and_plus_the_promise() -> None:
    assert times(anchor=NINE, head_start_minutes=20, promise_minutes=60) == (NINE - 20 * MINUTE, NINE + 60 * MINUTE)


@pytest.mark.parametrize(("queued", "moved"), [(-60, 30), (0, 30), (20, 10), (30, 0), (45, 0)])
def test_a_pause_moves_a_promise_by_the_part_the_ticket_was_there(queued: int, moved: int) -> None:
    promised = NINE + 90 * MINUTE
    later = after_pause(
        promised_by=promised,
        queued_at=NINE + queued * MINUTE,
        started_at=NINE,
        ended_at=NINE + 30 * MINUTE,
    )
    assert later == promised + moved * MINUTE


def test_the_earliest_turn_of_the_lines_served_first_is_next() -> None:
    assert at_counter(ticket(1, 20), ticket(2, 10), ticket(3, 30)) == Choice(2, Why.EARLIEST, ())


def test_an_equal_turn_goes_by_id() -> None:
    assert at_counter(ticket(8, 10), ticket(7, 10)) == Choice(7, Why.EARLIEST, ())


def test_a_helped_out_line_waits_while_somebody_waits_in_a_line_served_first() -> None:
    assert at_counter(ticket(1, 50), ticket(2, 10, line=HELPED)) == Choice(1, Why.EARLIEST, (2,))


def test_a_helped_out_line_is_served_when_nobody_else_can_be_called() -> None:
    held = ticket(1, 5, held_until=101.0)
    assert at_counter(held, ticket(2, 10, line=HELPED)) == Choice(2, Why.HELPING, (1,))


def test_a_helped_out_ticket_past_its_promise_joins_the_first_tier_with_its_own_turn() -> None:
    late = ticket(2, 10, line=HELPED, promise=99.0)
    assert at_counter(ticket(1, 50), late) == Choice(2, Why.PAST_PROMISE, ())
    assert at_counter(ticket(1, 5), late) == Choice(1, Why.EARLIEST, ())


def test_a_promise_that_ends_this_minute_is_not_past() -> None:
    assert at_counter(ticket(1, 50), ticket(2, 10, line=HELPED, promise=100.0)) == Choice(1, Why.EARLIEST, (2,))


def test_a_held_turn_is_passed_over_until_its_time_and_keeps_its_place() -> None:
    held = ticket(1, 5, held_until=100.0)
    assert at_counter(held, ticket(2, 10), now=99.0) == Choice(2, Why.EARLIEST, (1,))
    assert at_counter(held, ticket(2, 10), now=100.0) == Choice(1, Why.EARLIEST, ())


def test_a_visit_that_is_at_a_counter_is_passed_over() -> None:
    assert at_counter(ticket(1, 5, busy=True), ticket(2, 10)) == Choice(2, Why.EARLIEST, (1,))


def test_nobody_is_next_when_nobody_can_be_called() -> None:
    assert at_counter() is None
    assert at_counter(ticket(1, 5, busy=True), ticket(2, 5, line=ELSEWHERE)) is None


def test_by_hand_names_everyone_with_an_earlier_turn_in_the_lines_of_the_counter() -> None:
    waiting = [ticket(1, 30), ticket(2, 20, line=HELPED), ticket(3, 40, held_until=999.0), ticket(4, 1, line=ELSEWHERE)]
    choice = choose_by_hand(waiting, wanted=3, first={LINE}, helps={HELPED})
    assert choice == Choice(3, Why.BY_HAND, (2, 1))


def test_by_hand_cannot_call_a_visit_that_is_at_a_counter_nor_somebody_who_does_not_wait() -> None:
    waiting = [ticket(1, 30, busy=True)]
    assert choose_by_hand(waiting, wanted=1, first={LINE}, helps=()) is None
    assert choose_by_hand(waiting, wanted=9, first={LINE}, helps=()) is None


def test_the_key_works_on_datetimes() -> None:
    early, late = NINE, NINE + MINUTE
    first = turn_key(turn_at=late, promised_by=late, now=early, tier=FIRST, ticket_id=2)
    helped = turn_key(turn_at=early, promised_by=late, now=early, tier=HELP, ticket_id=1)
    assert first < helped
    past = turn_key(turn_at=early, promised_by=early, now=late, tier=HELP, ticket_id=1)
    assert past < first


# Small whole minutes, so that ties and boundaries happen often.
minutes = st.integers(0, 8).map(float)


@st.composite
def halls(draw: st.DrawFn) -> list[Waiting[float]]:
    size = draw(st.integers(0, 12))
    return [
        Waiting(
            ticket=number,
            line=draw(st.integers(0, 3)),
            turn_at=draw(minutes),
            promised_by=draw(minutes),
            held_until=draw(st.none() | minutes),
            busy=draw(st.booleans()),
        )
        for number in range(size)
    ]


line_sets = st.sets(st.integers(0, 3))


@given(halls(), line_sets, line_sets, minutes)
def test_nobody_callable_precedes_the_choice(
    hall: list[Waiting[float]], first: set[int], helps: set[int], now: float
) -> None:
    choice = choose(hall, first=first, helps=helps, now=now)
    here = [t for t in hall if t.line in first | helps and may_be_called(t, now)]
    assert (choice is None) == (not here)
    if choice is None:
        return
    [chosen] = [t for t in here if t.ticket == choice.ticket]

    def joins_first(t: Waiting[float]) -> bool:
        return t.line in first or t.promised_by < now

    peers = [t for t in here if joins_first(t) == joins_first(chosen)]
    assert all((chosen.turn_at, chosen.ticket) <= (t.turn_at, t.ticket) for t in peers)
    assert joins_first(chosen) or not any(joins_first(t) for t in here)
    assert choice.why == (
        Why.EARLIEST if chosen.line in first else Why.PAST_PROMISE if joins_first(chosen) else Why.HELPING
    )
    # Everyone passed over has a reason: held, busy, or a helped-out line within its promise.
    for t in hall:
        if t.ticket in choice.passed_over:
            assert not may_be_called(t, now) or not joins_first(t)


@given(halls(), line_sets, line_sets, minutes)
def test_the_order_of_the_rows_does_not_matter(
    hall: list[Waiting[float]], first: set[int], helps: set[int], now: float
) -> None:
    forwards = choose(hall, first=first, helps=helps, now=now)
    assert choose(hall[::-1], first=first, helps=helps, now=now) == forwards


@settings(max_examples=300, deadline=None)
@given(halls(), line_sets, line_sets, minutes, st.randoms(use_true_random=False))
def test_the_compiled_twin_chooses_the_same(
    hall: list[Waiting[float]], first: set[int], helps: set[int], now: float, shuffle: object
) -> None:
    queue = np.arange(len(hall), dtype=np.int64)
    shuffle.shuffle(queue)  # type: ignore[attr-defined]  # hypothesis gives a Random
    position, why = choose_index(
        now,
        queue,
        len(hall),
        np.array([t.turn_at for t in hall], dtype=np.float64),
        np.array([t.promised_by for t in hall], dtype=np.float64),
        np.array([-np.inf if t.held_until is None else t.held_until for t in hall], dtype=np.float64),
        np.array([t.busy for t in hall], dtype=np.bool_),
        np.array([t.line for t in hall], dtype=np.int64),
        np.array([1 if line in first else 2 if line in helps else 0 for line in range(4)], dtype=np.int64),
    )
    choice = choose(hall, first=first, helps=helps, now=now)
    if choice is None:
        assert (position, why) == (-1, -1)
    else:
        assert int(queue[position]) == choice.ticket
        assert list(Why)[why] == choice.why
