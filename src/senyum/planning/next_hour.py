"""What should be done in the next hour: the hall as it is now, played forward for each move of the floor.

No counter belongs to two agencies, so each agency is a hall of its own (engine/staffing/next_hour).
"""

from __future__ import annotations

import math
from collections import Counter as Tally
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django_scopes import scopes_disabled

from senyum.engine.staffing import next_hour as engine
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.people.models import Role, RoleName
from senyum.roster import states as session_states
from senyum.roster.models import CounterSession, SessionPause
from senyum.roster.queries import PlannedShift, shifts_of
from senyum.visits import states
from senyum.visits.hall import Hall, HallLine, hall_of
from senyum.visits.models import Ticket

#: Minutes at the counter vary by so much (standard deviation / mean) while none were seen, as in the scenarios.
SPREAD = 0.6
SAMPLES, SHOWN = 200, 5
LOOK_BACK = timedelta(minutes=60)
#: A ticket that has overrun its standard time is expected to end after so many minutes more.
SOON = 2.0
OPEN, HELP, LUNCH = "open", "help", "lunch"


@dataclass(frozen=True, slots=True)
class MoveNow:
    """A move that makes fewer people late. `saved`, `low`, `high`: people in the hour, with the 95 % interval.

    `kind`: open (somebody sits down at `counter`), help (`counter` also calls `line`), lunch (by `minutes`, to
    `lunch_at`). `late`: people called after their promise in the hour when nothing is done; waits in minutes.
    """

    kind: str
    agency: str
    counter: int
    officer: str
    line: str
    minutes: float
    lunch_at: datetime | None
    waiting: int
    late: float
    saved: float
    low: float
    high: float
    wait_before: float
    wait_after: float


@dataclass(frozen=True, slots=True)
class NextHour:
    """The moves, the best first; `waiting`: people in the lines that were looked at. `open`: somebody is received."""

    as_of: datetime
    waiting: int
    open: bool
    moves: tuple[MoveNow, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """What the database says of the whole hall, read once. `running`: tickets by session; `back`: ends of pauses."""

    waiting: Sequence[tuple[int, datetime, datetime]]
    came: Mapping[int, int]
    sessions: Sequence[CounterSession]
    back: Mapping[int, datetime | None]
    running: Mapping[int | None, Ticket]
    shifts: Sequence[PlannedShift]
    officers: Sequence[Role]


@dataclass(frozen=True, slots=True)
class _Agency:
    """One agency now: the engine's hall and the names of its parts."""

    hall: engine.HallNow
    name: str
    officers: dict[str, str]
    lines: dict[str, str]


def next_hour(mall: Mall, now: datetime, agencies: Collection[int], language: str = "id") -> NextHour:
    """The best moves of these agencies at `now`. Deterministic for one state of the hall; nothing is changed."""
    hall = hall_of(mall, now)
    read = _read(hall, now)
    found = [a for a in (_agency(hall, read, n, now, language) for n in sorted(set(agencies))) if a is not None]
    moves = [
        _move(agency, s, now)
        for agency in found
        if agency.hall.waiting or any(line.rate for line in agency.hall.lines)
        for s in engine.suggest(agency.hall, seed=now.hour * 60 + now.minute, samples=SAMPLES, at_most=SHOWN)
    ]
    moves.sort(key=lambda m: (-m.saved, m.agency, m.counter))
    waiting = sum(len(a.hall.waiting) for a in found)
    return NextHour(now, waiting, bool(found), tuple(moves[:SHOWN]))


def _read(hall: Hall, now: datetime) -> _Read:
    with scopes_disabled():
        today = Ticket.objects.filter(mall=hall.mall, day=hall.day)
        waiting = today.filter(state=states.WAITING).order_by("turn_at", "id")
        sessions = list(
            CounterSession.objects.filter(mall=hall.mall)
            .exclude(state=session_states.CLOSED)
            .select_related("user")
            .order_by("counter_id")
        )
        roles = Role.objects.filter(mall=hall.mall, role=RoleName.OFFICER, user__is_active=True)
        return _Read(
            waiting=[
                (line, turn, promised)
                for line, turn, promised, held in waiting.values_list("line_id", "turn_at", "promised_by", "held_until")
                if held is None or held <= now
            ],
            came=Tally(
                today.filter(queued_at__gt=now - LOOK_BACK, visit__booking=None).values_list("line_id", flat=True)
            ),
            sessions=sessions,
            back=dict(
                SessionPause.objects.filter(session__in=sessions, ended_at=None).values_list("session_id", "back_at")
            ),
            running={t.session_id: t for t in today.filter(session__in=sessions, state__in=states.AT_COUNTER)},
            shifts=shifts_of(mall=hall.mall, day=hall.day),
            officers=list(roles.select_related("user").order_by("user__username")),
        )


def _agency(hall: Hall, read: _Read, agency: int, now: datetime, language: str) -> _Agency | None:
    """None when the agency does not receive people now."""
    lines = [line for line in hall.lines.values() if line.agency_id == agency and line.active]
    hours = hall.hours.get(lines[0].booth_id) if lines else None
    if hours is None or not hours.receives(now) or hours.last_ticket is None:
        return None
    place = {line.id: n for n, line in enumerate(lines)}
    taken = {s.counter_id for s in read.sessions}
    free, names = _free(read, agency, frozenset(place.values()), now)
    return _Agency(
        engine.HallNow(
            now=0.0,
            closes=_minute(hours.last_ticket, now),
            lines=_lines(hall, read, lines),
            waiting=tuple(
                engine.LiveTicket(place[line], _minute(turn, now), _minute(promised, now))
                for line, turn, promised in read.waiting
                if line in place
            ),
            desks=tuple(_desks(hall, read, agency, place, now)),
            idle=tuple(
                engine.IdleCounter(str(c.number), _places(c.first, place), _places(c.help, place))
                for c in hall.counters.values()
                if c.agency_id == agency and c.id not in taken
            ),
            free=free,
            lunch_earliest=_local(hall, now, 11, 30),
            lunch_latest=_local(hall, now, 13, 30),
        ),
        lines[0].agency_short,
        names,
        {line.code: line.name(language) for line in lines},
    )


def _minute(moment: datetime, now: datetime) -> float:
    """Minutes after `now`: the engine only compares times."""
    return (moment - now).total_seconds() / 60


def _local(hall: Hall, now: datetime, hour: int, minute: int) -> float:
    local = malls.local_time(hall.mall, now)
    return _minute(local.replace(hour=hour, minute=minute, second=0, microsecond=0), now)


def _places(lines: Sequence[int], place: Mapping[int, int]) -> frozenset[int]:
    return frozenset(place[line] for line in lines if line in place)


def _lines(hall: Hall, read: _Read, lines: Sequence[HallLine]) -> tuple[engine.LiveLine, ...]:
    """As the forecast sees them: services as they went lately (drawn to the standard time while few were seen); as many
    come without a booking as came in the last hour, and of the booked those who are expected."""
    promise = hall.policies["regular"].promise_minutes if "regular" in hall.policies else 30
    hour = LOOK_BACK.total_seconds() / 60
    found = []
    for line in lines:
        state = hall.outlooks[line.id].state if line.id in hall.outlooks else None
        minutes, spread = float(max(line.standard_minutes, 1)), SPREAD
        if state is not None and state.observed:
            minutes, spread, _error = state.service()
        booked = sum(b.services for b in state.bookings if b.comes <= state.minute + hour) if state else 0.0
        rate = (read.came.get(line.id, 0) + booked) / hour
        found.append(engine.LiveLine(line.code, max(1.0, minutes), spread, rate, float(promise)))
    return tuple(found)


def _desks(hall: Hall, read: _Read, agency: int, place: Mapping[int, int], now: datetime) -> Iterator[engine.LiveDesk]:
    """Counters at which somebody will call within the hour; a pause without an end counts as nobody."""
    shifts = {s.counter_id: s for s in read.shifts if s.starts <= now < s.ends}
    for session in read.sessions:
        counter = hall.counters.get(session.counter_id)
        back = read.back.get(session.pk)
        if counter is None or counter.agency_id != agency or (session.state == session_states.PAUSED and back is None):
            continue
        free_at = _ends(hall, read.running.get(session.pk), now)
        if session.state == session_states.PAUSED and back is not None:
            free_at = max(free_at, _minute(back, now))
        shift = shifts.get(session.counter_id)
        lunch = shift.lunch_from if shift and shift.lunch_from and shift.lunch_from > now else None
        yield engine.LiveDesk(
            counter=str(counter.number),
            officer=str(session.user) if session.user else "",
            first=_places(counter.first, place),
            helps=_places(counter.help, place),
            skills=frozenset(place.values()),
            free_at=free_at,
            until=_minute(shift.ends, now) if shift else math.inf,
            lunch=None if lunch is None else _minute(lunch, now),
            lunch_minutes=_minute(shift.lunch_to, lunch) if shift and lunch and shift.lunch_to else 30.0,
        )


def _ends(hall: Hall, ticket: Ticket | None, now: datetime) -> float:
    """When the running ticket is expected to end: after its standard minutes, or soon when they are over."""
    if ticket is None:
        return 0.0
    standard = float(hall.lines[ticket.line_id].standard_minutes) if ticket.line_id in hall.lines else SOON
    return max(SOON, _minute(ticket.serving_at or ticket.called_at or now, now) + standard)


def _free(
    read: _Read, agency: int, skills: frozenset[int], now: datetime
) -> tuple[tuple[engine.FreeOfficer, ...], dict[str, str]]:
    """Officers who sit nowhere although the roster has them there now; without a roster, all who sit nowhere.

    One is enough to try: whoever sits down can do the same as the others.
    """
    busy = {s.user_id for s in read.sessions}
    shifts = [s for s in read.shifts if s.agency_id == agency]
    due = {s.user_id for s in shifts if s.sits(now)}
    for role in read.officers:
        if role.agency_id == agency and role.user_id not in busy and (role.user_id in due or not shifts):
            key = str(role.user_id)
            return (engine.FreeOfficer(key, skills),), {key: str(role.user)}
    return (), {}


def _move(agency: _Agency, found: engine.Suggestion, now: datetime) -> MoveNow:
    move = found.move
    lunch_at = None
    if move.kind == LUNCH:
        desk = next(d for d in agency.hall.desks if d.counter == move.counter)
        lunch_at = now + timedelta(minutes=(desk.lunch or 0.0) + move.minutes)
    return MoveNow(
        kind=move.kind,
        agency=agency.name,
        counter=int(move.counter),
        officer=agency.officers.get(move.officer, move.officer),
        line=agency.lines.get(move.line, move.line),
        minutes=move.minutes,
        lunch_at=lunch_at,
        waiting=len(agency.hall.waiting),
        late=found.late_before,
        saved=found.saved,
        low=found.low,
        high=found.high,
        wait_before=found.wait_before,
        wait_after=found.wait_after,
    )
