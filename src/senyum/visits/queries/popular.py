"""What most people came for."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db.models import Count
from django_scopes import scopes_disabled

from senyum.catalogue.models import Line
from senyum.malls.models import Mall
from senyum.visits.hall import hall_of
from senyum.visits.models import Ticket


def popular_lines(mall: Mall, now: datetime, limit: int = 6) -> list[int]:
    """Ids of the lines with the most people today, the most first; lines nobody chose yet follow in the hall's order.

    The cashier comes by itself and is left out.
    """
    hall = hall_of(mall, now)
    with scopes_disabled():
        rows = (
            Ticket.objects.filter(mall=mall, day=hall.day, forwarded_from=None)
            .order_by()
            .values_list("line_id")
            .annotate(people=Count("pk"))
        )
        people = Counter(dict(rows))
    offered = [line.id for line in hall.lines.values() if line.active and line.kind != Line.Kind.CASHIER]
    return sorted(offered, key=lambda line_id: -people[line_id])[:limit]
