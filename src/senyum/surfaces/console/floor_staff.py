"""Beside the floor: counters planned and present, and what could be done in the next hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from senyum.core import clock
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.people import access
from senyum.people.models import User
from senyum.planning.next_hour import NextHour, next_hour
from senyum.roster.queries import presence
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import is_htmx, page
from senyum.surfaces.ui.words import language


@dataclass(frozen=True)
class StaffRow:
    """An agency's counters now: planned, present, and open beyond the roster. `short`: how many are missing."""

    agency: str
    planned: int
    present: int
    extra: int

    @property
    def short(self) -> int:
        """Planned counters at which nobody sits."""
        return self.planned - self.present


@dataclass(frozen=True)
class Staff:
    """The hall's counters now: how many are planned and present, and the agencies where these differ."""

    planned: int
    present: int
    rows: tuple[StaffRow, ...]


@dataclass(frozen=True)
class NextHourContext:
    """What to do in the next hour."""

    hour: NextHour
    nav: str


def staff_now(mall: Mall, now: datetime, agency: str = "") -> Staff:
    """Planned beside present, of one agency (its code) or of all; rows only where they differ."""
    found = presence(mall=mall, day=malls.local_day(mall, now), at=now)
    rows = [
        StaffRow(b.agency.short_name, p.planned, p.present, p.extra)
        for b in malls.booths(mall)
        if (p := found.get(b.agency_id)) is not None and agency in ("", b.agency.code)
    ]
    return Staff(
        planned=sum(r.planned for r in rows),
        present=sum(r.present for r in rows),
        rows=tuple(r for r in rows if r.short or r.extra),
    )


@staff("see_plan")
@require_safe
def suggest(request: HttpRequest, mall: Mall) -> HttpResponse:
    """What the viewer's agencies could do in the next hour; a page, or its part for htmx."""
    assert isinstance(request.user, User)
    agencies = access.agencies_with(request.user, mall, "see_plan")
    context = NextHourContext(next_hour(mall, clock.now(), agencies, language()), "floor")
    return page(request, "console/next_hour_now.html" if is_htmx(request) else "console/next_hour.html", context)
