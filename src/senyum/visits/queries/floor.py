"""The floor of a hall, and the life of one ticket. Labels and numbers, never a citizen's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, Subquery
from django_scopes import get_scope, scopes_disabled

from senyum.journal import queries as journal
from senyum.journal.models import Entry
from senyum.malls import queries as malls
from senyum.malls.models import Booth, Mall
from senyum.roster.models import EmergencyCall
from senyum.visits import states
from senyum.visits.hall import HallCounter, hall_of
from senyum.visits.models import Call, Ticket
from senyum.visits.queries.lines import LineState, OpenCounter, line_states, open_counters

SERVING, CALLED, IDLE, FREE, PAUSED, CLOSED = "serving", "called", "idle", "free", "paused", "closed"
#: What a counter on the plan can be. `idle`: open, nobody there, while people wait in a line it serves.
COUNTER_STATES = (SERVING, CALLED, IDLE, FREE, PAUSED, CLOSED)


@dataclass(frozen=True)
class FloorCounter:
    """One counter on the plan. `state` is one of COUNTER_STATES; `since`: of what it does now.

    `ticket_id` is None where the ticket belongs to an agency the viewer does not see; the label is public.
    """

    number: int
    agency: str
    agency_code: str
    state: str
    label: str
    ticket_id: int | None
    since: datetime | None
    waiting: int
    pause_reason: str
    back_at: datetime | None
    opens_at: datetime | None
    closed_reason: str


@dataclass(frozen=True)
class LongestWait:
    """Who waits longest now, in minutes, and how many minutes they were promised at most."""

    label: str
    agency: str
    minutes: int
    promise_minutes: int
    late: bool


@dataclass(frozen=True)
class Emergency:
    """An open call for help; `answered_by` is empty while nobody is on the way."""

    number: int
    raised_at: datetime
    answered_by: str


@dataclass(frozen=True)
class FloorPause:
    """The pause of the whole hall that runs now."""

    reason: str
    started_at: datetime
    back_at: datetime | None


@dataclass(frozen=True)
class Floor:
    """The whole hall now. `waiting`, `served` and `past_promise` count tickets of today; `agencies`: code, name."""

    as_of: datetime
    waiting: int
    longest: LongestWait | None
    open_counters: int
    all_counters: int
    served: int
    past_promise: int
    pause: FloorPause | None
    emergencies: tuple[Emergency, ...]
    counters: tuple[FloorCounter, ...]
    lines: tuple[LineState, ...]
    agencies: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LifeEntry:
    """One entry of the journal about a ticket or its visit."""

    at: datetime
    kind: str
    who: str
    reason: str


@dataclass(frozen=True)
class LifeCall:
    """One call of the ledger; `why` is a code of engine.discipline.Why, or "recall"."""

    at: datetime
    counter: int
    kind: str
    why: str
    passed_over: int
    passed_labels: tuple[str, ...]
    reason: str
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class TicketLife:
    """One ticket from issue to end."""

    ticket_id: int
    label: str
    state: str
    outcome: str
    service: str
    agency: str
    priority: str
    queued_at: datetime
    promised_by: datetime
    entries: tuple[LifeEntry, ...]
    calls: tuple[LifeCall, ...]


def floor(mall: Mall, now: datetime, language: str = "id") -> Floor:
    """The hall at `now`; tickets can be opened within the agencies of the current scope. A fixed number of queries."""
    agency_ids = frozenset(get_scope().get("agency") or ())
    hall = hall_of(mall, now)
    places = open_counters(mall, now)
    lines = tuple(line_states(mall, now, language, places))
    booths = list(Booth.objects.filter(mall=mall).select_related("agency").order_by("sort", "id"))
    agencies = {booth.agency_id: (booth.agency.code, booth.agency.short_name) for booth in booths}
    today = Ticket._base_manager.filter(mall=mall, day=hall.day)
    first = today.filter(state=states.WAITING).order_by("queued_at", "id").values("pk")[:1]
    rows = today.filter(Q(state__in=states.AT_COUNTER) | Q(pk__in=Subquery(first))).select_related("visit", "agency")
    there: dict[int | None, Ticket] = {}
    longest = None
    for ticket in rows:
        if ticket.state == states.WAITING:
            longest = _longest(ticket, now)
        else:
            there[ticket.counter_id] = ticket
    with scopes_disabled():
        emergencies = _emergencies(mall)
    waiting = {line.line_id: line.waiting for line in lines}
    counters = tuple(
        _counter(place, hall.counters[place.counter_id], agencies, there.get(place.counter_id), waiting, agency_ids)
        for place in places
    )
    pause = malls.hall_pause(mall)
    return Floor(
        as_of=now,
        waiting=sum(waiting.values()),
        longest=longest,
        open_counters=sum(c.state not in (CLOSED, PAUSED) for c in counters),
        all_counters=len(counters),
        served=today.filter(state=states.SERVED).count(),
        past_promise=sum(line.past_promise for line in lines),
        pause=FloorPause(pause.reason, pause.started_at, pause.back_at) if pause else None,
        emergencies=emergencies,
        counters=counters,
        lines=lines,
        agencies=tuple(agencies.values()),
    )


def _emergencies(mall: Mall) -> tuple[Emergency, ...]:
    rows = EmergencyCall.objects.filter(session__mall=mall, closed_at=None).select_related(
        "session__counter", "answered_by"
    )
    return tuple(
        Emergency(e.session.counter.number, e.raised_at, str(e.answered_by) if e.answered_by else "")
        for e in rows.order_by("raised_at")
    )


def _longest(ticket: Ticket, now: datetime) -> LongestWait:
    return LongestWait(
        label=ticket.visit.label,
        agency=ticket.agency.short_name,
        minutes=_minutes(ticket.queued_at, now),
        promise_minutes=_minutes(ticket.queued_at, ticket.promised_by),
        late=ticket.promised_by < now,
    )


def _minutes(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds() // 60))


def _counter(
    place: OpenCounter,
    counter: HallCounter,
    agencies: dict[int, tuple[str, str]],
    ticket: Ticket | None,
    waiting: dict[int, int],
    agency_ids: frozenset[int],
) -> FloorCounter:
    code, name = agencies[counter.agency_id]
    queue = sum(waiting.get(line, 0) for line in (*counter.first, *counter.help))
    state, since = _state(place, ticket, queue)
    return FloorCounter(
        number=place.number,
        agency=name,
        agency_code=code,
        state=state,
        label=ticket.visit.label if ticket else "",
        ticket_id=ticket.pk if ticket and ticket.agency_id in agency_ids else None,
        since=since,
        waiting=queue,
        pause_reason=place.pause_reason,
        back_at=place.back_at,
        opens_at=place.opens_at,
        closed_reason=place.closed_reason,
    )


def _state(place: OpenCounter, ticket: Ticket | None, queue: int) -> tuple[str, datetime | None]:
    """What the counter does, and since when. A pause stands above the ticket that is still there."""
    if place.state in (PAUSED, CLOSED):
        return place.state, None
    if ticket is None:
        return (IDLE if queue else FREE), place.since
    if ticket.state == states.SERVING:
        return SERVING, ticket.serving_at
    return CALLED, ticket.called_at


def ticket_life(mall: Mall, ticket_id: int, language: str = "id") -> TicketLife | None:
    """The life of a ticket of the mall within the agencies of the current scope; None for any other."""
    ticket = Ticket.objects.select_related("visit", "agency", "line__service").filter(mall=mall, pk=ticket_id).first()
    if ticket is None:
        return None
    service = ticket.line.service
    entries: list[Entry] = [
        *journal.of_subject(mall.code, "ticket", ticket.pk),
        *journal.of_subject(mall.code, "visit", ticket.visit_id),
    ]
    return TicketLife(
        ticket_id=ticket.pk,
        label=ticket.visit.label,
        state=ticket.state,
        outcome=ticket.outcome,
        service={"su": service.name_su, "en": service.name_en}.get(language) or service.name,
        agency=ticket.agency.short_name,
        priority=ticket.priority,
        queued_at=ticket.queued_at,
        promised_by=ticket.promised_by,
        entries=tuple(
            LifeEntry(e.at, e.kind, e.actor_label, e.reason) for e in sorted(entries, key=lambda e: (e.at, e.pk))
        ),
        calls=tuple(
            LifeCall(
                at=c.at,
                counter=c.counter.number,
                kind=c.kind,
                why=c.why,
                passed_over=c.passed_over,
                passed_labels=tuple(c.passed_labels),
                reason=c.reason,
                withdrawn_at=c.withdrawn_at,
            )
            for c in Call.objects.filter(ticket=ticket).select_related("counter").order_by("at", "id")
        ),
    )
