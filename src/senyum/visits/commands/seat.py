"""What every counter action does first and last: look who sits there and what runs, then tell the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from senyum.core.db import claim
from senyum.core.errors import NotPossible, Stale
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.roster import states as session_states
from senyum.roster.models import CounterSession
from senyum.visits import rules, states
from senyum.visits.hall import Hall
from senyum.visits.models import Ticket


@dataclass(frozen=True)
class Running:
    """The ticket at a counter: called or serving."""

    ticket_id: int
    label: str
    state: str


@dataclass(frozen=True)
class Seat:
    """The open session of a counter, locked, and what runs there."""

    session_id: int
    counter_id: int
    agency_id: int
    state: str
    user_id: int | None
    running: Running | None
    ticket: Ticket | None
    last_action: str
    last_ticket: int | None
    last_finished: int | None
    last_note: str
    undo_until: datetime | None


#: `seen` for actions that do not speak of the running ticket.
ANYTHING = -1


def seat_of(counter_id: int, seen: int | None, user_id: int | None) -> Seat:
    """Lock the counter's session and compare what runs there with what the officer saw.

    Raises NotPossible when the counter is not open (or not by this user), Stale when something else runs there.
    Scopes must be disabled: the session itself is the permission.
    """
    rows = CounterSession.objects.select_for_update().filter(counter_id=counter_id).exclude(state=session_states.CLOSED)
    if user_id is not None:
        rows = rows.filter(user_id=user_id)
    session = rows.first()
    if session is None:
        raise NotPossible("not_open", _("Loket ini belum Anda buka. Buka loket lebih dulu."))
    ticket = (
        Ticket.objects.select_for_update(of=("self",))
        .select_related("visit", "line__service")
        .filter(session=session, state__in=states.AT_COUNTER)
        .first()
    )
    if seen != ANYTHING and (ticket.pk if ticket else None) != seen:
        raise Stale(
            "stale",
            _("Keadaan loket sudah berubah. Yang sekarang di loket: %(label)s.")
            % {"label": ticket.visit.label if ticket else _("tidak ada")},
            ticket=ticket.pk if ticket else None,
            label=ticket.visit.label if ticket else None,
            state=ticket.state if ticket else None,
        )
    return Seat(
        session_id=session.pk,
        counter_id=counter_id,
        agency_id=session.agency_id,
        state=session.state,
        user_id=session.user_id,
        running=Running(ticket.pk, ticket.visit.label, ticket.state) if ticket else None,
        ticket=ticket,
        last_action=session.last_action,
        last_ticket=session.last_ticket,
        last_finished=session.last_finished,
        last_note=session.last_note,
        undo_until=session.undo_until,
    )


def demand_ticket(seat: Seat) -> Ticket:
    """The ticket at the counter; NotPossible when there is none."""
    if seat.ticket is None:
        raise NotPossible("nobody_here", _("Tidak ada yang sedang di loket ini. Panggil dulu."))
    return seat.ticket


def move(ticket: Ticket, command: str, **changes: Any) -> None:
    """Move a ticket as the table says, if it is still in the state that was read; keeps `ticket` true.

    Raises NotPossible when the table does not allow it, Stale when somebody else moved it first.
    """
    after = states.after(ticket.state, command)
    if after is None:
        raise NotPossible(
            "wrong_state",
            _("%(label)s sekarang berstatus lain, jadi ini tidak bisa dilakukan.") % {"label": ticket.visit.label},
            ticket=ticket.pk,
            label=ticket.visit.label,
            state=ticket.state,
        )
    if not claim(Ticket._base_manager.filter(pk=ticket.pk, state=ticket.state), state=after, **changes):
        raise Stale(
            "stale", _("Nomor itu baru saja berubah. Muat ulang untuk melihat keadaan sekarang."), ticket=ticket.pk
        )
    ticket.state = after
    for name, value in changes.items():
        setattr(ticket, name, value)


def put_note(
    seat: Seat, *, action: str, ticket: int | None, finished: int | None, wall: datetime, note: str = ""
) -> None:
    """Remember on the session what *undo* would take back. An empty action: nothing can be undone."""
    CounterSession._base_manager.filter(pk=seat.session_id).update(
        last_action=action,
        last_ticket=ticket,
        last_finished=finished,
        last_note=note,
        undo_until=rules.undo_until(wall) if action else None,
    )


def tell(
    hall: Hall,
    kind: str,
    ticket: Ticket,
    actor: Actor,
    now: datetime,
    *,
    seat: Seat | None = None,
    reason: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    """The one journal entry of a ticket's change, with what boards and phones need to show it."""
    line = hall.lines[ticket.line_id]
    counter_id = seat.counter_id if seat else ticket.counter_id
    counter = hall.counters.get(counter_id) if counter_id else None
    record(
        mall=hall.mall.code,
        at=now,
        kind=kind,
        actor=actor,
        subject=("ticket", ticket.pk, ticket.visit.label),
        reason=reason,
        data={
            "ticket": ticket.pk,
            "visit": ticket.visit_id,
            "label": ticket.visit.label,
            "line": ticket.line_id,
            "counter": counter_id,
            "counter_number": counter.number if counter else None,
            "agency": line.agency_short,
            "service": line.service,
            **(data or {}),
        },
    )
