"""Who sits where, and which counter an officer may choose."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Subquery
from django_scopes import scopes_disabled

from senyum.malls.models import Mall
from senyum.roster.models import CounterSession, EmergencyCall
from senyum.visits import states
from senyum.visits.hall import hall_of
from senyum.visits.models import Ticket


@dataclass(frozen=True)
class Sitting:
    """Who has a counter open, and the call for help that is open there."""

    session_id: int
    user_id: int | None
    emergency_id: int | None


def sitting(counter_id: int) -> Sitting | None:
    """Who sits at the counter now; None: nobody."""
    with scopes_disabled():
        row = (
            CounterSession.objects.filter(counter_id=counter_id)
            .exclude(state="closed")
            .annotate(
                emergency=Subquery(
                    EmergencyCall.objects.filter(session=OuterRef("pk"), closed_at=None).values("id")[:1]
                )
            )
            .values_list("id", "user_id", "emergency")
            .first()
        )
    return Sitting(*row) if row else None


@dataclass(frozen=True)
class CounterChoice:
    """A counter an officer may choose. `state`: free, open, paused; `user_id`, `user`, `since` when it is in use."""

    number: int
    agency: str
    state: str
    user_id: int | None
    user: str
    since: datetime | None
    first: tuple[str, ...]
    help: tuple[str, ...]
    waiting: int


def counter_choices(
    mall: Mall, agency_ids: Collection[int], now: datetime, language: str = "id"
) -> tuple[CounterChoice, ...]:
    """The active counters of these agencies by number, and how many wait in the lines that each serves first."""
    hall = hall_of(mall, now)
    counters = sorted((c for c in hall.counters.values() if c.agency_id in agency_ids), key=lambda c: c.number)
    with scopes_disabled():
        sessions = {
            s.counter_id: s
            for s in CounterSession.objects.filter(counter__in=[c.id for c in counters])
            .exclude(state="closed")
            .select_related("user")
        }
        waiting = dict(
            Ticket.objects.filter(line__in={i for c in counters for i in c.first}, day=hall.day, state=states.WAITING)
            .values_list("line_id")
            .annotate(Count("id"))
        )
    agencies = {line.agency_id: line.agency_short for line in hall.lines.values()}
    answer = []
    for counter in counters:
        session = sessions.get(counter.id)
        answer.append(
            CounterChoice(
                number=counter.number,
                agency=agencies.get(counter.agency_id, ""),
                state=session.state if session else "free",
                user_id=session.user_id if session else None,
                user=str(session.user) if session and session.user else "",
                since=session.opened_at if session else None,
                first=tuple(hall.lines[i].name(language) for i in counter.first),
                help=tuple(hall.lines[i].name(language) for i in counter.help),
                waiting=sum(waiting.get(i, 0) for i in counter.first),
            )
        )
    return tuple(answer)


@dataclass(frozen=True)
class SeatPlace:
    """Where an officer sits now."""

    mall: str
    number: int


def seat_place(user_id: int) -> SeatPlace | None:
    """The counter this user has open, wherever it is; None when there is none."""
    with scopes_disabled():
        row = (
            CounterSession.objects.filter(user_id=user_id)
            .exclude(state="closed")
            .values_list("mall__code", "counter__number")
            .first()
        )
    return SeatPlace(*row) if row else None
