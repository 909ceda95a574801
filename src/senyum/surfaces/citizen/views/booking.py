"""The booking by its link: its code, its contact's code, its calendar, and what may still be done. No log-in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from senyum.bookings import commands, queries, states
from senyum.bookings.calendar import ics
from senyum.bookings.queries import BookingView
from senyum.catalogue.queries import lines_of
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.surfaces.citizen.forms import CodeForm
from senyum.surfaces.citizen.views.hall import language
from senyum.surfaces.citizen.views.ticket import _sealed
from senyum.surfaces.ui.access import View, public
from senyum.surfaces.ui.qr import qr_svg
from senyum.surfaces.ui.refusal import refuse
from senyum.surfaces.ui.render import page


@dataclass(frozen=True)
class BookingLeg:
    name: str
    agency: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class BookedContext:
    """The booking: its code to say or to scan, its services, and what may still be done."""

    view: BookingView
    legs: tuple[BookingLeg, ...]
    qr: SafeString
    address: str
    problem: str | Promise


@dataclass(frozen=True)
class CodeContext:
    """A place that waits for the code of its contact. `over`: the time for it has passed."""

    view: BookingView
    legs: tuple[BookingLeg, ...]
    form: CodeForm
    over: bool
    problem: str | Promise


def by_link(view: Callable[..., HttpResponse]) -> View:
    """Turns the token into the booking; every wrong guess gets the same friendly 404."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, token: str, **kwargs: Any) -> HttpResponse:
        try:
            found = queries.booking_by_token(token)
        except NotPossible as refusal:
            return _sealed(refuse(request, 404, refusal.sentence))
        mall = Mall.objects.get(pk=found.mall_id)
        request.mall = mall  # type: ignore[attr-defined]  # read by the base page
        timezone.activate(mall.timezone)
        return _sealed(view(request, found, mall, *args, **kwargs))

    return inner


def _legs(view: BookingView, mall: Mall) -> tuple[BookingLeg, ...]:
    infos = {info.id: info for info in lines_of(mall, language())}
    return tuple(
        BookingLeg(infos[leg.line_id].name, infos[leg.line_id].agency, leg.starts, leg.ends)
        for leg in view.legs
        if leg.line_id in infos
    )


def _shown(
    request: HttpRequest, view: BookingView, mall: Mall, problem: str | Promise = "", status: int = 200
) -> HttpResponse:
    """The booking as it is now."""
    if view.state == states.HELD:
        return _code(request, view, mall, CodeForm(), problem, status)
    context = BookedContext(view, _legs(view, mall), qr_svg(view.reference), mall.address, problem)
    return page(request, "citizen/booking.html", context, status=status)


def _code(
    request: HttpRequest, view: BookingView, mall: Mall, form: CodeForm, problem: str | Promise = "", status: int = 200
) -> HttpResponse:
    over = view.held_until is not None and view.held_until < clock.now()
    context = CodeContext(view, _legs(view, mall), form, over, problem)
    return page(request, "citizen/booking_code.html", context, status=status)


@public
@require_safe
@by_link
def booking(request: HttpRequest, view: BookingView, mall: Mall) -> HttpResponse:
    """The booking by its link. Looking changes nothing: programs that read mails open links, too."""
    return _shown(request, view, mall)


@public
@require_POST
@by_link
def confirm(request: HttpRequest, view: BookingView, mall: Mall) -> HttpResponse:
    """The code that came to the contact."""
    form = CodeForm(request.POST)
    if not form.is_valid() and view.state == states.HELD:
        return _code(request, view, mall, form, status=422)
    try:
        commands.confirm(token=view.token, code=form.cleaned_data.get("code", ""), now=clock.now())
    except NotPossible as refusal:
        now = queries.booking_by_token(view.token)
        if now.state == states.HELD:
            return _code(request, now, mall, form, refusal.sentence, 409)
        return _shown(request, now, mall, refusal.sentence, 409)
    return HttpResponseRedirect(f"/b/{view.token}/")


@public
@require_POST
@by_link
def cancel(request: HttpRequest, view: BookingView, mall: Mall) -> HttpResponse:
    """Give the booking back."""
    try:
        commands.cancel(token=view.token, now=clock.now())
    except NotPossible as refusal:
        return _shown(request, view, mall, refusal.sentence, 409)
    return HttpResponseRedirect(f"/b/{view.token}/")


@public
@require_safe
@by_link
def calendar(request: HttpRequest, view: BookingView, mall: Mall) -> HttpResponse:
    """The booking for the phone's calendar (RFC 5545)."""
    text = ics(
        reference=view.reference,
        services=[leg.name for leg in _legs(view, mall)],
        place=", ".join(part for part in (mall.name, mall.address) if part),
        starts=view.starts,
        ends=max((leg.ends for leg in view.legs), default=view.starts),
        moves=view.moves,
        now=clock.now(),
    )
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{view.reference}.ics"'
    return response
