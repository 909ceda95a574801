"""A service as the greeter reads it, and the addresses that carry a choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest

from senyum.malls.models import Mall
from senyum.people.models import User
from senyum.surfaces.ui import words
from senyum.visits import queries as visits
from senyum.visits.queries import DoorRow, ServiceToday
from senyum.visits.rules import MAX_LEGS


@dataclass(frozen=True)
class ServiceRow:
    """A service with its line now; `url` leads to taking a number for it (with what was chosen before)."""

    today: ServiceToday
    url: str
    state: str
    fullness: str
    people: str
    wait: str
    opens: str


def row_of(today: ServiceToday, now: datetime, url: str = "") -> ServiceRow:
    """A service as one row."""
    line = today.state
    state, word = words.fullness(line.waiting, line.p50, line.open_counters + line.helping_counters)
    return ServiceRow(
        today=today,
        url=url,
        state=state,
        fullness=word,
        people=words.people(line.waiting),
        wait=words.minutes_range(line.p50, line.p90),
        opens=words.when(today.opens_at, now),
    )


def line_ids(request: HttpRequest, name: str = "line") -> tuple[int, ...]:
    """The lines named in the address, in order, each once; what is no number is left out."""
    given = (number(text) for text in request.GET.getlist(name))
    return tuple(dict.fromkeys(line for line in given if line))[:MAX_LEGS]


def number(text: str) -> int:
    """A plain positive number, 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def arrival_of(request: HttpRequest, mall: Mall, now: datetime) -> DoorRow | None:
    """The person from the door whom the address names, while they have no number yet."""
    wanted = number(request.GET.get("arrival", ""))
    if not wanted:
        return None
    return next((row for row in visits.door(mall, now) if row.arrival_id == wanted), None)


def address(mall: Mall, place: str, lines: Sequence[int], arrival: int | None, name: str = "line") -> str:
    """An address of the greeter that keeps the choice."""
    query = [(name, str(line)) for line in lines] + ([("arrival", str(arrival))] if arrival else [])
    return f"/greeter/{mall.code}/{place}" + (f"?{urlencode(query)}" if query else "")


def user_of(request: HttpRequest) -> User:
    """Who greets."""
    user = request.user
    assert isinstance(user, User)
    return user


def scope_of(request: HttpRequest) -> str:
    """The scope of this greeter's once-keys."""
    return f"greeter:{user_of(request).pk}"
