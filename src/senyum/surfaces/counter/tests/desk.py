"""A counter with people, for the tests: who is logged in, who waits, who is at the counter."""

from __future__ import annotations

from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.people.access import actor_of
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.roster.models import CounterSession
from senyum.surfaces.ui.testing import PageClient
from senyum.visits import commands
from senyum.visits.models import Ticket


def client(hall: SmallHall, name: str) -> PageClient:
    """Somebody's browser, logged in."""
    browser = PageClient(raise_request_exception=True)
    browser.force_login(hall.users[name])
    return browser


def url(number: int = 1, rest: str = "") -> str:
    return f"/counter/contoh/{number}/{rest}"


def come(hall: SmallHall, *lines: str, priority: str = "regular", quantity: int = 1) -> commands.Issued:
    """Somebody takes a number for these services."""
    return commands.issue_visit(
        mall=hall.mall,
        line_ids=[hall.lines[code].pk for code in lines],
        priority=priority,
        channel="kiosk",
        actor=SYSTEM,
        now=clock.now(),
        quantity=quantity,
    )


def sit(hall: SmallHall, name: str = "petugas1", number: int = 1) -> CounterSession:
    """An officer opens a counter."""
    user = hall.users[name]
    return roster.open_session(counter=hall.counters[number], user=user, now=clock.now(), actor=actor_of(user))


def call(hall: SmallHall, number: int = 1, seen: int | None = None) -> int:
    """The next person is called; returns the ticket."""
    result = commands.call_next(
        counter_id=hall.counters[number].pk, seen=seen, actor=SYSTEM, now=clock.now(), wall=clock.wall()
    )
    assert result.ticket_id is not None
    return result.ticket_id


def serve(hall: SmallHall, number: int = 1) -> int:
    """The next person is called and came; returns the ticket."""
    ticket = call(hall, number)
    commands.serve(counter_id=hall.counters[number].pk, seen=ticket, actor=SYSTEM, now=clock.now(), wall=clock.wall())
    return ticket


def ticket(ticket_id: int) -> Ticket:
    """The ticket as it is now."""
    with scopes_disabled():
        return Ticket.objects.select_related("visit").get(pk=ticket_id)


def state(ticket_id: int) -> str:
    return ticket(ticket_id).state


def seat(number: int, hall: SmallHall) -> CounterSession | None:
    """The open session of a counter."""
    with scopes_disabled():
        return (
            CounterSession.objects.filter(counter=hall.counters[number])
            .exclude(state="closed")
            .select_related("user")
            .first()
        )
