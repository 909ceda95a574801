"""For search engines: robots.txt, and a sitemap per hall under one index."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import escape
from django.views.decorators.http import require_safe

from senyum.catalogue.event_queries import events_of
from senyum.catalogue.queries import public_pages
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.surfaces.citizen.addresses import agency_address, event_address, page_address, standard_of
from senyum.surfaces.citizen.meta import in_language
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.links import outward

#: Beginnings of addresses that are nobody's but one person's, one device's or the staff's.
PRIVATE = (
    "/t/",
    "/b/",
    "/w/",
    "/accounts/",
    "/api/",
    "/console/",
    "/counter/",
    "/device/",
    "/display/",
    "/greeter/",
    "/kiosk/",
    "/language/",
    "/live/",
    "/my-work/",
    "/smile/",
    "/m/*/take/",
    "/m/*/book/",
)
_URLSET = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">'


def _xml(text: str) -> HttpResponse:
    return HttpResponse(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', content_type="application/xml")


@public
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Who may fetch what. A demo is made-up data: nobody shall find it by searching."""
    rules = ["Disallow: /"] if settings.DEMO else [f"Disallow: {path}" for path in PRIVATE]
    lines = ["User-agent: *", *rules]
    if not settings.DEMO:
        lines += ["", f"Sitemap: {outward(request, '/sitemap.xml')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@public
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The sitemap of the house and one of each hall; sample halls are left out."""
    paths = ["/sitemap-house.xml", *(f"/m/{m.code}/sitemap.xml" for m in malls.malls() if not m.is_sample)]
    rows = "\n".join(f"<sitemap><loc>{escape(outward(request, path))}</loc></sitemap>" for path in paths)
    return _xml(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}\n</sitemapindex>')


@public
@require_safe
def house(request: HttpRequest) -> HttpResponse:
    """The pages that belong to no hall."""
    return _xml(_urlset(request, [("/", None), ("/privacy/", None)]))


@public
@require_safe
def hall(request: HttpRequest, mall: Mall) -> HttpResponse:
    """A hall's pages; each service as of its standard in force, an agency and the hall as of the newest of theirs."""
    if mall.is_sample:
        raise Http404
    found = public_pages(mall)
    agencies: dict[str, datetime] = {}
    for row in found:
        agencies[row.agency_code] = max(row.since, agencies.get(row.agency_code, row.since))
    pages: list[tuple[str, datetime | None]] = [(f"/m/{mall.code}/", max(agencies.values(), default=None))]
    pages += [(agency_address(mall, code), since) for code, since in agencies.items()]
    pages += [(event_address(mall, event.slug), event.changed_at) for event in events_of(mall)]
    for row in found:
        here = page_address(mall.code, row.agency_code, row.slug)
        pages += [(here, row.since), (standard_of(here), row.since)]
    return _xml(_urlset(request, pages))


def _urlset(request: HttpRequest, pages: list[tuple[str, datetime | None]]) -> str:
    rows = "\n".join(_url(outward(request, path), since) for path, since in pages)
    return f"{_URLSET}\n{rows}\n</urlset>"


def _url(url: str, since: datetime | None) -> str:
    changed = f"<lastmod>{since.isoformat(timespec='seconds')}</lastmod>" if since else ""
    others = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{escape(in_language(url, code))}"/>'
        for code, _name in settings.LANGUAGES
    )
    return f"<url><loc>{escape(url)}</loc>{changed}{others}</url>"
