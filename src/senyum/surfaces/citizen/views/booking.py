"""The booking by its link: its code, its contact's code, an offer, another time, giving it back. No log-in.

Looking changes nothing: programs that read mails open links, too. Whatever changes something is a button.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from senyum.bookings import commands, queries, rules, states
from senyum.bookings.calendar import ics
from senyum.bookings.queries import BookingView, Proposal
from senyum.catalogue.queries import LineInfo, lines_of
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.surfaces.citizen.forms import CodeForm
from senyum.surfaces.citizen.sealed import sealed
from senyum.surfaces.citizen.views.book import DayRow, TimeRow, a_day, noon, time_row
from senyum.surfaces.ui import words
from senyum.surfaces.ui.access import View, in_hall, public
from senyum.surfaces.ui.push import Offer, answer, offer
from senyum.surfaces.ui.qr import qr_svg
from senyum.surfaces.ui.refusal import refuse
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language
from senyum.visits import queries as visits


@dataclass(frozen=True)
class BookingLeg:
    name: str
    agency: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class ComeWait:
    """If the person comes at `starts`: the wait in words, and how many stand before them then."""

    name: str
    starts: datetime
    wait: str
    people_ahead: int


@dataclass(frozen=True)
class BookedContext:
    """The booking: its code to say or to scan, its services, what may still be done; `again`: where to book anew.

    `waits`: on its day, how long each service makes one wait, as estimated at `now`. `come_from`, `come_until`: when it
    can be checked in.
    """

    view: BookingView
    legs: tuple[BookingLeg, ...]
    come_from: datetime
    come_until: datetime
    qr: SafeString
    address: str
    again: str
    push: Offer | None
    waits: tuple[ComeWait, ...]
    now: datetime
    problem: str | Promise


@dataclass(frozen=True)
class CodeContext:
    """A place that waits for the code of its contact. `over`: the time for it has passed."""

    view: BookingView
    legs: tuple[BookingLeg, ...]
    form: CodeForm
    over: bool
    problem: str | Promise


@dataclass(frozen=True)
class OfferContext:
    """A free place that is kept for somebody of the waiting list. `over`: it has passed on."""

    view: BookingView
    legs: tuple[BookingLeg, ...]
    address: str
    over: bool
    problem: str | Promise


@dataclass(frozen=True)
class MoveContext:
    """Another time: first `days`, then `times` of the day `at`, then one look at `chosen`. `left`: moves left.

    `problem`: what was refused; `following`: the next free times when it is full; `back` leads one screen back.
    """

    view: BookingView
    legs: tuple[BookingLeg, ...]
    days: tuple[DayRow, ...]
    at: datetime | None
    times: tuple[TimeRow, ...]
    chosen: TimeRow | None
    following: tuple[TimeRow, ...]
    left: int
    problem: str | Promise
    back: str


def by_link(view: Callable[..., HttpResponse]) -> View:
    """Turns the token into the booking; every wrong guess gets the same friendly 404."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, token: str, **kwargs: Any) -> HttpResponse:
        try:
            found = queries.booking_by_token(token)
        except NotPossible as refusal:
            return sealed(refuse(request, 404, refusal.sentence))
        mall = Mall.objects.get(pk=found.mall_id)
        in_hall(request, mall)
        return sealed(view(request, found, mall, *args, **kwargs))

    return inner


def _legs(view: BookingView, mall: Mall) -> tuple[BookingLeg, ...]:
    return _legs_of(view, lines_of(mall, language()))


def _legs_of(view: BookingView, offered: list[LineInfo]) -> tuple[BookingLeg, ...]:
    infos = {info.id: info for info in offered}
    return tuple(
        BookingLeg(infos[leg.line_id].name, infos[leg.line_id].agency, leg.starts, leg.ends)
        for leg in view.legs
        if leg.line_id in infos
    )


def _shown(
    request: HttpRequest, view: BookingView, mall: Mall, problem: str | Promise = "", status: int = 200
) -> HttpResponse:
    """The booking as it is now."""
    if view.offered and view.state in (states.HELD, states.EXPIRED):
        over = view.state == states.EXPIRED or _over(view)
        offer_ = OfferContext(view, _legs(view, mall), mall.address, over, problem)
        return page(request, "citizen/booking_offer.html", offer_, status=status)
    if view.state == states.HELD:
        return _code(request, view, mall, CodeForm(), problem, status)
    offered = lines_of(mall, language())
    again = f"/m/{mall.code}/book/?" + "&".join(f"line={leg.line_id}" for leg in view.legs)
    early, late = queries.come_limits(mall, [leg.line_id for leg in view.legs])
    context = BookedContext(
        view=view,
        legs=_legs_of(view, offered),
        come_from=view.starts - timedelta(minutes=early),
        come_until=view.starts + timedelta(minutes=late),
        qr=qr_svg(view.reference),
        address=mall.address,
        again=again,
        push=_push(view),
        waits=_waits(view, mall, offered),
        now=clock.now(),
        problem=problem,
    )
    return page(request, "citizen/booking.html", context, status=status)


def _waits(view: BookingView, mall: Mall, offered: list[LineInfo]) -> tuple[ComeWait, ...]:
    """What is told of the wait, on the day of the booking and where a figure can be told."""
    names = {info.id: info.name for info in offered}
    return tuple(
        ComeWait(names[told.line_id], told.starts, words.minutes_range(told.p50, told.p90), told.people_ahead or 0)
        for told in visits.booked_waits(mall, view, clock.now())
        if told.p50 is not None and told.line_id in names
    )


def _over(view: BookingView) -> bool:
    return view.held_until is not None and view.held_until < clock.now()


def _push(view: BookingView) -> Offer | None:
    """The offer to be told by push, while there is something to tell and a link to tell it with."""
    if view.state != states.BOOKED or not queries.link_base():
        return None
    return offer(kind="booking", subject_id=view.id, action=f"/b/{view.token}/push", now=clock.now())


def _code(
    request: HttpRequest, view: BookingView, mall: Mall, form: CodeForm, problem: str | Promise = "", status: int = 200
) -> HttpResponse:
    context = CodeContext(view, _legs(view, mall), form, _over(view), problem)
    return page(request, "citizen/booking_code.html", context, status=status)


@public
@require_safe
@by_link
def booking(request: HttpRequest, view: BookingView, mall: Mall) -> HttpResponse:
    """The booking as it is."""
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


def _offered(request: HttpRequest, view: BookingView, mall: Mall, command: Callable[..., object]) -> HttpResponse:
    wait = queries.wait_of_offer(view) if view.offered else None
    if wait is None:
        return _shown(request, view, mall, _("Di sini tidak ada tawaran."), 409)
    try:
        command(token=wait.token, now=clock.now())
    except NotPossible as refusal:
        now = queries.booking_by_token(view.token)
        # A second tap on "take it" finds it taken.
        if now.state == states.BOOKED and command is commands.accept:
            return HttpResponseRedirect(f"/b/{view.token}/")
        return _shown(request, now, mall, refusal.sentence, 409)
    return HttpResponseRedirect(f"/b/{view.token}/")


@public
@require_POST
@by_link
def accept(request: HttpRequest, view: BookingView, mall: Mall) -> HttpResponse:
    """Take the place that the waiting list offers."""
    return _offered(request, view, mall, commands.accept)


@public
@require_POST
@by_link
def decline(request: HttpRequest, view: BookingView, mall: Mall) -> HttpResponse:
    """Let the next person have it."""
    return _offered(request, view, mall, commands.leave)


@public
@require_POST
@by_link
def push(request: HttpRequest, view: BookingView, mall: Mall) -> HttpResponse:
    """Tell this browser about the booking, or (`stop`) no more. It ends with the booked day."""
    if view.state != states.BOOKED or not answer(
        request,
        kind="booking",
        subject_id=view.id,
        useful_until=commands.heard_until(mall, view.day),
        now=clock.now(),
    ):
        return _shown(request, view, mall, _("Pilihan itu tidak ada. Tidak ada yang berubah."), 422)
    if "stop" not in request.POST:
        commands.heed(token=view.token, now=clock.now())
    return HttpResponse(status=204)


@public
@require_http_methods(["GET", "HEAD", "POST"])
@by_link
def move(request: HttpRequest, view: BookingView, mall: Mall) -> HttpResponse:
    """Another day, another time, one look; POST moves. The old place stays until the new one is sure."""
    day = a_day(request.GET.get("day", ""))
    wanted = request.GET.get("at", "")
    if request.method == "POST" and (view.day, f"{view.starts:%H%M}") == (day, wanted):
        # A second tap: it is there already, and no move is used up.
        return HttpResponseRedirect(f"/b/{view.token}/")
    if not view.may_move:
        return _shown(request, view, mall, _NO_MOVE[view.moves >= rules.MAX_MOVES], 409)
    try:
        return _moving(request, view, mall, day, wanted)
    except NotPossible as refusal:
        return _shown(request, view, mall, refusal.sentence, 409)


_NO_MOVE = {
    True: _("Pemesanan ini sudah tiga kali dipindah. Batalkan dan pesan lagi bila perlu."),
    False: _("Pemesanan ini tidak dapat dipindah lagi."),
}


def _moving(request: HttpRequest, view: BookingView, mall: Mall, day: date | None, wanted: str) -> HttpResponse:
    now, here = clock.now(), f"/b/{view.token}/move/"
    offered = lines_of(mall, language())
    infos = tuple(info for info in offered if info.id in {leg.line_id for leg in view.legs})
    lines = [leg.line_id for leg in view.legs]
    found = queries.proposals(mall, lines, day, quantity=view.quantity, now=now) if day else []
    mine = {(leg.line_id, leg.starts) for leg in view.legs}
    times = tuple(time_row(p, infos, f"{here}?day={day}") for p in found if set(p.legs) != mine)
    chosen = next((p for p in found if p.starts.strftime("%H%M") == wanted), None)
    problem: str | Promise = ""
    if request.method == "POST":
        try:
            if chosen is None:
                raise NotPossible("full", _("Jam itu baru saja penuh. Pilih jam lain."))
            commands.move(token=view.token, legs=chosen.legs, now=now)
            return HttpResponseRedirect(f"/b/{view.token}/")
        except NotPossible as refusal:
            problem, chosen = refusal.sentence, None
    following: list[Proposal] = []
    if day and not times:
        following = queries.next_free(mall, lines, quantity=view.quantity, now=now, after=day)
    rows: list[DayRow] = []
    if day is None:
        every = queries.days(mall, lines, quantity=view.quantity, now=now)
        rows = [DayRow(info, noon(info.day), f"{here}?day={info.day}" if info.free else "") for info in every]
    context = MoveContext(
        view=view,
        legs=_legs_of(view, offered),
        days=tuple(rows),
        at=noon(day) if day else None,
        times=times,
        chosen=time_row(chosen, infos, f"{here}?day={day}") if chosen else None,
        following=tuple(_later(p, infos, here, mall) for p in following if set(p.legs) != mine),
        left=rules.MAX_MOVES - view.moves,
        problem=problem,
        back=f"{here}?day={day}" if chosen else here if day else f"/b/{view.token}/",
    )
    return page(request, "citizen/booking_move.html", context, status=409 if problem else 200)


def _later(proposal: Proposal, infos: tuple[LineInfo, ...], here: str, mall: Mall) -> TimeRow:
    return time_row(proposal, infos, f"{here}?day={malls.local_day(mall, proposal.starts)}")


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
