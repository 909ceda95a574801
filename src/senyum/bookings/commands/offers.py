"""Offering freed places to those who wait, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from senyum.bookings import queries, states
from senyum.bookings.commands.ask import prepare
from senyum.bookings.commands.letters import wake_later
from senyum.bookings.commands.sell import Sold, sell
from senyum.bookings.models import Booking, Slot, WaitEntry
from senyum.bookings.plan import plan_of
from senyum.core.db import claim
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.record import record
from senyum.malls.models import Mall


def told(entry: WaitEntry, mall: Mall, kind: str, now: datetime, actor: Actor | None) -> None:
    record(
        mall=mall.code,
        at=now,
        kind=kind,
        actor=actor or Actor("citizen", "", f"tunggu-{entry.pk}"),
        subject=("wait_entry", entry.pk, f"tunggu-{entry.pk}"),
        data={"line": entry.line_id, "day": entry.day.isoformat(), "quantity": entry.quantity},
    )


def offer_freed(slots: Sequence[Slot], *, now: datetime) -> int:
    """Offer what is free in these slots (locked by the caller) to those who wait longest and fit. Returns how many."""
    count = 0
    for slot in slots:
        while _offer_one(slot, now):
            count += 1
    return count


def _offer_one(slot: Slot, now: datetime) -> bool:
    waiting = WaitEntry.objects.filter(
        line_id=slot.line_id, day=slot.day, state=states.WAITING, earliest__lte=slot.starts, latest__gte=slot.starts
    )
    for entry in waiting.select_for_update(skip_locked=True).select_related("mall").order_by("id")[:20]:
        plan = plan_of(entry.mall)
        line = plan.line(entry.line_id)
        until = min(now + timedelta(minutes=line.policy.offer_minutes), slot.starts)
        try:
            ask = prepare(
                plan,
                [(entry.line_id, slot.starts)],
                quantity=entry.quantity,
                channel=queries.OFFERED,
                now=now,
                language=entry.language,
                priority=entry.priority,
            )
        except NotPossible:
            continue
        ask = replace(
            ask,
            state=states.HELD,
            held_until=until,
            contact_kind=entry.contact_kind,
            contact=bytes(entry.contact),
            contact_hash=entry.contact_hash,
        )
        answer = sell([ask])[0]
        if not isinstance(answer, Sold):
            if answer.code == "full":
                # Perhaps the next one wants fewer places.
                continue
            if answer.code == "one_booking":
                close(entry, states.LEFT, now)
            continue
        entry.state, entry.booking_id = states.OFFERED, answer.id
        entry.save(update_fields=["state", "booking"])
        told(entry, entry.mall, "booking.offered", now, SYSTEM)
        wake_later()
        return True
    return False


def close(entry: WaitEntry, state: str, now: datetime) -> None:
    entry.state, entry.ended_at = state, now
    entry.save(update_fields=["state", "ended_at"])


def pass_on(booking: Booking, *, now: datetime) -> None:
    """The offer of this held booking was not taken in time."""
    rows = WaitEntry.objects.filter(booking=booking, state=states.OFFERED)
    if rows.exists():
        claim(rows, state=states.PASSED, ended_at=now)
