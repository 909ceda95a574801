"""A life event on one page: its steps in order, the visits they take, one checklist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from senyum.bookings.plan import plan_of
from senyum.catalogue.event_queries import EventInfo, EventPage, EventStep, EventVisit, event_page, events_of
from senyum.core import clock
from senyum.malls.models import Mall
from senyum.surfaces.citizen import words
from senyum.surfaces.citizen.addresses import agency_address, event_address, service_address
from senyum.surfaces.citizen.meta import PageMeta, meta_of
from senyum.surfaces.citizen.structured import event_list
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.links import outward
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.robots import indexable
from senyum.surfaces.ui.words import language
from senyum.visits.rules import MAX_LEGS


@dataclass(frozen=True)
class StepRow:
    """A step with the addresses of its service and agency; "" where it is got elsewhere."""

    step: EventStep
    url: str
    agency_url: str


@dataclass(frozen=True)
class VisitRow:
    """One visit: its steps, the first day on which all serve in words, and where to book or take a number for all."""

    number: int
    rows: tuple[StepRow, ...]
    day: str
    book_url: str
    take_url: str


@dataclass(frozen=True)
class EventContext:
    """`one_visit`: everything this hall offers of it fits one visit."""

    found: EventPage
    before: tuple[StepRow, ...]
    visits: tuple[VisitRow, ...]
    one_visit: bool
    ticks: str
    others: tuple[tuple[str, str], ...]
    as_of: datetime
    printed_url: str
    meta: PageMeta


def _row(mall: Mall, step: EventStep) -> StepRow:
    if step.info is None:
        return StepRow(step, "", "")
    return StepRow(step, service_address(mall, step.info), agency_address(mall, step.info.agency_code))


def _visit(mall: Mall, visit: EventVisit, now: datetime) -> VisitRow:
    lines = [step.info.id for step in visit.steps if step.info is not None]
    plan = plan_of(mall)
    query = "&".join(f"line={line}" for line in lines)
    return VisitRow(
        number=visit.number,
        rows=tuple(_row(mall, step) for step in visit.steps),
        day=words.on_day(visit.day, now) if visit.day else "",
        # Several services in one booking: only when each of them can be booked.
        book_url=f"/m/{mall.code}/book/?{query}" if all(plan.bookable(line) for line in lines) else "",
        take_url=f"/m/{mall.code}/take/?{query}" if visit.number == 1 else "",
    )


@public
@indexable
@require_safe
def show(request: HttpRequest, mall: Mall, event: str) -> HttpResponse:
    """A life event in this hall."""
    now = clock.now()
    found = event_page(mall, event, now, language(), most=MAX_LEGS)
    if found is None:
        raise Http404
    here = event_address(mall, event)
    said = {"event": found.event.title, "mall": mall.name}
    context = EventContext(
        found=found,
        before=tuple(_row(mall, step) for step in found.before),
        visits=tuple(_visit(mall, visit, now) for visit in found.visits),
        one_visit=len(found.visits) == 1,
        ticks=f"event-{mall.code}-{event}",
        others=_others(mall, found.event),
        as_of=now,
        printed_url=outward(request, here),
        meta=meta_of(
            request,
            here,
            title=found.event.title,
            description=f"{found.event.title}. {found.event.intro}"
            if found.event.intro
            else _("%(event)s: layanan, urutan, dan berkas di %(mall)s.") % said,
            data=event_list(
                found.event.title,
                outward(request, here),
                [(s.info.name, outward(request, service_address(mall, s.info))) for s in found.steps if s.info],
            ),
        ),
    )
    return page(request, "citizen/event.html", context)


def _others(mall: Mall, own: EventInfo) -> tuple[tuple[str, str], ...]:
    return tuple((e.title, event_address(mall, e.slug)) for e in events_of(mall, language()) if e.slug != own.slug)
