"""A whole day of a hall, in random order, against the promises of docs/ticket-life.md.

The hall is a small model in memory: it moves tickets only through `visits.states.TRANSITIONS` and calls only whom
`engine.discipline` chooses. The product is then built on the same table and the same key. Times are minutes; a
wall-clock minute passes only in `time_passes`, so everything between two of those lies within the ten seconds of undo.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from senyum.engine import discipline
from senyum.engine.discipline import Choice, Waiting
from senyum.visits import states
from tests.ticket_life_model import COUNTERS, LINES, POLICY, Hall, Ticket

LEGS = st.lists(st.sampled_from(LINES), min_size=1, max_size=3, unique=True)
CLASSES = st.sampled_from(list(POLICY))
NUMBERS = st.integers(0, 11)


class Day(RuleBasedStateMachine):
    """Rules are what people do; invariants are what the page promises."""

    hall_type: type[Hall] = Hall

    @initialize(
        people=st.lists(st.tuples(LEGS, CLASSES), min_size=2, max_size=8), served=st.integers(0, 7), ends=st.booleans()
    )
    def morning(self, people: list[tuple[list[int], str]], served: int, ends: bool) -> None:
        self.ends_abruptly = ends
        self.hall = self.hall_type()
        self.labels: list[str] = []
        self.turns: dict[int, float] = {}
        for lines, cls in people:
            self.somebody_arrives(lines, cls)
        for counter in COUNTERS:
            self.next(counter)
            if served & 1 << counter:
                self.hall.act(counter, "serve")

    def pick(self, number: int, *wanted: str) -> Ticket | None:
        found = [t for t in self.hall.tickets.values() if t.state in wanted]
        return found[number % len(found)] if found else None

    @rule(minutes=st.sampled_from([0, 1, 4, 12, 45]))
    def time_passes(self, minutes: int) -> None:
        self.hall.now += minutes
        self.hall.undoable.clear()

    @precondition(lambda self: not self.hall.closed)
    @rule(lines=LEGS, cls=CLASSES)
    def somebody_arrives(self, lines: list[int], cls: str) -> None:
        self.labels.append(f"A-{len(self.labels) + 1:03d}")
        self.hall.issue(len(self.labels) - 1, lines, cls)

    @rule(counter=st.sampled_from(list(COUNTERS)))
    def next(self, counter: int) -> None:
        finishing = {t.visit for t in self.hall.at_counter(counter=counter) if t.state == states.SERVING}
        waiting = self.hall.waiting()
        before = [t for t in waiting if not t.busy or self.hall.tickets[t.ticket].visit in finishing]
        choice = self.hall.next(counter)
        if choice is not None:
            self.was_first(counter, choice, before)

    def was_first(self, counter: int, choice: Choice, before: list[Waiting[float]]) -> None:
        """Told without the key: nobody with an earlier turn could have been called in the same effective tier."""
        first, helps = COUNTERS[counter]
        now = self.hall.now
        callable_now = [t for t in before if t.line in first | helps and (t.held_until is None or t.held_until <= now)]
        urgent = [t for t in callable_now if t.line in first or now > t.promised_by]
        peers = urgent or callable_now
        assert choice.ticket in {t.ticket for t in peers}, "somebody of the first tier was waiting"
        called = self.hall.tickets[choice.ticket]
        assert called.turn_at == min(t.turn_at for t in peers), "an earlier turn was waiting"

    @rule(counter=st.sampled_from(list(COUNTERS)), number=NUMBERS)
    def somebody_is_called_by_hand(self, counter: int, number: int) -> None:
        if ticket := self.pick(number, states.WAITING):
            self.hall.call(counter, wanted=ticket.id)

    @precondition(lambda self: self.pick(0, states.CALLED))
    @rule(number=NUMBERS, command=st.sampled_from(["recall", "serve", "absent"]), slip=st.booleans())
    def did_they_come(self, number: int, command: str, slip: bool) -> None:
        ticket = self.pick(number, states.CALLED)
        assert ticket and ticket.counter is not None and self.hall.act(ticket.counter, command)
        if slip and command != "recall":
            assert self.hall.undo(ticket.counter) and ticket.state == states.CALLED

    @precondition(lambda self: self.pick(0, states.SERVING))
    @rule(
        number=NUMBERS,
        command=st.sampled_from(["park", "finish", "forward"]),
        line=st.sampled_from(LINES),
        slip=st.booleans(),
    )
    def officer_is_done(self, number: int, command: str, line: int, slip: bool) -> None:
        ticket = self.pick(number, states.SERVING)
        assert ticket and ticket.counter is not None
        if command == "forward" and self.hall.closed:
            assert not self.hall.forward(ticket.counter, line)
            return
        if command == "forward":
            assert self.hall.forward(ticket.counter, line)
            leg = self.hall.tickets[len(self.hall.tickets) - 1]
            assert (leg.visit, leg.turn_at, leg.promised_by) == (ticket.visit, ticket.turn_at, ticket.promised_by)
        else:
            assert self.hall.act(ticket.counter, command)
        if slip:
            assert self.hall.undo(ticket.counter) and ticket.state == states.SERVING

    @precondition(lambda self: self.hall.undoable)
    @rule(number=NUMBERS)
    def undo(self, number: int) -> None:
        counter = list(self.hall.undoable)[number % len(self.hall.undoable)]
        count = len(self.hall.tickets)
        self.hall.undo(counter)
        assert len(self.hall.tickets) == count, "undo deletes nothing"
        assert not self.hall.undo(counter), "one press is undone once"

    @precondition(lambda self: self.pick(0, states.ABSENT))
    @rule(number=NUMBERS)
    def rejoins(self, number: int) -> None:
        if ticket := self.pick(number, states.ABSENT):
            self.hall.back(ticket, "rejoin")

    @precondition(lambda self: self.pick(0, states.PARKED))
    @rule(number=NUMBERS, counter=st.sampled_from(list(COUNTERS)), back=st.booleans())
    def parked_one_returns(self, number: int, counter: int, back: bool) -> None:
        if ticket := self.pick(number, states.PARKED):
            _ = self.hall.back(ticket, "requeue") if back else self.hall.unpark(ticket, counter)

    @rule(number=NUMBERS, line=st.sampled_from(LINES))
    def redirected(self, number: int, line: int) -> None:
        if (ticket := self.pick(number, states.WAITING)) and self.hall.move(ticket, "redirect"):
            ticket.line = line

    @rule(number=NUMBERS, cls=CLASSES)
    def class_is_changed(self, number: int, cls: str) -> None:
        """The one exception: times as if the class had been declared at the door."""
        if ticket := self.pick(number, *states.OPEN):
            for key in self.hall.reclassify(ticket.visit, cls):
                self.turns.pop(key)

    @rule(number=NUMBERS, minutes=st.sampled_from([5, 30]))
    def delays(self, number: int, minutes: int) -> None:
        if ticket := self.pick(number, states.WAITING):
            self.hall.delay(ticket, minutes)

    @rule(number=NUMBERS, state=st.sampled_from(states.before("leave")))
    def leaves(self, number: int, state: str) -> None:
        if ticket := self.pick(number, state):
            assert self.hall.leave(ticket)

    @precondition(lambda self: self.pick(0, states.SERVED))
    @rule(number=NUMBERS)
    def smiles(self, number: int) -> None:
        if (ticket := self.pick(number, states.SERVED)) and ticket.invited:
            ticket.smiled = True

    @rule()
    def hall_pauses_or_goes_on(self) -> None:
        order = sorted(self.hall.waiting(), key=lambda t: (t.turn_at, t.ticket))
        if self.hall.paused_at is None:
            self.hall.pause()
        else:
            self.hall.resume()
        assert [t.ticket for t in order] == [
            t.ticket for t in sorted(self.hall.waiting(), key=lambda t: (t.turn_at, t.ticket))
        ]

    @precondition(lambda self: not self.hall.closed and self.hall.now > 60)
    @rule()
    def closes(self) -> None:
        self.hall.closed = True
        self.hall.sweep()

    @invariant()
    def the_sweep_goes_on_after_closing(self) -> None:
        if self.hall.closed:
            self.hall.sweep()
            assert all(t.state in (*states.ENDED, *states.AT_COUNTER) for t in self.hall.tickets.values())

    @invariant()
    def nothing_is_lost(self) -> None:
        assert list(self.hall.tickets) == list(range(len(self.hall.tickets)))
        assert {t.visit for t in self.hall.tickets.values()} == set(range(len(self.labels)))
        assert len(set(self.labels)) == len(self.labels)
        assert all(t.state in states.STATES for t in self.hall.tickets.values())

    @invariant()
    def one_place_at_a_time(self) -> None:
        for place in ("visit", "counter"):
            places = [getattr(t, place) for t in self.hall.at_counters()]
            assert None not in places
            assert len(set(places)) == len(places), place

    @invariant()
    def the_turn_never_moves(self) -> None:
        for key, ticket in self.hall.tickets.items():
            assert ticket.turn_at == self.turns.setdefault(key, ticket.turn_at)

    @invariant()
    def limits_hold(self) -> None:
        for t in self.hall.tickets.values():
            assert t.rejoins <= states.MAX_REJOINS and t.delays <= states.MAX_DELAYS
            assert (t.outcome != "") <= (t.state == states.SERVED)
            assert t.invited <= (t.outcome == states.DONE) and t.smiled <= t.invited

    def drain(self) -> None:
        """No more arrivals: whoever waits is called, at most one counter action each per ticket."""
        hall = self.hall
        if hall.paused_at is not None:
            hall.resume()
        for _ in range(2 * len(hall.tickets) + 2):
            hall.now += 30
            for counter in COUNTERS:
                hall.act(counter, "serve")
                self.next(counter)
        if not hall.closed:
            assert not hall.waiting(), "somebody starved"

    def teardown(self) -> None:
        if not hasattr(self, "hall"):
            return
        if not self.ends_abruptly:
            self.drain()
        self.hall.midnight()
        assert all(t.state in states.ENDED for t in self.hall.tickets.values())
        assert not any(self.hall.undo(counter) for counter in COUNTERS), "midnight ends undo"


DAY = settings(max_examples=200, stateful_step_count=50, deadline=None)
TestDay = Day.TestCase
TestDay.settings = DAY


def test_the_machine_tries_every_move_of_the_table() -> None:
    tried: set[tuple[str, str]] = set()

    class WatchedHall(Hall):
        def __init__(self) -> None:
            super().__init__(moves=tried)

    watched = type("WatchedDay", (Day,), {"hall_type": WatchedHall})
    # A rare move may need some more days, and other ones: where CI is set, hypothesis draws the same days each time.
    for _round in range(30):
        run_state_machine_as_test(watched, settings=settings(DAY, database=None, derandomize=False))
        if set(states.TRANSITIONS) <= tried:
            break
    assert set(states.TRANSITIONS) - tried == set()


def forgetful_undo(self: Hall, counter: int, command: str, ticket: Ticket) -> bool:
    return self.move(ticket, command)


#: What a wrong chooser would see of a waiting ticket.
WRONG: dict[str, Callable[[Waiting[float]], Waiting[float]]] = {
    "by_number": lambda t: replace(t, turn_at=float(t.ticket)),
    "promise_ignored": lambda t: replace(t, promised_by=1e9),
    "hold_ignored": lambda t: replace(t, held_until=None),
    "siblings_ignored": lambda t: replace(t, busy=False),
    "helped_out_line_forgotten": lambda t: replace(t, line=9 if t.line == 3 else t.line),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_machine_catches_a_wrong_order(wrong: str) -> None:
    """Negative control: a machine that cannot fail would prove nothing."""

    def chooser(waiting: list[Waiting[float]], *, first: set[int], helps: set[int], now: float) -> Choice | None:
        return discipline.choose([WRONG[wrong](t) for t in waiting], first=first, helps=helps, now=now)

    class WrongHall(Hall):
        def __init__(self) -> None:
            super().__init__(chooser=chooser)

    assert_caught(WrongHall)


def test_the_machine_catches_an_undo_that_forgets() -> None:
    assert_caught(type("ForgetfulHall", (Hall,), {"undo_step": forgetful_undo}))


def assert_caught(hall_type: type[Hall]) -> None:
    broken = type("BrokenDay", (Day,), {"hall_type": hall_type})
    quick = settings(
        max_examples=400,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(broken, settings=quick)
