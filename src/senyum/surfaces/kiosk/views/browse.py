"""From the first touch to a service: at most six choices a screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from senyum.catalogue.models import Line
from senyum.catalogue.queries import search_lines
from senyum.core import clock
from senyum.malls import queries as malls
from senyum.malls.models import HallPause, Mall
from senyum.surfaces.kiosk.frame import PER_SCREEN, Choice, Frame, choice_of, forget_person, frame_of, number
from senyum.surfaces.kiosk.views.booked import offers_bookings
from senyum.surfaces.ui import words
from senyum.surfaces.ui.access import device
from senyum.surfaces.ui.render import is_htmx, page
from senyum.surfaces.ui.words import language
from senyum.visits import queries as visits
from senyum.visits.queries import ServiceToday


@dataclass(frozen=True)
class Button:
    """One choice: `small` is the second line, `closed` says when it opens ("" while it takes numbers)."""

    text: str
    small: str
    url: str
    closed: str


@dataclass(frozen=True)
class StartContext:
    """The first screen; `opens` says when, while no number is given. `pickup`: documents can be fetched here.

    `booked`: leads to who has a booking already ("" where nothing can be booked).
    """

    frame: Frame
    is_open: bool
    opens: str
    reason: str
    pause: HallPause | None
    back_at: str
    pickup: bool
    booked: str
    live_kinds: str


@dataclass(frozen=True)
class ChoicesContext:
    """Up to six choices; `earlier` and `later` turn the page ("" where there is none)."""

    frame: Frame
    title: str
    buttons: tuple[Button, ...]
    page: int
    pages: int
    earlier: str
    later: str
    search: str
    chosen: tuple[str, ...]


@dataclass(frozen=True)
class SearchContext:
    """The search: `buttons` answer `q` (None: nothing was asked)."""

    frame: Frame
    q: str
    buttons: tuple[Button, ...] | None
    here: str
    lines: tuple[int, ...]
    quantity: int


def _start(request: HttpRequest, mall: Mall) -> StartContext:
    now = clock.now()
    offered = visits.services_today(mall, now, language())
    takes = any(s.state.takes_tickets for s in offered)
    opens = min((s.opens_at for s in offered if s.opens_at), default=None)
    reasons = {s.state.closed_reason for s in offered if s.state.closed_reason}
    pause = malls.hall_pause(mall)
    return StartContext(
        frame=frame_of(request, mall, first=True),
        is_open=takes,
        opens="" if takes else words.when(opens, now),
        reason=reasons.pop() if len(reasons) == 1 and not takes else "",
        pause=pause,
        back_at=words.when(pause.back_at, now) if pause else "",
        pickup=any(s.info.kind == Line.Kind.PICKUP and s.state.takes_tickets for s in offered),
        booked=reverse("kiosk:booked", args=[mall.code]) if offers_bookings(mall) else "",
        live_kinds="hall",
    )


@device("kiosk", or_staff="pair_device")
@require_safe
def start(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The first screen. With `wipe` everything of the last person is forgotten before."""
    if "wipe" in request.GET:
        return forget_person(HttpResponseRedirect(reverse("kiosk:start", args=[mall.code])), mall)
    return page(request, "kiosk/start.html", _start(request, mall))


@device("kiosk", or_staff="pair_device")
@require_safe
def start_part(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The part of the first screen that changes: open or closed."""
    return page(request, "kiosk/start_part.html", _start(request, mall))


def button_of(mall: Mall, today: ServiceToday, choice: Choice, now: datetime, *, agency: bool) -> Button:
    """A service as a choice, added to what was chosen before."""
    wait = words.minutes_range(today.state.p50, today.state.p90)
    parts = [today.info.agency] if agency else []
    parts += [words.people(today.state.waiting) + (f", {wait}" if wait else "")]
    opens = words.when(today.opens_at, now)
    closed = "" if today.state.takes_tickets else (_("Buka %(opens)s") % {"opens": opens} if opens else _("Tutup"))
    url = reverse("kiosk:check", args=[mall.code]) + choice.plus(today.info.id).query()
    return Button(today.info.name, closed or " · ".join(parts), url, closed)


@device("kiosk", or_staff="pair_device")
@require_safe
def agencies(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The agencies, six a screen, in the hall's order."""
    now = clock.now()
    offered = visits.services_today(mall, now, language())
    choice = choice_of(request, [s.info.id for s in offered])
    left = [s for s in offered if s.info.id not in choice.lines]
    order = list(dict.fromkeys(s.info.agency_id for s in left))
    groups = groupby(sorted(left, key=lambda s: order.index(s.info.agency_id)), key=lambda s: s.info.agency_id)
    buttons = [_agency(mall, list(group), choice, now) for _id, group in groups]
    return _choices(request, mall, _("Anda ke instansi mana?"), buttons, choice, offered, _back(mall, choice))


def _agency(mall: Mall, services: list[ServiceToday], choice: Choice, now: datetime) -> Button:
    info = services[0].info
    if len(services) == 1:
        one = button_of(mall, services[0], choice, now, agency=False)
        return Button(info.agency, one.closed or info.name, one.url, one.closed)
    takes = any(s.state.takes_tickets for s in services)
    opens = words.when(services[0].opens_at, now)
    closed = "" if takes else (_("Buka %(opens)s") % {"opens": opens} if opens else _("Tutup"))
    names = info.agency_name if info.agency_name != info.agency else ", ".join(s.info.name for s in services[:2])
    url = reverse("kiosk:services", args=[mall.code, info.agency_code]) + choice.query()
    return Button(info.agency, closed or names, url, closed)


def _back(mall: Mall, choice: Choice) -> str:
    """From the agencies back: to the choice, when there is one, else to the first screen."""
    if choice.lines:
        return reverse("kiosk:check", args=[mall.code]) + choice.query()
    return reverse("kiosk:start", args=[mall.code])


@device("kiosk", or_staff="pair_device")
@require_safe
def services(request: HttpRequest, mall: Mall, agency: str) -> HttpResponse:
    """The services of one agency."""
    now = clock.now()
    offered = visits.services_today(mall, now, language())
    choice = choice_of(request, [s.info.id for s in offered])
    own = [s for s in offered if s.info.agency_code == agency]
    if not own:
        raise Http404
    buttons = [button_of(mall, s, choice, now, agency=False) for s in own if s.info.id not in choice.lines]
    back = reverse("kiosk:agencies", args=[mall.code]) + choice.query()
    return _choices(request, mall, own[0].info.agency, buttons, choice, offered, back)


@device("kiosk", or_staff="pair_device")
@require_safe
def pickup(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The short lane: fetching a finished document."""
    now = clock.now()
    offered = visits.services_today(mall, now, language())
    lanes = [s for s in offered if s.info.kind == Line.Kind.PICKUP]
    buttons = [button_of(mall, s, Choice((), 1), now, agency=True) for s in lanes]
    if len(buttons) == 1:
        return HttpResponseRedirect(buttons[0].url)
    back = reverse("kiosk:start", args=[mall.code])
    return _choices(request, mall, _("Dokumen dari mana?"), buttons, Choice((), 1), offered, back)


def _choices(
    request: HttpRequest,
    mall: Mall,
    title: str,
    buttons: Sequence[Button],
    choice: Choice,
    offered: Sequence[ServiceToday],
    back: str,
) -> HttpResponse:
    pages = max(1, -(-len(buttons) // PER_SCREEN))
    at = min(max(number(request.GET.get("page", "1")), 1), pages)

    def turn(to: int) -> str:
        return request.path + choice.query(page=str(to)) if 1 <= to <= pages else ""

    context = ChoicesContext(
        frame=frame_of(request, mall, back=back),
        title=title,
        buttons=tuple(buttons[(at - 1) * PER_SCREEN : at * PER_SCREEN]),
        page=at,
        pages=pages,
        earlier=turn(at - 1),
        later=turn(at + 1),
        search=reverse("kiosk:search", args=[mall.code]) + choice.query(),
        chosen=tuple(s.info.name for s in offered if s.info.id in choice.lines),
    )
    return page(request, "kiosk/choices.html", context)


@device("kiosk", or_staff="pair_device")
@require_safe
def search(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Search by what people call things; answers while they type."""
    now = clock.now()
    offered = visits.services_today(mall, now, language())
    choice = choice_of(request, [s.info.id for s in offered])
    q = " ".join(request.GET.get("q", "").split())[:60]
    buttons = None
    if q:
        by_id = {s.info.id: s for s in offered if s.info.id not in choice.lines}
        found = [by_id[info.id] for info in search_lines(mall, q, language(), limit=12) if info.id in by_id]
        buttons = tuple(button_of(mall, s, choice, now, agency=True) for s in found[:PER_SCREEN])
    context = SearchContext(
        frame=frame_of(request, mall, back=reverse("kiosk:agencies", args=[mall.code]) + choice.query()),
        q=q,
        buttons=buttons,
        here=reverse("kiosk:search", args=[mall.code]),
        lines=choice.lines,
        quantity=choice.quantity,
    )
    return page(request, "kiosk/found.html" if is_htmx(request) else "kiosk/search.html", context)
