"""My ticket, by the unguessable link: what happens now, and what I may do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.surfaces.citizen import words
from senyum.surfaces.citizen.forms import DelayForm, SmileForm, TicketForm
from senyum.surfaces.citizen.sealed import sealed
from senyum.surfaces.ui.access import View, in_hall, public
from senyum.surfaces.ui.links import outward
from senyum.surfaces.ui.push import Offer, answer, offer
from senyum.surfaces.ui.refusal import refuse
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.templatetags.house import day
from senyum.surfaces.ui.words import language
from senyum.surveys import commands as surveys
from senyum.visits import classes, commands, rules, states
from senyum.visits import queries as visits
from senyum.visits.models import Visit
from senyum.visits.queries import Leg, VisitView

KINDS = "ticket session hall"


@dataclass(frozen=True)
class LegRow:
    """A leg in words. `times` is the clock range, `wait` the range in minutes, `later` why it rose, `where` counters.

    `walk`: go to the waiting room now; `late`: the promise will not be kept.
    """

    leg: Leg
    times: str
    wait: str
    later: str
    ahead: str
    where: str
    is_now: bool
    done: bool
    walk: bool
    late: bool
    words: str | Promise
    opens: str
    delays_left: int
    promise_wait: str
    promise_ahead: str


@dataclass(frozen=True)
class TicketNow:
    """The part of the ticket page that changes. `state` is the current leg's, or how the visit ended."""

    view: VisitView
    rows: tuple[LegRow, ...]
    now: LegRow | None
    faces: tuple[LegRow, ...]
    missing: tuple[LegRow, ...]
    thanks: bool
    state: str
    title: str
    zone: str
    live_kinds: str
    back_at: str
    delay_minutes: tuple[int, ...]
    leaves: bool
    day_word: str


@dataclass(frozen=True)
class TicketContext:
    """The whole page: the changing part, its stream, the link to copy, and what was refused."""

    view: VisitView
    rows: tuple[LegRow, ...]
    now: LegRow | None
    faces: tuple[LegRow, ...]
    missing: tuple[LegRow, ...]
    thanks: bool
    state: str
    title: str
    zone: str
    live_kinds: str
    back_at: str
    delay_minutes: tuple[int, ...]
    leaves: bool
    day_word: str
    live_src: str
    link: str
    problem: str | Promise
    push: Offer | None


@dataclass(frozen=True)
class LeaveContext:
    """What would be left: every leg that may be."""

    view: VisitView
    rows: tuple[LegRow, ...]


def _by_link(view: Callable[..., HttpResponse]) -> View:
    """Turns the token into the visit; every wrong guess gets the same friendly 404."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, token: str, **kwargs: Any) -> HttpResponse:
        visit = visits.visit_by_token(token)
        if visit is None:
            sentence = _(
                "Tautan antrean ini tidak dikenal atau masa simpannya sudah habis. "
                "Periksa lagi pesannya, atau bertanyalah di meja depan."
            )
            return sealed(refuse(request, 404, sentence))
        in_hall(request, visit.mall)
        return sealed(view(request, visit, *args, **kwargs))

    return inner


def _now(visit: Visit) -> TicketNow:
    now = clock.now()
    view = visits.visit_view(visit, now, language())
    rows = tuple(_row(view, place, leg, visit, now) for place, leg in enumerate(view.legs))
    current = rows[view.current] if view.current is not None else None
    state = current.leg.state if current else _ended(view)
    return TicketNow(
        view=view,
        rows=rows,
        now=current,
        faces=tuple(row for row in reversed(rows) if row.leg.may_smile),
        missing=tuple(row for row in rows if row.leg.outcome == states.INCOMPLETE),
        thanks=any(leg.smiled for leg in view.legs),
        state=state,
        title=_title(view.label, current, state),
        zone=str(visit.mall.get_timezone_display()),
        live_kinds=KINDS,
        back_at=words.when(view.hall_back_at, now),
        delay_minutes=rules.DELAY_MINUTES,
        leaves=any(leg.may_leave for leg in view.legs),
        day_word=day(visit.arrived_at),
    )


def _ended(view: VisitView) -> str:
    """How a visit without an open leg ended: served, when any leg was."""
    ends = {leg.state for leg in view.legs}
    return next((s for s in (states.SERVED, states.LAPSED, states.LEFT) if s in ends), states.LEFT)


def _row(view: VisitView, place: int, leg: Leg, visit: Visit, now: datetime) -> LegRow:
    # A figure is told only where a counter is open; else the page says when it opens.
    known = leg.state == states.WAITING and leg.p50 is not None and leg.p90 is not None
    opens = {states.LAPSED: visits.next_opening, states.WAITING: visits.opening_ahead}.get(leg.state)
    return LegRow(
        leg=leg,
        times=_times(view, leg) if known else "",
        wait=words.minutes_range(leg.p50, leg.p90) if known else "",
        # A pause that still runs stands at the top already.
        later=words.later(leg.why, leg.why_counter) if known and not view.hall_paused else "",
        ahead=words.people(leg.people_ahead),
        where=_where(leg),
        is_now=place == view.current,
        done=leg.state == states.SERVED,
        walk=leg.walk_now and leg.held_until is None and leg.p50 is not None,
        late=known and leg.held_until is None and leg.from_at is not None and leg.from_at > leg.promised_by,
        words=classes.OUTCOME_WORDS.get(leg.outcome) or classes.STATE_WORDS[leg.state],
        opens=words.when(opens(visit.mall, leg.booth_id, now), now) if opens else "",
        delays_left=states.MAX_DELAYS - leg.delays,
        promise_wait=words.minutes_range(leg.promise_p50, leg.promise_p90),
        promise_ahead=words.people(leg.promise_ahead),
    )


def _times(view: VisitView, leg: Leg) -> str:
    """The clock range of the call; while the hall stands still only if it is known when that ends."""
    if leg.from_at is None or leg.to_at is None or (view.hall_paused and view.hall_back_at is None):
        return ""
    return words.clock_range(leg.from_at, leg.to_at)


def _where(leg: Leg) -> str:
    """ "loket 3" once called, else "loket 1, 2" of those that serve it."""
    if leg.counter_number is not None:
        return _("loket %(numbers)s") % {"numbers": leg.counter_number}
    numbers = ", ".join(str(number) for number in leg.counters)
    return _("loket %(numbers)s") % {"numbers": numbers} if numbers else ""


def _title(label: str, current: LegRow | None, state: str) -> str:
    if current and state == states.CALLED:
        return _("Silakan ke loket %(number)s · %(label)s") % {"number": current.leg.counter_number, "label": label}
    if current and current.walk:
        return _("Saatnya menuju ruang tunggu · %(label)s") % {"label": label}
    return _("Antrean %(label)s") % {"label": label}


def _page(request: HttpRequest, visit: Visit, *, problem: str | Promise = "", status: int = 200) -> HttpResponse:
    now = _now(visit)
    lines = ",".join(str(leg.line_id) for leg in now.view.legs if leg.state in states.OPEN)
    kinds = ",".join(KINDS.split())
    context = TicketContext(
        **{name: getattr(now, name) for name in TicketNow.__dataclass_fields__},
        live_src=f"/live/{visit.mall.code}/?visit={visit.token}&lines={lines}&kinds={kinds}",
        link=outward(request, f"/t/{visit.token}/"),
        problem=problem,
        push=_offer(visit, now.now is not None),
    )
    return page(request, "citizen/ticket.html", context, status=status)


def _offer(visit: Visit, goes_on: bool) -> Offer | None:
    """The offer to be told by push, while there is something to tell."""
    if not goes_on:
        return None
    return offer(kind="visit", subject_id=visit.pk, action=f"/t/{visit.token}/push", now=clock.now())


@public
@require_POST
@_by_link
def push(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Tell this browser when my turn is near and when it comes, or (`stop`) no more. It ends with the hall's day."""
    midnight = datetime.combine(visit.day + timedelta(days=1), time(), ZoneInfo(visit.mall.timezone))
    if _now(visit).now is None or not answer(
        request, kind="visit", subject_id=visit.pk, useful_until=midnight, now=clock.now()
    ):
        return _unreadable(request, visit)
    return HttpResponse(status=204)


@public
@require_safe
@_by_link
def ticket(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The ticket: label, when, what to do now, all legs."""
    return _page(request, visit)


@public
@require_safe
@_by_link
def ticket_now(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The part that changes, fetched again after each event."""
    return page(request, "citizen/ticket_now.html", _now(visit))


def _own(visit: Visit, ticket_id: int) -> int:
    """The ticket, if it is one of this visit's; else 404: an id alone opens nothing."""
    if ticket_id not in {leg.ticket_id for leg in visits.visit_view(visit, clock.now()).legs}:
        raise Http404
    return ticket_id


def _act(request: HttpRequest, visit: Visit, command: Callable[[], object]) -> HttpResponse:
    """Do it and show the ticket; refused, show the ticket with the reason."""
    try:
        command()
    except NotPossible as refusal:
        return _page(request, visit, problem=refusal.sentence, status=409)
    return HttpResponseRedirect(f"/t/{visit.token}/")


def _unreadable(request: HttpRequest, visit: Visit) -> HttpResponse:
    return _page(request, visit, problem=_("Pilihan itu tidak ada. Tidak ada yang berubah."), status=422)


@public
@require_POST
@_by_link
def delay(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Let others go first for some minutes."""
    form = DelayForm(request.POST)
    if not form.is_valid():
        return _unreadable(request, visit)
    number, minutes = _own(visit, form.cleaned_data["ticket"]), form.cleaned_data["minutes"]
    return _act(request, visit, lambda: commands.delay(ticket_id=number, minutes=minutes, now=clock.now()))


@public
@require_POST
@_by_link
def rejoin(request: HttpRequest, visit: Visit) -> HttpResponse:
    """I am here after all."""
    form = TicketForm(request.POST)
    if not form.is_valid():
        return _unreadable(request, visit)
    number = _own(visit, form.cleaned_data["ticket"])
    return _act(request, visit, lambda: commands.rejoin(ticket_id=number, now=clock.now()))


@public
@require_http_methods(["GET", "HEAD", "POST"])
@_by_link
def leave(request: HttpRequest, visit: Visit) -> HttpResponse:
    """GET asks once more; POST leaves one leg (`ticket`) or, without it, all that may be left."""
    if request.method != "POST":
        now = _now(visit)
        rows = tuple(row for row in now.rows if row.leg.may_leave)
        if not rows:
            return HttpResponseRedirect(f"/t/{visit.token}/")
        return page(request, "citizen/leave.html", LeaveContext(now.view, rows))
    if "ticket" not in request.POST:
        return _act(request, visit, lambda: commands.leave_visit(visit_id=visit.pk, now=clock.now()))
    form = TicketForm(request.POST)
    if not form.is_valid():
        return _unreadable(request, visit)
    number = _own(visit, form.cleaned_data["ticket"])
    return _act(request, visit, lambda: commands.leave(ticket_id=number, now=clock.now()))


@public
@require_POST
@_by_link
def smile(request: HttpRequest, visit: Visit) -> HttpResponse:
    """One tap, once: a second tap on the same faces finds them thanked and changes nothing."""
    form = SmileForm(request.POST)
    if not form.is_valid():
        return _unreadable(request, visit)
    number, score = _own(visit, form.cleaned_data["ticket"]), form.cleaned_data["score"]
    if any(leg.ticket_id == number and leg.smiled for leg in visits.visit_view(visit, clock.now()).legs):
        return HttpResponseRedirect(f"/t/{visit.token}/")
    return _act(
        request,
        visit,
        lambda: surveys.smile(ticket_id=number, score=score, channel="phone", now=clock.now()),
    )
