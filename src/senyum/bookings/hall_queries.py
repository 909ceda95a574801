"""What the hall's own people read about bookings: the policies, what a policy would offer, and a day in numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, Sum
from django_scopes import scopes_disabled

from senyum.bookings import rules, states
from senyum.bookings.models import BookingPolicy, DayQuota, Leg, Slot, WaitEntry
from senyum.bookings.plan import BookLine, BookPlan, Policy, SlotInfo, hall_policy, plan_of
from senyum.malls import queries as malls
from senyum.malls.models import Mall

#: So many days are looked through for one on which the booth is open.
_LOOK_DAYS = 21


@dataclass(frozen=True)
class PolicyRow:
    """A line and its policy; `own`: it has a row of its own, else it follows the hall's."""

    line: BookLine
    own: bool


@dataclass(frozen=True)
class Preview:
    """What a policy offers on the next day on which the booth is open (None: it is not, for three weeks).

    `places`: in all slots together. `quota`: of the day (None: there is none), of which `share` may be booked. `most`:
    what can be booked at most, the smaller of both. `opens`: when that day can be booked first.
    """

    day: date | None
    slots: tuple[SlotInfo, ...]
    places: int
    quota: int | None
    share: int | None
    most: int
    opens: datetime | None

    @property
    def walkin(self) -> int:
        """What of the quota is always left for those who come without a booking."""
        return (self.quota or 0) - self.most


@dataclass(frozen=True)
class SlotDay:
    """One slot of a day in places: `capacity` in all; what became of the booked ones."""

    line_id: int
    starts: datetime
    capacity: int
    held: int
    booked: int
    arrived: int
    missed: int
    cancelled: int


@dataclass(frozen=True)
class QuotaDay:
    """A quota of a day: booked places and numbers without a booking draw on it. `share`: may be booked at most."""

    line_ids: tuple[int, ...]
    quota: int
    share: int
    booked: int
    walkin: int

    @property
    def left(self) -> int:
        return max(0, self.quota - self.booked - self.walkin)


@dataclass(frozen=True)
class DayNumbers:
    """A day's bookings without anybody in them; `waiting`: people in the waiting list by line."""

    slots: tuple[SlotDay, ...]
    quotas: tuple[QuotaDay, ...]
    waiting: dict[int, int]

    def total(self, name: str) -> int:
        """The sum of a column of the slots."""
        return sum(getattr(slot, name) for slot in self.slots)


def policies_of(mall: Mall, agencies: Collection[int]) -> tuple[Policy, list[PolicyRow]]:
    """(the hall's policy, the lines of these agencies with theirs). Not from memory: who just saved sees it."""
    own = set(BookingPolicy.objects.filter(mall=mall, line__isnull=False).values_list("line_id", flat=True))
    lines = plan_of(mall).lines.values()
    return hall_policy(mall), [PolicyRow(line, line.id in own) for line in lines if line.agency_id in agencies]


def _quota(line: BookLine) -> int | None:
    return min((n for n in (line.quota, line.booth_quota) if n is not None), default=None)


def preview_of(mall: Mall, line: BookLine, policy: Policy, now: datetime) -> Preview:
    """What `policy` would offer in a line on its next usual day."""
    plan, today = plan_of(mall), malls.local_day(mall, now)
    ahead = (today + timedelta(days=n) for n in range(1, _LOOK_DAYS + 1))
    day = next((day for day in ahead if plan.hours(line.booth_id, day).is_open), None)
    slots = tuple(plan.preview(line, day, policy)) if day else ()
    places, quota = sum(slot.capacity for slot in slots), _quota(line)
    share = None if quota is None else rules.quota_share(quota, policy.walkin_percent)
    return Preview(
        day=day,
        slots=slots,
        places=places,
        quota=quota,
        share=share,
        most=places if share is None else min(places, share),
        opens=plan.opens(policy, day) if day else None,
    )


def day_of(mall: Mall, day: date, agencies: Collection[int]) -> DayNumbers:
    """The bookings of a day in these agencies, in places. No name, no contact, no code."""
    with scopes_disabled():
        legs = Leg.objects.filter(booking__mall=mall, day=day, agency_id__in=agencies)
        rows = legs.values_list("line_id", "starts", "booking__state").annotate(n=Sum("quantity"))
        counts: dict[tuple[int, datetime], dict[str, int]] = defaultdict(dict)
        for line_id, starts, state, n in rows:
            counts[(line_id, starts)][state] = n
    plan = plan_of(mall)
    lines = [line for line in plan.lines.values() if line.agency_id in agencies]
    sold = Slot.objects.filter(mall=mall, day=day, line__in=[line.id for line in lines])
    capacity = {(line_id, starts): room for line_id, starts, room in sold.values_list("line_id", "starts", "capacity")}
    slots = tuple(
        SlotDay(
            line_id,
            starts,
            capacity.get((line_id, starts), 0),
            held=states_.get(states.HELD, 0),
            booked=states_.get(states.BOOKED, 0),
            arrived=states_.get(states.ARRIVED, 0),
            missed=states_.get(states.RELEASED, 0),
            cancelled=states_.get(states.CANCELLED, 0) + states_.get(states.EXPIRED, 0),
        )
        for (line_id, starts), states_ in sorted(counts.items(), key=lambda found: (found[0][1], found[0][0]))
    )
    waits = WaitEntry.objects.filter(
        mall=mall, day=day, line__in=[line.id for line in lines], state__in=(states.WAITING, states.OFFERED)
    )
    waiting = dict(waits.values_list("line_id").annotate(n=Count("id")))
    return DayNumbers(slots, tuple(_quotas(plan, lines, day)), waiting)


def _quotas(plan: BookPlan, lines: list[BookLine], day: date) -> list[QuotaDay]:
    """The quotas of the lines and of their booths, each once."""
    keys: dict[str, tuple[int, list[BookLine]]] = {}
    for line in lines:
        if line.quota is not None:
            keys[f"line:{line.id}"] = (line.quota, [line])
        if line.booth_quota is not None:
            keys.setdefault(f"booth:{line.booth_id}", (line.booth_quota, []))[1].append(line)
    if not keys:
        return []
    issued = dict(DayQuota.objects.filter(key__in=list(keys), day=day).values_list("key", "issued"))
    found = []
    for key, (quota, those) in keys.items():
        ids = [line.id for line in those]
        with scopes_disabled():
            drawn = Q(line__in=ids) if key.startswith("line:") else Q(booth=those[0].booth_id)
            booked = Leg.objects.filter(drawn, day=day, counts=True).aggregate(n=Sum("quantity"))["n"] or 0
        share = max(rules.quota_share(quota, line.policy.walkin_percent) for line in those)
        found.append(QuotaDay(tuple(ids), quota, share, booked, issued.get(key, 0)))
    return found
