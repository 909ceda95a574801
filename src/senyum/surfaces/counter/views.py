"""The officer's console: choose a counter, sit down, serve. Every press is a plain POST; htmx spares the reload."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.people import access
from senyum.surfaces.counter.actions import action_of, press_of
from senyum.surfaces.counter.context import (
    ChooseContext,
    Desk,
    MallsContext,
    PanelContext,
    desk_context,
    desk_of,
    panel_of,
    user_of,
)
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import is_htmx, page
from senyum.surfaces.ui.words import language
from senyum.visits import queries as visits


@staff("take_over")
@require_safe
def malls(request: HttpRequest) -> HttpResponse:
    """To the mall of this user's role; several: choose."""
    found = access.malls_with(user_of(request), "take_over")
    if len(found) == 1:
        return redirect("counter:choose", mall=found[0].code)
    return page(request, "counter/malls.html", MallsContext(tuple(found)))


@staff("take_over")
@require_safe
def choose(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The counters this user may sit at. Who sits somewhere goes straight there (`?all=1` shows the others)."""
    user = user_of(request)
    seat = visits.seat_place(user.pk)
    if seat is not None and seat.mall == mall.code and "all" not in request.GET:
        return redirect("counter:desk", mall=mall.code, number=seat.number)
    now = clock.now()
    context = ChooseContext(
        counters=visits.counter_choices(mall, access.agencies_with(user, mall, "take_over"), now, language()),
        elsewhere=seat,
        may_serve=access.may(user, mall, "serve"),
        own=user.pk,
        live=f"/live/{mall.code}/?kinds=session",
        as_of=now,
    )
    return page(request, "counter/choices.html" if is_htmx(request) else "counter/choose.html", context)


@staff("take_over")
@require_safe
def desk(request: HttpRequest, mall: Mall, number: int) -> HttpResponse:
    """One counter: who is here, who is next and why."""
    context = desk_context(desk_of(request, mall, number))
    return page(request, _template(request), context)


@staff("take_over")
@require_safe
def live_parts(request: HttpRequest, mall: Mall, number: int) -> HttpResponse:
    """The parts that follow the hall; `seen` is the token of the page that asks."""
    context = desk_context(desk_of(request, mall, number), seen_token=request.GET.get("seen", "")[:80])
    return page(request, "counter/live_parts.html", context)


@staff("take_over")
@require_safe
def panel(request: HttpRequest, mall: Mall, number: int, name: str) -> HttpResponse:
    """A form over the page: alone for htmx, with the page around it without."""
    place = desk_of(request, mall, number)
    context = desk_context(place, panel=panel_of(place, name, request.GET.dict()))
    if context.panel is None:
        return redirect(place.base)
    return page(request, "counter/panel.html" if is_htmx(request) else "counter/desk.html", context)


@staff("take_over")
@require_POST
def act(request: HttpRequest, mall: Mall, number: int, action: str) -> HttpResponse:
    """One press. Refused: 409 with the page as it is now, the sentence on top, and what was typed."""
    place = desk_of(request, mall, number)
    do, panel_name = action_of(action)
    press = press_of(place, access.actor_of(place.user), request.POST.dict())
    try:
        said = do(press)
    except NotPossible as refusal:
        opened = _panel_again(place, panel_name, request)
        context = desk_context(place, panel=opened, alert=refusal.sentence, acted=True)
        return page(request, _template(request), context, status=409)
    if is_htmx(request):
        return page(request, "counter/desk_part.html", desk_context(place, said=said, acted=True))
    if said:
        messages.success(request, str(said))
    return redirect(place.base)


def _panel_again(place: Desk, name: str, request: HttpRequest) -> PanelContext | None:
    """The panel whose form was refused, with what was typed; None when its ticket has gone meanwhile."""
    if not name:
        return None
    try:
        return panel_of(place, name, request.POST.dict())
    except Http404:
        return None


def _template(request: HttpRequest) -> str:
    return "counter/desk_part.html" if is_htmx(request) else "counter/desk.html"
