"""Booking on the phone: a day, a time, one look, and the booking with its code. Nothing personal in an address."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from senyum.bookings import commands, queries
from senyum.bookings.calendar import ics
from senyum.bookings.plan import plan_of
from senyum.bookings.queries import BookingView, DayInfo, Proposal
from senyum.catalogue.queries import LineInfo, lines_of
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.surfaces.citizen import browser as browsers
from senyum.surfaces.citizen.views.hall import language, line_ids
from senyum.surfaces.citizen.views.ticket import _sealed
from senyum.surfaces.ui.access import View, public
from senyum.surfaces.ui.qr import qr_svg
from senyum.surfaces.ui.refusal import refuse
from senyum.surfaces.ui.render import page
from senyum.visits import classes

MOST = 10


class BookForm(forms.Form):
    """The last look: the class is self-declared; `key` makes a double tap one booking."""

    key = forms.CharField(min_length=16, max_length=64, widget=forms.HiddenInput)
    priority = forms.ChoiceField(
        label=_("Perlu bantuan?"),
        help_text=_("Anda didahulukan. Cukup pilih; tidak perlu surat apa pun."),
        choices=[(classes.REGULAR, _("Tidak, terima kasih"))]
        + [(code, word) for code, word in classes.CLASSES.items() if code != classes.REGULAR],
        initial=classes.REGULAR,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Pilih salah satu, atau “Tidak, terima kasih”."),
            "invalid_choice": _("Pilih salah satu dari daftar."),
        },
    )


@dataclass(frozen=True)
class DayRow:
    """A day that may be chosen: `url` "" when it has nothing, then `info.reason` says why."""

    info: DayInfo
    at: datetime
    url: str


@dataclass(frozen=True)
class TimeRow:
    """A time that may be chosen, with the services in their order."""

    starts: datetime
    ends: datetime
    legs: tuple[tuple[str, datetime], ...]
    url: str


@dataclass(frozen=True)
class DaysContext:
    """Screen 1: which day. `lines` and `quantity` go along in the form."""

    infos: tuple[LineInfo, ...]
    lines: tuple[int, ...]
    quantity: int
    days: tuple[DayRow, ...]
    any_free: bool


@dataclass(frozen=True)
class TimesContext:
    """Screen 2: which time. `back` leads to the days."""

    infos: tuple[LineInfo, ...]
    at: datetime
    times: tuple[TimeRow, ...]
    back: str


@dataclass(frozen=True)
class CheckContext:
    """Screen 3: one look, then the booking. `problem`: what was refused; `back` leads to the times."""

    infos: tuple[LineInfo, ...]
    form: BookForm
    action: str
    time: TimeRow
    quantity: int
    bring: int
    problem: str | Promise
    back: str


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


@public
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The lines, the number of documents, the day and the time stand in the address; POST books."""
    now = clock.now()
    plan = plan_of(mall)
    every = {info.id: info for info in lines_of(mall, language())}
    lines = tuple(line for line in line_ids(request) if line in every and line in plan.lines)
    if not lines:
        return HttpResponseRedirect(f"/m/{mall.code}/")
    most = min(MOST, *(plan.lines[line].policy.most_quantity for line in lines))
    quantity = _number(request.GET.get("quantity", ""), most)
    here = f"/m/{mall.code}/book/?" + "&".join(f"line={line}" for line in lines) + f"&quantity={quantity}"
    infos = tuple(every[line] for line in lines)
    try:
        return _step(request, mall, infos, quantity, here, now)
    except NotPossible as refusal:
        return refuse(request, 409, refusal.sentence)


def _step(
    request: HttpRequest, mall: Mall, infos: tuple[LineInfo, ...], quantity: int, here: str, now: datetime
) -> HttpResponse:
    lines = [info.id for info in infos]
    day = _day(request.GET.get("day", ""))
    if day is None:
        found = queries.days(mall, lines, quantity=quantity, now=now)
        rows = tuple(DayRow(info, _noon(info.day), f"{here}&day={info.day}" if info.free else "") for info in found)
        context = DaysContext(infos, tuple(lines), quantity, rows, any(info.free for info in found))
        return page(request, "citizen/book_day.html", context)
    here = f"{here}&day={day}"
    proposals = queries.proposals(mall, lines, day, quantity=quantity, now=now)
    names = {info.id: info.name for info in infos}
    wanted = request.GET.get("at", "")
    chosen = next((p for p in proposals if p.starts.strftime("%H%M") == wanted), None)
    if chosen is None:
        rows_ = tuple(_time(p, names, here) for p in proposals)
        return page(request, "citizen/book_time.html", TimesContext(infos, _noon(day), rows_, here.rsplit("&", 1)[0]))
    return _check(request, mall, infos, quantity, _time(chosen, names, here), chosen, here)


def _check(
    request: HttpRequest,
    mall: Mall,
    infos: tuple[LineInfo, ...],
    quantity: int,
    row: TimeRow,
    chosen: Proposal,
    back: str,
) -> HttpResponse:
    browser = browsers.browser_of(request)
    problem: str | Promise = ""
    form = BookForm(initial={"key": secrets.token_hex(16)})
    if request.method == "POST":
        form = BookForm(request.POST)
        if browser is None:
            problem = _("Ponsel ini belum dikenal. Tekan sekali lagi.")
        elif form.is_valid():
            try:
                view = _book(request, mall, quantity, chosen, form, browser)
            except NotPossible as refusal:
                problem = refusal.sentence
            else:
                return HttpResponseRedirect(f"/b/{view.token}/")
    bring = sum(len(info.requirements) for info in infos)
    context = CheckContext(infos, form, row.url, row, quantity, bring, problem, back)
    status = 409 if problem else 422 if form.errors else 200
    response = page(request, "citizen/book_check.html", context, status=status)
    if browser is None:
        browsers.remember(response, browsers.new_browser())
    return response


def _book(
    request: HttpRequest, mall: Mall, quantity: int, chosen: Proposal, form: BookForm, browser: str
) -> BookingView:
    asked = form.cleaned_data
    text = f"{mall.code}|{chosen.legs}|{quantity}|{asked['priority']}"
    return commands.book(
        mall=mall,
        legs=chosen.legs,
        quantity=quantity,
        channel="phone",
        now=clock.now(),
        language=language(),
        priority=asked["priority"],
        device=browser,
        key=(browsers.scope_of(browser), asked["key"], hashlib.sha256(text.encode()).hexdigest()),
    )


def _time(proposal: Proposal, names: dict[int, str], here: str) -> TimeRow:
    legs = tuple((names[line], starts) for line, starts in proposal.legs)
    return TimeRow(proposal.starts, proposal.ends, legs, f"{here}&at={proposal.starts:%H%M}")


def _number(text: str, most: int) -> int:
    return max(1, min(most, int(text))) if text.isascii() and text.isdigit() and len(text) < 4 else 1


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _noon(day: date) -> datetime:
    """A moment of the day, for words that want one."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=timezone.get_current_timezone())


def _by_link(view: Callable[..., HttpResponse]) -> View:
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


def _booked(
    request: HttpRequest, view: BookingView, mall: Mall, problem: str | Promise = "", status: int = 200
) -> HttpResponse:
    infos = {info.id: info for info in lines_of(mall, language())}
    legs = tuple(
        BookingLeg(infos[leg.line_id].name, infos[leg.line_id].agency, leg.starts, leg.ends)
        for leg in view.legs
        if leg.line_id in infos
    )
    context = BookedContext(view, legs, qr_svg(view.reference), mall.address, problem)
    return page(request, "citizen/booking.html", context, status=status)


@public
@require_safe
@_by_link
def booking(request: HttpRequest, view: BookingView, mall: Mall) -> HttpResponse:
    """The booking by its link."""
    return _booked(request, view, mall)


@public
@require_POST
@_by_link
def cancel(request: HttpRequest, view: BookingView, mall: Mall) -> HttpResponse:
    """Give the booking back."""
    try:
        commands.cancel(token=view.token, now=clock.now())
    except NotPossible as refusal:
        return _booked(request, view, mall, refusal.sentence, 409)
    return HttpResponseRedirect(f"/b/{view.token}/")


@public
@require_safe
@_by_link
def calendar(request: HttpRequest, view: BookingView, mall: Mall) -> HttpResponse:
    """The booking for the phone's calendar (RFC 5545)."""
    names = {info.id: info.name for info in lines_of(mall, language())}
    text = ics(
        reference=view.reference,
        services=[names.get(leg.line_id, "") for leg in view.legs],
        place=", ".join(part for part in (mall.name, mall.address) if part),
        starts=view.starts,
        ends=max((leg.ends for leg in view.legs), default=view.starts),
        moves=view.moves,
        now=clock.now(),
    )
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{view.reference}.ics"'
    return response
