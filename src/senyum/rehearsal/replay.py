"""Drive a recorded day through the commands and compare what the system recorded with what the data says."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from typing import Any
from zoneinfo import ZoneInfo

from django_scopes import scopes_disabled

from senyum.malls.models import Mall
from senyum.rehearsal.replay_data import LineDay, quantile
from senyum.rehearsal.replay_hall import REPLAY, Place, free_code, put_hall
from senyum.roster import commands as roster
from senyum.visits import commands as visits
from senyum.visits import hall, states
from senyum.visits.models import Ticket

#: Data and system agree when they differ by no more than the data's own grid.
GRID_MINUTES = 5
#: What is known of a hall is read anew after so many minutes of the day that is played.
_REFRESH_MINUTES = 5
EXCLUDED_REASON = (
    "the wait begins or ends at a snapshot whose number was corrected afterwards (the number called fell), "
    "so the data's wait ends at a number nobody had reached"
)


class NotAsRecorded(AssertionError):
    """The system did something else than the data says; the text names line and minute."""


@dataclass(frozen=True)
class LineReport:
    """One line: people, how many were served, left, or wait at the end, and both waits (minutes)."""

    line: str
    queue: int
    people: int
    served: int
    left: int
    waiting_at_end: int
    with_wait: int
    agree_share: float | None
    p50_data: float | None
    p50_system: float | None
    p90_data: float | None
    p90_system: float | None


@dataclass(frozen=True)
class Report:
    """A replayed day. Shares are 0 to 1, waits in minutes; see docs/replay.md for every key."""

    mall: str
    office: str
    date: str
    people: int
    served: int
    left: int
    waiting_at_end: int
    with_wait: int
    agree_share: float | None
    excluded_share: float
    excluded_reason: str
    p50_data: float | None
    p50_system: float | None
    p90_data: float | None
    p90_system: float | None
    seconds: float
    lines: list[LineReport]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class _Desk:
    """A line's counters: open ones in the order in which they will call next, and who is at each."""

    place: Place
    free: deque[int] = field(default_factory=deque)
    sessions: dict[int, int] = field(default_factory=dict)
    running: dict[int, int | None] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class _Event:
    """What happens at `minute`; at the same minute counters change first, then people come, leave, are called."""

    minute: float
    rank: int
    line: int
    person: int


_OPEN, _ISSUE, _LEAVE, _CALL = range(4)


class Player:
    """Plays the events of one day, one after the other, through the same commands that the surfaces use."""

    def __init__(self, mall: Mall, places: Sequence[Place], lines: Sequence[LineDay], day: date) -> None:
        self.mall = mall
        self.lines = lines
        self.desks = [_Desk(place) for place in places]
        self.tickets: list[list[int]] = [[] for _ in lines]
        self.visits: dict[int, int] = {}
        self.midnight = datetime.combine(day, clock_time(0), ZoneInfo(mall.timezone)).astimezone(UTC)

    def at(self, minute: float) -> datetime:
        """The moment of a local minute of the day."""
        return self.midnight + timedelta(minutes=minute)

    def events(self) -> list[_Event]:
        """Everything of the day in its order."""
        found: list[_Event] = []
        for i, line in enumerate(self.lines):
            # The first number may have been called before the first snapshot that tells of a counter.
            opens = [(line.issued[0] - 1, line.opens[0][1]), *line.opens[1:]]
            found += [_Event(minute, _OPEN, i, many) for minute, many in opens]
            found += [_Event(minute, _ISSUE, i, k) for k, minute in enumerate(line.issued)]
            found += [_Event(minute, _CALL, i, k) for k, minute in enumerate(line.called) if minute is not None]
            found += [_Event(minute, _LEAVE, i, k) for k, minute in enumerate(line.left) if minute is not None]
        return sorted(found)

    def play(self, pause: Callable[[float], None] | None = None) -> None:
        """Play the whole day. `pause(minutes)` is called with the minutes that pass before each event."""
        events = self.events()
        last = refreshed = events[0].minute if events else 0.0
        act = {_OPEN: self._open, _ISSUE: self._issue, _CALL: self._call, _LEAVE: self._leave}
        for event in events:
            if pause is not None:
                pause(event.minute - last)
            if event.minute - refreshed >= _REFRESH_MINUTES:
                hall.forget()
                refreshed = event.minute
            act[event.rank](event.line, event.person, self.at(event.minute))
            last = event.minute
        self._end(self.at(last + 1))

    def _open(self, i: int, many: int, now: datetime) -> None:
        desk = self.desks[i]
        for counter in desk.place.counters[:many]:
            if counter.pk not in desk.sessions:
                session = roster.open_session(counter=counter, user=None, now=now, actor=REPLAY)
                desk.sessions[counter.pk], desk.running[counter.pk] = session.pk, None
                desk.free.appendleft(counter.pk)
        for counter in desk.place.counters[many:]:
            if counter.pk in desk.sessions:
                self._close(desk, counter.pk, now)

    def _close(self, desk: _Desk, counter_id: int, now: datetime) -> None:
        running = desk.running.pop(counter_id)
        if running is not None:
            visits.finish(counter_id=counter_id, seen=running, actor=REPLAY, now=now, wall=now)
        visits.close_counter(counter_id=counter_id, reason="replay", actor=REPLAY, now=now)
        desk.free.remove(counter_id)
        del desk.sessions[counter_id]

    def _issue(self, i: int, person: int, now: datetime) -> None:
        issued = visits.issue_visit(
            mall=self.mall,
            line_ids=[self.desks[i].place.line.pk],
            priority="regular",
            channel="api",
            actor=None,
            now=now,
            any_time=True,
        )
        ticket_id = issued.tickets[0].id
        if len(self.tickets[i]) != person or int(issued.label.rpartition("-")[2]) != person + 1:
            raise NotAsRecorded(f"{self.lines[i].service}: person {person + 1} was given {issued.label}")
        self.tickets[i].append(ticket_id)
        self.visits[ticket_id] = issued.visit_id

    def _leave(self, i: int, person: int, now: datetime) -> None:
        visits.leave(ticket_id=self.tickets[i][person], now=now)

    def _call(self, i: int, person: int, now: datetime) -> None:
        desk, ticket_id = self.desks[i], self.tickets[i][person]
        counter_id = desk.free[0]
        desk.free.rotate(-1)
        result = visits.call_next(counter_id=counter_id, seen=desk.running[counter_id], actor=REPLAY, now=now, wall=now)
        if result.ticket_id != ticket_id:
            raise NotAsRecorded(f"{self.lines[i].service}, {now}: number {person + 1} was due, not {result.ticket_id}")
        if person in self.lines[i].absent:
            visits.absent(counter_id=counter_id, seen=ticket_id, actor=REPLAY, now=now, wall=now)
            visits.leave(ticket_id=ticket_id, now=now, reason="sudah pergi sebelum dipanggil")
            desk.running[counter_id] = None
        else:
            visits.serve(counter_id=counter_id, seen=ticket_id, actor=REPLAY, now=now, wall=now)
            desk.running[counter_id] = ticket_id

    def _end(self, now: datetime) -> None:
        for desk in self.desks:
            for counter_id in list(desk.sessions):
                self._close(desk, counter_id, now)


@dataclass(frozen=True)
class _Recorded:
    """What the system stored for one ticket."""

    state: str
    queued_at: datetime
    called_at: datetime | None


def _recorded(player: Player) -> list[list[_Recorded]]:
    with scopes_disabled():
        rows = {
            pk: _Recorded(state, queued_at, called_at)
            for pk, state, queued_at, called_at in Ticket.objects.filter(mall=player.mall).values_list(
                "pk", "state", "queued_at", "called_at"
            )
        }
    return [[rows[ticket_id] for ticket_id in tickets] for tickets in player.tickets]


def check_counts(player: Player, recorded: Sequence[Sequence[_Recorded]]) -> None:
    """At every snapshot as many numbers given and called as the data says, and at the end the same counts.

    Reads the system's own rows. Raises NotAsRecorded.
    """
    for line, rows in zip(player.lines, recorded, strict=True):
        highest = line.base
        for shot in line.snapshots:
            moment = player.at(shot.minute)
            highest = max(highest, shot.last)
            issued = sum(1 for row in rows if row.queued_at <= moment)
            called = sum(1 for row in rows if row.called_at is not None and row.called_at <= moment)
            if (issued, called) != (highest - line.base, shot.number - line.base):
                raise NotAsRecorded(
                    f"{line.service}, minute {shot.minute:.0f}: issued {issued} of {highest - line.base}, "
                    f"called {called} of {shot.number - line.base}"
                )
        counts = tuple(sum(1 for row in rows if row.state == s) for s in (states.SERVED, states.LEFT, states.WAITING))
        if counts != (line.served, line.gone, line.waiting_at_end):
            raise NotAsRecorded(f"{line.service}: served, left, waiting are {counts}")


def _pairs(player: Player, line: LineDay, rows: Sequence[_Recorded]) -> Iterator[tuple[float, float | None]]:
    """(the data's wait, the system's) in minutes of everyone for whom the data has a wait that can be compared.

    The system's counts from the snapshot, as the data's does; None: never called.
    """
    for claim in line.claims:
        called_at = rows[claim.number - line.base - 1].called_at
        since = player.at(claim.minute)
        yield claim.wait, (called_at - since).total_seconds() / 60 if called_at is not None else None


def _agree(pairs: Sequence[tuple[float, float | None]]) -> float | None:
    agreeing = sum(1 for data, system in pairs if system is not None and abs(system - data) <= GRID_MINUTES)
    return round(agreeing / len(pairs), 4) if pairs else None


def replay(
    *,
    office: str,
    day: date,
    lines: Sequence[LineDay],
    pause: Callable[[float], None] | None = None,
) -> Report:
    """Play a recorded day into a mall of its own, check its counts and compare its waits. Raises NotAsRecorded."""
    started = time.monotonic()
    begins = min(line.issued[0] for line in lines) - 30
    midnight = datetime.combine(day, clock_time(0), ZoneInfo(Mall.Zone.WIB.value)).astimezone(UTC)
    mall, places = put_hall(free_code(office, day), office, lines, midnight + timedelta(minutes=begins))
    player = Player(mall, places, lines, day)
    player.play(pause)
    recorded = _recorded(player)
    check_counts(player, recorded)
    pairs = [list(_pairs(player, line, rows)) for line, rows in zip(lines, recorded, strict=True)]
    # Whoever still waits when the recording ends goes home with the hall.
    visits.end_day(mall=mall, day=day, now=player.at(24 * 60), actor=REPLAY)
    every = [pair for line_pairs in pairs for pair in line_pairs]
    excluded = sum(len(line.excluded) for line in lines)
    with_wait = len(every) + excluded
    return Report(
        mall=mall.code,
        office=office,
        date=day.isoformat(),
        people=sum(line.people for line in lines),
        served=sum(line.served for line in lines),
        left=sum(line.gone for line in lines),
        waiting_at_end=sum(line.waiting_at_end for line in lines),
        with_wait=with_wait,
        agree_share=_agree(every),
        excluded_share=round(excluded / with_wait, 4) if with_wait else 0.0,
        excluded_reason=EXCLUDED_REASON if excluded else "",
        **_waits(every),
        seconds=round(time.monotonic() - started, 1),
        lines=[_line_report(line, line_pairs) for line, line_pairs in zip(lines, pairs, strict=True)],
    )


def _waits(pairs: Sequence[tuple[float, float | None]]) -> dict[str, float | None]:
    data = [wait for wait, _system in pairs]
    system = [wait for _data, wait in pairs if wait is not None]
    return {
        "p50_data": quantile(data, 0.5),
        "p50_system": quantile(system, 0.5),
        "p90_data": quantile(data, 0.9),
        "p90_system": quantile(system, 0.9),
    }


def _line_report(line: LineDay, pairs: Sequence[tuple[float, float | None]]) -> LineReport:
    return LineReport(
        line=line.service,
        queue=line.queue,
        people=line.people,
        served=line.served,
        left=line.gone,
        waiting_at_end=line.waiting_at_end,
        with_wait=len(pairs) + len(line.excluded),
        agree_share=_agree(pairs),
        **_waits(pairs),
    )
