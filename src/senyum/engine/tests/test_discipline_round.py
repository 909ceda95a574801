"""Counters that press together get what they would have got one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senyum.engine.discipline import Choice, Waiting, Why, choose
from senyum.engine.discipline_round import Candidate, Round, Undecided

NOW = 10.0


@dataclass(frozen=True)
class Press:
    first: frozenset[int]
    helps: frozenset[int]
    finishes: int | None


def one_by_one(candidates: list[Candidate[float]], presses: list[Press]) -> list[Choice | None]:
    """What `choose` says to each press, with the hall's state written out anew for each."""
    waiting, finished, away = list(candidates), set[int](), set[int]()
    answers = []
    for press in presses:
        if press.finishes is not None:
            finished.add(press.finishes)
        hall = [
            Waiting(
                c.ticket,
                c.line,
                c.turn_at,
                c.promised_by,
                c.held_until,
                (c.busy_by is not None and c.busy_by not in finished) or c.visit in away,
            )
            for c in waiting
        ]
        choice = choose(hall, first=press.first, helps=press.helps, now=NOW)
        if choice is not None:
            called = next(c for c in waiting if c.ticket == choice.ticket)
            waiting.remove(called)
            away.add(called.visit)
        answers.append(choice)
    return answers


@st.composite
def halls(draw: st.DrawFn) -> tuple[list[Candidate[float]], list[Press]]:
    running = {visit: 1000 + visit for visit in draw(st.sets(st.integers(0, 7), max_size=4))}
    candidates = []
    for ticket in range(draw(st.integers(0, 14))):
        visit = draw(st.integers(0, 9))
        candidates.append(
            Candidate(
                ticket,
                visit,
                line=draw(st.integers(0, 3)),
                turn_at=float(draw(st.integers(0, 9))),
                promised_by=float(draw(st.integers(8, 12))),
                held_until=draw(st.sampled_from([None, None, None, 9.0, 11.0])),
                busy_by=running.get(visit),
            )
        )
    lines = st.frozensets(st.integers(0, 3), max_size=3)
    mine = draw(st.permutations(sorted(running.values())))
    presses = [
        Press(draw(lines), draw(lines), mine[place] if place < len(mine) and draw(st.booleans()) else None)
        for place in range(draw(st.integers(1, 6)))
    ]
    return candidates, presses


@given(halls())
def test_a_round_is_the_presses_one_after_the_other(hall: tuple[list[Candidate[float]], list[Press]]) -> None:
    candidates, presses = hall
    played = Round(candidates)
    answers = [played.press(first=p.first, helps=p.helps, now=NOW, finishes=p.finishes) for p in presses]
    assert answers == one_by_one(candidates, presses)


@given(halls(), st.integers(1, 4))
def test_of_a_part_it_says_the_same_or_nothing(hall: tuple[list[Candidate[float]], list[Press]], reach: int) -> None:
    candidates, presses = hall
    part: list[Candidate[float]] = []
    cut = set()
    for line in range(4):
        mine = sorted((c for c in candidates if c.line == line), key=lambda c: (c.turn_at, c.ticket))
        part += mine[:reach]
        if len(mine) >= reach:
            cut.add(line)
    played = Round(part, cut=cut)
    # A sibling outside the part may keep a visit busy; what is decided must hold nevertheless.
    for press, expected in zip(presses, one_by_one(candidates, presses), strict=True):
        try:
            answer = played.press(first=press.first, helps=press.helps, now=NOW, finishes=press.finishes)
        except Undecided:
            break
        assert answer == expected


def test_nobody_of_a_line_that_goes_on_is_not_nobody() -> None:
    held = Candidate(1, 1, line=0, turn_at=1.0, promised_by=90.0, held_until=99.0)
    with pytest.raises(Undecided):
        Round([held], cut={0}).press(first={0}, helps=(), now=NOW)
    assert Round([held]).press(first={0}, helps=(), now=NOW) is None


def test_helping_is_undecided_while_a_promise_may_have_passed_further_back() -> None:
    helped = Candidate(1, 1, line=0, turn_at=1.0, promised_by=90.0)
    with pytest.raises(Undecided):
        Round([helped], cut={0}).press(first=(), helps={0}, now=NOW)
    choice = Round([helped]).press(first=(), helps={0}, now=NOW)
    assert choice is not None and choice.why is Why.HELPING
