"""Call the next person, or, with a reason, somebody else."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import psycopg
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from senyum.core.db import claim, raw_cursor, violated
from senyum.core.errors import NotPossible, Stale
from senyum.core.gather import Gatherer
from senyum.core.text import plain
from senyum.engine import discipline
from senyum.journal.actor import Actor
from senyum.malls import queries as malls
from senyum.visits import rules, sql, states
from senyum.visits.commands import call_round
from senyum.visits.commands.seat import Running, Seat, put_note, seat_of, tell
from senyum.visits.hall import hall_of, mall_of_counter
from senyum.visits.models import Call, Ticket

#: So often a claim that came back empty looks again while somebody waits.
_LOOKS = 40


@dataclass(frozen=True)
class CallResult:
    """`ticket_id` None: nobody waits. `finished_id`: the ticket that this press finished as done."""

    ticket_id: int | None
    why: str = ""
    passed_over: int = 0
    finished_id: int | None = None


@dataclass(frozen=True)
class Press:
    """One press of *next*, as the statement wants it."""

    parameters: dict[str, Any]


def call_next(
    *, counter_id: int, seen: int | None, actor: Actor, now: datetime, wall: datetime, user_id: int | None = None
) -> CallResult:
    """Finish the running ticket as done and call whoever is next at this counter.

    `seen`: the ticket the officer saw at the counter (None: none). `user_id`: only the session of this user.
    Raises Stale when the hall has moved on, NotPossible when the running ticket was only called, the counter is
    closed or paused, or the hall stands still.
    """
    day = malls.local_day(mall_of_counter(counter_id), now)
    press = prepare_press(counter_id=counter_id, seen=seen, actor=actor, now=now, wall=wall, day=day, user_id=user_id)
    return settle_press(press, _press(press))


def prepare_press(
    *,
    counter_id: int,
    seen: int | None,
    actor: Actor,
    now: datetime,
    wall: datetime,
    day: date,
    user_id: int | None,
) -> Press:
    """A press before it is made: asks no database."""
    return Press(
        {
            "counter": counter_id,
            "user": user_id,
            "seen": seen,
            "now": now,
            "day": day,
            "reach": sql.REACH,
            "undo_until": rules.undo_until(wall),
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "actor_label": actor.label,
        }
    )


def settle_press(press: Press, row: dict[str, Any]) -> CallResult:
    """What a press came to, from the statement's first answer; raises as `call_next`."""
    finished, seen = row["finished"], press.parameters["seen"]
    looks = 0
    while row["called"] is None and row["ready"] is not None and looks < _LOOKS:
        # A claim may come back empty because others held the rows for a moment: look once more, and as long as
        # somebody eligible is in sight, before an officer hears that nobody waits.
        if looks and not row["eligible"]:
            break
        if looks:
            time.sleep(0.002 * looks)
        looks += 1
        reach = min(4 * press.parameters["reach"], sql.FAR_REACH)
        press = replace(press, parameters={**press.parameters, "seen": None, "reach": reach})
        row = _press(press)
    if row["called"] is None and row["ready"] is None and finished is None:
        _refuse(row, seen)
    return CallResult(row["called"], row["why"] or "", row["passed_over"] or 0, finished)


def _press(press: Press) -> dict[str, Any]:
    for _try in range(5):
        try:
            return _one(press) if connection.in_atomic_block else _gather.submit(press)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if connection.in_atomic_block:
                raise
        except (IntegrityError, psycopg.IntegrityError) as error:
            # Two counters took two legs of one visit in the same instant; the constraint chose, the other looks again.
            if violated(error) != "one_counter_per_visit" or connection.in_atomic_block:
                raise
    raise NotPossible("busy", _("Antrean sedang sangat ramai. Tekan sekali lagi."))


def run_presses(presses: Sequence[Press]) -> list[dict[str, Any]]:
    """All presses in one durable commit, by counter, so that no two batches wait crosswise."""
    with raw_cursor() as probe:
        raw = probe.connection
        if len(presses) == 1:
            return [call_round.alone(raw, presses[0].parameters)]
        rows = call_round.settle(raw, [press.parameters for press in presses]).rows
    return [rows[place] for place in range(len(presses))]


def _one(press: Press) -> dict[str, Any]:
    with raw_cursor() as cursor:
        return call_round.alone(cursor.connection, press.parameters)


_gather: Gatherer[Press, dict[str, Any]] = Gatherer(run_presses, limit=32)


def _refuse(row: dict[str, Any], seen: int | None) -> None:
    if row["session"] is None:
        raise NotPossible("not_open", _("Loket ini belum Anda buka. Buka loket lebih dulu."))
    if row["session_state"] != "open":
        raise NotPossible("paused", _("Loket sedang jeda. Lanjutkan dulu, lalu panggil."))
    if row["running"] != seen:
        raise Stale(
            "stale",
            _("Keadaan loket sudah berubah. Yang sekarang di loket: %(label)s.")
            % {"label": row["running_label"] or _("tidak ada")},
            ticket=row["running"],
            label=row["running_label"],
            state=row["running_state"],
        )
    if row["running_state"] == states.CALLED:
        raise NotPossible(
            "only_called",
            _("%(label)s baru dipanggil. Tekan Datang atau Tidak hadir dulu.") % {"label": row["running_label"]},
            ticket=row["running"],
            label=row["running_label"],
            state=row["running_state"],
        )
    raise NotPossible("hall_paused", _("Seluruh MPP sedang jeda. Pemanggilan dilanjutkan setelah jeda selesai."))


def call_by_hand(
    *,
    counter_id: int,
    seen: int | None,
    ticket_id: int,
    reason: str,
    actor: Actor,
    now: datetime,
    wall: datetime,
    user_id: int | None = None,
) -> CallResult:
    """Call a certain waiting ticket of the counter's own agency, with a reason that stays in the ledger.

    The running ticket must be none. Raises as `call_next`, and NotPossible without a reason.
    """
    if len(plain(reason)) < 3:
        raise NotPossible(
            "reason_needed", _("Tulis alasannya: panggilan di luar urutan tercatat dalam buku panggilan.")
        )
    mall = mall_of_counter(counter_id)
    hall = hall_of(mall, now)
    counter = hall.counters[counter_id]
    with scopes_disabled(), transaction.atomic():
        seat = seat_of(counter_id, seen, user_id)
        _demand_ready(seat, hall.mall)
        ticket = (
            Ticket.objects.select_related("visit").filter(pk=ticket_id, mall=mall, agency_id=seat.agency_id).first()
        )
        if ticket is None:
            raise NotPossible("no_ticket", _("Nomor itu tidak ada di antrean instansi Anda."))
        choice = discipline.choose_by_hand(
            _waiting(counter.first + counter.help, ticket, hall.day, now),
            wanted=ticket_id,
            first=counter.first,
            helps=counter.help,
        )
        if choice is None:
            raise NotPossible("busy_elsewhere", _("Orang ini sedang di loket lain."))
        taken = claim(
            Ticket.objects.filter(pk=ticket_id, state__in=states.before("call")),
            state=states.CALLED,
            called_at=now,
            session_id=seat.session_id,
            counter_id=counter_id,
        )
        if not taken:
            raise Stale("stale", _("Nomor itu baru saja dipanggil atau pergi."), ticket=ticket_id)
        labels = list(
            Ticket.objects.filter(pk__in=choice.passed_over[:5])
            .order_by("turn_at")
            .values_list("visit__label", flat=True)
        )
        call = Call.objects.create(
            ticket_id=ticket_id,
            mall=mall,
            agency_id=ticket.agency_id,
            session_id=seat.session_id,
            counter_id=counter_id,
            at=now,
            why=discipline.Why.BY_HAND.value,
            passed_over=len(choice.passed_over),
            passed_labels=labels,
            reason=plain(reason),
        )
        put_note(seat, action="next", ticket=ticket_id, finished=None, wall=wall)
        tell(
            hall,
            "ticket.called",
            ticket,
            actor,
            now,
            seat=seat,
            reason=plain(reason),
            data={"call": call.pk, "why": call.why, "passed_over": call.passed_over},
        )
    return CallResult(ticket_id, call.why, call.passed_over)


def _demand_ready(seat: Seat, mall: Any) -> None:
    if seat.running is not None:
        raise NotPossible(
            "running", _("Selesaikan %(label)s dulu.") % {"label": seat.running.label}, ticket=seat.running.ticket_id
        )
    if seat.state != "open":
        raise NotPossible("paused", _("Loket sedang jeda. Lanjutkan dulu, lalu panggil."))
    if malls.hall_pause(mall) is not None:
        raise NotPossible("hall_paused", _("Seluruh MPP sedang jeda. Pemanggilan dilanjutkan setelah jeda selesai."))


def _waiting(line_ids: Sequence[int], wanted: Ticket, day: Any, now: datetime) -> list[discipline.Waiting[datetime]]:
    rows = Ticket.objects.filter(line_id__in={*line_ids, wanted.line_id}, day=day, state=states.WAITING)
    busy = set(
        Ticket.objects.filter(state__in=states.AT_COUNTER, visit__in=rows.values("visit")).values_list(
            "visit_id", flat=True
        )
    )
    return [
        discipline.Waiting(t.pk, t.line_id, t.turn_at, t.promised_by, t.held_until, t.visit_id in busy) for t in rows
    ]


__all__ = ["CallResult", "Running", "call_by_hand", "call_next"]
