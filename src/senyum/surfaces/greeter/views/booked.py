"""Somebody with a booking is at the door: their code, and their ticket."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from senyum.bookings.queries import booking_by_reference
from senyum.core import clock
from senyum.malls.models import Mall
from senyum.surfaces.ui.access import staff
from senyum.visits import commands
from senyum.visits import queries as visits


@staff("greet")
@require_POST
def check_in(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The visit of the booking with this code, made once; what is refused is said with what to do instead."""
    booking = booking_by_reference(mall, request.POST.get("reference", ""))
    found = commands.check_in(
        mall=mall,
        token=booking.token,
        channel="greeter",
        now=clock.now(),
        actor=request.actor,  # type: ignore[attr-defined]  # set by @staff
    )
    visit = visits.visit_by_token(found.token)
    assert visit is not None  # made or found in this moment
    return HttpResponseRedirect(f"/greeter/{mall.code}/visit/{visit.pk}/")
