"""The waiting list on the phone: ask to be told when a place is free, and one's own place in it. No log-in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from senyum.bookings import commands, queries, states
from senyum.bookings.plan import plan_of
from senyum.bookings.queries import WaitView
from senyum.catalogue.queries import LineInfo, lines_of
from senyum.core import clock, crypto
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.surfaces.citizen import browser as browsers
from senyum.surfaces.citizen.forms import WaitForm, kind_of
from senyum.surfaces.citizen.sealed import sealed
from senyum.surfaces.citizen.views.book import MOST, a_day, noon, number
from senyum.surfaces.citizen.views.hall import line_ids
from senyum.surfaces.ui.access import in_hall, public
from senyum.surfaces.ui.refusal import refuse
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language


@dataclass(frozen=True)
class AskContext:
    """Waiting for a place of the day `at`; `time`: for this one only, None for any of that day."""

    info: LineInfo
    at: datetime
    time: datetime | None
    quantity: int
    offer_minutes: int
    form: WaitForm
    action: str
    problem: str | Promise
    back: str


@dataclass(frozen=True)
class WaitContext:
    """A place in the waiting list. `again`: where to book or to wait once more; `one`: for one time only."""

    view: WaitView
    name: str
    at: datetime
    one: bool
    waits: bool
    again: str
    problem: str | Promise


@public
@require_http_methods(["GET", "HEAD", "POST"])
def wait(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Line, number of documents, day and perhaps the time stand in the address; POST puts on the list."""
    infos = {info.id: info for info in lines_of(mall, language())}
    line = next((line for line in line_ids(request) if line in infos), None)
    day = a_day(request.GET.get("day", ""))
    if line is None or day is None:
        return HttpResponseRedirect(f"/m/{mall.code}/")
    try:
        return sealed(_ask(request, mall, infos[line], day))
    except NotPossible as refusal:
        return refuse(request, 409, refusal.sentence)


def _ask(request: HttpRequest, mall: Mall, info: LineInfo, day: date) -> HttpResponse:
    now = clock.now()
    policy = plan_of(mall).line(info.id).policy
    quantity = number(request.GET.get("quantity", ""), min(MOST, policy.most_quantity))
    book = f"/m/{mall.code}/book/?line={info.id}&quantity={quantity}"
    full = queries.full_times(mall, info.id, day, quantity=quantity, now=now)
    wanted = request.GET.get("at", "")
    one = next((starts for starts in full if starts.strftime("%H%M") == wanted), None)
    ways = queries.contact_ways()
    if not full or not ways or (wanted and one is None):
        # Nothing to wait for: it is free, closed or over, and the list of days says which.
        return HttpResponseRedirect(f"{book}&day={day}" if wanted else book)
    missing = str(_("Tulis email atau nomor WhatsApp, supaya kami dapat memberi kabar."))
    form = WaitForm(initial={"key": secrets.token_hex(16)}, ways=ways, must=True, missing=missing)
    browser, problem = browsers.browser_of(request), ""
    if request.method == "POST":
        form = WaitForm(request.POST, ways=ways, must=True, missing=missing)
        if browser is None:
            problem = str(_("Ponsel ini belum dikenal. Tekan sekali lagi."))
        elif form.is_valid():
            try:
                entry = commands.wait(
                    mall=mall,
                    line_id=info.id,
                    day=day,
                    earliest=one or full[0],
                    latest=one or full[-1],
                    quantity=quantity,
                    contact_kind=kind_of(form.cleaned_data["contact"]),
                    contact=form.cleaned_data["contact"],
                    now=now,
                    language=language(),
                    # The same form sent twice is one place in the list.
                    token=crypto.blind_index(f"{browser} {form.cleaned_data['key']}", purpose="waiting list"),
                )
                return HttpResponseRedirect(f"/w/{entry.token}/")
            except NotPossible as refusal:
                problem = str(refusal.sentence)
    action = f"/m/{mall.code}/wait/?line={info.id}&quantity={quantity}&day={day}" + (f"&at={one:%H%M}" if one else "")
    back = f"{book}&day={day}" if one else book
    context = AskContext(info, noon(day), one, quantity, policy.offer_minutes, form, action, problem, back)
    status = 409 if problem else 422 if form.errors else 200
    response = page(request, "citizen/wait.html", context, status=status)
    if browser is None:
        browsers.remember(response, browsers.new_browser())
    return response


def _found(request: HttpRequest, token: str) -> tuple[WaitView, Mall]:
    try:
        view = queries.wait_by_token(token)
    except NotPossible as refusal:
        raise Http404(str(refusal.sentence)) from refusal
    mall = Mall.objects.get(pk=view.mall_id)
    in_hall(request, mall)
    return view, mall


def _shown(
    request: HttpRequest, view: WaitView, mall: Mall, problem: str | Promise = "", status: int = 200
) -> HttpResponse:
    names = {info.id: info.name for info in lines_of(mall, language())}
    context = WaitContext(
        view=view,
        name=names.get(view.line_id, ""),
        at=noon(view.day),
        one=view.earliest == view.latest,
        waits=view.state == states.WAITING and view.latest > clock.now(),
        again=f"/m/{mall.code}/book/?line={view.line_id}&quantity={view.quantity}",
        problem=problem,
    )
    return page(request, "citizen/waiting.html", context, status=status)


@public
@require_safe
def waiting(request: HttpRequest, token: str) -> HttpResponse:
    """The place in the list; once a place was offered, that offer or what became of it."""
    view, mall = _found(request, token)
    if view.booking and view.state in (states.OFFERED, states.TAKEN):
        return sealed(HttpResponseRedirect(f"/b/{view.booking}/"))
    return sealed(_shown(request, view, mall))


@public
@require_POST
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Wait no longer."""
    view, mall = _found(request, token)
    try:
        commands.leave(token=view.token, now=clock.now())
    except NotPossible as refusal:
        return sealed(_shown(request, queries.wait_by_token(token), mall, refusal.sentence, 409))
    return HttpResponseRedirect(f"/w/{view.token}/")
