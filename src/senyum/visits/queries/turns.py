"""Whose turn is near, and who is called, among visits that somebody follows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django_scopes import scopes_disabled

from senyum.visits import calm, rules, states
from senyum.visits.models import LineShown, Ticket, Visit
from senyum.visits.queries.citizen import AS_KEPT


@dataclass(frozen=True)
class Turn:
    """A ticket that its person should know about now: `counter` when it is called, else `ahead` people before it.

    `what` names this very news, so that it is told once.
    """

    visit_id: int
    token: str
    label: str
    mall: str
    mall_name: str
    services: dict[str, str]
    what: str
    counter: int | None
    ahead: int


def over(*, visit_ids: Collection[int]) -> list[int]:
    """Those visits of which no ticket is open any more."""
    with scopes_disabled():
        open_ones = set(
            Ticket.objects.filter(visit_id__in=visit_ids, state__in=states.OPEN).values_list("visit_id", flat=True)
        )
    return sorted(set(visit_ids) - open_ones)


def turns(*, visit_ids: Collection[int], now: datetime) -> list[Turn]:
    """Called tickets, and waiting ones with `rules.WALK_AT` people ahead at most, of these visits.

    How many are ahead is what the line's people were shown at the last full minute. Of a visit with a called ticket
    only that one is told; a line without an open counter and a delayed turn tell nothing.
    """
    with scopes_disabled():
        tickets = list(
            Ticket.objects.filter(visit_id__in=visit_ids, state__in=(states.CALLED, states.WAITING))
            .select_related("visit__mall", "counter", "line__service")
            .order_by("visit_id", "leg")
        )
        rows = LineShown.objects.filter(
            line_id__in={t.line_id for t in tickets if t.state == states.WAITING}, at__gt=now - AS_KEPT, at__lte=now
        )
        shown = {row.line_id: row for row in rows}
        called = {t.visit_id for t in tickets if t.state == states.CALLED}
        wanted = [t for t in tickets if t.state == states.CALLED or t.visit_id not in called]
        found = [_turn(ticket, shown.get(ticket.line_id), now) for ticket in wanted]
    return [turn for turn in found if turn is not None]


def _turn(ticket: Ticket, row: LineShown | None, now: datetime) -> Turn | None:
    visit = ticket.visit
    if ticket.state == states.CALLED:
        if ticket.counter is None or ticket.called_at is None:
            return None
        return _told(visit, ticket, f"called:{ticket.pk}:{ticket.called_at.isoformat()}", ticket.counter.number, 0)
    kept = row.waits.get(str(ticket.pk)) if row else None
    if row is None or kept is None or (ticket.held_until is not None and ticket.held_until > now):
        return None
    seen = calm.Calm.read(row.at, kept)
    if seen.ahead > rules.WALK_AT or seen.p50 is None:
        return None
    return _told(visit, ticket, f"near:{ticket.pk}", None, seen.ahead)


def _told(visit: Visit, ticket: Ticket, what: str, counter: int | None, ahead: int) -> Turn:
    service = ticket.line.service
    return Turn(
        visit_id=visit.pk,
        token=visit.token,
        label=visit.label,
        mall=visit.mall.code,
        mall_name=visit.mall.short_name,
        services={"id": service.name, "su": service.name_su or service.name, "en": service.name_en or service.name},
        what=what,
        counter=counter,
        ahead=ahead,
    )
