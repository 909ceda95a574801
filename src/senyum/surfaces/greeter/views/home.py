"""Who came in, what do they need, and who lost their ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST, require_safe

from senyum.catalogue.queries import search_lines
from senyum.core import clock
from senyum.malls.models import Mall
from senyum.surfaces.greeter.rows import (
    ServiceRow,
    address,
    arrival_of,
    line_ids,
    number,
    row_of,
    scope_of,
    user_of,
)
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.once import once
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language
from senyum.visits import classes, commands
from senyum.visits import queries as visits
from senyum.visits.queries import DoorRow, FoundVisit
from senyum.visits.queries.popular import popular_lines

DOOR_KINDS = "arrival visit ticket"
#: From so many minutes on, a person has waited long for a first word.
LONG_MINUTES = 5
POPULAR = 6


@dataclass(frozen=True)
class DoorLine:
    """One person at the door: `priority` is the word of their class, "" for none."""

    row: DoorRow
    priority: str
    long: bool


@dataclass(frozen=True)
class DoorContext:
    """The list at the door; `arrival` is the person being helped now."""

    lines: tuple[DoorLine, ...]
    waiting: int
    arrival: int | None
    live_kinds: str
    as_of: datetime


@dataclass(frozen=True)
class Agency:
    """An agency with its services."""

    name: str
    short_name: str
    rows: tuple[ServiceRow, ...]


@dataclass(frozen=True)
class HomeContext:
    """The greeter's first page. `found` answers `q` (None: nothing was asked); `chosen` are services already chosen."""

    lines: tuple[DoorLine, ...]
    waiting: int
    arrival: int | None
    live_kinds: str
    as_of: datetime
    live_src: str
    person: DoorRow | None
    q: str
    found: tuple[ServiceRow, ...] | None
    popular: tuple[ServiceRow, ...]
    agencies: tuple[Agency, ...]
    chosen: tuple[int, ...]
    chosen_names: tuple[str, ...]
    back: str


@dataclass(frozen=True)
class FindContext:
    """Visits of today that are like what was typed."""

    q: str
    found: tuple[tuple[FoundVisit, str], ...]


def _door(mall: Mall, now: datetime, arrival: int | None) -> DoorContext:
    rows = visits.door(mall, now)
    lines = tuple(
        DoorLine(
            row,
            str(classes.CLASSES[row.priority]) if row.priority not in ("", classes.REGULAR) else "",
            not row.greeted and row.minutes >= LONG_MINUTES,
        )
        for row in rows
    )
    waiting = sum(1 for row in rows if not row.greeted)
    return DoorContext(lines, waiting, arrival, DOOR_KINDS, now)


@staff("greet")
@require_safe
def home(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The door on the left, the services on the right."""
    now = clock.now()
    person = arrival_of(request, mall, now)
    arrival = person.arrival_id if person else None
    chosen = line_ids(request, "with")
    offered = {s.info.id: s for s in visits.services_today(mall, now, language())}
    rows = {
        line: row_of(today, now, address(mall, "take/", [*chosen, line], arrival))
        for line, today in offered.items()
        if line not in chosen
    }
    q = " ".join(request.GET.get("q", "").split())[:100]
    found = None
    if q:
        everything = [today.info for today in offered.values()]
        infos = search_lines(mall, q, language(), limit=12, everything=everything)
        found = tuple(rows[info.id] for info in infos if info.id in rows)
    door = _door(mall, now, arrival)
    context = HomeContext(
        **{name: getattr(door, name) for name in DoorContext.__dataclass_fields__},
        live_src=f"/live/{mall.code}/?kinds={','.join(DOOR_KINDS.split())}",
        person=person,
        q=q,
        found=found,
        popular=() if q else tuple(rows[line] for line in popular_lines(mall, now, POPULAR) if line in rows),
        agencies=_agencies(list(rows.values())),
        chosen=chosen,
        chosen_names=tuple(offered[line].info.name for line in chosen if line in offered),
        back=address(mall, "take/", chosen, arrival) if chosen else "",
    )
    return page(request, "greeter/home.html", context)


def _agencies(rows: list[ServiceRow]) -> tuple[Agency, ...]:
    ordered = sorted(rows, key=lambda row: (row.today.info.agency.casefold(), row.today.info.agency_id))
    groups = ((key, tuple(group)) for key, group in groupby(ordered, key=lambda row: row.today.info.agency_id))
    return tuple(Agency(g[0].today.info.agency_name, g[0].today.info.agency, g) for _key, g in groups)


@staff("greet")
@require_safe
def door_part(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The list at the door alone."""
    return page(request, "greeter/door.html", _door(mall, clock.now(), number(request.GET.get("arrival", "")) or None))


@staff("greet")
@require_POST
def arrive(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Somebody came in. `greeted`: welcomed in the same moment, and helped now."""
    now = clock.now()
    greeted = request.POST.get("greeted") == "1"
    user = user_of(request)

    def note() -> int:
        arrival = commands.note_arrival(
            mall=mall,
            now=now,
            actor=request.actor,  # type: ignore[attr-defined]  # set by @staff
            greeted=greeted,
            user_id=user.pk,
        )
        return int(arrival.pk)

    arrival = once(request, scope_of(request), now, note)
    return HttpResponseRedirect(address(mall, "", (), arrival if greeted else None))


@staff("greet")
@require_POST
def greet(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The first greeting of one row of the door. A second tap changes nothing."""
    arrival, visit = number(request.POST.get("arrival", "")), number(request.POST.get("visit", ""))
    commands.greet(
        mall=mall,
        now=clock.now(),
        actor=request.actor,  # type: ignore[attr-defined]  # set by @staff
        arrival_id=arrival or None,
        visit_id=visit or None,
        user_id=user_of(request).pk,
    )
    return HttpResponseRedirect(address(mall, "", (), arrival or None))


@staff("greet")
@require_safe
def find(request: HttpRequest, mall: Mall) -> HttpResponse:
    """A lost ticket, found again by its label; one match is shown at once."""
    q = " ".join(request.GET.get("q", "").split())[:20]
    found = visits.find(mall, q, clock.now()) if q else []
    if len(found) == 1:
        return HttpResponseRedirect(f"/greeter/{mall.code}/visit/{found[0].visit_id}/")
    rows = tuple(
        (one, ", ".join(f"{name} ({classes.STATE_WORDS[state]})" for _ticket, name, state in one.legs)) for one in found
    )
    return page(request, "greeter/find.html", FindContext(q, rows))
