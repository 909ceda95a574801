"""The page of a service, and of an agency: what to bring, what it costs, when to come, how full it is now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from senyum.bookings.plan import plan_of
from senyum.catalogue import components
from senyum.catalogue.queries import LineInfo, StandardFacts, line_at, standard_facts
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.surfaces.citizen import structured, words
from senyum.surfaces.citizen.addresses import agency_address, page_address, service_address, standard_address
from senyum.surfaces.citizen.meta import PageMeta, meta_of
from senyum.surfaces.citizen.views.hall import (
    CounterRow,
    ServiceRow,
    counter_row,
    kinds,
    own_visits,
    row_of,
)
from senyum.surfaces.citizen.week import Week, week_of
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.links import outward
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.robots import indexable
from senyum.surfaces.ui.words import language
from senyum.visits import queries as visits
from senyum.visits.queries import OwnVisit, UsualDay

LINE_KINDS = "ticket session hall"


@dataclass(frozen=True)
class ServiceNow:
    """How a line stands now: the part of the service page that changes. `bookable`: a place can be booked."""

    row: ServiceRow
    live_kinds: str
    as_of: datetime
    bookable: bool


@dataclass(frozen=True)
class Coming:
    """ "If I came at ...": the time asked for as typed, the answer in a sentence, or what was wrong with the time."""

    at: str
    answer: str = ""
    problem: str = ""


@dataclass(frozen=True)
class ServiceContext:
    """A service: what to bring, what it costs, how long it takes, when to come, how full it is.

    `facts`: the version in force (None: nobody wrote one); `legal` and `product` of its texts, in lines. `usual`: how
    full it is on the next day it serves.
    """

    row: ServiceRow
    live_kinds: str
    live_src: str
    as_of: datetime
    bookable: bool
    fee_is_free: bool
    facts: StandardFacts | None
    legal: tuple[str, ...]
    product: str
    own: tuple[OwnVisit, ...]
    coming: Coming
    usual: UsualDay | None
    usual_day: str
    week: Week
    here: str
    agency_url: str
    standard_url: str
    printed_url: str
    meta: PageMeta


@dataclass(frozen=True)
class AgencyContext:
    """An agency in this hall: open now or not, its week, its counters, its services."""

    name: str
    short_name: str
    zone: str
    receives: bool
    hours: str
    opens: str
    reason: str
    week: Week
    counters: tuple[CounterRow, ...]
    rows: tuple[ServiceRow, ...]
    own: tuple[OwnVisit, ...]
    as_of: datetime
    meta: PageMeta


def _service(mall: Mall, line: int, now: datetime) -> ServiceRow:
    today = visits.service_today(mall, line, now, language())
    if today is None:
        raise Http404
    return row_of(mall, today, now)


@public
@indexable
@require_safe
def service_at(request: HttpRequest, mall: Mall, agency: str, slug: str) -> HttpResponse:
    """A service by its readable address; an earlier name's address leads to the present one."""
    found = line_at(mall, agency, slug)
    if found is None:
        raise Http404
    line, present = found
    if present != slug:
        query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
        return HttpResponsePermanentRedirect(page_address(mall.code, agency, present) + query)
    return _page(request, mall, line)


@public
@indexable
@require_safe
def service(request: HttpRequest, mall: Mall, line: int) -> HttpResponse:
    """The same page by the line's number: what tickets and older links name."""
    return _page(request, mall, line)


def _page(request: HttpRequest, mall: Mall, line: int) -> HttpResponse:
    now = clock.now()
    row = _service(mall, line, now)
    info = row.today.info
    facts = standard_facts(info.service_id)
    usual = visits.usual_day(mall, line, info.booth_id, now)
    here = service_address(mall, info)
    bookable = plan_of(mall).bookable(info.id)
    context = ServiceContext(
        row=row,
        live_kinds=LINE_KINDS,
        live_src=f"/live/{mall.code}/?lines={line}&kinds={kinds(LINE_KINDS)}",
        as_of=now,
        bookable=bookable,
        fee_is_free=info.fee_rupiah == 0,
        facts=facts,
        legal=_lines(facts, components.LEGAL_BASIS),
        product=facts.texts.get(components.PRODUCT, "") if facts else "",
        own=own_visits(request, mall, now),
        coming=_coming(mall, line, request.GET.get("at", "")[:8].strip(), now),
        usual=usual,
        usual_day=words.when(usual.at, now) if usual else "",
        week=week_of(mall, info.booth_id, now),
        here=here,
        agency_url=agency_address(mall, info.agency_code),
        standard_url=standard_address(mall, info),
        printed_url=outward(request, here),
        meta=_meta(request, mall, info, facts, bookable),
    )
    return page(request, "citizen/service.html", context)


def _meta(request: HttpRequest, mall: Mall, info: LineInfo, facts: StandardFacts | None, bookable: bool) -> PageMeta:
    here = service_address(mall, info)
    said = {"service": info.name, "agency": info.agency, "mall": mall.name, "fee": info.fee, "time": info.time_text}
    description = _("%(service)s, %(agency)s di %(mall)s: syarat, biaya (%(fee)s), jam layanan, dan antrean sekarang.")
    urls = {
        "here": outward(request, here),
        "agency": outward(request, agency_address(mall, info.agency_code)),
        "hall": outward(request, f"/m/{mall.code}/"),
        "standard": outward(request, standard_address(mall, info)),
        "book": outward(request, f"/m/{mall.code}/book/?line={info.id}"),
    }
    data = structured.service(mall, info, facts, description=description % said, urls=urls, bookable=bookable)
    return meta_of(request, here, title=info.name, description=description % said, data=data)


def _lines(facts: StandardFacts | None, code: str) -> tuple[str, ...]:
    text = facts.texts.get(code, "") if facts else ""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])")


def _coming(mall: Mall, line: int, typed: str, now: datetime) -> Coming:
    """What somebody is told who would come later today."""
    if not typed:
        return Coming("")
    found = _TIME.fullmatch(typed)
    if found is None:
        return Coming("", problem=_("Tulis jamnya seperti 10.30."))
    day = malls.local_time(mall.timezone, now)
    at = day.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    asked = f"{int(found[1]):02}:{found[2]}"
    try:
        told = visits.lines_at(mall, at, now)[line]
    except NotPossible as refusal:
        return Coming(asked, problem=str(refusal.sentence))
    said = {"time": words.clock(at), "wait": words.minutes_range(told.p50, told.p90)}
    if told.p50 is not None:
        return Coming(asked, answer=_("Kalau datang pukul %(time)s, dipanggil dalam %(wait)s.") % said)
    if not told.takes_tickets:
        return Coming(asked, problem=told.reason)
    return Coming(asked, answer=_("Untuk pukul %(time)s belum bisa diperkirakan.") % said)


@public
@require_safe
def service_now(request: HttpRequest, mall: Mall, line: int) -> HttpResponse:
    """The part of a service page that changes."""
    now = clock.now()
    row = _service(mall, line, now)
    context = ServiceNow(row, LINE_KINDS, now, plan_of(mall).bookable(line))
    return page(request, "citizen/service_now.html", context)


@public
@indexable
@require_safe
def agency(request: HttpRequest, mall: Mall, agency: str) -> HttpResponse:
    """An agency of the hall."""
    now = clock.now()
    today = visits.hall_today(mall, now, language())
    found = next((a for a in today.agencies if a.code == agency), None)
    booth = next((b for b in malls.booths(mall) if b.agency.code == agency), None)
    if found is None or booth is None:
        raise Http404
    own = {c.pk for c in malls.counters(mall) if c.booth_id == booth.pk}
    here = agency_address(mall, agency)
    description = _("%(agency)s di %(mall)s: layanan, jam buka, loket, dan antrean sekarang.")
    data = structured.agency(
        mall,
        name=found.name,
        short_name=found.short_name,
        url=outward(request, here),
        hall_url=outward(request, f"/m/{mall.code}/"),
        hours=structured.hours_of(mall, booth.pk),
    )
    context = AgencyContext(
        name=found.name,
        short_name=found.short_name,
        zone=booth.zone,
        receives=found.receives,
        hours=words.hours(found.hours.opens, found.hours.closes),
        opens=words.when(found.opens_at, now),
        reason=found.hours.reason,
        week=week_of(mall, booth.pk, now),
        counters=tuple(counter_row(c, now) for c in visits.counters_today(mall, now) if c.counter.counter_id in own),
        rows=tuple(row_of(mall, service, now) for service in found.services),
        own=own_visits(request, mall, now),
        as_of=now,
        meta=meta_of(
            request,
            here,
            title=found.name,
            description=description % {"agency": found.name, "mall": mall.name},
            data=data,
        ),
    )
    return page(request, "citizen/agency.html", context)
