"""What the greeter sees: who came in and is not greeted yet, and a lost ticket found again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django_scopes import scopes_disabled

from senyum.malls.models import Mall
from senyum.visits import states
from senyum.visits.hall import hall_of
from senyum.visits.models import Arrival, Ticket, Visit

#: After so long without a greeting somebody has found their way, or left.
FORGET_AFTER = timedelta(minutes=45)


@dataclass(frozen=True)
class DoorRow:
    """Somebody who came in: noted at the door (no label yet) or with a number from the kiosk."""

    arrival_id: int | None
    visit_id: int | None
    label: str
    service: str
    priority: str
    at: datetime
    minutes: int
    greeted: bool


@dataclass(frozen=True)
class FoundVisit:
    visit_id: int
    token: str
    label: str
    priority: str
    language: str
    arrived_at: datetime
    legs: tuple[tuple[int, str, str], ...]


def door(mall: Mall, now: datetime) -> list[DoorRow]:
    """Who came in and waits for a greeting, longest first, at most 40."""
    hall = hall_of(mall, now)
    arrivals = Arrival.objects.filter(
        mall=mall, day=hall.day, visit=None, at__gt=now - FORGET_AFTER, at__lte=now
    ).order_by("at")[:40]
    rows = [DoorRow(a.pk, None, "", "", "", a.at, _minutes(now, a.at), a.greeted_at is not None) for a in arrivals]
    visits = list(
        Visit.objects.filter(
            mall=mall, day=hall.day, greeted_at=None, arrived_at__gt=now - FORGET_AFTER, arrived_at__lte=now
        ).order_by("arrived_at")[:40]
    )
    with scopes_disabled():
        first = {
            t.visit_id: t.line_id
            for t in Ticket.objects.filter(visit__in=visits, state__in=states.OPEN).order_by("-leg")
        }
    rows += [
        DoorRow(
            None,
            v.pk,
            v.label,
            hall.lines[first[v.pk]].service,
            v.priority,
            v.arrived_at,
            _minutes(now, v.arrived_at),
            False,
        )
        for v in visits
        if v.pk in first
    ]
    return sorted(rows, key=lambda row: row.at)[:40]


def _minutes(now: datetime, then: datetime) -> int:
    return max(0, int((now - then).total_seconds() // 60))


def find(mall: Mall, text: str, now: datetime) -> list[FoundVisit]:
    """Today's visits whose label is like `text` ("a27", "A-027", "27"): for a lost ticket. At most 12."""
    wanted = "".join(ch for ch in text.upper() if ch.isascii() and ch.isalnum())
    letters = "".join(ch for ch in wanted if ch.isalpha())
    digits = "".join(ch for ch in wanted if ch.isdigit()).lstrip("0")
    if not wanted or len(digits) > 6:
        return []
    hall = hall_of(mall, now)
    visits = Visit.objects.filter(mall=mall, day=hall.day)
    if letters:
        visits = visits.filter(label__startswith=f"{letters}-")
    if digits:
        visits = visits.filter(number=int(digits))
    found = list(visits.order_by("-arrived_at")[:12])
    with scopes_disabled():
        tickets = list(Ticket.objects.filter(visit__in=found).exclude(state=states.CANCELLED).order_by("leg"))
    return [
        FoundVisit(
            visit_id=v.pk,
            token=v.token,
            label=v.label,
            priority=v.priority,
            language=v.language,
            arrived_at=v.arrived_at,
            legs=tuple((t.pk, hall.lines[t.line_id].service, t.state) for t in tickets if t.visit_id == v.pk),
        )
        for v in found
    ]
