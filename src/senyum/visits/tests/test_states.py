"""Every state with every command: what the table allows happens, everything else is refused and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.roster import states as session_states
from senyum.roster.models import CounterSession
from senyum.visits import commands, states
from senyum.visits.models import Ticket


@pytest.fixture(autouse=True)
def _unscoped() -> Iterator[None]:
    with scopes_disabled():
        yield


class Stage:
    """One ticket in a wished state at counter 1, reached through the commands alone."""

    def __init__(self, hall: SmallHall) -> None:
        self.hall, self.now = hall, clock.wall()
        self.counter = hall.counters[1].pk
        self.session = roster.open_session(
            counter=hall.counters[1], user=hall.users["petugas1"], now=self.now, actor=SYSTEM
        )
        issued = commands.issue_visit(
            mall=hall.mall,
            line_ids=[hall.lines["ktp"].pk],
            priority="regular",
            channel="kiosk",
            actor=SYSTEM,
            now=self.now,
        )
        self.visit, self.ticket = issued.visit_id, issued.tickets[0].id

    def here(self, **more: Any) -> dict[str, Any]:
        return {
            "counter_id": self.counter,
            "seen": self.ticket,
            "actor": SYSTEM,
            "now": self.now,
            "wall": self.now,
            **more,
        }

    def reach(self, state: str) -> None:
        ways: dict[str, tuple[str, ...]] = {
            states.WAITING: (),
            states.CALLED: ("call",),
            states.SERVING: ("call", "serve"),
            states.PARKED: ("call", "serve", "park"),
            states.ABSENT: ("call", "absent"),
            states.SERVED: ("call", "serve", "finish"),
            states.LEFT: ("leave",),
            states.LAPSED: ("lapse",),
        }
        for command in ways[state]:
            self.do(command)
        assert self.state() == state

    def state(self) -> str:
        return Ticket.objects.values_list("state", flat=True).get(pk=self.ticket)

    def do(self, command: str) -> None:
        doing: dict[str, Callable[[], Any]] = {
            "call": lambda: commands.call_by_hand(**self.here(seen=None, ticket_id=self.ticket, reason="uji coba")),
            "recall": lambda: commands.recall(**self.here()),
            "serve": lambda: commands.serve(**self.here()),
            "absent": lambda: commands.absent(**self.here()),
            "rejoin": lambda: commands.rejoin(ticket_id=self.ticket, now=self.now),
            "park": lambda: commands.park(**self.here()),
            "unpark": lambda: commands.unpark(**self.here(seen=None, ticket_id=self.ticket)),
            "requeue": lambda: commands.requeue(
                ticket_id=self.ticket, counter_id=self.counter, actor=SYSTEM, now=self.now
            ),
            "finish": lambda: commands.finish(**self.here()),
            "forward": lambda: commands.forward(**self.here(line_id=self.hall.lines["skck"].pk)),
            "redirect": lambda: commands.redirect(
                ticket_id=self.ticket, line_id=self.hall.lines["kk"].pk, now=self.now, actor=SYSTEM
            ),
            "delay": lambda: commands.delay(ticket_id=self.ticket, minutes=5, now=self.now),
            "leave": lambda: commands.leave(ticket_id=self.ticket, now=self.now),
            "lapse": self._lapse,
        }
        doing[command]()

    def _lapse(self) -> None:
        booths = [line.booth_id for line in self.hall.lines.values()]
        if not commands.close_day(mall=self.hall.mall, booth_ids=booths, now=self.now):
            raise NotPossible("nothing_lapsed", "")


STAGED = tuple(state for state in states.STATES if state != states.CANCELLED)
COMMANDS = (
    "call",
    "recall",
    "serve",
    "absent",
    "rejoin",
    "park",
    "unpark",
    "requeue",
    "finish",
    "forward",
    "redirect",
    "delay",
    "leave",
    "lapse",
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", STAGED)
def test_every_state_with_every_command(small_mall: SmallHall, state: str, command: str) -> None:
    stage = Stage(small_mall)
    stage.reach(state)
    after = states.after(state, command)
    if after is None:
        with pytest.raises(NotPossible) as refused:
            stage.do(command)
        assert refused.value.code
        assert stage.state() == state
    else:
        stage.do(command)
        assert stage.state() == after


#: press -> (the moves before it, the state that undo brings back)
UNDONE = {
    "call": ((), states.WAITING),
    "serve": (("call",), states.CALLED),
    "absent": (("call",), states.CALLED),
    "park": (("call", "serve"), states.SERVING),
    "finish": (("call", "serve"), states.SERVING),
    "forward": (("call", "serve"), states.SERVING),
}


@pytest.mark.parametrize("press", UNDONE)
def test_undo_brings_back_exactly_what_was(small_mall: SmallHall, press: str) -> None:
    stage = Stage(small_mall)
    moves, before = UNDONE[press]
    for command in moves:
        stage.do(command)
    shown = Ticket.objects.filter(pk=stage.ticket).values().get()
    stage.do(press)
    commands.undo(counter_id=stage.counter, actor=SYSTEM, now=stage.now, wall=stage.now + timedelta(seconds=9))
    assert stage.state() == before
    assert Ticket.objects.filter(pk=stage.ticket).values().get() == shown
    if press == "forward":
        assert Ticket.objects.get(visit=stage.visit, leg=2).state == states.CANCELLED


@pytest.mark.parametrize("press", UNDONE)
def test_undo_is_too_late_after_ten_seconds(small_mall: SmallHall, press: str) -> None:
    stage = Stage(small_mall)
    for command in (*UNDONE[press][0], press):
        stage.do(command)
    after = stage.state()
    with pytest.raises(NotPossible) as late:
        commands.undo(counter_id=stage.counter, actor=SYSTEM, now=stage.now, wall=stage.now + timedelta(seconds=11))
    assert late.value.code == "undo_late"
    assert stage.state() == after


def test_undo_never_touches_somebody_another_counter_took(small_mall: SmallHall) -> None:
    stage = Stage(small_mall)
    stage.reach(states.ABSENT)
    stage.do("rejoin")
    other = small_mall.counters[2]
    roster.open_session(counter=other, user=small_mall.users["petugas2"], now=stage.now, actor=SYSTEM)
    there = {"counter_id": other.pk, "actor": SYSTEM, "now": stage.now, "wall": stage.now}
    commands.call_by_hand(**there, seen=None, ticket_id=stage.ticket, reason="uji coba")
    commands.absent(**there, seen=stage.ticket)
    with pytest.raises(NotPossible):
        commands.undo(counter_id=stage.counter, actor=SYSTEM, now=stage.now, wall=stage.now)
    assert stage.state() == states.ABSENT


def test_a_third_rejoin_is_refused(small_mall: SmallHall) -> None:
    stage = Stage(small_mall)
    for _time in range(states.MAX_REJOINS):
        for command in ("call", "absent", "rejoin"):
            stage.do(command)
    for command in ("call", "absent"):
        stage.do(command)
    with pytest.raises(NotPossible) as refused:
        stage.do("rejoin")
    assert refused.value.code == "rejoins_used"


def test_who_comes_back_keeps_the_times(small_mall: SmallHall) -> None:
    stage = Stage(small_mall)
    times = Ticket.objects.values_list("turn_at", "promised_by").get(pk=stage.ticket)
    stage.now += timedelta(minutes=7)
    for command in ("call", "absent", "rejoin", "delay", "redirect"):
        stage.do(command)
    assert Ticket.objects.values_list("turn_at", "promised_by").get(pk=stage.ticket) == times


def test_a_hall_pause_moves_promises_by_its_length_and_never_the_order(small_mall: SmallHall) -> None:
    stage = Stage(small_mall)
    turn, promised = Ticket.objects.values_list("turn_at", "promised_by").get(pk=stage.ticket)
    commands.pause_hall(mall=small_mall.mall, reason="Salat Jumat", back_at=None, now=stage.now, actor=SYSTEM)
    with pytest.raises(NotPossible) as still:
        commands.call_next(**{**stage.here(), "seen": None})
    assert still.value.code == "hall_paused"
    later: datetime = stage.now + timedelta(minutes=40)
    assert commands.resume_hall(mall=small_mall.mall, now=later, actor=SYSTEM) == 1
    assert Ticket.objects.values_list("turn_at", "promised_by").get(pk=stage.ticket) == (
        turn,
        promised + timedelta(minutes=40),
    )


@pytest.mark.parametrize("command", session_states.COMMANDS)
@pytest.mark.parametrize("state", session_states.STATES)
def test_every_session_state_with_every_command(small_mall: SmallHall, state: str, command: str) -> None:
    now = clock.wall()
    session = roster.open_session(
        counter=small_mall.counters[1], user=small_mall.users["petugas1"], now=now, actor=SYSTEM
    )
    doing: dict[str, Callable[[], None]] = {
        "pause": lambda: roster.pause_session(
            session_id=session.pk, reason="lunch", back_at=None, now=now, actor=SYSTEM
        ),
        "resume": lambda: roster.resume_session(session_id=session.pk, now=now, actor=SYSTEM),
        "close": lambda: roster.close_session(session_id=session.pk, reason="pulang", now=now, actor=SYSTEM),
    }
    if state != session_states.OPEN:
        doing["pause" if state == session_states.PAUSED else "close"]()
    after = session_states.TRANSITIONS.get((state, command))
    if after is None:
        with pytest.raises(NotPossible):
            doing[command]()
    else:
        doing[command]()
    assert CounterSession.objects.get(pk=session.pk).state == (after or state)
