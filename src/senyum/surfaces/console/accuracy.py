"""The rows behind the published accuracy: tickets without their owners, of the agencies the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django_scopes import get_scope

from senyum.catalogue.models import Line
from senyum.malls.models import Mall
from senyum.planning import accuracy
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language

#: So many of a month's tickets are listed, the newest first; all of them are in the figures.
SHOWN = 500


@dataclass(frozen=True)
class AccuracyContext:
    """The figures of the newest month for the lines the viewer may open."""

    found: accuracy.Month | None
    lines: tuple[accuracy.Figures, ...]
    nav: str = "floor"


@dataclass(frozen=True)
class RowsContext:
    """The tickets behind one line's figures of a month; `total` counts those beyond the list, too."""

    figures: accuracy.Figures
    month: date
    rows: tuple[accuracy.Promised, ...]
    total: int
    nav: str = "floor"


def _month(request: HttpRequest) -> date | None:
    asked = request.GET.get("month", "")
    try:
        return date.fromisoformat(f"{asked}-01") if asked else None
    except ValueError as error:
        raise Http404 from error


def _own(mall: Mall, found: accuracy.Month | None) -> tuple[accuracy.Figures, ...]:
    if found is None:
        return ()
    agencies = frozenset(get_scope().get("agency") or ())
    own = set(Line.objects.filter(mall=mall, agency_id__in=agencies).values_list("pk", flat=True))
    return tuple(figures for figures in found.lines if figures.line in own)


@staff("see_floor")
@require_safe
def show(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Each service's figures, leading to their rows."""
    found = accuracy.published(mall, _month(request), language())
    return page(request, "console/accuracy.html", AccuracyContext(found, _own(mall, found)))


@staff("see_floor")
@require_safe
def rows(request: HttpRequest, mall: Mall, line: int) -> HttpResponse:
    """What one service's figures of a month were made of."""
    found = accuracy.published(mall, _month(request), language())
    figures = next((f for f in _own(mall, found) if f.line == line), None)
    if found is None or figures is None:
        raise Http404
    behind = accuracy.promised(mall, found.month, line)
    context = RowsContext(figures, found.month, tuple(reversed(behind[-SHOWN:])), len(behind))
    return page(request, "console/accuracy_rows.html", context)
