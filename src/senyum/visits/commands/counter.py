"""What an officer does with the person at the counter. Each action carries the ticket the officer saw."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from senyum.catalogue.models import Requirement
from senyum.catalogue.states import SPOKEN
from senyum.core.errors import NotPossible
from senyum.core.text import plain
from senyum.journal.actor import Actor
from senyum.malls.models import Counter
from senyum.people.models import User
from senyum.roster import commands as roster
from senyum.roster.models import CounterSession
from senyum.visits import classes, rules, states
from senyum.visits.commands.call import call_by_hand
from senyum.visits.commands.issue import issue_visit
from senyum.visits.commands.seat import ANYTHING, Seat, demand_ticket, move, put_note, seat_of, tell
from senyum.visits.hall import Hall, hall_of, mall_of_counter
from senyum.visits.models import Call, Ticket

#: The words that the ledger of calls keeps for somebody who was served without a number.
WALK_IN_REASON = "dilayani langsung di loket, tanpa nomor"


@contextmanager
def _at(counter_id: int, seen: int | None, user_id: int | None, now: datetime) -> Iterator[tuple[Hall, Seat]]:
    """One transaction at one counter, its session and running ticket locked, in that order everywhere."""
    hall = hall_of(mall_of_counter(counter_id), now)
    with scopes_disabled(), transaction.atomic():
        yield hall, seat_of(counter_id, seen, user_id)


def recall(
    *, counter_id: int, seen: int, actor: Actor, now: datetime, wall: datetime, user_id: int | None = None
) -> int:
    """Call the called person once more. Returns the id of the new announcement."""
    with _at(counter_id, seen, user_id, now) as (hall, seat):
        ticket = demand_ticket(seat)
        move(ticket, "recall")
        call = Call.objects.create(
            ticket=ticket,
            mall_id=ticket.mall_id,
            agency_id=ticket.agency_id,
            session_id=seat.session_id,
            counter_id=counter_id,
            kind=Call.Kind.RECALL,
            at=now,
            why="recall",
        )
        tell(hall, "ticket.recalled", ticket, actor, now, seat=seat, data={"call": call.pk})
    return call.pk


def serve(
    *, counter_id: int, seen: int, actor: Actor, now: datetime, wall: datetime, user_id: int | None = None
) -> None:
    """The called person came."""
    with _at(counter_id, seen, user_id, now) as (hall, seat):
        ticket = demand_ticket(seat)
        move(ticket, "serve", serving_at=now)
        put_note(seat, action="serve", ticket=ticket.pk, finished=None, wall=wall)
        tell(hall, "ticket.serving", ticket, actor, now, seat=seat)


def absent(
    *, counter_id: int, seen: int, actor: Actor, now: datetime, wall: datetime, user_id: int | None = None
) -> None:
    """The called person did not come; they may rejoin, at most twice, and keep their times."""
    with _at(counter_id, seen, user_id, now) as (hall, seat):
        ticket = demand_ticket(seat)
        move(ticket, "absent", ended_at=now)
        put_note(seat, action="absent", ticket=ticket.pk, finished=None, wall=wall)
        tell(hall, "ticket.absent", ticket, actor, now, seat=seat)


def park(
    *,
    counter_id: int,
    seen: int,
    actor: Actor,
    now: datetime,
    wall: datetime,
    note: str = "",
    user_id: int | None = None,
) -> None:
    """Set the person aside (fetching a copy): the counter is free, other legs of the visit may be called."""
    with _at(counter_id, seen, user_id, now) as (hall, seat):
        ticket = demand_ticket(seat)
        before = ticket.note
        move(ticket, "park", note="\n".join(part for part in (before, plain(note)) if part)[:600])
        put_note(seat, action="park", ticket=ticket.pk, finished=None, wall=wall, note=before)
        tell(hall, "ticket.parked", ticket, actor, now, seat=seat)


def unpark(
    *,
    counter_id: int,
    seen: int | None,
    ticket_id: int,
    actor: Actor,
    now: datetime,
    wall: datetime,
    user_id: int | None = None,
) -> None:
    """Take a parked person of the own agency back to this counter. Nobody may be at the counter."""
    with _at(counter_id, seen, user_id, now) as (hall, seat):
        if seat.running is not None:
            raise NotPossible("running", _("Selesaikan %(label)s dulu.") % {"label": seat.running.label})
        if seat.state != "open":
            raise NotPossible("paused", _("Loket sedang jeda. Lanjutkan dulu, lalu panggil."))
        ticket = _own(seat, ticket_id, hall)
        _demand_free(ticket)
        move(ticket, "unpark", session_id=seat.session_id, counter_id=counter_id)
        put_note(seat, action="", ticket=None, finished=None, wall=wall)
        tell(hall, "ticket.serving", ticket, actor, now, seat=seat, data={"from": "parked"})


def requeue(*, ticket_id: int, counter_id: int, actor: Actor, now: datetime, user_id: int | None = None) -> None:
    """Put a parked person back into the line; they keep their times."""
    with _at(counter_id, ANYTHING, user_id, now) as (hall, seat):
        ticket = _own(seat, ticket_id, hall)
        move(ticket, "requeue", session_id=None, counter_id=None, called_at=None, serving_at=None)
        tell(hall, "ticket.requeued", ticket, actor, now)


def finish(
    *,
    counter_id: int,
    seen: int,
    actor: Actor,
    now: datetime,
    wall: datetime,
    outcome: str = states.DONE,
    missing_id: int | None = None,
    case_number: str = "",
    user_id: int | None = None,
) -> None:
    """Finish the running ticket with an outcome: done, incomplete (which requirement), case opened (which case)."""
    if outcome not in (states.DONE, states.INCOMPLETE, states.CASE_OPENED):
        raise NotPossible("outcome", _("Hasil layanan itu tidak dikenal."))
    with _at(counter_id, seen, user_id, now) as (hall, seat):
        ticket = demand_ticket(seat)
        if outcome == states.INCOMPLETE:
            _demand_requirement(ticket, missing_id)
        if outcome == states.CASE_OPENED and not plain(case_number):
            raise NotPossible("case_needed", _("Tulis nomor permohonannya."))
        move(
            ticket,
            "finish",
            outcome=outcome,
            missing_id=missing_id if outcome == states.INCOMPLETE else None,
            case_number=plain(case_number)[:60],
            ended_at=now,
            invited_at=now,
        )
        put_note(seat, action="finish", ticket=None, finished=ticket.pk, wall=wall)
        tell(hall, "ticket.served", ticket, actor, now, seat=seat, data={"outcome": outcome, "missing": missing_id})


def _demand_requirement(ticket: Ticket, missing_id: int | None) -> None:
    # Of any version that citizens were told: the checklist was that of the version the ticket began under.
    told = Requirement.objects.filter(standard__service=ticket.line.service_id, standard__state__in=SPOKEN)
    if not missing_id or not told.filter(pk=missing_id).exists():
        raise NotPossible("missing_needed", _("Pilih persyaratan mana yang belum ada."))


def forward(
    *,
    counter_id: int,
    seen: int,
    line_id: int,
    actor: Actor,
    now: datetime,
    wall: datetime,
    note: str = "",
    user_id: int | None = None,
) -> int:
    """Finish here and open the next leg of the same visit in another line: same label, same times. Returns its id."""
    with _at(counter_id, seen, user_id, now) as (hall, seat):
        ticket = demand_ticket(seat)
        line = hall.line(line_id)
        if line.id == ticket.line_id:
            raise NotPossible("same_line", _("Orang ini sudah di layanan itu. Pilih layanan tujuan lain."))
        hours = hall.hours.get(line.booth_id)
        if hours is None or not hours.receives(now):
            raise NotPossible(
                "agency_closed",
                _("%(agency)s tidak melayani sekarang. Pilih tujuan lain, atau selesaikan di sini.")
                % {"agency": line.agency_short},
            )
        move(ticket, "forward", outcome=states.FORWARDED, ended_at=now, invited_at=now)
        new = open_leg(hall, ticket, line_id, now, note=note, forwarded_from=ticket)
        put_note(seat, action="forward", ticket=new.pk, finished=ticket.pk, wall=wall)
        tell(
            hall,
            "ticket.forwarded",
            ticket,
            actor,
            now,
            seat=seat,
            data={"outcome": states.FORWARDED, "to_line": line_id, "to_ticket": new.pk, "to_service": line.service},
        )
    return new.pk


def open_leg(
    hall: Hall, like: Ticket, line_id: int, now: datetime, *, note: str = "", forwarded_from: Ticket | None = None
) -> Ticket:
    """A further leg of a visit with the times of `like`; its wait at issue is promised anew for the new line."""
    line = hall.line(line_id)
    ahead = Ticket.objects.filter(
        line_id=line_id, day=like.day, state=states.WAITING, turn_at__lte=like.turn_at
    ).count()
    p10, p50, p90 = hall.outlooks[line_id].wait(ahead)
    legs = Ticket.objects.filter(visit=like.visit).aggregate(Max("leg"))["leg__max"] or 0
    return Ticket.objects.create(
        visit=like.visit,
        mall_id=like.mall_id,
        agency_id=line.agency_id,
        line_id=line_id,
        day=like.day,
        leg=legs + 1,
        priority=like.priority,
        quantity=like.quantity,
        queued_at=now,
        turn_at=like.turn_at,
        promised_by=like.promised_by,
        people_ahead=ahead,
        wait_p10=p10,
        wait_p50=p50,
        wait_p90=p90,
        wait_basis=hall.outlooks[line_id].basis,
        note=plain(note)[:300],
        forwarded_from=forwarded_from,
    )


def undo(*, counter_id: int, actor: Actor, now: datetime, wall: datetime, user_id: int | None = None) -> str:
    """Take back the last press at this counter, within ten seconds on the wall clock. Returns what was undone."""
    with _at(counter_id, ANYTHING, user_id, now) as (hall, seat):
        if not seat.last_action or not rules.may_undo(seat.undo_until, wall):
            raise NotPossible("undo_late", _("Sudah lewat sepuluh detik. Tidak bisa dibatalkan lagi."))
        for ticket_id, command in _reverse(seat):
            _undo_one(hall, seat, ticket_id, command, actor, now)
        put_note(seat, action="", ticket=None, finished=None, wall=wall)
    return seat.last_action


def _reverse(seat: Seat) -> list[tuple[int, str]]:
    """The reverse moves of the last press, in the order in which they keep every constraint."""
    steps: list[tuple[int | None, str]] = {
        "next": [(seat.last_ticket, "undo_call"), (seat.last_finished, "undo_finish")],
        "serve": [(seat.last_ticket, "undo_serve")],
        "absent": [(seat.last_ticket, "undo_absent")],
        "park": [(seat.last_ticket, "undo_park")],
        "finish": [(seat.last_finished, "undo_finish")],
        "forward": [(seat.last_ticket, "cancel"), (seat.last_finished, "undo_forward")],
    }[seat.last_action]
    return [(ticket_id, command) for ticket_id, command in steps if ticket_id is not None]


def _undo_one(hall: Hall, seat: Seat, ticket_id: int, command: str, actor: Actor, now: datetime) -> None:
    ticket = Ticket.objects.select_for_update(of=("self",)).select_related("visit", "line").get(pk=ticket_id)
    if command != "cancel" and ticket.session_id != seat.session_id:
        raise NotPossible("moved_on", _("Orang ini sudah dilayani di loket lain. Tidak bisa dibatalkan lagi."))
    if command in ("undo_absent", "undo_park", "undo_finish", "undo_forward"):
        _demand_free(ticket)
        if CounterSession.objects.get(pk=seat.session_id).state == "closed" or _somebody_at(seat, ticket_id):
            raise NotPossible("running", _("Sudah ada orang lain di loket ini."))
    if command in ("undo_finish", "undo_forward") and ticket.smiled_at is not None:
        raise NotPossible("smiled", _("Warga sudah memberi senyum untuk layanan ini. Tidak bisa dibatalkan lagi."))
    if command == "cancel" and ticket.state != states.WAITING:
        raise NotPossible("leg_called", _("Loket tujuan sudah memanggil orang ini. Tidak bisa dibatalkan lagi."))
    undone: dict[str, dict[str, Any]] = {
        "undo_call": {"called_at": None, "session_id": None, "counter_id": None},
        "undo_serve": {"serving_at": None},
        "undo_absent": {"ended_at": None},
        "undo_park": {"note": seat.last_note},
        "undo_finish": {"outcome": "", "missing_id": None, "case_number": "", "ended_at": None, "invited_at": None},
        "undo_forward": {"outcome": "", "ended_at": None, "invited_at": None},
        "cancel": {"ended_at": now},
    }
    changes = undone[command]
    move(ticket, command, **changes)
    data: dict[str, Any] = {"undone": command, "state": ticket.state}
    if command == "undo_call":
        call = Call.objects.filter(ticket_id=ticket_id, session_id=seat.session_id).order_by("-id").first()
        if call is not None:
            Call.objects.filter(pk=call.pk).update(withdrawn_at=now)
            data["call"] = call.pk
    tell(hall, "ticket.undone", ticket, actor, now, seat=seat, data=data)


def _somebody_at(seat: Seat, but: int) -> bool:
    return Ticket.objects.filter(session_id=seat.session_id, state__in=states.AT_COUNTER).exclude(pk=but).exists()


def _demand_free(ticket: Ticket) -> None:
    """No other leg of the visit may be at a counter: it is said in words before the constraint says it."""
    other = (
        Ticket.objects.filter(visit=ticket.visit, state__in=states.AT_COUNTER)
        .exclude(pk=ticket.pk)
        .select_related("counter")
        .first()
    )
    if other is not None:
        raise NotPossible(
            "busy_elsewhere",
            _("%(label)s sedang di loket %(number)s.")
            % {"label": ticket.visit.label, "number": other.counter.number if other.counter else "-"},
        )


def _own(seat: Seat, ticket_id: int, hall: Hall) -> Ticket:
    ticket = (
        Ticket.objects.select_for_update(of=("self",))
        .select_related("visit", "line")
        .filter(pk=ticket_id, mall=hall.mall, agency_id=seat.agency_id)
        .first()
    )
    if ticket is None:
        raise NotPossible("no_ticket", _("Nomor itu tidak ada di antrean instansi Anda."))
    return ticket


def serve_walk_in(
    *,
    counter_id: int,
    seen: int | None,
    line_id: int,
    actor: Actor,
    now: datetime,
    wall: datetime,
    priority: str = classes.REGULAR,
    user_id: int | None = None,
) -> int:
    """Serve somebody who stands at the counter without a number: a number, a quiet call with its reason, and service.

    All or nothing; the counter's session is locked first, so two presses make one visit. Only lines that this
    counter serves. Returns the ticket's id. Raises as `issue_visit` and `call_by_hand`.
    """
    with _at(counter_id, seen, user_id, now) as (hall, seat):
        counter = hall.counters[counter_id]
        if line_id not in counter.first + counter.help:
            raise NotPossible("no_line", _("Loket ini tidak melayani layanan itu."))
        issued = issue_visit(
            mall=hall.mall, line_ids=[line_id], priority=priority, channel="counter", actor=actor, now=now, greeted=True
        )
        ticket_id = issued.tickets[0].id
        call_by_hand(
            counter_id=counter_id,
            seen=seen,
            ticket_id=ticket_id,
            reason=WALK_IN_REASON,
            actor=actor,
            now=now,
            wall=wall,
            user_id=user_id,
        )
        # They stand here already: the board shows it, the voice does not disturb the hall.
        Call.objects.filter(ticket_id=ticket_id).update(quiet=True)
        ticket = Ticket.objects.select_related("visit", "line").get(pk=ticket_id)
        move(ticket, "serve", serving_at=now)
        put_note(seat, action="", ticket=None, finished=None, wall=wall)
        tell(hall, "ticket.serving", ticket, actor, now, seat=seat, data={"from": "walk_in"})
    return ticket_id


def close_counter(*, counter_id: int, reason: str, actor: Actor, now: datetime, user_id: int | None = None) -> None:
    """End the session; nobody may be at the counter. Parked people stay with the agency."""
    with _at(counter_id, ANYTHING, user_id, now) as (_hall, seat):
        if seat.running is not None:
            raise NotPossible("running", _("Selesaikan %(label)s dulu.") % {"label": seat.running.label})
        roster.close_session(session_id=seat.session_id, reason=reason, now=now, actor=actor)


def take_over(*, counter: Counter, user: User, reason: str, actor: Actor, now: datetime) -> CounterSession:
    """Sit down at a counter that somebody forgot to close; the person at the counter goes on with the new officer."""
    if len(plain(reason)) < 3:
        raise NotPossible("reason_needed", _("Tulis alasan mengambil alih loket ini."))
    hall = hall_of(mall_of_counter(counter.pk), now)
    with scopes_disabled(), transaction.atomic():
        old = CounterSession.objects.select_for_update().filter(counter=counter).exclude(state="closed").first()
        if old is None:
            raise NotPossible("not_open", _("Loket ini tidak sedang dipakai. Buka saja."))
        running = (
            Ticket.objects.select_for_update(of=("self",))
            .select_related("visit", "line")
            .filter(session=old, state__in=states.AT_COUNTER)
            .first()
        )
        roster.close_session(session_id=old.pk, reason=plain(reason), now=now, actor=actor, taken_over=True)
        new = roster.open_session(counter=counter, user=user, now=now, actor=actor)
        if running is not None:
            Ticket.objects.filter(pk=running.pk, session=old).update(session=new)
            tell(hall, "ticket.handed_over", running, actor, now, reason=plain(reason), data={"state": running.state})
    return new
