"""What a citizen does with their own ticket: delay, rejoin, leave, and use the smile invitation."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from senyum.core.db import claim
from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.people.access import demand_agency
from senyum.visits import rules, states
from senyum.visits.commands.seat import move, tell
from senyum.visits.hall import hall_of
from senyum.visits.models import Ticket, Visit


def _actor(ticket: Ticket, actor: Actor | None) -> Actor:
    """The citizen, named by the label, when nobody of the staff acts for them."""
    return actor or Actor("citizen", str(ticket.visit_id), ticket.visit.label)


def _locked(ticket_id: int) -> Ticket:
    ticket = (
        Ticket.objects.select_for_update(of=("self",))
        .select_related("visit", "mall", "line__service", "counter")
        .filter(pk=ticket_id)
        .first()
    )
    if ticket is None:
        raise NotPossible("no_ticket", _("Nomor antrean itu tidak ada."))
    return ticket


def _demand(actor: Actor | None, ticket: Ticket) -> None:
    """Staff may move people in the lines of their agency; the person themselves came by the secret link."""
    if actor is not None:
        demand_agency(actor, ticket.mall, "move_ticket", [ticket.agency_id])


def delay(*, ticket_id: int, minutes: int, now: datetime, actor: Actor | None = None) -> datetime:
    """Ask to be passed over for some minutes; the turn is kept, so afterwards the person is next. At most three times.

    Returns until when. Without an actor it is the person themselves. NotAllowed for staff of another agency.
    """
    if minutes not in rules.DELAY_MINUTES:
        raise NotPossible("delay_minutes", _("Pilih tunda 5, 10, 15, atau 30 menit."))
    with scopes_disabled(), transaction.atomic():
        ticket = _locked(ticket_id)
        _demand(actor, ticket)
        if ticket.delays >= states.MAX_DELAYS:
            raise NotPossible(
                "delays_used", _("Giliran hanya bisa ditunda tiga kali. Bicaralah dengan petugas penyambut.")
            )
        until = max(now, ticket.held_until or now) + timedelta(minutes=minutes)
        move(ticket, "delay", held_until=until, delays=ticket.delays + 1)
        tell(
            hall_of(ticket.mall, now),
            "ticket.delayed",
            ticket,
            _actor(ticket, actor),
            now,
            data={"until": until.isoformat()},
        )
    return until


def rejoin(*, ticket_id: int, now: datetime, actor: Actor | None = None) -> None:
    """Come back after an absence, with the same times; at most twice.

    Without an actor it is the person themselves. NotAllowed for staff of another agency.
    """
    with scopes_disabled(), transaction.atomic():
        ticket = _locked(ticket_id)
        _demand(actor, ticket)
        if ticket.rejoins >= states.MAX_REJOINS and ticket.state == states.ABSENT:
            raise NotPossible("rejoins_used", _("Sudah dua kali kembali ke antrean. Ambil nomor baru, ya."))
        move(
            ticket,
            "rejoin",
            rejoins=ticket.rejoins + 1,
            ended_at=None,
            session_id=None,
            counter_id=None,
            called_at=None,
        )
        tell(hall_of(ticket.mall, now), "ticket.rejoined", ticket, _actor(ticket, actor), now)


def leave(*, ticket_id: int, now: datetime, actor: Actor | None = None, reason: str = "") -> None:
    """Give up one leg. Without an actor it is the person themselves. NotAllowed for staff of another agency."""
    with scopes_disabled(), transaction.atomic():
        ticket = _locked(ticket_id)
        _demand(actor, ticket)
        _leave(ticket, now, actor, reason)


def _leave(ticket: Ticket, now: datetime, actor: Actor | None, reason: str) -> None:
    was = ticket.state
    move(ticket, "leave", ended_at=now)
    tell(hall_of(ticket.mall, now), "ticket.left", ticket, _actor(ticket, actor), now, reason=reason, data={"was": was})


def leave_visit(*, visit_id: int, now: datetime, actor: Actor | None = None, reason: str = "") -> int:
    """Leave the mall: every leg that may still be left. Returns how many; NotPossible when there is none.

    NotAllowed for staff who may not move every one of these legs: an officer ends those of their agency by `leave`.
    """
    with scopes_disabled(), transaction.atomic():
        visit = Visit.objects.select_for_update().get(pk=visit_id)
        tickets = list(
            Ticket.objects.select_for_update(of=("self",))
            .select_related("visit", "mall", "line__service", "counter")
            .filter(visit=visit, state__in=states.OPEN)
            .order_by("id")
        )
        may = [ticket for ticket in tickets if states.after(ticket.state, "leave")]
        if not may:
            raise NotPossible(
                "nothing_to_leave",
                _("Kunjungan ini sedang dilayani atau sudah selesai, jadi tidak ada antrean yang bisa ditinggalkan."),
            )
        for ticket in may:
            _demand(actor, ticket)
        for ticket in may:
            _leave(ticket, now, actor, reason)
    return len(may)


def answer_smile_invitation(*, ticket_id: int, now: datetime) -> Ticket:
    """Use the smile invitation of a served ticket: once. To be called in the transaction that stores the smile."""
    with transaction.atomic():
        used = claim(
            Ticket._base_manager.filter(
                pk=ticket_id, state=states.SERVED, invited_at__isnull=False, smiled_at__isnull=True
            ),
            smiled_at=now,
        )
        if not used:
            raise NotPossible("no_invitation", _("Senyum hanya bisa diberikan sekali, setelah dilayani. Terima kasih!"))
        return Ticket._base_manager.select_related("visit", "mall", "line").get(pk=ticket_id)
