"""The roster of a day: who is to sit where, when they eat, and from which plan it comes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from senyum.core import clock
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.people import access
from senyum.people.models import User
from senyum.planning.compute import clock_of
from senyum.roster.queries import PlannedShift, shifts_of
from senyum.surfaces.console.plan_words import Bar
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import page


@dataclass(frozen=True)
class RosterLane:
    """A counter with its shifts, in words and as bars in minutes after the day's start."""

    number: int
    shifts: tuple[PlannedShift, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class RosterAgency:
    """An agency's counters on that day."""

    name: str
    lanes: tuple[RosterLane, ...]


@dataclass(frozen=True)
class RosterContext:
    """A day's roster; `length` in minutes, `ticks` for its axis."""

    day: date
    is_today: bool
    before: str
    after: str
    agencies: tuple[RosterAgency, ...]
    shifts: int
    plans: tuple[int, ...]
    length: int
    ticks: tuple[str, ...]
    nav: str


@staff("see_plan")
@require_safe
def show(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The roster of `?day=`, else of today, of the viewer's agencies."""
    assert isinstance(request.user, User)
    today = malls.local_day(mall, clock.now())
    day = _day(request.GET.get("day", ""), today)
    seen = access.agencies_with(request.user, mall, "see_plan")
    rows = shifts_of(mall=mall, day=day, agencies=seen)
    midnight = malls.local_time(mall, clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = _edges(rows, midnight.tzinfo)
    by_agency: dict[int, dict[int, list[PlannedShift]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_agency[row.agency_id][row.number].append(row)
    agencies = tuple(
        RosterAgency(
            booth.agency.short_name,
            tuple(
                RosterLane(number, tuple(shifts), _bars(shifts, start, midnight))
                for number, shifts in sorted(by_agency[booth.agency_id].items())
            ),
        )
        for booth in malls.booths(mall)
        if booth.agency_id in by_agency
    )
    context = RosterContext(
        day=day,
        is_today=day == today,
        before=(day - timedelta(days=1)).isoformat(),
        after=(day + timedelta(days=1)).isoformat(),
        agencies=agencies,
        shifts=len(rows),
        plans=tuple(sorted({s.proposal for s in rows if s.proposal is not None})),
        length=end - start,
        ticks=tuple(clock_of(m) for m in range(start, end + 1, 60 if end - start <= 480 else 120)),
        nav="roster",
    )
    return page(request, "console/roster.html", context)


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    # Far away there is nothing, and the calendar ends somewhere.
    return day if abs((day - today).days) <= 400 else today


def _minute(moment: datetime, zone: object) -> int:
    local = moment.astimezone(zone)  # type: ignore[arg-type]  # a tzinfo
    return local.hour * 60 + local.minute


def _edges(rows: list[PlannedShift], zone: object) -> tuple[int, int]:
    if not rows:
        return 480, 900
    start = min(_minute(r.starts, zone) for r in rows)
    end = max(_minute(r.starts, zone) + int((r.ends - r.starts).total_seconds() // 60) for r in rows)
    return start // 60 * 60, -(-end // 60) * 60


def _bars(shifts: list[PlannedShift], start: int, midnight: datetime) -> tuple[Bar, ...]:
    bars = []
    for shift in shifts:
        x = _minute(shift.starts, midnight.tzinfo) - start
        bars.append(Bar(x, int((shift.ends - shift.starts).total_seconds() // 60), "work"))
        if shift.lunch_from and shift.lunch_to:
            length = int((shift.lunch_to - shift.lunch_from).total_seconds() // 60)
            bars.append(Bar(_minute(shift.lunch_from, midnight.tzinfo) - start, length, "lunch"))
    return tuple(bars)
