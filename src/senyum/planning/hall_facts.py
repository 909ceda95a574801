"""Reads a mall's day for a proposal: catalogue, counters, hours, roster, and what was recorded on earlier days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django_scopes import scopes_disabled

from senyum.catalogue.models import CounterLine, Line
from senyum.malls import queries as malls
from senyum.malls.models import Booth, Mall
from senyum.malls.rules import BoothDay
from senyum.people.models import Role, RoleName
from senyum.planning.from_hall import (
    ENOUGH_DAYS,
    ENOUGH_SERVED,
    BoothFact,
    CounterFact,
    Facts,
    LineFact,
    OfficerFact,
    ShiftFact,
)
from senyum.roster.queries import PlannedShift, shifts_of
from senyum.visits.models import PriorityClass

#: So many days back are looked at; of these so many of the same weekday are enough to look at them alone.
LOOK_BACK, SAME_WEEKDAY = timedelta(days=56), 3
#: Minutes at the counter kept of a line, the newest.
KEPT_MINUTES = 2_000

_DAYS = """
    SELECT day FROM visits_ticket WHERE mall_id = %s AND day >= %s AND day < %s AND leg = 1
    GROUP BY day HAVING count(*) >= 10 ORDER BY day
"""
_ARRIVALS = """
    SELECT line_id, floor(extract(hour FROM local) * 2 + extract(minute FROM local) / 30)::int, count(*)
    FROM (SELECT line_id, queued_at AT TIME ZONE %s AS local FROM visits_ticket
          WHERE mall_id = %s AND day = ANY(%s) AND forwarded_from_id IS NULL) t GROUP BY 1, 2
"""
_MINUTES = """
    SELECT line_id, minutes FROM (
        SELECT line_id, extract(epoch FROM ended_at - serving_at) / 60 AS minutes,
               row_number() OVER (PARTITION BY line_id ORDER BY ended_at DESC) AS place
        FROM visits_ticket WHERE mall_id = %s AND day >= %s AND day < %s AND state = 'served'
        AND serving_at IS NOT NULL AND ended_at > serving_at) t
    WHERE place <= %s AND minutes < 240
"""
_CLASSES = """
    SELECT priority, count(*) FROM visits_ticket WHERE mall_id = %s AND day = ANY(%s) AND leg = 1 GROUP BY priority
"""
_FORWARDS = """
    SELECT s.line_id, f.line_id, count(f.id), (SELECT count(*) FROM visits_ticket d WHERE d.mall_id = %s
        AND d.day = ANY(%s) AND d.line_id = s.line_id AND d.state = 'served')
    FROM visits_ticket f JOIN visits_ticket s ON s.id = f.forwarded_from_id
    WHERE f.mall_id = %s AND f.day = ANY(%s) GROUP BY 1, 2
"""


def facts(mall: Mall, day: date, now: datetime, *, like: date | None = None) -> Facts:
    """What is known of `day` (a date of the mall). `like`: another day whose hours and people stand for it."""
    hours_day = like or day
    hours = malls.hours_of(mall, hours_day)
    midnight = malls.local_time(mall, now).replace(hour=0, minute=0, second=0, microsecond=0)
    booths = [b for b in malls.booths(mall) if hours[b.pk].is_open]
    today = malls.local_day(mall, now)
    since = today - LOOK_BACK
    days = _days(mall, since, today, hours_day.weekday())
    shifts = shifts_of(mall=mall, day=day)
    officers, places = _officers(mall, booths, shifts)
    with scopes_disabled():
        lines = _lines(mall, days, since, today)
        return Facts(
            name=mall.name,
            weekday=day.weekday(),
            booths=tuple(_booth(b, hours[b.pk], midnight) for b in booths),
            lines=tuple(lines),
            counters=tuple(_counters(mall)),
            officers=officers,
            shifts=tuple(_shift(s, places, mall) for s in shifts if s.id in places),
            classes=tuple(
                (c.code, float(c.head_start_minutes), float(c.promise_minutes))
                for c in PriorityClass.objects.filter(mall=mall)
            ),
            class_shares={code: float(n) for code, n in _rows(_CLASSES, [mall.pk, days])} if _enough(days) else {},
            forwards=_forwards(mall, days) if _enough(days) else None,
            days=len(days),
        )


def _enough(days: Sequence[date]) -> bool:
    return len(days) >= ENOUGH_DAYS


def _rows(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _days(mall: Mall, since: date, today: date, weekday: int) -> list[date]:
    """Recorded days: those of the same weekday where there are some of them, and enough days in all."""
    days = [d for (d,) in _rows(_DAYS, [mall.pk, since, today])]
    same = [d for d in days if d.weekday() == weekday]
    return same if len(same) >= max(SAME_WEEKDAY, ENOUGH_DAYS) else days


def _booth(booth: Booth, hours: BoothDay, midnight: datetime) -> BoothFact:
    assert hours.opens is not None and hours.last_ticket is not None and hours.closes is not None
    opens, last, closes = (_minute(m, midnight) for m in (hours.opens, hours.last_ticket, hours.closes))
    return BoothFact(booth.agency_id, booth.agency.code, booth.agency.short_name, opens, last, closes)


def _minute(moment: datetime, midnight: datetime) -> float:
    local = moment.astimezone(midnight.tzinfo)
    return local.hour * 60 + local.minute + (1.0 if local.second else 0.0)


def _lines(mall: Mall, days: Sequence[date], since: date, today: date) -> list[LineFact]:
    rows = list(Line.objects.filter(mall=mall, active=True).select_related("service", "agency").order_by("sort", "id"))
    arrivals: dict[int, list[float]] = defaultdict(lambda: [0.0] * 48)
    if _enough(days):
        for line, period, count in _rows(_ARRIVALS, [mall.timezone, mall.pk, days]):
            arrivals[line][period] = count / len(days)
    minutes: dict[int, list[float]] = defaultdict(list)
    for line, value in _rows(_MINUTES, [mall.pk, since, today, KEPT_MINUTES]):
        minutes[line].append(float(value))
    codes = service_codes(rows)
    return [
        LineFact(
            id=row.pk,
            code=codes[row.pk],
            agency_id=row.agency_id,
            name=row.service.name,
            standard_minutes=float(row.service.standard_minutes),
            pays_at_cashier=row.service.pays_at_cashier,
            cashier=row.kind == Line.Kind.CASHIER,
            arrivals=tuple(arrivals[row.pk]) if _enough(days) else None,
            minutes=tuple(minutes[row.pk]) if len(minutes[row.pk]) >= ENOUGH_SERVED else (),
        )
        for row in rows
    ]


def service_codes(lines: Sequence[Line]) -> dict[int, str]:
    """A code for each line (by id): the service's, with its agency's before it where two agencies use the same."""
    plain = [line.service.code for line in lines]
    return {
        line.pk: line.service.code if plain.count(line.service.code) == 1 else f"{line.agency.code}.{line.service.code}"
        for line in lines
    }


def _counters(mall: Mall) -> Iterable[CounterFact]:
    tiers: dict[int, dict[int, list[int]]] = defaultdict(lambda: {CounterLine.FIRST: [], CounterLine.HELP: []})
    rows = CounterLine.objects.filter(counter__mall=mall, counter__active=True, line__active=True)
    for counter_id, line, tier in rows.order_by("line_id").values_list("counter_id", "line_id", "tier"):
        tiers[counter_id][tier].append(line)
    for counter in malls.counters(mall):
        first, helps = tiers[counter.pk][CounterLine.FIRST], tiers[counter.pk][CounterLine.HELP]
        yield CounterFact(counter.pk, counter.number, counter.booth.agency_id, tuple(first), tuple(helps))


def _officers(
    mall: Mall, booths: Sequence[Booth], shifts: Sequence[PlannedShift]
) -> tuple[tuple[OfficerFact, ...], dict[int, int]]:
    """Officers of the open booths; for each shift (by id) the place of who sits there.

    Shifts that name nobody are shared out among nameless officers, as few as can do them one after the other.
    """
    code_of = {b.agency_id: b.agency.code for b in booths}
    found: list[OfficerFact] = []
    place_of: dict[tuple[int, int], int] = {}
    roles = Role.objects.filter(
        mall=mall, role=RoleName.OFFICER, agency__in=list(code_of), user__is_active=True
    ).select_related("user")
    for role in roles.order_by("user__username"):
        assert role.agency_id is not None
        place_of[role.agency_id, role.user_id] = len(found)
        code = role.user.username
        if any(o.code == code for o in found):
            code = f"{code}@{code_of[role.agency_id]}"
        found.append(OfficerFact(code, role.agency_id, role.user_id, str(role.user)))
    places: dict[int, int] = {}
    nameless: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    for shift in sorted(shifts, key=lambda s: (s.starts, s.number)):
        if shift.agency_id not in code_of:
            continue
        if shift.user_id is not None:
            key = (shift.agency_id, shift.user_id)
            if key not in place_of:
                # On the roster without being an officer there: a coordinator who helps out.
                place_of[key] = len(found)
                found.append(OfficerFact(f"staf-{shift.user_id}", shift.agency_id, shift.user_id, shift.officer))
            places[shift.id] = place_of[key]
            continue
        waiting = nameless[shift.agency_id]
        free = next((n for n, (_place, until) in enumerate(waiting) if until <= shift.starts), None)
        if free is None:
            code = f"{code_of[shift.agency_id]}-{len(waiting) + 1}"
            waiting.append((len(found), shift.ends))
            found.append(OfficerFact(code, shift.agency_id, None, ""))
            free = len(waiting) - 1
        place, _until = waiting[free]
        waiting[free] = (place, shift.ends)
        places[shift.id] = place
    return tuple(found), places


def _shift(shift: PlannedShift, places: dict[int, int], mall: Mall) -> ShiftFact:
    midnight = malls.local_time(mall, shift.starts).replace(hour=0, minute=0, second=0, microsecond=0)
    lunch = None if shift.lunch_from is None else (shift.lunch_from - midnight).total_seconds() / 60
    length = 0.0
    if shift.lunch_from is not None and shift.lunch_to is not None:
        length = (shift.lunch_to - shift.lunch_from).total_seconds() / 60
    start, end = ((m - midnight).total_seconds() / 60 for m in (shift.starts, shift.ends))
    return ShiftFact(places[shift.id], shift.counter_id, start, end, lunch, length)


def _forwards(mall: Mall, days: Sequence[date]) -> dict[tuple[int, int], float]:
    """Of those who were done at one line, the share that was sent on to another."""
    rows = _rows(_FORWARDS, [mall.pk, days, mall.pk, days])
    sent: dict[int, int] = defaultdict(int)
    for source, _target, count, _done in rows:
        sent[source] += count
    return {(source, target): count / max(done, sent[source]) for source, target, count, done in rows}
