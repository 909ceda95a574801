"""What issuing and calling must know of a hall, kept in memory for a few seconds.

One snapshot per mall and process: lines, counters, policy rows, today's hours, a table of waits for each line.
Reading it costs nothing; building it costs a handful of queries, whatever the length of the lines.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from senyum.bookings import queries as bookings
from senyum.catalogue.models import CounterLine, Line
from senyum.core.errors import NotPossible
from senyum.malls import queries as malls
from senyum.malls.models import Counter, HallPause, Mall
from senyum.malls.rules import BoothDay, moment
from senyum.visits import expected, seen
from senyum.visits.foretell import PAUSE_MINUTES, Desk, HallFacts, LineFacts, Outlook, Seat, outlook_of
from senyum.visits.models import PriorityClass
from senyum.visits.sql import EXTRA_SHARE

if TYPE_CHECKING:
    from senyum.engine.forecast import Booked

KEEP_SECONDS = 3.0
#: So many of a line's last calls make its recent pace; older than `RECENT_MINUTES` they say nothing about now.
RECENT_CALLS, RECENT_MINUTES = 30, 120
#: A line's length is counted up to here: beyond, the wait is told as if so many were before one.
COUNTED = 1_000


@dataclass(frozen=True)
class HallLine:
    """A line as the hot commands need it. `code` is agency and service: "disdukcapil.ktp-hilang"."""

    id: int
    code: str
    agency_id: int
    agency_code: str
    agency_short: str
    booth_id: int
    booth_quota: int | None
    group_id: int
    prefix: str
    kind: str
    service_id: int
    service: str
    service_su: str
    service_en: str
    standard_minutes: int
    pays_at_cashier: bool
    quota: int | None
    active: bool

    def name(self, language: str) -> str:
        """The service's name in `language`, Indonesian where it has none."""
        return {"su": self.service_su, "en": self.service_en}.get(language) or self.service


@dataclass(frozen=True)
class HallCounter:
    id: int
    number: int
    booth_id: int
    agency_id: int
    first: tuple[int, ...]
    help: tuple[int, ...]


@dataclass(frozen=True)
class Policy:
    head_start_minutes: int
    promise_minutes: int


@dataclass(frozen=True)
class _Parts:
    day: date
    lines: Mapping[int, HallLine]
    counters: Mapping[int, HallCounter]
    hours: Mapping[int, BoothDay]
    policies: Mapping[str, Policy]
    pause: HallPause | None


@dataclass(frozen=True)
class Hall:
    """One mall at one moment. `outlooks[line_id]` is what a wait is told from."""

    mall: Mall
    day: date
    lines: Mapping[int, HallLine]
    codes: Mapping[str, int]
    counters: Mapping[int, HallCounter]
    policies: Mapping[str, Policy]
    hours: Mapping[int, BoothDay]
    outlooks: Mapping[int, Outlook]
    paused: bool

    def line(self, line_id: int) -> HallLine:
        """The line, or NotPossible when this mall does not offer it now."""
        line = self.lines.get(line_id)
        if line is None or not line.active:
            raise NotPossible("no_line", _("Layanan itu tidak tersedia di MPP ini. Pilih layanan lain."))
        return line

    def line_by_code(self, code: str) -> HallLine:
        """The line of a service's code, or NotPossible."""
        line_id = self.codes.get(code)
        if line_id is None:
            raise NotPossible("no_line", _("Layanan itu tidak tersedia di MPP ini. Pilih layanan lain."))
        return self.line(line_id)

    def cashier(self) -> HallLine | None:
        """The line of the mall's cashier, if it has one."""
        return next((line for line in self.lines.values() if line.kind == Line.Kind.CASHIER and line.active), None)


_kept: dict[int, tuple[float, date, Hall]] = {}
#: Malls whose snapshot somebody is building: others go on with the last one, at most this old (seconds).
_building: set[int] = set()
STALE_SECONDS = 15.0
_lock = threading.Lock()


def hall_of(mall: Mall, now: datetime) -> Hall:
    """The snapshot of `mall` at `now`, at most `KEEP_SECONDS` old, never of another day."""
    day = malls.local_day(mall, now)
    kept = _fresh(mall.pk, day)
    if kept is not None:
        return kept
    with _lock:
        _building.add(mall.pk)
    try:
        clock = time.monotonic()
        hall = _build(mall, day, now)
        with _lock:
            _kept[mall.pk] = (clock, day, hall)
    finally:
        with _lock:
            _building.discard(mall.pk)
    return hall


def warm(now: datetime) -> None:
    """Build the snapshot of every mall at `now`, so that the first request need not."""
    for mall in malls.malls():
        hall_of(mall, now)


def peek(mall_id: int, now: datetime) -> Hall | None:
    """The snapshot of `mall_id` if it is fresh; never asks the database."""
    kept = _kept.get(mall_id)
    return _fresh(mall_id, malls.local_day(kept[2].mall, now)) if kept is not None else None


def _fresh(mall_id: int, day: date) -> Hall | None:
    kept = _kept.get(mall_id)
    if kept is None or kept[1] != day:
        return None
    age = time.monotonic() - kept[0]
    if age < KEEP_SECONDS or (age < STALE_SECONDS and mall_id in _building):
        return kept[2]
    return None


def mall_of_counter(counter_id: int) -> Mall:
    """The mall a counter stands in; NotPossible when there is no such counter."""
    code = _counter_codes().get(counter_id)
    if code is None:
        _counter_codes(again=True)
        code = _counter_codes().get(counter_id)
    if code is None:
        raise NotPossible("no_counter", _("Loket itu tidak ada."))
    return malls.mall_by_code(code)


_codes: dict[int, str] = {}


def _counter_codes(again: bool = False) -> dict[int, str]:
    if again or not _codes:
        _codes.update(Counter.objects.values_list("id", "mall__code"))
    return _codes


def forget() -> None:
    """Forget the snapshots of this process (after a change of the hall here, and in tests)."""
    with _lock:
        _kept.clear()
        _codes.clear()
    seen.forget()


def _build(mall: Mall, day: date, now: datetime) -> Hall:
    lines = {
        line.pk: HallLine(
            id=line.pk,
            code=f"{line.agency.code}.{line.service.code}",
            agency_id=line.agency_id,
            agency_code=line.agency.code,
            agency_short=line.agency.short_name,
            booth_id=line.booth_id,
            booth_quota=line.booth.quota_per_day,
            group_id=line.group_id,
            prefix=line.group.prefix,
            kind=line.kind,
            service_id=line.service_id,
            service=line.service.name,
            service_su=line.service.name_su,
            service_en=line.service.name_en,
            standard_minutes=line.service.standard_minutes,
            pays_at_cashier=line.service.pays_at_cashier,
            quota=line.quota_per_day,
            active=line.active,
        )
        for line in Line.objects.filter(mall=mall).select_related("agency", "booth", "group", "service")
    }
    tiers: dict[int, dict[int, list[int]]] = {}
    for counter_id, line_id, tier in CounterLine.objects.filter(counter__mall=mall).values_list(
        "counter_id", "line_id", "tier"
    ):
        tiers.setdefault(counter_id, {1: [], 2: []})[tier].append(line_id)
    counters = {
        counter.pk: HallCounter(
            id=counter.pk,
            number=counter.number,
            booth_id=counter.booth_id,
            agency_id=counter.booth.agency_id,
            first=tuple(tiers.get(counter.pk, {1: []})[1]),
            help=tuple(tiers.get(counter.pk, {2: []})[2]),
        )
        for counter in Counter.objects.filter(mall=mall, active=True).select_related("booth")
    }
    policies = {
        row.code: Policy(row.head_start_minutes, row.promise_minutes) for row in PriorityClass.objects.filter(mall=mall)
    }
    parts = _Parts(day, lines, counters, malls.hours_of(mall, day), policies, malls.hall_pause(mall))
    return Hall(
        mall=mall,
        day=day,
        lines=lines,
        codes={line.code: line.id for line in lines.values()},
        counters=counters,
        policies=policies,
        hours=parts.hours,
        outlooks=_outlooks(mall, parts, now),
        paused=parts.pause is not None,
    )


#: `counted`: who joined lately is asked for, too (not every time: seen.py).
_PACE = """
WITH joined AS MATERIALIZED (
  SELECT t.line_id, count(*) FILTER (WHERE t.turn_at < t.queued_at) AS early, count(*) AS every
  FROM visits_ticket t
  WHERE %(counted)s AND t.mall_id = %(mall)s AND t.day = %(day)s AND t.queued_at > %(joined)s AND t.queued_at <= %(now)s
  GROUP BY t.line_id
)
SELECT l.id, (SELECT version FROM visits_forecaststate WHERE mall_id = %(mall)s), j.early, j.every, c.minutes, (
         SELECT count(*) FROM (
           SELECT 1 FROM visits_ticket w WHERE w.line_id = l.id AND w.day = %(day)s AND w.state = 'waiting'
           ORDER BY w.turn_at LIMIT %(most)s) q)
FROM catalogue_line l
LEFT JOIN joined j ON j.line_id = l.id
LEFT JOIN LATERAL (
  SELECT array_agg(extract(epoch FROM q.ended_at - q.called_at)::float8 / 60 ORDER BY q.called_at) AS minutes
  FROM (
    SELECT t.called_at, t.ended_at FROM visits_ticket t
    WHERE t.line_id = l.id AND t.called_at > %(since)s AND t.called_at <= %(now)s
    ORDER BY t.called_at DESC LIMIT %(calls)s) q
  WHERE q.ended_at IS NOT NULL
) c ON true
WHERE l.mall_id = %(mall)s
"""

#: Who sits where; with `roster`, who shall sit where today, too.
_SEATS = """
SELECT s.counter_id, s.state = 'open', p.back_at, s.id IN (
         SELECT t.session_id FROM visits_ticket t WHERE t.state IN ('called', 'serving') AND t.session_id IS NOT NULL),
       NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz
FROM roster_countersession s
LEFT JOIN roster_sessionpause p ON p.session_id = s.id AND p.ended_at IS NULL
WHERE s.mall_id = %(mall)s AND s.state <> 'closed'
UNION ALL
SELECT s.counter_id, NULL, NULL, NULL, s.starts, s.lunch_from, s.lunch_to, s.ends
FROM roster_shift s WHERE %(roster)s AND s.mall_id = %(mall)s AND s.day = %(day)s AND s.state = 'planned'
"""


def _outlooks(mall: Mall, parts: _Parts, now: datetime) -> dict[int, Outlook]:
    """A table of waits for every line, from its last services, who waits, who sits where and who is to come."""
    rates, changes = seen.rates_of(mall.pk, parts.day, now), seen.changes_of(mall.pk, parts.day)
    asked: dict[str, Any] = {
        "counted": rates is None,
        "joined": now - timedelta(minutes=seen.WINDOW),
        "roster": changes is None,
        "mall": mall.pk,
        "day": parts.day,
        "since": now - timedelta(minutes=RECENT_MINUTES),
        "now": now,
        "calls": RECENT_CALLS,
        "most": COUNTED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PACE, asked)
        lately = cursor.fetchall()
        cursor.execute(_SEATS, asked)
        seated = cursor.fetchall()
    if rates is None:
        rates = seen.keep_rates(
            mall.pk, parts.day, now, {line: (early or 0, every or 0) for line, _v, early, every, *_ in lately}
        )
    midnight = moment(mall.timezone, parts.day, clock_time(0))

    def minute_of(at: datetime) -> float:
        return (at - midnight).total_seconds() / 60

    minute = minute_of(now)
    coming = _coming(mall, parts, now, minute_of)
    pause = parts.pause
    if changes is None:
        closes = {
            counter.id: minute_of(hours.closes)
            for counter in parts.counters.values()
            if (hours := parts.hours.get(counter.booth_id)) and hours.closes
        }
        shifts = [(row[0], [minute_of(at) if at else None for at in row[4:]]) for row in seated if row[1] is None]
        changes = seen.keep_changes(mall.pk, parts.day, now, shifts, closes)
    facts = HallFacts(
        minute=minute,
        lines={
            line_id: LineFacts(
                float(parts.lines[line_id].standard_minutes),
                tuple(minutes or ()),
                waiting,
                *rates.get(line_id, (0.0, 0.0)),
                booked=coming.get(line_id, ()),
            )
            for line_id, _version, _early, _every, minutes, waiting in lately
        },
        desks=[Desk(c.id, c.number, c.first, c.help) for c in parts.counters.values()],
        seats={
            counter: Seat(is_open, busy, minute_of(back) if back else None)
            for counter, is_open, back, busy, *_shift in seated
            if is_open is not None
        },
        changes=changes,
        pause=None if pause is None else _pause_ends(minute, minute_of(pause.back_at) if pause.back_at else None),
    )
    heads = [policy.head_start_minutes for policy in parts.policies.values() if policy.head_start_minutes]
    facts = replace(facts, head_start=sum(heads) / len(heads) if heads else 0.0)
    learned = seen.learned_of(mall.pk, lately[0][1] if lately else None)
    answer = {}
    for line_id in facts.lines:
        line = parts.lines[line_id]
        opens = parts.hours[line.booth_id].opens if line.booth_id in parts.hours else None
        sits = any(facts.is_open(desk) or desk.id in facts.changes for desk, _share in facts.serving(line_id))
        # Before opening nobody sits there yet: the promise counts from opening time, with the counters of the line,
        # unless the roster knows better.
        start = (opens - now).total_seconds() / 60 if opens is not None and opens > now and not sits else 0.0
        answer[line_id] = outlook_of(facts, line_id, agency_id=line.agency_id, start_minutes=start, learned=learned)
    return answer


def _coming(
    mall: Mall, parts: _Parts, now: datetime, minute_of: Callable[[datetime], float]
) -> dict[int, tuple[Booked, ...]]:
    """Line id -> who is booked for today and not here yet. Costs a query, and two more only where somebody is."""
    found = bookings.coming_times(mall.pk, parts.day)
    if not found:
        return {}
    seen_shows, grace = seen.shows_of(mall.pk, parts.day, now), bookings.late_minutes(mall)
    return {
        line: expected.booked(
            [(minute_of(who.starts), _head_start(parts.policies, who.priority), who) for who in rows],
            now=minute_of(now),
            seen=seen_shows,
            grace=grace.get(line, 0),
            extra=EXTRA_SHARE,
        )
        for line, rows in found.items()
    }


def _head_start(policies: Mapping[str, Policy], priority: str) -> float:
    return float(policies[priority].head_start_minutes) if priority in policies else 0.0


def _pause_ends(minute: float, back: float | None) -> float:
    return minute + PAUSE_MINUTES if back is None else max(minute + 1, back)
