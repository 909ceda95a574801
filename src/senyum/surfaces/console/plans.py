"""Staffing proposals: the list, the question, the plan beside today's roster, its report, and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Agency, Mall
from senyum.malls.queries import local_day
from senyum.people import access
from senyum.people.models import User
from senyum.planning import commands, queries, states
from senyum.planning.queries import ProposalPage, ProposalRow
from senyum.surfaces.console.plan_form import DAY, PlanForm
from senyum.surfaces.console.plan_words import STATES, STEPS, DayView, asked_words, day_view
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import is_htmx, page

#: A ready question each: (words, what is filled in).
PRESETS: tuple[tuple[str | Promise, str], ...] = (
    (_("Dua petugas sakit"), "ill=2"),
    (_("Hari pameran, 40 % lebih ramai"), "more=40"),
    (_("Buka hari Sabtu"), "saturday=on"),
    (_("Hari biasa"), ""),
)
#: Chart -> its heading.
CHARTS: Mapping[str, str | Promise] = {
    "frontier": _("Biaya terhadap waktu tunggu"),
    "extra": _("Apa yang dibeli satu petugas lagi"),
    "closures": _("Loket yang bisa ditutup tanpa terasa"),
}


class ReasonForm(forms.Form):
    """Why a plan is rejected; it stands in the journal."""

    reason = forms.CharField(label=_("Alasan menolak"), min_length=3, max_length=300)


@dataclass(frozen=True)
class PlanRow:
    """A proposal in the list, with its words."""

    row: ProposalRow
    words: tuple[str, ...]
    state: str | Promise
    pill: str


@dataclass(frozen=True)
class PlansContext:
    """The list. `may_ask`: the viewer steers this hall."""

    rows: tuple[PlanRow, ...]
    presets: tuple[tuple[str | Promise, str], ...]
    may_ask: bool
    nav: str


@dataclass(frozen=True)
class AskContext:
    """The question."""

    form: PlanForm
    presets: tuple[tuple[str | Promise, str], ...]
    nav: str


@dataclass(frozen=True)
class Step:
    """A step of the computation: `state` is done, now or ahead."""

    word: str | Promise
    state: str


@dataclass(frozen=True)
class ExtraRow:
    """What one more officer buys in an agency, a day."""

    name: str
    people: float
    cost: int
    kept_before: float | None
    kept_after: float | None


@dataclass(frozen=True)
class ClosureRow:
    """A counter that stays empty: what is saved, what its agency keeps."""

    number: int
    name: str
    saved: int
    kept_before: float | None
    kept_after: float | None
    noticed: bool


@dataclass(frozen=True)
class PointRow:
    """A target with the cost of a day and what the mall then waits and keeps."""

    target: float
    cost: int
    kept: float | None
    p90: float | None


@dataclass(frozen=True)
class PlanContext:
    """A proposal. `pending`: the options are still being computed; `drawn`: charts that are there."""

    plan: ProposalPage
    words: tuple[str, ...]
    state: str | Promise
    pill: str
    steps: tuple[Step, ...]
    days: tuple[DayView, ...]
    extra: tuple[ExtraRow, ...]
    closures: tuple[ClosureRow, ...]
    points: tuple[PointRow, ...]
    drawn: tuple[tuple[str, str | Promise], ...]
    day_charts: frozenset[str]
    pending: bool
    may_decide: bool
    may_steer: bool
    form: ReasonForm
    nav: str


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _agencies(request: HttpRequest, mall: Mall) -> list[int]:
    return access.agencies_with(_user(request), mall, "see_plan")


def _may(request: HttpRequest, mall: Mall) -> bool:
    return access.may(_user(request), mall, "steer_plan")


@staff("see_plan")
@require_safe
def show(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The latest proposals that touch the viewer's agencies."""
    names = queries.names(mall)
    rows = tuple(
        PlanRow(row, asked_words(row.asked, names), *STATES[row.state])
        for row in queries.proposals(mall, _agencies(request, mall))
    )
    return page(request, "console/plans.html", PlansContext(rows, PRESETS, _may(request, mall), "plans"))


@staff("steer_plan")
@require_safe
def new(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The question, filled in from the address (`?ill=2`)."""
    today = local_day(mall, clock.now())
    usual = _next_saturday(today) if "saturday" in request.GET else today + timedelta(days=1)
    initial = {"day": usual, "span": DAY, **dict(request.GET.items())}
    form = PlanForm(choices=queries.choices(mall), initial=initial)
    return page(request, "console/plan_ask.html", AskContext(form, PRESETS, "plans"))


def _next_saturday(today: date) -> date:
    return today + timedelta(days=(5 - today.weekday()) % 7)


@staff("steer_plan")
@require_POST
def ask(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Queue a computation. A form with errors comes back with what was typed (422)."""
    form = PlanForm(request.POST.dict(), choices=queries.choices(mall))
    if form.is_valid():
        asked = form.asked()
        week = form.cleaned_data["span"] != DAY
        try:
            made = commands.request(
                mall=mall,
                by=_user(request),
                days=queries.days_to_plan(mall, form.first_day, week=week, saturday=asked.saturday),
                asked=asked,
                agency=Agency.objects.filter(code=form.cleaned_data["agency"]).first(),
                now=clock.now(),
            )
        except NotPossible as error:
            form.add_error("day", str(error.sentence))
        else:
            return redirect("console:plan", mall=mall.code, plan=made.pk)
    return page(request, "console/plan_ask.html", AskContext(form, PRESETS, "plans"), status=422)


def _found(request: HttpRequest, mall: Mall, plan: int) -> ProposalPage:
    found = queries.proposal(mall, plan, _agencies(request, mall))
    if found is None:
        raise Http404
    return found


def _context(request: HttpRequest, mall: Mall, found: ProposalPage, form: ReasonForm | None = None) -> PlanContext:
    row = found.row
    names = queries.names(mall)
    options: Mapping[str, Any] = found.options or {}
    word, pill = STATES[row.state]
    may_steer = _may(request, mall)
    return PlanContext(
        plan=found,
        words=asked_words(row.asked, names),
        state=word,
        pill=pill,
        steps=_steps(row),
        days=tuple(day_view(day, deep=row.asked.deep) for day in found.days),
        extra=tuple(_extra(e, names) for e in options.get("extra_officers", ()) if (e["people"] or 0) > 0),
        closures=tuple(_closure(c, names) for c in options.get("closures", ())),
        points=tuple(
            PointRow(100 * p["target"], int(p["cost"]), _percent(p["kept"]), p["p90"])
            for p in options.get("frontier", ())
        ),
        drawn=tuple((name, title) for name, title in CHARTS.items() if name in found.charts),
        day_charts=frozenset(name for name in found.charts if name.startswith("day-")),
        pending=found.whole and row.state == states.READY and found.options is None,
        may_decide=may_steer and row.state == states.READY,
        may_steer=may_steer,
        form=form or ReasonForm(),
        nav="plans",
    )


def _steps(row: ProposalRow) -> tuple[Step, ...]:
    order = [name for name, _word in STEPS]
    now = order.index(row.stage) if row.stage in order else -1
    return tuple(
        Step(word, "done" if n < now else "now" if n == now else "ahead") for n, (_name, word) in enumerate(STEPS)
    )


def _extra(row: Mapping[str, Any], names: Mapping[str, str]) -> ExtraRow:
    return ExtraRow(
        names.get(row["agency"], row["agency"]),
        row["people"],
        round(row["cost"]),
        _percent(row["kept_before"]),
        _percent(row["kept_after"]),
    )


def _closure(row: Mapping[str, Any], names: Mapping[str, str]) -> ClosureRow:
    return ClosureRow(
        row["counter"],
        names.get(row["agency"], row["agency"]),
        round(row["saved"]),
        _percent(row["kept_before"]),
        _percent(row["kept_after"]),
        row["noticed"],
    )


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


@staff("see_plan")
@require_safe
def one(request: HttpRequest, mall: Mall, plan: int) -> HttpResponse:
    """A proposal: how far its computation is, or the plan beside today's roster. For htmx, the part that changes."""
    context = _context(request, mall, _found(request, mall, plan))
    template = "console/plan.html"
    if is_htmx(request):
        template = "console/plan_options.html" if request.GET.get("part") == "options" else "console/plan_now.html"
    return page(request, template, context)


@staff("see_plan")
@require_safe
def report(request: HttpRequest, mall: Mall, plan: int) -> HttpResponse:
    """The proposal to be printed, with its charts. 404 before there is a plan, and for whoever sees a part only."""
    found = _found(request, mall, plan)
    if not found.days or not found.whole:
        raise Http404
    return page(request, "console/plan_report.html", _context(request, mall, found))


@staff("see_plan")
@require_safe
def chart(request: HttpRequest, mall: Mall, plan: int, name: str) -> HttpResponse:
    """A chart as SVG; with `?download` to be kept as a file."""
    svg = queries.chart(mall, plan, name, _agencies(request, mall))
    if svg is None:
        raise Http404
    response = HttpResponse(svg, content_type="image/svg+xml")
    response["Cache-Control"] = "private, max-age=60"
    if "download" in request.GET:
        response["Content-Disposition"] = f'attachment; filename="rencana-{plan}-{name}.svg"'
    return response


@staff("steer_plan")
@require_POST
def accept(request: HttpRequest, mall: Mall, plan: int) -> HttpResponse:
    """Make the plan the roster; then the roster of its first day is shown."""
    found = _found(request, mall, plan)
    count = commands.accept(proposal_id=plan, by=_user(request), now=clock.now())
    text = ngettext(
        "Rencana diterima: %(n)s jadwal petugas berlaku.", "Rencana diterima: %(n)s jadwal petugas berlaku.", count
    )
    messages.success(request, text % {"n": count})
    response = redirect("console:roster", mall=mall.code)
    response["Location"] += f"?day={found.row.days[0].isoformat()}"
    return response


@staff("steer_plan")
@require_POST
def reject(request: HttpRequest, mall: Mall, plan: int) -> HttpResponse:
    """Decide against the plan. Without a reason the page comes back (422)."""
    found = _found(request, mall, plan)
    form = ReasonForm(request.POST.dict())
    if not form.is_valid():
        return page(request, "console/plan.html", _context(request, mall, found, form), status=422)
    commands.reject(proposal_id=plan, by=_user(request), reason=form.cleaned_data["reason"], now=clock.now())
    messages.success(request, _("Rencana ditolak. Jadwal tidak berubah."))
    return redirect("console:plan", mall=mall.code, plan=plan)


@staff("steer_plan")
@require_POST
def withdraw(request: HttpRequest, mall: Mall, plan: int) -> HttpResponse:
    """Stop waiting for it."""
    _found(request, mall, plan)
    commands.withdraw(proposal_id=plan, by=_user(request), now=clock.now())
    messages.success(request, _("Rencana dibatalkan."))
    return redirect("console:plans", mall=mall.code)
