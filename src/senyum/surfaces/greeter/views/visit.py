"""One visit in the greeter's hands: just issued, or found again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.views.decorators.http import require_POST, require_safe

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.malls.models import Mall
from senyum.surfaces.greeter.forms import PhoneForm
from senyum.surfaces.greeter.rows import number, scope_of
from senyum.surfaces.greeter.wa import message_link
from senyum.surfaces.ui import words
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.links import outward
from senyum.surfaces.ui.once import once
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.slip import Slip, slip_of
from senyum.surfaces.ui.words import language
from senyum.visits import classes, commands, states
from senyum.visits import queries as visits
from senyum.visits.models import Visit
from senyum.visits.queries import Leg, VisitView


@dataclass(frozen=True)
class LegRow:
    """A leg in words; `may_redirect`: it waits, so it may move to another line with its place kept."""

    leg: Leg
    word: str | Promise
    ahead: str
    wait: str
    later: str
    times: str
    may_redirect: bool


@dataclass(frozen=True)
class Choice:
    """A service to add or to move to."""

    line: int
    name: str
    agency: str


@dataclass(frozen=True)
class VisitContext:
    """The visit, its slip, what may still be done, and what was refused."""

    view: VisitView
    rows: tuple[LegRow, ...]
    slip: Slip
    is_new: bool
    is_open: bool
    priority_word: str | Promise
    priorities: tuple[tuple[str, str | Promise], ...]
    choices: tuple[Choice, ...]
    form: PhoneForm
    wa: str
    base: str
    problem: str | Promise


def _visit(mall: Mall, visit_id: int) -> Visit:
    found = Visit.objects.select_related("mall").filter(pk=visit_id, mall=mall).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    visit: Visit,
    *,
    form: PhoneForm | None = None,
    wa: str = "",
    problem: str | Promise = "",
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    view = visits.visit_view(visit, now, language())
    taken = {leg.line_id for leg in view.legs if leg.state in states.OPEN}
    offered = visits.services_today(visit.mall, now, language())
    context = VisitContext(
        view=view,
        rows=tuple(_row(leg) for leg in view.legs),
        slip=slip_of(request, view),
        is_new=request.GET.get("new") == "1",
        is_open=bool(taken),
        priority_word=classes.CLASSES[view.priority],
        priorities=tuple((code, word) for code, word in classes.CLASSES.items() if code != view.priority),
        choices=tuple(
            Choice(s.info.id, s.info.name, s.info.agency)
            for s in offered
            if s.state.takes_tickets and s.info.id not in taken
        ),
        form=form or PhoneForm(),
        wa=wa,
        base=f"/greeter/{visit.mall.code}/visit/{visit.pk}/",
        problem=problem,
    )
    return page(request, "greeter/visit.html", context, status=status)


def _row(leg: Leg) -> LegRow:
    known = leg.state == states.WAITING and leg.p50 is not None
    return LegRow(
        leg=leg,
        word=classes.OUTCOME_WORDS.get(leg.outcome) or classes.STATE_WORDS[leg.state],
        ahead=words.people(leg.people_ahead),
        wait=words.minutes_range(leg.p50, leg.p90) if known else "",
        later=words.later(leg.why, leg.why_counter) if known else "",
        times=words.clock_range(leg.from_at, leg.to_at) if known else "",
        may_redirect=states.after(leg.state, "redirect") is not None,
    )


@staff("greet")
@require_safe
def show(request: HttpRequest, mall: Mall, visit: int) -> HttpResponse:
    """The label, its QR, and everything the greeter may do with it."""
    return _page(request, _visit(mall, visit))


@staff("greet")
@require_POST
def message(request: HttpRequest, mall: Mall, visit: int) -> HttpResponse:
    """The link of a WhatsApp message to tap. Changes nothing; the number typed lives in this one answer."""
    found = _visit(mall, visit)
    form = PhoneForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form, status=422)
    view = visits.visit_view(found, clock.now(), found.language)
    link = outward(request, f"/t/{found.token}/")
    return _page(request, found, form=form, wa=message_link(form.cleaned_data["phone"], view, link))


Work = Callable[[HttpRequest, Visit, Actor, datetime], object]


def _add(request: HttpRequest, visit: Visit, actor: Actor, now: datetime) -> object:
    return commands.add_leg(visit_id=visit.pk, line_id=number(request.POST.get("line", "")), now=now, actor=actor)


def _redirect(request: HttpRequest, visit: Visit, actor: Actor, now: datetime) -> None:
    line = number(request.POST.get("line", ""))
    commands.redirect(ticket_id=_ticket(request, visit, now), line_id=line, now=now, actor=actor)


def _priority(request: HttpRequest, visit: Visit, actor: Actor, now: datetime) -> None:
    commands.change_priority(
        visit_id=visit.pk,
        priority=request.POST.get("priority", ""),
        reason=request.POST.get("reason", "")[:300],
        now=now,
        actor=actor,
    )


def _rejoin(request: HttpRequest, visit: Visit, actor: Actor, now: datetime) -> None:
    commands.rejoin(ticket_id=_ticket(request, visit, now), now=now, actor=actor)


def _leave(request: HttpRequest, visit: Visit, actor: Actor, now: datetime) -> object:
    if request.POST.get("ticket"):
        commands.leave(ticket_id=_ticket(request, visit, now), now=now, actor=actor)
        return None
    return commands.leave_visit(visit_id=visit.pk, now=now, actor=actor)


ACTIONS: dict[str, Work] = {
    "add": _add,
    "redirect": _redirect,
    "priority": _priority,
    "rejoin": _rejoin,
    "leave": _leave,
}


def _ticket(request: HttpRequest, visit: Visit, now: datetime) -> int:
    """The ticket of the form, if it is one of this visit's; else 404: an id alone opens nothing."""
    wanted = number(request.POST.get("ticket", ""))
    if wanted not in {leg.ticket_id for leg in visits.visit_view(visit, now).legs}:
        raise Http404
    return wanted


@staff("greet")
@require_POST
def act(request: HttpRequest, mall: Mall, visit: int, action: str) -> HttpResponse:
    """Add a service, move to another line, change the class, come back, leave: one command each."""
    work = ACTIONS.get(action)
    if work is None:
        raise Http404
    found, now = _visit(mall, visit), clock.now()
    actor: Actor = request.actor  # type: ignore[attr-defined]  # set by @staff
    try:
        once(request, scope_of(request), now, lambda: work(request, found, actor, now))
    except NotPossible as refusal:
        return _page(request, found, problem=refusal.sentence, status=409)
    return HttpResponseRedirect(f"/greeter/{mall.code}/visit/{found.pk}/")
