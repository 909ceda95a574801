"""Before taking a number: the hall and its counters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from senyum.catalogue.event_queries import events_of, search_events
from senyum.catalogue.queries import search_lines
from senyum.core import clock
from senyum.malls.models import Mall
from senyum.surfaces.citizen import structured, words
from senyum.surfaces.citizen.addresses import agency_address, event_address, service_address
from senyum.surfaces.citizen.browser import browser_of, scope_of
from senyum.surfaces.citizen.meta import PageMeta, meta_of
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.links import outward
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.robots import indexable
from senyum.surfaces.ui.words import language
from senyum.visits import classes
from senyum.visits import queries as visits
from senyum.visits.queries import CounterToday, HallToday, OwnVisit, ServiceToday
from senyum.visits.rules import MAX_LEGS


@dataclass(frozen=True)
class ServiceRow:
    """A service as one row: `fullness` is the pill's word, `wait` the range in words, `url` where it leads."""

    today: ServiceToday
    url: str
    state: str
    fullness: str
    people: str
    wait: str
    opens: str


@dataclass(frozen=True)
class AgencyRow:
    """An agency with its hours in words and the address of its page."""

    url: str
    name: str
    short_name: str
    receives: bool
    hours: str
    opens: str
    reason: str
    rows: tuple[ServiceRow, ...]


@dataclass(frozen=True)
class EventLink:
    """A life event and where its page is."""

    title: str
    intro: str
    url: str


@dataclass(frozen=True)
class HallContext:
    """The hall's front page. `events`: the life events that answer `q`, or all.

    `found` answers `q` (None: nothing was asked); `chosen` are lines to add another to."""

    today: HallToday
    agencies: tuple[AgencyRow, ...]
    q: str
    found: tuple[ServiceRow, ...] | None
    chosen: tuple[int, ...]
    own: tuple[OwnVisit, ...]
    hours: str
    opens: str
    events: tuple[EventLink, ...]
    meta: PageMeta


@dataclass(frozen=True)
class CounterRow:
    """A counter: `state` open, paused or closed; `why` and `back` in words."""

    number: int
    agency: str
    state: str
    since: datetime | None
    why: str
    back: str


@dataclass(frozen=True)
class CountersContext:
    """All counters by number."""

    rows: tuple[CounterRow, ...]
    opened: int
    live_kinds: str
    live_src: str
    as_of: datetime


def row_of(mall: Mall, today: ServiceToday, now: datetime, chosen: tuple[int, ...] = ()) -> ServiceRow:
    """A service as one row; with `chosen`, it leads back to the form with this service added."""
    state = today.state
    serving = state.open_counters + state.helping_counters
    pill, word = words.fullness(state.waiting, state.p50, serving)
    url = service_address(mall, today.info)
    if chosen:
        url = f"/m/{mall.code}/take/?" + "&".join(f"line={line}" for line in (*chosen, today.info.id))
    return ServiceRow(
        today=today,
        url=url,
        state=pill,
        fullness=word,
        people=words.people(state.waiting),
        wait=words.minutes_range(state.p50, state.p90),
        opens=words.when(today.opens_at, now),
    )


def line_ids(request: HttpRequest, name: str = "line") -> tuple[int, ...]:
    """The lines named in the address, in order, each once; what is no number is left out."""
    given = (text for text in request.GET.getlist(name) if text.isascii() and text.isdigit() and len(text) < 10)
    return tuple(dict.fromkeys(int(text) for text in given))[:MAX_LEGS]


def own_visits(request: HttpRequest, mall: Mall, now: datetime) -> tuple[OwnVisit, ...]:
    """The open visits of this browser."""
    browser = browser_of(request)
    return tuple(visits.own_visits(scope_of(browser), mall, now)) if browser else ()


@public
@indexable
@require_safe
def mall(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The hall: is it open, what is offered, how full it is; search by what people call things."""
    now = clock.now()
    today = visits.hall_today(mall, now, language())
    chosen = line_ids(request, "with")
    agencies = tuple(_agency_row(mall, agency, now, chosen) for agency in today.agencies)
    by_id = {row.today.info.id: row for agency in agencies for row in agency.rows}
    q = " ".join(request.GET.get("q", "").split())[:100]
    found = None
    if q:
        everything = [row.today.info for row in by_id.values()]
        infos = search_lines(mall, q, language(), limit=12, everything=everything)
        found = tuple(by_id[info.id] for info in infos if info.id in by_id)
    here = f"/m/{mall.code}/"
    context = HallContext(
        today=today,
        agencies=agencies,
        q=q,
        found=found,
        chosen=chosen,
        own=own_visits(request, mall, now),
        hours=words.hours(today.opens, today.closes),
        opens=words.when(today.opens_at, now),
        # While somebody adds a service to a number, an event would lead them away.
        events=() if chosen else _events(mall, q),
        meta=meta_of(
            request,
            here,
            title=mall.name,
            description=_("Semua layanan di %(mall)s: syarat, biaya, jam buka, dan antrean sekarang.")
            % {"mall": mall.name},
            data=structured.hall(mall, outward(request, here)),
        ),
    )
    return page(request, "citizen/mall.html", context)


def _events(mall: Mall, q: str) -> tuple[EventLink, ...]:
    found = search_events(mall, q, language()) if q else events_of(mall, language())
    return tuple(EventLink(e.title, e.intro, event_address(mall, e.slug)) for e in found)


def _agency_row(mall: Mall, agency: visits.AgencyToday, now: datetime, chosen: tuple[int, ...]) -> AgencyRow:
    return AgencyRow(
        url=agency_address(mall, agency.code),
        name=agency.name,
        short_name=agency.short_name,
        receives=agency.receives,
        hours=words.hours(agency.hours.opens, agency.hours.closes),
        opens=words.when(agency.opens_at, now),
        reason=agency.hours.reason,
        rows=tuple(row_of(mall, s, now, chosen) for s in agency.services if s.info.id not in chosen),
    )


COUNTER_KINDS = "session hall"


def kinds(spaced: str) -> str:
    return ",".join(spaced.split())


def _counters(mall: Mall, now: datetime) -> CountersContext:
    rows = tuple(counter_row(row, now) for row in visits.counters_today(mall, now))
    return CountersContext(
        rows=rows,
        opened=sum(1 for row in rows if row.state == "open"),
        live_kinds=COUNTER_KINDS,
        live_src=f"/live/{mall.code}/?kinds={kinds(COUNTER_KINDS)}",
        as_of=now,
    )


def counter_row(row: CounterToday, now: datetime) -> CounterRow:
    counter = row.counter
    # A free sentence of an officer is not for the public: only reasons the house knows are said.
    why = str(classes.PAUSE_REASONS.get(counter.pause_reason, "")) if counter.state == "paused" else ""
    if counter.state == "closed":
        why = counter.closed_reason or ("" if row.opens_at else _("Belum ada petugas"))
    back = counter.back_at if counter.state == "paused" else row.opens_at
    return CounterRow(
        number=counter.number,
        agency=counter.agency,
        state=counter.state,
        since=counter.since,
        why=why,
        back=words.when(back, now),
    )


@public
@require_safe
def counters(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Which counters are open right now, and when the others come back."""
    return page(request, "citizen/counters.html", _counters(mall, clock.now()))


@public
@require_safe
def counters_now(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The list alone."""
    return page(request, "citizen/counters_now.html", _counters(mall, clock.now()))
