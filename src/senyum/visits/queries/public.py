"""What the public reads of a hall before taking a number: services, how full they are, which counters are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django_scopes import scopes_disabled

from senyum.catalogue import queries as catalogue
from senyum.catalogue.queries import LineInfo
from senyum.core.models import IdempotencyKey
from senyum.malls import queries as malls
from senyum.malls import rules as calendar
from senyum.malls.models import HallPause, Mall
from senyum.malls.rules import BoothDay
from senyum.visits import states
from senyum.visits.hall import hall_of
from senyum.visits.models import Ticket, Visit
from senyum.visits.queries.lines import LineState, OpenCounter, line_states, open_counters


@dataclass(frozen=True)
class ServiceToday:
    """A service and its line now. `opens_at`: when its booth opens next; None while it is open, or when unknown."""

    info: LineInfo
    state: LineState
    opens_at: datetime | None


@dataclass(frozen=True)
class AgencyToday:
    """An agency of the hall with today's hours of its booth and its services, in the hall's order."""

    code: str
    name: str
    short_name: str
    hours: BoothDay
    receives: bool
    opens_at: datetime | None
    services: tuple[ServiceToday, ...]


@dataclass(frozen=True)
class HallToday:
    """A hall at `as_of`: `receives` while any booth does, from `opens` to `closes`; else `opens_at` says when next."""

    receives: bool
    opens: datetime | None
    closes: datetime | None
    opens_at: datetime | None
    closed_reason: str
    agencies: tuple[AgencyToday, ...]
    waiting: int
    open_counters: int
    pause: HallPause | None
    as_of: datetime


@dataclass(frozen=True)
class CounterToday:
    """A counter and, while its booth is closed, when that opens next."""

    counter: OpenCounter
    opens_at: datetime | None


@dataclass(frozen=True)
class OwnVisit:
    """An open visit of today: its link and label."""

    token: str
    label: str


def next_opening(mall: Mall, booth_id: int, now: datetime) -> datetime | None:
    """When the booth opens next after `now` (today's opening while it is still ahead), or None within 60 days."""
    plan = malls.hall_plan(mall.pk, mall.timezone)
    day = malls.local_day(mall, now)
    hours = calendar.hours_on(plan, booth_id, day)
    if hours is not None:
        opens = calendar.moment(plan.zone, day, hours.opens)
        if opens > now:
            return opens
    following = calendar.next_open(plan, booth_id, day)
    hours = calendar.hours_on(plan, booth_id, following) if following else None
    return calendar.moment(plan.zone, following, hours.opens) if following and hours else None


def services_today(mall: Mall, now: datetime, language: str = "id") -> list[ServiceToday]:
    """Every service a citizen may choose, in the hall's order: all lines but the cashier's, which comes by itself."""
    lines = {line.line_id: line for line in line_states(mall, now, language)}
    return [
        ServiceToday(info, lines[info.id], opening_ahead(mall, info.booth_id, now))
        for info in catalogue.lines_of(mall, language)
        if info.kind != "cashier" and info.id in lines
    ]


def opening_ahead(mall: Mall, booth_id: int, now: datetime) -> datetime | None:
    """As `next_opening`, but None while the booth receives people: then nobody needs to be told."""
    hours = hall_of(mall, now).hours.get(booth_id)
    return None if hours and hours.receives(now) else next_opening(mall, booth_id, now)


def service_today(mall: Mall, line_id: int, now: datetime, language: str = "id") -> ServiceToday | None:
    """One of `services_today`, or None when this hall does not offer it."""
    return next((s for s in services_today(mall, now, language) if s.info.id == line_id), None)


def hall_today(mall: Mall, now: datetime, language: str = "id") -> HallToday:
    """The front page of a hall: its hours, its agencies with their services, and how full each line is."""
    hours = hall_of(mall, now).hours
    agencies = []
    services = sorted(services_today(mall, now, language), key=lambda s: s.info.agency.casefold())
    for _agency, group in groupby(services, key=lambda s: s.info.agency_id):
        found = tuple(group)
        info = found[0].info
        day = hours.get(info.booth_id, BoothDay(False))
        agencies.append(
            AgencyToday(
                info.agency_code, info.agency_name, info.agency, day, day.receives(now), found[0].opens_at, found
            )
        )
    opened = [day for day in hours.values() if day.is_open]
    reasons = {day.reason for day in hours.values() if day.reason}
    receives = any(day.receives(now) for day in hours.values())
    return HallToday(
        receives=receives,
        opens=min((day.opens for day in opened if day.opens), default=None),
        closes=max((day.closes for day in opened if day.closes), default=None),
        opens_at=None if receives else min((a.opens_at for a in agencies if a.opens_at), default=None),
        closed_reason=reasons.pop() if len(reasons) == 1 and not opened else "",
        agencies=tuple(agencies),
        waiting=sum(s.state.waiting for s in services),
        open_counters=sum(1 for c in open_counters(mall, now) if c.state == "open"),
        pause=malls.hall_pause(mall),
        as_of=now,
    )


def counters_today(mall: Mall, now: datetime) -> list[CounterToday]:
    """Every counter by number: open, paused, closed, and when the closed ones come back."""
    hall = hall_of(mall, now)
    return [
        CounterToday(
            counter,
            opening_ahead(mall, hall.counters[counter.counter_id].booth_id, now) if counter.state == "closed" else None,
        )
        for counter in open_counters(mall, now)
    ]


def own_visits(scope: str, mall: Mall, now: datetime) -> list[OwnVisit]:
    """Today's visits issued under the idempotency scope `scope` that still have an open ticket, oldest first."""
    answers = IdempotencyKey.objects.filter(scope=scope).values_list("answer__token", flat=True)
    with scopes_disabled():
        opened = Ticket.objects.filter(day=malls.local_day(mall, now), state__in=states.OPEN).values("visit_id")
        rows = Visit.objects.filter(mall=mall, token__in=list(answers), pk__in=opened).order_by("arrived_at", "pk")
        return [OwnVisit(token, label) for token, label in rows.values_list("token", "label")]


def is_new(scope: str, key: str) -> bool:
    """Whether no request with this idempotency key was answered yet."""
    return not IdempotencyKey.objects.filter(scope=scope, key=key).exists()


def issued_since(scope: str, since: datetime) -> list[datetime]:
    """When visits were issued under the idempotency scope `scope` since then, oldest first."""
    answered = IdempotencyKey.objects.filter(scope=scope, at__gt=since, answer__token__isnull=False)
    return list(answered.order_by("at").values_list("at", flat=True))
