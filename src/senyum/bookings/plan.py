"""What can be booked in a mall, kept in memory for a few seconds like the hall's day (`malls.queries`)."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from senyum.bookings import rules
from senyum.bookings.models import BookingPolicy, Contact
from senyum.catalogue.models import CounterLine, Line
from senyum.core.errors import NotPossible
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.malls.rules import BoothDay, HallPlan, booth_day, moment

KEEP_SECONDS = 3.0
#: Where a mall has said nothing.
OPENS_AT = clock_time(8, 0)


@dataclass(frozen=True)
class Policy:
    """A policy row, or what holds without one (`models.BookingPolicy`)."""

    open: bool = True
    slot_minutes: int = 30
    walkin_percent: int = 60
    days_ahead: int = 14
    opens_at: clock_time = OPENS_AT
    closes_minutes: int = 60
    places: int | None = None
    most_quantity: int = 5
    contact: str = Contact.OPTIONAL
    early_minutes: int = 30
    late_minutes: int = 15
    hold_minutes: int = 10
    offer_minutes: int = 30
    remind_hours: int = 24
    remind_again_hours: int = 2


@dataclass(frozen=True)
class BookLine:
    """A line as bookings need it. `code`: agency and service ("disdukcapil.ktp-baru")."""

    id: int
    code: str
    service_id: int
    agency_id: int
    agency: str
    booth_id: int
    minutes: int
    quota: int | None
    booth_quota: int | None
    counters: frozenset[int]
    policy: Policy


@dataclass(frozen=True)
class SlotInfo:
    """A slot as it can be sold: `capacity` places from `starts` to `ends`."""

    line_id: int
    day: date
    starts: datetime
    ends: datetime
    capacity: int


class BookPlan:
    """One mall's bookable lines and their slots by day."""

    def __init__(self, mall: Mall, lines: Mapping[int, BookLine], hall: HallPlan) -> None:
        self.mall = mall
        self.lines = lines
        self.codes = {line.code: line.id for line in lines.values()}
        self._hall = hall
        self._booths: dict[int, list[BookLine]] = defaultdict(list)
        for line in lines.values():
            self._booths[line.booth_id].append(line)
        self._days: dict[tuple[int, date], list[SlotInfo]] = {}

    def bookable(self, line_id: int) -> bool:
        """Whether the line can be booked here."""
        return line_id in self.lines and self.lines[line_id].policy.open

    def line(self, line_id: int) -> BookLine:
        """The line. Raises NotPossible when it cannot be booked here."""
        if not self.bookable(line_id):
            raise NotPossible(
                "not_bookable", _("Layanan itu tidak dapat dipesan. Silakan datang dan ambil nomor antrean di MPP.")
            )
        return self.lines[line_id]

    def line_by_code(self, code: str) -> BookLine:
        """The line of a service's code. Raises NotPossible."""
        return self.line(self.codes.get(code, 0))

    def hours(self, booth_id: int, day: date) -> BoothDay:
        """What the day is for the booth."""
        return booth_day(self._hall, booth_id, day)

    def window(self, line: BookLine, day: date) -> rules.Window:
        """When the day can be booked in this line."""
        return rules.Window(self.opens(line.policy, day), line.policy.closes_minutes)

    def opens(self, policy: Policy, day: date) -> datetime:
        """From when a policy lets a day be booked."""
        return moment(self.mall.timezone, day - timedelta(days=policy.days_ahead), policy.opens_at)

    def slots(self, line: BookLine, day: date) -> list[SlotInfo]:
        """The slots of a line on a day of the mall; none where the booth is closed."""
        found = self._days.get((line.id, day))
        if found is None:
            found = self._days[(line.id, day)] = self._slots(line, day)
        return found

    def preview(self, line: BookLine, day: date, policy: Policy) -> list[SlotInfo]:
        """The slots of that day if the line were booked by `policy`."""
        return self._slots(replace(line, policy=policy), day)

    def slot(self, line: BookLine, starts: datetime) -> SlotInfo | None:
        """The slot that begins at `starts`, or None."""
        day = malls.local_day(self.mall, starts)
        return next((slot for slot in self.slots(line, day) if slot.starts == starts), None)

    def _slots(self, line: BookLine, day: date) -> list[SlotInfo]:
        hours = self.hours(line.booth_id, day)
        if not hours.opens or not hours.last_ticket or not line.policy.open:
            return []
        policy = line.policy
        starts = rules.slot_starts(hours.opens, hours.last_ticket, policy.slot_minutes)
        supplies = {
            other.id: rules.Supply(other.minutes, other.counters, other.policy.places)
            for other in self._booths[line.booth_id]
        } | {line.id: rules.Supply(line.minutes, line.counters, policy.places)}
        capacities = rules.places(
            supplies, slot_minutes=policy.slot_minutes, walkin_percent=policy.walkin_percent, slots=len(starts)
        )[line.id]
        step = timedelta(minutes=policy.slot_minutes)
        return [
            SlotInfo(line.id, day, at, at + step, capacity)
            for at, capacity in zip(starts, capacities, strict=True)
            if capacity > 0
        ]


_kept: dict[int, tuple[float, BookPlan]] = {}
_lock = threading.Lock()


def plan_of(mall: Mall) -> BookPlan:
    """The plan of `mall`, at most `KEEP_SECONDS` old."""
    now = time.monotonic()
    found = _kept.get(mall.pk)
    if found is not None and now - found[0] < KEEP_SECONDS:
        return found[1]
    plan = _build(mall)
    with _lock:
        _kept[mall.pk] = (now, plan)
    return plan


def peek(mall_id: int) -> BookPlan | None:
    """The plan if it is fresh; never asks the database."""
    found = _kept.get(mall_id)
    return found[1] if found is not None and time.monotonic() - found[0] < KEEP_SECONDS else None


def forget() -> None:
    """Drop what this process keeps: after every write of a policy."""
    with _lock:
        _kept.clear()


def _build(mall: Mall) -> BookPlan:
    policies = {row.line_id: _policy(row) for row in BookingPolicy.objects.filter(mall=mall)}
    usual = policies.get(None, Policy())
    counters: dict[int, set[int]] = defaultdict(set)
    first = CounterLine.objects.filter(tier=CounterLine.FIRST, counter__mall=mall, counter__active=True)
    for line_id, counter_id in first.values_list("line_id", "counter_id"):
        counters[line_id].add(counter_id)
    # Fetching a finished document and paying are not booked: there is no wait to be spared.
    rows = Line.objects.filter(mall=mall, active=True, kind=Line.Kind.SERVICE)
    lines = {
        row.pk: BookLine(
            id=row.pk,
            code=f"{row.agency.code}.{row.service.code}",
            service_id=row.service_id,
            agency_id=row.agency_id,
            agency=row.agency.short_name,
            booth_id=row.booth_id,
            minutes=row.service.standard_minutes,
            quota=row.quota_per_day,
            booth_quota=row.booth.quota_per_day,
            counters=frozenset(counters[row.pk]),
            policy=policies.get(row.pk, usual),
        )
        for row in rows.select_related("service", "agency", "booth")
    }
    return BookPlan(mall, lines, malls.hall_plan(mall.pk, mall.timezone))


def hall_policy(mall: Mall) -> Policy:
    """How lines without a row of their own are booked."""
    row = BookingPolicy.objects.filter(mall=mall, line=None).first()
    return _policy(row) if row else Policy()


@lru_cache(maxsize=1)
def _fields() -> tuple[str, ...]:
    return tuple(Policy.__dataclass_fields__)


def _policy(row: BookingPolicy) -> Policy:
    return Policy(**{name: getattr(row, name) for name in _fields()})
