"""What bookings no longer say of their people once the law's time is over (docs/privacy.md); times and places stay."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from senyum.bookings import states
from senyum.bookings.models import Booking, Leg, WaitEntry
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.record import record
from senyum.malls.models import Mall
from senyum.malls.queries import local_day

#: Begins the token of a booking whose link has ended; the rest is random, known to nobody.
ERASED = "erased."
BATCH = 5_000


def forget_bookings(*, mall: Mall, before: datetime, now: datetime, actor: Actor = SYSTEM) -> dict[str, int]:
    """Erase what identifies the people of bookings of days before that time (hall's time), the waiting list too.

    At most `BATCH`, in one transaction with its certificate in the journal; call it again until it returns {}.
    Returns field -> how many values were erased.
    """
    day = local_day(mall, before)
    with scopes_disabled(), transaction.atomic():
        old = Booking.objects.filter(mall=mall, day__lt=day).exclude(token__startswith=ERASED).order_by("pk")
        rows = list(old.select_for_update()[:BATCH])
        _empty(rows)
        waited = WaitEntry.objects.filter(mall=mall, day__lt=day).delete()[0]
        counts = {"Booking": len(rows), "WaitEntry": waited}
        counts = {name: count for name, count in counts.items() if count}
        if counts:
            record(
                mall=mall.code,
                at=now,
                kind="retention.erased",
                actor=actor,
                subject=("retention", local_day(mall, now).isoformat(), "bookings"),
                data={"until": before.isoformat(), "counts": counts},
            )
    return counts


def forget_booking(*, booking_id: int, now: datetime, actor: Actor) -> tuple[str, dict[str, int]]:
    """Erase now what identifies the person of one booking that is over, because the person asks; its waits, too.

    Returns the text that stands in place of the link's token (it opens nothing) and model -> how many rows; {} when
    that was done before. Raises NotPossible("goes_on") while the booking is still to come.
    """
    with scopes_disabled(), transaction.atomic():
        row = Booking.objects.select_for_update().select_related("mall").get(pk=booking_id)
        if row.state in states.COMING:
            raise NotPossible("goes_on", _("Pemesanan ini masih berlaku. Batalkan dulu, lalu minta dihapus."))
        counts: dict[str, int] = {}
        if not row.token.startswith(ERASED):
            _empty([row])
            waited = WaitEntry.objects.filter(booking=row).delete()[0]
            counts = {"Booking": 1} | ({"WaitEntry": waited} if waited else {})
            record(
                mall=row.mall.code,
                at=now,
                kind="retention.erased",
                actor=actor,
                subject=("booking", row.pk, row.reference),
                data={"until": now.isoformat(), "counts": counts, "asked": True},
            )
    return row.token, counts


def forget_wait(*, entry_id: int, now: datetime, actor: Actor) -> int:
    """Delete one place of the waiting list that is over, because the person asks. Returns how many.

    Raises NotPossible("goes_on") while it waits or is offered a place.
    """
    with scopes_disabled(), transaction.atomic():
        row = WaitEntry.objects.select_for_update().select_related("mall").get(pk=entry_id)
        if row.state in (states.WAITING, states.OFFERED):
            raise NotPossible("goes_on", _("Anda masih di daftar tunggu. Keluar dulu, lalu minta dihapus."))
        count = WaitEntry.objects.filter(pk=row.pk).delete()[0]
        record(
            mall=row.mall.code,
            at=now,
            kind="retention.erased",
            actor=actor,
            subject=("wait_entry", row.pk, f"tunggu-{row.pk}"),
            data={"until": now.isoformat(), "counts": {"WaitEntry": count}, "asked": True},
        )
    return count


def _empty(rows: list[Booking]) -> None:
    for row in rows:
        row.token = f"{ERASED}{secrets.token_hex(12)}"
        row.contact_kind, row.contact, row.contact_hash, row.device_hash, row.why = "", b"", "", "", ""
    Booking.objects.bulk_update(
        rows, ["token", "contact_kind", "contact", "contact_hash", "device_hash", "why"], batch_size=500
    )
    Leg.objects.filter(booking__in=[row.pk for row in rows]).exclude(contact_hash="").update(contact_hash="")
