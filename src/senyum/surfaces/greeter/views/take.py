"""A number for somebody at the door: how long, which papers, then one tap."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.views.decorators.http import require_http_methods

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.surfaces.greeter.forms import TakeForm
from senyum.surfaces.greeter.rows import ServiceRow, address, arrival_of, line_ids, row_of, scope_of
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.once import digest_of, key_of
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language
from senyum.visits import commands
from senyum.visits import queries as visits
from senyum.visits.queries import DoorRow
from senyum.visits.rules import MAX_LEGS


@dataclass(frozen=True)
class Chosen:
    """A chosen service; `without` is this page without it ("" when it is the only one)."""

    row: ServiceRow
    without: str


@dataclass(frozen=True)
class TakeContext:
    """The check before the number. `problem` is what a command refused, `back` leads to the services."""

    form: TakeForm
    action: str
    chosen: tuple[Chosen, ...]
    add: str
    back: str
    person: DoorRow | None
    problem: str | Promise
    closed: bool


@staff("greet")
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, mall: Mall) -> HttpResponse:
    """GET shows what to expect and the papers, POST gives one label for all chosen services."""
    if request.method != "POST":
        return _form(request, mall, TakeForm(mall=mall, initial={"language": language()}))
    form = TakeForm(request.POST, mall=mall)
    if not form.is_valid():
        return _form(request, mall, form, status=422)
    now, asked = clock.now(), form.cleaned_data
    person = arrival_of(request, mall, now)
    try:
        issued = commands.issue_visit(
            mall=mall,
            line_ids=line_ids(request),
            priority=asked["priority"],
            channel="greeter",
            actor=request.actor,  # type: ignore[attr-defined]  # set by @staff
            now=now,
            quantity=asked["quantity"],
            language=asked["language"],
            age_band=asked["age_band"],
            district=asked["district"],
            has_phone=asked["has_phone"],
            greeted=True,
            arrival_id=person.arrival_id if person else None,
            key=commands.Key(scope_of(request), key_of(request), digest_of(request).hex()),
        )
    except NotPossible as refusal:
        return _form(request, mall, form, refusal.sentence, status=409)
    return HttpResponseRedirect(f"/greeter/{mall.code}/visit/{issued.visit_id}/?new=1")


def _form(
    request: HttpRequest, mall: Mall, form: TakeForm, problem: str | Promise = "", status: int = 200
) -> HttpResponse:
    now = clock.now()
    offered = {s.info.id: s for s in visits.services_today(mall, now, language())}
    lines = [line for line in line_ids(request) if line in offered]
    person = arrival_of(request, mall, now)
    arrival = person.arrival_id if person else None
    if not lines:
        return HttpResponseRedirect(address(mall, "", (), arrival))
    chosen = tuple(
        Chosen(
            row_of(offered[line], now),
            address(mall, "take/", [other for other in lines if other != line], arrival) if len(lines) > 1 else "",
        )
        for line in lines
    )
    context = TakeContext(
        form=form,
        action=address(mall, "take/", lines, arrival),
        chosen=chosen,
        add=address(mall, "", lines, arrival, name="with") if len(lines) < MAX_LEGS else "",
        back=address(mall, "", (), arrival),
        person=person,
        problem=problem,
        closed=not all(offered[line].state.takes_tickets for line in lines),
    )
    return page(request, "greeter/take.html", context, status=status)
