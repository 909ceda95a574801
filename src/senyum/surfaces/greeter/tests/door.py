"""The greeter's browser, and people at the door, for the tests."""

from __future__ import annotations

from typing import Any

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.people.access import actor_of
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.surfaces.ui.testing import PageClient
from senyum.visits import commands
from senyum.visits.commands import Issued
from senyum.visits.hall import forget


def client(hall: SmallHall, name: str = "penyambut") -> PageClient:
    """Somebody's browser, logged in."""
    browser = PageClient(raise_request_exception=True)
    browser.force_login(hall.users[name])
    return browser


def url(rest: str = "", mall: str = "contoh") -> str:
    return f"/greeter/{mall}/{rest}"


def take_url(hall: SmallHall, *codes: str, arrival: int = 0) -> str:
    query = "&".join(f"line={hall.lines[code].pk}" for code in codes) + (f"&arrival={arrival}" if arrival else "")
    return url(f"take/?{query}")


def come(hall: SmallHall, *codes: str, **more: Any) -> Issued:
    """Somebody has a number from the kiosk."""
    values = {"priority": "regular", "channel": "kiosk", "actor": SYSTEM, "now": clock.now()}
    return commands.issue_visit(mall=hall.mall, line_ids=[hall.lines[c].pk for c in codes], **{**values, **more})


def sit(hall: SmallHall, name: str = "petugas1", number: int = 1) -> None:
    """An officer opens a counter."""
    user = hall.users[name]
    roster.open_session(counter=hall.counters[number], user=user, now=clock.now(), actor=actor_of(user))
    forget()


def call(hall: SmallHall, number: int = 1) -> int:
    """The next person is called; the id of the ticket."""
    result = commands.call_next(
        counter_id=hall.counters[number].pk, seen=None, actor=SYSTEM, now=clock.now(), wall=clock.wall()
    )
    assert result.ticket_id is not None
    return result.ticket_id
