"""What a citizen sees of their own visit, by the unguessable token of their link."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Sum
from django_scopes import scopes_disabled

from senyum.catalogue.queries import requirements_at, text_in
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.roster.models import CounterSession
from senyum.visits import calm, rules, states
from senyum.visits.hall import Hall, hall_of
from senyum.visits.models import LineShown, Ticket, Visit

#: What a line's people were shown is kept each minute; older than this, the job stood still.
AS_KEPT = timedelta(minutes=30)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,32}")


@dataclass(frozen=True)
class Leg:
    """One ticket of the visit. `people_ahead`, `p10`, `p50`, `p90` (minutes) are live while waiting, else as at issue.

    While waiting they are calmed (`calm`): `why` is "" or the code of why they rose lately, with the number of the
    `why_counter` that closed.
    """

    ticket_id: int
    leg: int
    line_id: int
    booth_id: int
    service: str
    agency: str
    counters: tuple[int, ...]
    open_counters: int
    state: str
    counter_number: int | None
    called_at: datetime | None
    serving_at: datetime | None
    ended_at: datetime | None
    people_ahead: int
    p10: float | None
    p50: float | None
    p90: float | None
    why: str
    why_counter: int | None
    from_at: datetime | None
    to_at: datetime | None
    promised_by: datetime
    promise_ahead: int
    promise_p10: float | None
    promise_p50: float | None
    promise_p90: float | None
    held_until: datetime | None
    delays: int
    outcome: str
    missing: str
    case_number: str
    cashier: bool
    walk_now: bool
    may_leave: bool
    may_delay: bool
    may_rejoin: bool
    may_smile: bool
    smiled: bool
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class VisitView:
    """A visit, its legs in order, and the one that matters now (`current`, an index, None when all ended)."""

    visit_id: int
    token: str
    mall: Mall
    label: str
    day: str
    priority: str
    quantity: int
    language: str
    arrived_at: datetime
    greeted_at: datetime | None
    legs: tuple[Leg, ...]
    current: int | None
    hall_paused: str
    hall_back_at: datetime | None
    as_of: datetime


def visit_by_token(token: str) -> Visit | None:
    """The visit of a link, or None. Constant work for any guess: one look-up by a unique 128-bit token."""
    if not _TOKEN.fullmatch(token):
        return None
    return Visit.objects.select_related("mall").filter(token=token).first()


_ORDER = {
    state: place
    for place, state in enumerate((states.SERVING, states.CALLED, states.PARKED, states.ABSENT, states.WAITING))
}


def visit_view(visit: Visit, now: datetime, language: str | None = None) -> VisitView:
    """Everything the ticket page and the API say about a visit."""
    language = language or visit.language
    hall = hall_of(visit.mall, now)
    with scopes_disabled():
        tickets = list(Ticket.objects.filter(visit=visit).select_related("counter", "missing", "line").order_by("leg"))
        shown = [t for t in tickets if t.state != states.CANCELLED]
        legs = tuple(_leg(hall, t, now, language) for t in shown)
    current = min(
        (place for place, leg in enumerate(legs) if leg.state in _ORDER),
        key=lambda place: (_ORDER[legs[place].state], legs[place].p50 is None, legs[place].people_ahead, place),
        default=None,
    )
    pause = malls.hall_pause(visit.mall)
    return VisitView(
        visit_id=visit.pk,
        token=visit.token,
        mall=visit.mall,
        label=visit.label,
        day=visit.day.isoformat(),
        priority=visit.priority,
        quantity=visit.quantity,
        language=visit.language,
        arrived_at=visit.arrived_at,
        greeted_at=visit.greeted_at,
        legs=legs,
        current=current,
        hall_paused=pause.reason if pause else "",
        hall_back_at=pause.back_at if pause else None,
        as_of=now,
    )


def _leg(hall: Hall, ticket: Ticket, now: datetime, language: str) -> Leg:
    line = hall.lines[ticket.line_id]
    waiting = ticket.state == states.WAITING
    ahead, p10, p50, p90 = ticket.people_ahead, ticket.wait_p10, ticket.wait_p50, ticket.wait_p90
    why, why_counter = "", None
    if waiting:
        shown = _shown(hall, ticket, now)
        ahead, p10, p50, p90 = shown.ahead, shown.p10, shown.p50, shown.p90
        why, why_counter = shown.why, shown.counter
        if ticket.held_until and ticket.held_until > now:
            held = (ticket.held_until - now).total_seconds() / 60
            p10, p50, p90 = (max(p or 0.0, held) for p in (p10, p50, p90))
    counters = [c for c in hall.counters.values() if line.id in c.first]
    opened = CounterSession.objects.filter(counter__in=[c.id for c in counters], state="open").count()
    may = rules.face(
        state=ticket.state,
        delays=ticket.delays,
        rejoins=ticket.rejoins,
        invited=ticket.invited_at is not None,
        smiled=ticket.smiled_at is not None,
    )
    return Leg(
        ticket_id=ticket.pk,
        leg=ticket.leg,
        line_id=line.id,
        booth_id=line.booth_id,
        service=line.name(language),
        agency=line.agency_short,
        counters=tuple(sorted(c.number for c in counters)),
        open_counters=opened,
        state=ticket.state,
        counter_number=ticket.counter.number if ticket.counter else None,
        called_at=ticket.called_at,
        serving_at=ticket.serving_at,
        ended_at=ticket.ended_at,
        people_ahead=ahead,
        p10=p10,
        p50=p50,
        p90=p90,
        why=why,
        why_counter=why_counter,
        from_at=now + timedelta(minutes=p50) if waiting and p50 is not None else None,
        to_at=now + timedelta(minutes=p90) if waiting and p90 is not None else None,
        promised_by=ticket.promised_by,
        promise_ahead=ticket.people_ahead,
        promise_p10=ticket.wait_p10,
        promise_p50=ticket.wait_p50,
        promise_p90=ticket.wait_p90,
        held_until=ticket.held_until if waiting and ticket.held_until and ticket.held_until > now else None,
        delays=ticket.delays,
        outcome=ticket.outcome,
        missing=text_in(ticket.missing, language) if ticket.missing else "",
        case_number=ticket.case_number,
        cashier=line.kind == "cashier",
        walk_now=waiting and ahead <= rules.WALK_AT,
        may_leave=may.may_leave,
        may_delay=may.may_delay,
        may_rejoin=may.may_rejoin,
        may_smile=may.may_smile,
        smiled=ticket.smiled_at is not None,
        requirements=_requirements(line.service_id, ticket.queued_at, language),
    )


def _shown(hall: Hall, ticket: Ticket, now: datetime) -> calm.Calm:
    """The forecast of now, going on from what this ticket was shown last."""
    before = Ticket.objects.filter(
        line_id=ticket.line_id, day=ticket.day, state=states.WAITING, turn_at__lte=ticket.turn_at
    )
    before = before.exclude(pk=ticket.pk).exclude(turn_at=ticket.turn_at, pk__gt=ticket.pk)
    found = before.aggregate(people=Count("pk"), documents=Sum("quantity"))
    ahead, documents = found["people"], found["documents"] or 0
    outlook = hall.outlooks[ticket.line_id]
    row = LineShown.objects.filter(line_id=ticket.line_id, at__gt=now - AS_KEPT, at__lte=now).first()
    kept = row.waits.get(str(ticket.pk)) if row else None
    p50, p90 = ticket.wait_p50, ticket.wait_p90
    promise: calm.Figures = (None, None, None)
    if p50 is not None and p90 is not None:
        promise = (p50 if ticket.wait_p10 is None else ticket.wait_p10), p50, p90
    last = (
        calm.Calm.read(row.at, kept)
        if row and kept
        else calm.issued(at=ticket.queued_at, ahead=ticket.people_ahead, promise=promise)
    )
    return calm.go_on(
        last,
        calm.LineNow(frozenset(row.counters), row.paused) if row else None,
        calm.LineNow(frozenset(outlook.counters), hall.paused),
        now=now,
        ahead=ahead,
        raw=outlook.wait(ahead, documents - ahead),
    )


def _requirements(service_id: int, began: datetime, language: str) -> tuple[str, ...]:
    return tuple(text_in(row, language) for row in requirements_at(service_id, began))
