"""How a mall lets its lines be booked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from senyum.bookings import plan
from senyum.bookings.models import BookingPolicy, Contact, Slot
from senyum.catalogue.models import Line
from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls import queries as malls
from senyum.malls.commands import put_row
from senyum.malls.models import Mall

#: A reminder is sent at most a week before.
MOST_HOURS = 168


def put_policy(*, mall: Mall, line: Line | None, now: datetime, actor: Actor, **values: Any) -> BookingPolicy:
    """Set the policy of a line, or of all lines of the mall without one (`line` None). What was sold stays sold.

    `values`: fields of `BookingPolicy`. Raises NotPossible for a value that makes no sense.
    """
    usual = {name: getattr(plan.Policy(), name) for name in plan._fields()}
    unknown = set(values) - set(usual)
    if unknown:
        raise ValueError(f"no fields of a booking policy: {', '.join(sorted(unknown))}")
    wanted = usual | values
    if not 5 <= wanted["slot_minutes"] <= 480 or not 0 <= wanted["walkin_percent"] <= 100:
        raise NotPossible("policy", _("Lama satu jam pesan harus 5-480 menit dan bagian tanpa pesan 0-100 persen."))
    if not all(0 <= wanted[name] <= MOST_HOURS for name in ("remind_hours", "remind_again_hours")):
        raise NotPossible("policy", _("Pengingat dikirim 0 sampai 168 jam sebelumnya; 0 berarti tidak dikirim."))
    if wanted["contact"] not in Contact.values:
        raise NotPossible("policy", _("Pilih apakah kontak wajib atau tidak."))
    with transaction.atomic():
        row, changed = put_row(BookingPolicy, {"mall": mall, "line": line}, wanted)
        if changed:
            record(
                mall=mall.code,
                at=now,
                kind="policy.booking",
                actor=actor,
                subject=("booking_policy", row.pk, str(line) if line else mall.code),
                data={name: str(value) for name, value in wanted.items()} | {"line": line.pk if line else None},
            )
            plan.forget()
            _resize(mall, now)
    plan.forget()
    return row


def _resize(mall: Mall, now: datetime) -> None:
    """Slots that exist get the capacity of the new policy, never less than what was sold of them."""
    found = plan.plan_of(mall)
    for slot in Slot.objects.filter(mall=mall, starts__gt=now).order_by("pk").select_for_update():
        line = found.lines.get(slot.line_id)
        info = found.slot(line, slot.starts) if line and line.policy.open else None
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(number), 0) FROM bookings_place WHERE slot_id = %s", [slot.pk])
            most_sold = int(cursor.fetchone()[0])
        slot.capacity = max(info.capacity if info else 0, most_sold)
        slot.closed = info is None
        slot.save(update_fields=["capacity", "closed"])


def close_slot(*, slot_id: int, closed: bool, reason: str, now: datetime, actor: Actor) -> None:
    """Sell no more of a slot, or again. What was sold stays sold."""
    with transaction.atomic():
        slot = Slot.objects.select_for_update().get(pk=slot_id)
        slot.closed = closed
        slot.save(update_fields=["closed"])
        mall = malls.mall_by_code(Mall.objects.values_list("code", flat=True).get(pk=slot.mall_id))
        record(
            mall=mall.code,
            at=now,
            kind="booking.slot_closed" if closed else "booking.slot_opened",
            actor=actor,
            subject=("slot", slot.pk, ""),
            reason=reason,
            data={"line": slot.line_id, "starts": slot.starts.isoformat()},
        )
