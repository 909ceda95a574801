"""Somebody with a booking is at the door: their code, and their ticket."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.views.decorators.http import require_POST

from senyum.bookings.queries import booking_by_reference
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import page
from senyum.visits import commands
from senyum.visits import queries as visits


@dataclass(frozen=True)
class RefusedContext:
    """A code that was refused: it stays in the field, the sentence says what to do."""

    typed: str
    problem: str | Promise


@staff("greet")
@require_POST
def check_in(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The visit of the booking with this code, made once; what is refused is said with what to do instead."""
    typed = request.POST.get("reference", "")[:40].strip()
    try:
        found = commands.check_in(
            mall=mall,
            token=booking_by_reference(mall, typed).token,
            channel="greeter",
            now=clock.now(),
            actor=request.actor,  # type: ignore[attr-defined]  # set by @staff
        )
    except NotPossible as refusal:
        return page(request, "greeter/booked.html", RefusedContext(typed, refusal.sentence), status=409)
    visit = visits.visit_by_token(found.token)
    assert visit is not None  # made or found in this moment
    return HttpResponseRedirect(f"/greeter/{mall.code}/visit/{visit.pk}/")
