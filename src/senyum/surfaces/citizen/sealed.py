"""Pages whose address is the key to somebody's ticket, booking or place in a waiting list (decision 0061)."""

from __future__ import annotations

from django.http import HttpResponse

from senyum.surfaces.ui import robots


def sealed(response: HttpResponse) -> HttpResponse:
    """No cache, no search engine, no other site learns the address."""
    response.headers["Cache-Control"] = "no-store, private"
    response.headers[robots.HEADER] = robots.NOTHING
    response.headers["Referrer-Policy"] = "same-origin"
    return response
