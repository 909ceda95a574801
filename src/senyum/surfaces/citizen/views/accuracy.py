"""How well waits were foretold: for everybody, by service and month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from senyum.malls.models import Mall
from senyum.planning import accuracy
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language


@dataclass(frozen=True)
class AccuracyContext:
    """A month's figures, or None while there are none yet."""

    found: accuracy.Month | None


@public
@require_safe
def show(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The figures of `?month=YYYY-MM`, or of the newest month."""
    asked = request.GET.get("month", "")
    try:
        month = date.fromisoformat(f"{asked}-01") if asked else None
    except ValueError as error:
        raise Http404 from error
    found = accuracy.published(mall, month, language())
    if month is not None and found is None:
        raise Http404
    return page(request, "citizen/accuracy.html", AccuracyContext(found))
