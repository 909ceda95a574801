"""What issuing and calling must know of a hall, kept in memory for a few seconds.

One snapshot per mall and process: lines, counters, policy rows, today's hours and the pace of each line.
Reading it costs nothing; building it costs a handful of queries, whatever the length of the lines.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db import connection
from django.utils.translation import gettext_lazy as _

from senyum.catalogue.models import CounterLine, Line
from senyum.core.errors import NotPossible
from senyum.engine import pace
from senyum.malls import queries as malls
from senyum.malls.models import Counter, Mall
from senyum.malls.rules import BoothDay
from senyum.visits.models import PriorityClass

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


#: A free counter calls a newcomer after a moment, not after none: this share of a gap.
REACTION_SHARE = 0.2


@dataclass(frozen=True)
class Outlook:
    """What the wait of a line's next ticket is told from: pace, minutes until it opens, whether a counter is free."""

    pace: pace.Coefficients
    start_minutes: float
    idle: bool
    waiting: int = 0

    def gaps(self, ahead: int, extra_documents: int = 0) -> float:
        """How many gaps somebody waits with `ahead` people before them."""
        k = pace.people_to_wait_for(people_ahead=ahead, counter_idle=self.idle, extra_documents=extra_documents)
        return max(k, REACTION_SHARE)

    def wait(self, ahead: int, extra_documents: int = 0) -> tuple[float | None, float | None]:
        """(p50, p90) in minutes; (None, None) while no counter is open for the line."""
        p50, p90 = pace.estimate(self.pace, self.gaps(ahead, extra_documents))
        if p50 is None or p90 is None:
            return None, None
        return self.start_minutes + p50, self.start_minutes + p90


@dataclass(frozen=True)
class _Parts:
    day: date
    lines: Mapping[int, HallLine]
    counters: Mapping[int, HallCounter]
    hours: Mapping[int, BoothDay]


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
    hours = malls.hours_of(mall, day)
    return Hall(
        mall=mall,
        day=day,
        lines=lines,
        codes={line.code: line.id for line in lines.values()},
        counters=counters,
        policies={
            row.code: Policy(row.head_start_minutes, row.promise_minutes)
            for row in PriorityClass.objects.filter(mall=mall)
        },
        hours=hours,
        outlooks=_outlooks(mall, _Parts(day, lines, counters, hours), now),
        paused=malls.hall_pause(mall) is not None,
    )


_PACE = """
WITH seat AS MATERIALIZED (
  SELECT s.counter_id, s.id IN (
    SELECT t.session_id FROM visits_ticket t WHERE t.state IN ('called', 'serving') AND t.session_id IS NOT NULL
  ) AS busy
  FROM roster_countersession s WHERE s.mall_id = %(mall)s AND s.state = 'open'
),
staffed AS MATERIALIZED (
  SELECT cl.line_id, count(*) FILTER (WHERE cl.tier = 1) AS first, count(*) FILTER (WHERE cl.tier = 2) AS help,
         count(*) FILTER (WHERE NOT seat.busy) AS idle
  FROM seat JOIN catalogue_counterline cl ON cl.counter_id = seat.counter_id GROUP BY cl.line_id
)
SELECT l.id, c.called, c.queued, coalesce(o.first, 0), coalesce(o.help, 0), coalesce(o.idle, 0), (
         SELECT count(*) FROM (
           SELECT 1 FROM visits_ticket w WHERE w.line_id = l.id AND w.day = %(day)s AND w.state = 'waiting'
           ORDER BY w.turn_at LIMIT %(most)s) q)
FROM catalogue_line l
LEFT JOIN staffed o ON o.line_id = l.id
LEFT JOIN LATERAL (
  SELECT array_agg(q.called_at ORDER BY q.called_at) AS called, array_agg(q.queued_at ORDER BY q.called_at) AS queued
  FROM (
    SELECT t.called_at, t.queued_at FROM visits_ticket t
    WHERE t.line_id = l.id AND t.called_at > %(since)s AND t.called_at <= %(now)s
    ORDER BY t.called_at DESC LIMIT %(calls)s) q
) c ON true
WHERE l.mall_id = %(mall)s
"""


def _outlooks(mall: Mall, hall: _Parts, now: datetime) -> dict[int, Outlook]:
    """The recent pace of every line from the gaps between its last calls, and who is open for it now."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PACE,
            {
                "mall": mall.pk,
                "day": hall.day,
                "since": now - timedelta(minutes=RECENT_MINUTES),
                "now": now,
                "calls": RECENT_CALLS,
                "most": COUNTED,
            },
        )
        rows = cursor.fetchall()
    planned: dict[int, int] = {}
    for counter in hall.counters.values():
        for line_id in counter.first:
            planned[line_id] = planned.get(line_id, 0) + 1
    answer = {}
    for line_id, called, queued, first, helping, idle, waiting in rows:
        line = hall.lines[line_id]
        opens = hall.hours[line.booth_id].opens if line.booth_id in hall.hours else None
        before = opens is not None and opens > now and not first and not helping
        # Before opening nobody sits there yet: the promise counts from opening time, with the counters of the line.
        pace_of_line = pace.coefficients(
            _gaps(called or [], queued or []),
            standard_minutes=float(line.standard_minutes),
            open_counters_first=planned.get(line_id, 0) if before else first,
            open_counters_help=0 if before else helping,
        )
        start = (opens - now).total_seconds() / 60 if before and opens else 0.0
        answer[line_id] = Outlook(pace_of_line, start, bool(idle), waiting)
    return answer


def _gaps(called: list[datetime], queued: list[datetime]) -> list[float]:
    """Minutes between successive calls, oldest first, where the later person already waited at the earlier call."""
    pairs = zip(pairwise(called), queued[1:], strict=False)
    return [(later - earlier).total_seconds() / 60 for (earlier, later), since in pairs if since <= earlier]
