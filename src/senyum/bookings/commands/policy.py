"""How a mall lets its lines be booked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senyum.bookings import plan
from senyum.bookings.models import BookingPolicy, Contact, Slot
from senyum.catalogue.models import Line
from senyum.core.errors import NotAllowed, NotPossible
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls import queries as malls
from senyum.malls.commands import put_row
from senyum.malls.models import Mall
from senyum.people import access
from senyum.people.models import User

#: A reminder is sent at most a week before.
MOST_HOURS = 168


#: What a number may be: (least, most), and the sentence that says so.
_RANGES: dict[str, tuple[int, int, str | Promise]] = {
    "slot_minutes": (5, 480, _("Lama satu jam pesan harus 5 sampai 480 menit.")),
    "walkin_percent": (0, 100, _("Bagian untuk yang datang tanpa pesan harus 0 sampai 100 persen.")),
    "days_ahead": (0, 180, _("Pemesanan dibuka 0 sampai 180 hari sebelumnya; 0 berarti pada hari itu saja.")),
    "closes_minutes": (0, 2880, _("Pemesanan ditutup 0 sampai 2880 menit sebelum jamnya.")),
    "most_quantity": (1, 50, _("Satu pemesanan boleh untuk 1 sampai 50 berkas atau orang.")),
    "early_minutes": (0, 240, _("Daftar hadir dibuka 0 sampai 240 menit sebelum jam pesanan.")),
    "late_minutes": (0, 240, _("Tempat dilepas 0 sampai 240 menit sesudah jam pesanan.")),
    "hold_minutes": (2, 120, _("Waktu untuk menulis kode konfirmasi harus 2 sampai 120 menit.")),
    "offer_minutes": (5, 1440, _("Tempat yang ditawarkan disimpan 5 sampai 1440 menit.")),
    "remind_hours": (0, MOST_HOURS, _("Pengingat dikirim 0 sampai 168 jam sebelumnya; 0 berarti tidak dikirim.")),
    "remind_again_hours": (0, MOST_HOURS, _("Pengingat dikirim 0 sampai 168 jam sebelumnya; 0 berarti tidak dikirim.")),
}


def check_policy(values: Mapping[str, Any]) -> None:
    """Raise NotPossible ("policy", its `field` in `now_true`) for the first value that makes no sense."""
    for field, (least, most, sentence) in _RANGES.items():
        if not least <= values[field] <= most:
            raise NotPossible("policy", sentence, field=field)
    if values["places"] is not None and not 1 <= values["places"] <= 2000:
        raise NotPossible(
            "policy", _("Tempat tiap jam pesan harus 1 sampai 2000, atau kosong supaya dihitung."), field="places"
        )
    if values["contact"] not in Contact.values:
        raise NotPossible("policy", _("Pilih apakah kontak wajib atau tidak."), field="contact")


def _demand(actor: Actor, mall: Mall, line: Line | None) -> None:
    if actor.kind in ("system", "demo"):
        return
    user = User.objects.filter(pk=actor.id).first() if actor.kind == "user" and actor.id.isdecimal() else None
    permission = "set_bookings" if line else "set_hall_bookings"
    mine = access.agencies_with(user, mall, permission) if user else []
    if not (line.agency_id in mine and line.mall_id == mall.pk if line else mine):
        raise NotAllowed("not_yours", _("Aturan ini milik instansi lain atau milik MPP. Minta bantuan pengelola MPP."))


def put_policy(*, mall: Mall, line: Line | None, now: datetime, actor: Actor, **values: Any) -> BookingPolicy:
    """Set the policy of a line, or of all lines of the mall without one (`line` None). What was sold stays sold.

    `values`: fields of `BookingPolicy`. Raises NotPossible ("policy", `field` in `now_true`) for a value that makes no
    sense, NotAllowed for who may not: the line of another agency, or the hall's own row without steering the hall.
    """
    _demand(actor, mall, line)
    usual = {name: getattr(plan.Policy(), name) for name in plan._fields()}
    unknown = set(values) - set(usual)
    if unknown:
        raise ValueError(f"no fields of a booking policy: {', '.join(sorted(unknown))}")
    wanted = usual | values
    check_policy(wanted)
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
