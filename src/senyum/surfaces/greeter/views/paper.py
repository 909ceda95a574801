"""Numbered paper pads: made before the power goes, entered when it is back."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.views.decorators.http import require_http_methods, require_safe

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.surfaces.greeter.forms import LeafForm, PadForm
from senyum.surfaces.greeter.rows import number, scope_of
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.once import once
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language
from senyum.visits import commands
from senyum.visits import queries as visits
from senyum.visits.queries import ServiceToday
from senyum.visits.queries import paper as pads_of
from senyum.visits.queries.paper import Pad


@dataclass(frozen=True)
class PadsContext:
    """Today's pads and the form for a new one."""

    pads: tuple[Pad, ...]
    form: PadForm
    problem: str | Promise


@dataclass(frozen=True)
class PadContext:
    """One pad: what was entered, what is missing, and the form for the next leaf."""

    pad: Pad
    form: LeafForm
    problem: str | Promise
    said: str


@dataclass(frozen=True)
class LeavesContext:
    """The leaves to print, with the services people may come for."""

    pad: Pad
    services: tuple[str, ...]


def _services(mall: Mall) -> list[ServiceToday]:
    return visits.services_today(mall, clock.now(), language())


@staff("greet")
@require_http_methods(["GET", "HEAD", "POST"])
def pads(request: HttpRequest, mall: Mall) -> HttpResponse:
    """GET lists today's pads; POST sets numbers aside for a new one."""
    groups = [(group.pk, f"{group.prefix} · {group.name}") for group in pads_of.pad_groups(mall)]
    if request.method != "POST":
        return _pads(request, mall, PadForm(groups=groups))
    form = PadForm(request.POST, groups=groups)
    if not form.is_valid():
        return _pads(request, mall, form, status=422)
    now, asked = clock.now(), form.cleaned_data

    def grant() -> int:
        block = commands.grant_block(
            mall=mall,
            group_id=asked["group"],
            count=asked["count"],
            note=asked["note"],
            now=now,
            actor=request.actor,  # type: ignore[attr-defined]  # set by @staff
        )
        return int(block.pk)

    try:
        block = once(request, scope_of(request), now, grant)
    except NotPossible as refusal:
        return _pads(request, mall, form, refusal.sentence, status=409)
    return HttpResponseRedirect(f"/greeter/{mall.code}/paper/{block}/print/")


def _pads(
    request: HttpRequest, mall: Mall, form: PadForm, problem: str | Promise = "", status: int = 200
) -> HttpResponse:
    context = PadsContext(tuple(pads_of.pads(mall, clock.now())), form, problem)
    return page(request, "greeter/pads.html", context, status=status)


def _pad(mall: Mall, block: int) -> Pad:
    found = pads_of.pad(mall, block, clock.now())
    if found is None:
        raise Http404
    return found


@staff("greet")
@require_http_methods(["GET", "HEAD", "POST"])
def pad(request: HttpRequest, mall: Mall, block: int) -> HttpResponse:
    """GET shows what was entered and what is missing; POST enters one leaf."""
    found = _pad(mall, block)
    choices = [(s.info.id, f"{s.info.name} · {s.info.agency}") for s in _own_first(found, _services(mall))]
    if request.method != "POST":
        return _entry(request, found, LeafForm(lines=choices))
    form = LeafForm(request.POST, lines=choices)
    if not form.is_valid():
        return _entry(request, found, form, status=422)
    now, asked = clock.now(), form.cleaned_data

    def enter() -> int:
        visit = commands.enter_paper(
            block=found.block,
            number=asked["number"],
            line_ids=asked["lines"],
            priority=asked["priority"],
            quantity=asked["quantity"],
            now=now,
            actor=request.actor,  # type: ignore[attr-defined]  # set by @staff
        )
        return int(visit.pk)

    try:
        once(request, scope_of(request), now, enter)
    except NotPossible as refusal:
        return _entry(request, found, form, problem=refusal.sentence, status=409)
    return HttpResponseRedirect(f"/greeter/{mall.code}/paper/{block}/?in={asked['number']}")


def _own_first(pad: Pad, services: list[ServiceToday]) -> list[ServiceToday]:
    """The services of the pad's own line group first: the most likely ones."""
    return sorted(services, key=lambda s: s.info.prefix != pad.prefix)


def _entry(
    request: HttpRequest, pad: Pad, form: LeafForm, problem: str | Promise = "", status: int = 200
) -> HttpResponse:
    entered = number(request.GET.get("in", ""))
    said = next((leaf.label for leaf in pad.entered if leaf.number == entered), "")
    context = PadContext(pad, form, problem, said if status == 200 else "")
    return page(request, "greeter/pad.html", context, status=status)


@staff("greet")
@require_safe
def leaves(request: HttpRequest, mall: Mall, block: int) -> HttpResponse:
    """The leaves to print and cut."""
    found = _pad(mall, block)
    own = tuple(s.info.name for s in _services(mall) if s.info.prefix == found.prefix)
    return page(request, "greeter/leaves.html", LeavesContext(found, own))
