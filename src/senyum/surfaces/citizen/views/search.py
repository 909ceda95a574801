"""One search for all halls: what somebody needs, and where it is offered. Plain pages, no JavaScript."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from senyum.catalogue.queries import ServiceFound, search_services
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.surfaces.citizen.addresses import page_address
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language

MOST = 20


@dataclass(frozen=True)
class Place:
    """A hall that offers a service, and where its page there is."""

    mall: str
    url: str


@dataclass(frozen=True)
class Found:
    """A service that answers, with the halls that offer it."""

    service: ServiceFound
    places: tuple[Place, ...]


@dataclass(frozen=True)
class SearchContext:
    """`found` answers `q` (None: nothing was asked); `malls` to choose from when nothing was found."""

    q: str
    found: tuple[Found, ...] | None
    malls: tuple[Mall, ...]


@public
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The form, and what it found."""
    q = " ".join(request.GET.get("q", "").split())[:100]
    found = None
    if q:
        rows = search_services(q, language(), MOST)
        found = tuple(Found(row, _places(row)) for row in rows if row.offers)
    return page(request, "citizen/search.html", SearchContext(q, found, tuple(malls.malls())))


def _places(row: ServiceFound) -> tuple[Place, ...]:
    return tuple(Place(offer.mall_name, page_address(offer.mall, row.agency_code, row.slug)) for offer in row.offers)
