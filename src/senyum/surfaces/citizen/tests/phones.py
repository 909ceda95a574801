"""What the tests of the phone do in the hall: take a number, open a counter, call, finish."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.malls import queries as malls
from senyum.malls.models import BoothHours
from senyum.people import tokens
from senyum.people.commands import create_token
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.visits import commands
from senyum.visits.commands import Issued
from senyum.visits.hall import forget

OFFICERS = {1: "petugas1", 2: "petugas2", 3: "petugas3", 4: "petugas4"}


def take(hall: SmallHall, *codes: str, now: datetime | None = None, **more: Any) -> Issued:
    """A phone ticket in these lines."""
    values = {"priority": "regular", "channel": "phone", "actor": None, "now": now or clock.now()}
    return commands.issue_visit(mall=hall.mall, line_ids=[hall.lines[c].pk for c in codes], **{**values, **more})


def opens(hall: SmallHall, number: int, at: datetime | None = None):
    """A counter with its officer."""
    session = roster.open_session(
        counter=hall.counters[number], user=hall.users[OFFICERS[number]], now=at or clock.now(), actor=SYSTEM
    )
    forget()
    return session


def calls(hall: SmallHall, number: int, seen: int | None = None) -> int:
    """Call the next at a counter; the id of the ticket."""
    result = commands.call_next(
        counter_id=hall.counters[number].pk, seen=seen, actor=SYSTEM, now=clock.now(), wall=clock.wall()
    )
    assert result.ticket_id is not None
    return result.ticket_id


def at_counter(hall: SmallHall, number: int, what: str, seen: int, **more: Any) -> None:
    """One of serve, absent, park, finish, forward, undo."""
    getattr(commands, what)(
        counter_id=hall.counters[number].pk, seen=seen, actor=SYSTEM, now=clock.now(), wall=clock.wall(), **more
    )


def serves(hall: SmallHall, number: int, **outcome: Any) -> int:
    """Call, serve and finish the next; the id of the ticket."""
    ticket = calls(hall, number)
    at_counter(hall, number, "serve", ticket)
    at_counter(hall, number, "finish", ticket, **{"outcome": "done", **outcome})
    return ticket


def closes_all(hall: SmallHall) -> None:
    """No booth has hours any more: everything is closed, today and later."""
    BoothHours.objects.filter(booth__mall=hall.mall).delete()
    malls.forget()
    forget()


def device_token(hall: SmallHall, kind: str) -> str:
    """The secret of a token for the hall's device of this kind."""
    secret = create_token(role=kind, mall=hall.mall, device=hall.devices[kind], now=clock.wall(), actor=SYSTEM)
    tokens.forget()
    return secret


def pair(client: Any, hall: SmallHall, kind: str) -> None:
    """Make the test client a device of the hall."""
    client.post("/device/pair/", {"token": device_token(hall, kind)})


def pair_browser(page: Any, url: str, hall: SmallHall, kind: str) -> None:
    """Make the browser a device of the hall, by the form."""
    page.goto(f"{url}/device/")
    page.locator("[name=token]").fill(device_token(hall, kind))
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()
