"""What an officer sees at a counter: who is here, who is next and why, who is set aside, my day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django_scopes import scopes_disabled

from senyum.catalogue.queries import requirements_at
from senyum.engine import discipline
from senyum.malls import queries as malls
from senyum.roster.models import CounterSession, EmergencyCall, SessionPause
from senyum.visits import rules, states
from senyum.visits.hall import Hall, HallCounter, hall_of, mall_of_counter
from senyum.visits.models import Ticket

SHOWN_ROWS = 30


@dataclass(frozen=True)
class QueueRow:
    """One waiting, parked or absent ticket. `place` 1 = next here; `why` a Why code for the next one, else ""."""

    ticket_id: int
    label: str
    service: str
    priority: str
    quantity: int
    state: str
    place: int
    why: str
    helping: bool
    busy: bool
    held_until: datetime | None
    waiting_minutes: int
    promised_by: datetime
    late_minutes: int
    note: str
    from_counter: int | None
    rejoins: int
    ended_at: datetime | None


@dataclass(frozen=True)
class RequirementRow:
    id: int
    text: str
    legal_basis: str


@dataclass(frozen=True)
class Here:
    """The person at the counter. Minutes waited are compared with what was promised at issue."""

    ticket_id: int
    label: str
    visit_id: int
    line_id: int
    service: str
    state: str
    priority: str
    quantity: int
    channel: str
    language: str
    waited_minutes: int
    promise_p50: float | None
    promise_p90: float | None
    called_at: datetime
    serving_at: datetime | None
    standard_minutes: int
    pays_at_cashier: bool
    note: str
    from_counter: int | None
    requirements: tuple[RequirementRow, ...]
    other_legs: tuple[str, ...]
    recalls: int


@dataclass(frozen=True)
class ForwardLine:
    line_id: int
    service: str
    agency: str
    waiting: int
    is_cashier: bool


@dataclass(frozen=True)
class MyDay:
    """Today of one officer, in one mall. Minutes are those of the services, without the wait."""

    served: int
    in_standard: int
    mean_minutes: float | None


@dataclass(frozen=True)
class CounterView:
    """Everything the counter page shows.

    `first_lines`, `help_lines`: (line id, service) in the counter's two tiers. `emergency_answer`: who said that they
    are coming to this counter. `own_lines`: every line of the counter's agency, whose tickets stand in the lists.
    """

    counter_id: int
    number: int
    mall_code: str
    mall_name: str
    agency: str
    agency_id: int
    session_id: int | None
    session_state: str
    session_user_id: int | None
    session_user: str
    opened_at: datetime | None
    pause_reason: str
    back_at: datetime | None
    here: Here | None
    waiting: tuple[QueueRow, ...]
    waiting_count: int
    parked: tuple[QueueRow, ...]
    absent: tuple[QueueRow, ...]
    undo: str
    undo_until: datetime | None
    hall_paused: str
    hall_back_at: datetime | None
    first_lines: tuple[tuple[int, str], ...]
    help_lines: tuple[tuple[int, str], ...]
    own_lines: tuple[int, ...]
    emergency_id: int | None
    emergency_answer: str
    emergencies: tuple[tuple[int, int, str], ...]
    as_of: datetime


def counter_view(counter_id: int, now: datetime, wall: datetime, language: str = "id") -> CounterView:
    """The counter page at `now`. The caller has checked that the viewer belongs to the counter's agency."""
    mall = mall_of_counter(counter_id)
    hall = hall_of(mall, now)
    counter = hall.counters[counter_id]
    with scopes_disabled():
        session = (
            CounterSession.objects.filter(counter_id=counter_id).exclude(state="closed").select_related("user").first()
        )
        paused = session is not None and session.state == "paused"
        pause = SessionPause.objects.filter(session=session, ended_at=None).first() if paused else None
        here = _here(hall, session, language) if session else None
        waiting, count = _waiting_rows(hall, counter, now, language)
        aside = list(
            Ticket.objects.filter(
                mall=mall, day=hall.day, agency_id=counter.agency_id, state__in=(states.PARKED, states.ABSENT)
            )
            .select_related("visit", "counter")
            .order_by("turn_at")[:SHOWN_ROWS]
        )
        help_calls = _help_calls(hall)
    own = next((e for e in help_calls if session is not None and e.session_id == session.pk), None)
    line = next((x for x in hall.lines.values() if x.booth_id == counter.booth_id), None)
    hall_pause = malls.hall_pause(mall)
    can_undo = session is not None and bool(session.last_action) and rules.may_undo(session.undo_until, wall)
    return CounterView(
        counter_id=counter_id,
        number=counter.number,
        mall_code=mall.code,
        mall_name=mall.short_name,
        agency=line.agency_short if line else "",
        agency_id=counter.agency_id,
        session_id=session.pk if session else None,
        session_state=session.state if session else "closed",
        session_user_id=session.user_id if session else None,
        session_user=str(session.user) if session and session.user else "",
        opened_at=session.opened_at if session else None,
        pause_reason=pause.reason if pause else "",
        back_at=pause.back_at if pause else None,
        here=here,
        waiting=waiting,
        waiting_count=count,
        parked=tuple(_row(hall, t, now, language) for t in aside if t.state == states.PARKED),
        absent=tuple(_row(hall, t, now, language) for t in aside if t.state == states.ABSENT),
        undo=session.last_action if session and can_undo else "",
        undo_until=session.undo_until if session and can_undo else None,
        hall_paused=hall_pause.reason if hall_pause else "",
        hall_back_at=hall_pause.back_at if hall_pause else None,
        first_lines=tuple((i, hall.lines[i].name(language)) for i in counter.first if i in hall.lines),
        help_lines=tuple((i, hall.lines[i].name(language)) for i in counter.help if i in hall.lines),
        own_lines=tuple(x.id for x in hall.lines.values() if x.agency_id == counter.agency_id),
        emergency_id=own.pk if own else None,
        emergency_answer=str(own.answered_by) if own and own.answered_by else "",
        emergencies=_of_others(help_calls, counter_id),
        as_of=now,
    )


def _here(hall: Hall, session: CounterSession, language: str) -> Here | None:
    ticket = (
        Ticket.objects.filter(session=session, state__in=states.AT_COUNTER)
        .select_related("visit", "line__service", "forwarded_from__counter")
        .annotate(calls_made=Count("calls", filter=Q(calls__session=session)))
        .first()
    )
    if ticket is None or ticket.called_at is None:
        return None
    line = hall.lines[ticket.line_id]
    others = Ticket.objects.filter(visit=ticket.visit, state__in=states.OPEN).exclude(pk=ticket.pk)
    return Here(
        ticket_id=ticket.pk,
        label=ticket.visit.label,
        visit_id=ticket.visit_id,
        line_id=ticket.line_id,
        service=line.name(language),
        state=ticket.state,
        priority=ticket.priority,
        quantity=ticket.quantity,
        channel=ticket.visit.channel,
        language=ticket.visit.language,
        waited_minutes=max(0, int((ticket.called_at - ticket.queued_at).total_seconds() // 60)),
        promise_p50=ticket.wait_p50,
        promise_p90=ticket.wait_p90,
        called_at=ticket.called_at,
        serving_at=ticket.serving_at,
        standard_minutes=line.standard_minutes * ticket.quantity,
        pays_at_cashier=line.pays_at_cashier,
        note=ticket.note,
        from_counter=_from_counter(ticket),
        requirements=tuple(
            RequirementRow(r.pk, r.text, r.legal_basis) for r in requirements_at(line.service_id, ticket.queued_at)
        ),
        other_legs=tuple(hall.lines[t.line_id].name(language) for t in others),
        recalls=max(0, ticket.calls_made - 1),
    )


def _waiting_rows(hall: Hall, counter: HallCounter, now: datetime, language: str) -> tuple[tuple[QueueRow, ...], int]:
    """The waiting of the counter's lines in the order in which this counter would call them."""
    lines = counter.first + counter.help
    tickets = list(
        Ticket.objects.filter(line_id__in=lines, day=hall.day, state=states.WAITING)
        .select_related("visit", "forwarded_from__counter")
        .order_by("turn_at", "id")[:400]
    )
    busy = set(
        Ticket.objects.filter(
            mall=hall.mall, day=hall.day, state__in=states.AT_COUNTER, visit_id__in=[t.visit_id for t in tickets]
        ).values_list("visit_id", flat=True)
    )

    def key(t: Ticket) -> tuple[bool, tuple[int, datetime, int]]:
        held = t.held_until is not None and t.held_until > now
        order = discipline.turn_key(
            turn_at=t.turn_at,
            promised_by=t.promised_by,
            now=now,
            tier=discipline.FIRST if t.line_id in counter.first else discipline.HELP,
            ticket_id=t.pk,
        )
        return (held or t.visit_id in busy, order)

    tickets.sort(key=key)
    rows = []
    for place, ticket in enumerate(tickets[:SHOWN_ROWS], start=1):
        back, order = key(ticket)
        why = ""
        if place == 1 and not back:
            if ticket.line_id in counter.first:
                why = discipline.Why.EARLIEST.value
            else:
                why = (discipline.Why.PAST_PROMISE if order[0] == discipline.FIRST else discipline.Why.HELPING).value
        helping = ticket.line_id not in counter.first
        rows.append(_row(hall, ticket, now, language, place, why, helping, ticket.visit_id in busy))
    return tuple(rows), len(tickets)


def _row(
    hall: Hall,
    ticket: Ticket,
    now: datetime,
    language: str,
    place: int = 0,
    why: str = "",
    helping: bool = False,
    busy: bool = False,
) -> QueueRow:
    late = (now - ticket.promised_by).total_seconds() / 60
    return QueueRow(
        ticket_id=ticket.pk,
        label=ticket.visit.label,
        service=hall.lines[ticket.line_id].name(language),
        priority=ticket.priority,
        quantity=ticket.quantity,
        state=ticket.state,
        place=place,
        why=why,
        helping=helping,
        busy=busy,
        held_until=ticket.held_until if ticket.held_until and ticket.held_until > now else None,
        waiting_minutes=max(0, int((now - ticket.queued_at).total_seconds() // 60)),
        promised_by=ticket.promised_by,
        late_minutes=max(0, int(late)),
        note=ticket.note,
        from_counter=_from_counter(ticket) if place else None,
        rejoins=ticket.rejoins,
        ended_at=ticket.ended_at,
    )


def _from_counter(ticket: Ticket) -> int | None:
    """The number of the counter that forwarded this leg."""
    before = ticket.forwarded_from
    return before.counter.number if before is not None and before.counter is not None else None


def _help_calls(hall: Hall) -> list[EmergencyCall]:
    return list(
        EmergencyCall.objects.filter(session__mall=hall.mall, closed_at=None)
        .select_related("session__counter", "answered_by")
        .order_by("raised_at")
    )


def _of_others(calls: Iterable[EmergencyCall], counter_id: int) -> tuple[tuple[int, int, str], ...]:
    """(id, counter number, who answered) of calls for help in the hall that are not this counter's own."""
    return tuple(
        (e.pk, e.session.counter.number, str(e.answered_by) if e.answered_by else "")
        for e in calls
        if e.session.counter_id != counter_id
    )


def help_calls(counter_id: int, now: datetime) -> dict[int, int]:
    """Open calls for help of other counters of this hall: id -> counter number."""
    with scopes_disabled():
        calls = _help_calls(hall_of(mall_of_counter(counter_id), now))
    return {row[0]: row[1] for row in _of_others(calls, counter_id)}


@dataclass(frozen=True)
class AgencyTicket:
    """An open ticket of the counter's agency today: somebody who is not at the counter."""

    ticket_id: int
    visit_id: int
    line_id: int
    label: str
    service: str
    state: str
    priority: str


def agency_ticket(counter_id: int, ticket_id: int, now: datetime, language: str = "id") -> AgencyTicket | None:
    """The ticket when it is of today and of the counter's own agency, else None."""
    hall = hall_of(mall_of_counter(counter_id), now)
    with scopes_disabled():
        ticket = (
            Ticket.objects.select_related("visit")
            .filter(
                pk=ticket_id,
                mall=hall.mall,
                day=hall.day,
                agency_id=hall.counters[counter_id].agency_id,
                state__in=states.OPEN,
            )
            .first()
        )
    if ticket is None:
        return None
    return AgencyTicket(
        ticket_id=ticket.pk,
        visit_id=ticket.visit_id,
        line_id=ticket.line_id,
        label=ticket.visit.label,
        service=hall.lines[ticket.line_id].name(language),
        state=ticket.state,
        priority=ticket.priority,
    )


def forward_lines(counter_id: int, now: datetime, language: str = "id") -> list[ForwardLine]:
    """Where a person may be forwarded to, the cashier first, then this agency's other lines, then the rest."""
    from senyum.visits.queries.lines import line_states

    mall = mall_of_counter(counter_id)
    hall = hall_of(mall, now)
    own = hall.counters[counter_id].agency_id
    rows = [
        ForwardLine(s.line_id, s.service, s.agency, s.waiting, s.kind == "cashier")
        for s in line_states(mall, now, language)
    ]
    return sorted(rows, key=lambda r: (not r.is_cashier, hall.lines[r.line_id].agency_id != own, r.agency, r.service))


def my_day(user_id: int, counter_id: int, now: datetime) -> MyDay:
    """The officer's own day so far."""
    mall = mall_of_counter(counter_id)
    hall = hall_of(mall, now)
    with scopes_disabled():
        served = Ticket.objects.filter(
            mall=mall, day=hall.day, state=states.SERVED, session__user_id=user_id, serving_at__isnull=False
        )
        rows = list(served.values_list("line_id", "quantity", "serving_at", "ended_at"))
    seconds = [(line_id, n, (end - start).total_seconds()) for line_id, n, start, end in rows if start and end]
    return MyDay(
        served=len(rows),
        in_standard=sum(1 for line_id, n, took in seconds if took <= 60 * hall.lines[line_id].standard_minutes * n),
        mean_minutes=sum(took for _line, _n, took in seconds) / len(seconds) / 60 if seconds else None,
    )
