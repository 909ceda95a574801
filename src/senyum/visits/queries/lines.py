"""How the lines and counters of a hall stand now. Public: labels and numbers only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from senyum.bookings.queries import BookingView
from senyum.core.errors import NotPossible
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.malls.rules import BoothDay, moment
from senyum.roster.models import CounterSession, SessionPause
from senyum.visits import rules, states
from senyum.visits.foretell import Later, Outlook
from senyum.visits.hall import Hall, HallLine, hall_of
from senyum.visits.models import Ticket

if TYPE_CHECKING:
    from senyum.engine.forecast import Booked


@dataclass(frozen=True)
class LineState:
    """One line now: people waiting, the longest wait in minutes, open counters, the range for a newcomer in minutes."""

    line_id: int
    service: str
    agency: str
    agency_code: str
    prefix: str
    kind: str
    waiting: int
    longest_minutes: int
    past_promise: int
    open_counters: int
    helping_counters: int
    takes_tickets: bool
    closed_reason: str
    next_open: str
    p10: float | None
    p50: float | None
    p90: float | None


@dataclass(frozen=True)
class OpenCounter:
    """One counter as the public may know it. `state`: open, paused, closed; `back_at` when a pause ends."""

    counter_id: int
    number: int
    agency: str
    state: str
    pause_reason: str
    back_at: datetime | None
    since: datetime | None
    opens_at: datetime | None
    closed_reason: str


_STATES = """
SELECT line_id, count(*), min(queued_at), count(*) FILTER (WHERE promised_by < %s), sum(quantity)
FROM visits_ticket WHERE mall_id = %s AND day = %s AND state = 'waiting' GROUP BY line_id
"""


def line_states(
    mall: Mall, now: datetime, language: str = "id", counters: Sequence[OpenCounter] | None = None
) -> list[LineState]:
    """Every active line of the mall, in its order. Two queries while the snapshot of the hall is fresh.

    `counters`: `open_counters`, from whoever has read them already.
    """
    hall = hall_of(mall, now)
    with connection.cursor() as cursor:
        cursor.execute(_STATES, [now, mall.pk, hall.day])
        waiting = {row[0]: row[1:] for row in cursor.fetchall()}
    if counters is None:
        with scopes_disabled():
            sessions = CounterSession.objects.filter(mall=mall, state="open")
            opened = set(sessions.values_list("counter_id", flat=True))
    else:
        opened = {counter.counter_id for counter in counters if counter.state == "open"}
    first, helping = _serving_counters(hall, opened)
    return [
        _line_state(hall, line, waiting.get(line.id), first, helping, now, language)
        for line in hall.lines.values()
        if line.active
    ]


def _serving_counters(hall: Hall, opened: Collection[int]) -> tuple[dict[int, int], dict[int, int]]:
    """Line id -> how many open counters serve it first, and how many help out."""
    first: dict[int, int] = {}
    helping: dict[int, int] = {}
    for counter in hall.counters.values():
        if counter.id in opened:
            for line_id in counter.first:
                first[line_id] = first.get(line_id, 0) + 1
            for line_id in counter.help:
                helping[line_id] = helping.get(line_id, 0) + 1
    return first, helping


def _line_state(
    hall: Hall,
    line: HallLine,
    row: tuple[int, datetime, int, int] | None,
    first: dict[int, int],
    helping: dict[int, int],
    now: datetime,
    language: str,
) -> LineState:
    count, oldest, late, documents = row or (0, None, 0, 0)
    hours = hall.hours.get(line.booth_id, BoothDay(False))
    takes = rules.takes_tickets(hours, now)
    p10, p50, p90 = hall.outlooks[line.id].wait(count, documents - count)
    return LineState(
        line_id=line.id,
        service=line.name(language),
        agency=line.agency_short,
        agency_code=line.agency_code,
        prefix=line.prefix,
        kind=line.kind,
        waiting=count,
        longest_minutes=int((now - oldest).total_seconds() // 60) if oldest else 0,
        past_promise=late,
        open_counters=first.get(line.id, 0),
        helping_counters=helping.get(line.id, 0),
        takes_tickets=takes,
        closed_reason="" if takes else hours.reason,
        next_open=hours.next_open.isoformat() if hours.next_open else "",
        p10=p10,
        p50=p50,
        p90=p90,
    )


def outlook(mall: Mall, line_id: int, now: datetime) -> tuple[int, float | None, float | None]:
    """(people ahead, p50, p90 in minutes) for somebody who would take a regular ticket of this line now."""
    hall = hall_of(mall, now)
    ahead = Ticket._base_manager.filter(line_id=line_id, day=hall.day, state=states.WAITING, turn_at__lte=now).count()
    _p10, p50, p90 = hall.outlooks[hall.line(line_id).id].wait(ahead)
    return ahead, p50, p90


def open_counters(mall: Mall, now: datetime) -> list[OpenCounter]:
    """Every counter of the mall by number: which are open now, and when the others come back."""
    hall = hall_of(mall, now)
    with scopes_disabled():
        sessions = {s.counter_id: s for s in CounterSession.objects.filter(mall=mall).exclude(state="closed")}
        pauses = {
            p.session_id: p
            for p in SessionPause.objects.filter(session__in=[s.pk for s in sessions.values()], ended_at=None)
        }
    answer = []
    for counter in sorted(hall.counters.values(), key=lambda c: c.number):
        session = sessions.get(counter.id)
        pause = pauses.get(session.pk) if session else None
        hours = hall.hours.get(counter.booth_id, BoothDay(False))
        agency = next((x.agency_short for x in hall.lines.values() if x.booth_id == counter.booth_id), "")
        answer.append(
            OpenCounter(
                counter_id=counter.id,
                number=counter.number,
                agency=agency,
                state=session.state if session else "closed",
                pause_reason=pause.reason if pause else "",
                back_at=pause.back_at if pause else None,
                since=session.opened_at if session else None,
                opens_at=hours.opens if not session and hours.opens and hours.opens > now else None,
                closed_reason=hours.reason if not session else "",
            )
        )
    return answer


@dataclass(frozen=True)
class ComingAt:
    """The wait of somebody who comes at `at`, in minutes from then, and who will stand before them; None where no
    figure can be told, with `reason`."""

    line_id: int
    at: datetime
    people_ahead: int | None
    p10: float | None
    p50: float | None
    p90: float | None
    takes_tickets: bool
    reason: str


#: Those who will join until then: as many as on these last days of the same weekday.
LIKE_DAYS = 4

_JOIN = """
SELECT t.line_id, count(*)::float8 / (SELECT count(*) FROM (
         SELECT 1 FROM visits_ticket x WHERE x.mall_id = %(mall)s AND x.day = ANY(%(days)s) GROUP BY x.day) d)
FROM visits_ticket t
WHERE t.mall_id = %(mall)s AND t.day = ANY(%(days)s)
  AND (t.queued_at AT TIME ZONE %(zone)s)::time BETWEEN %(from)s AND %(to)s
GROUP BY t.line_id
"""


def lines_at(mall: Mall, at: datetime, now: datetime) -> dict[int, ComingAt]:
    """ "If I came at `at`", later today: each active line. NotPossible for a moment that has passed or another day."""
    hall = hall_of(mall, now)
    if malls.local_day(mall, at) != hall.day or at < now - timedelta(minutes=1):
        raise NotPossible("not_today", _("Pilih jam yang masih akan datang, hari ini."))
    minutes = max(0.0, (at - now).total_seconds() / 60)
    joins, known = _joins(mall, hall.day, now, at)
    answer = {}
    for line in hall.lines.values():
        if not line.active:
            continue
        outlook, hours = hall.outlooks[line.id], hall.hours.get(line.booth_id, BoothDay(False))
        takes = hours.takes_tickets(at)
        later = Later(None, (None, None, None))
        rate = outlook.state.joins_a_minute if outlook.state else 0.0
        # Before opening, what will come is only known from earlier days.
        if takes and (known or outlook.start_minutes == 0):
            later = outlook.later(minutes, joins.get(line.id, 0.0) if known else rate * minutes)
        reason = "" if takes else hours.reason or _("Saat itu tidak menerima nomor baru.")
        p10, p50, p90 = later.wait
        answer[line.id] = ComingAt(line.id, at, later.people_ahead, p10, p50, p90, takes, reason)
    return answer


@dataclass(frozen=True)
class BookedWait:
    """What a booking's owner is told of one service: if they come at `starts`, so many will stand before them and they
    will wait so long from then on. None where nothing can be told: another day, or no counter."""

    line_id: int
    starts: datetime
    people_ahead: int | None
    p10: float | None
    p50: float | None
    p90: float | None


def booked_waits(mall: Mall, booking: BookingView, now: datetime) -> list[BookedWait]:
    """The wait of each service of a booking that is still to come, if its owner comes in time.

    Their place is the booked time's: who joins later does not stand before them. Later than the booked time the figures
    are of somebody who comes now. Nothing is told of another day: today's line says nothing about it.
    """
    hall = hall_of(mall, now)
    midnight = moment(mall.timezone, hall.day, clock_time(0))
    head = hall.policies[booking.priority].head_start_minutes if booking.priority in hall.policies else 0
    answer = []
    for leg in booking.legs if booking.coming and booking.day == hall.day else ():
        later = Later(None, (None, None, None))
        if leg.line_id in hall.outlooks:
            at = max(now, leg.starts)
            joins, known = _joins(mall, hall.day, now, at)
            outlook, minutes = hall.outlooks[leg.line_id], (at - now).total_seconds() / 60
            turn = (leg.starts - midnight).total_seconds() / 60 - head
            rate = outlook.state.joins_a_minute if outlook.state else 0.0
            if known or outlook.start_minutes == 0:
                come = joins.get(leg.line_id, 0.0) if known else rate * minutes
                own = _own(outlook, turn, leg.quantity)
                later = outlook.later(minutes, come, turn=turn, own=own)
        answer.append(BookedWait(leg.line_id, leg.starts, later.people_ahead, *later.wait))
    return answer


def _own(outlook: Outlook, turn: float, quantity: int) -> Booked | None:
    """The booking as it stands among those to come. Others of the same turn and quantity are like it."""
    bookings = outlook.state.bookings if outlook.state else ()
    same = [b for b in bookings if b.turn == turn]
    return min(same, key=lambda b: abs(b.services - quantity), default=None)


def _joins(mall: Mall, day: date, now: datetime, at: datetime) -> tuple[dict[int, float], bool]:
    """Line id -> how many joined between these times of the day, on the mean of like days; whether there were any."""
    days = [day - timedelta(weeks=n) for n in range(1, LIKE_DAYS + 1)]
    start, end = (malls.local_time(mall.timezone, moment).time() for moment in (now, at))
    asked: dict[str, Any] = {"mall": mall.pk, "days": days, "zone": mall.timezone, "from": start, "to": end}
    with connection.cursor() as cursor:
        cursor.execute(_JOIN, asked)
        rows = dict(cursor.fetchall())
    known = bool(rows) or Ticket._base_manager.filter(mall=mall, day__in=days).exists()
    return rows, known
