"""What bookings no longer say of their people once the law's time is over (docs/privacy.md); times and places stay."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django_scopes import scopes_disabled

from senyum.bookings.models import Booking, Leg, WaitEntry
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
        for row in rows:
            row.token = f"{ERASED}{secrets.token_hex(12)}"
            row.contact_kind, row.contact, row.contact_hash, row.device_hash, row.why = "", b"", "", "", ""
        Booking.objects.bulk_update(
            rows, ["token", "contact_kind", "contact", "contact_hash", "device_hash", "why"], batch_size=500
        )
        Leg.objects.filter(booking__in=[row.pk for row in rows]).exclude(contact_hash="").update(contact_hash="")
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
