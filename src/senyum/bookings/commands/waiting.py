"""The waiting list: a freed place is kept for the next person for a set time, and passes on."""

from __future__ import annotations

import secrets
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from senyum.bookings import queries, states
from senyum.bookings.commands.ask import checked_contact
from senyum.bookings.commands.booking import cancel, note
from senyum.bookings.commands.letters import hush, wake_later
from senyum.bookings.commands.offers import close, offer_freed, told
from senyum.bookings.models import Booking, Leg, Slot, WaitEntry
from senyum.bookings.plan import plan_of
from senyum.bookings.queries import BookingView
from senyum.core import crypto
from senyum.core.db import violated
from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.malls import queries as malls
from senyum.malls.models import Mall


def wait(
    *,
    mall: Mall,
    line_id: int,
    day: date,
    earliest: datetime,
    latest: datetime,
    quantity: int,
    contact_kind: str,
    contact: str,
    now: datetime,
    language: str = "id",
    priority: str = "regular",
    actor: Actor | None = None,
    token: str = "",
) -> WaitEntry:
    """Wait for a place of a line on a day, beginning between two times. A contact is needed: the offer goes there.

    `token`: of the same wish asked again, so that it is answered with the same place in the list.
    Raises NotPossible: no contact, already waiting, booked already, the day is past or cannot be booked.
    """
    same = WaitEntry.objects.filter(token=token).first() if token else None
    if same is not None:
        return same
    plan = plan_of(mall)
    line = plan.line(line_id)
    if not contact.strip():
        raise NotPossible("contact_needed", _("Tulis email atau nomor WhatsApp, supaya kami dapat memberi kabar."))
    plain, hashed = checked_contact([line], contact_kind, contact)
    slots = [s for s in plan.slots(line, day) if earliest <= s.starts <= latest]
    if not slots or now > max(s.starts for s in slots):
        raise NotPossible("no_slot", _("Pada hari dan jam itu tidak ada yang dapat dipesan. Pilih yang lain."))
    if not 1 <= quantity <= line.policy.most_quantity:
        raise NotPossible(
            "quantity",
            _("Untuk layanan ini dapat dipesan 1 sampai %(most)s berkas sekaligus.")
            % {"most": line.policy.most_quantity},
        )
    free = queries.free_slots(mall, [line_id], day, quantity=quantity, now=now)[line_id]
    times = [slot.starts.isoformat() for slot in free if earliest <= slot.starts <= latest]
    if times:
        raise NotPossible(
            "free_now", _("Masih ada tempat pada hari dan jam itu. Langsung pesan saja."), next_free=times
        )
    with scopes_disabled():
        if Leg.objects.filter(contact_hash=hashed, service_id=line.service_id, active=True).exists():
            raise NotPossible(
                "one_booking", _("Anda sudah punya pemesanan untuk layanan ini. Pindahkan atau batalkan yang itu dulu.")
            )
    try:
        with transaction.atomic():
            entry = WaitEntry.objects.create(
                mall=mall,
                line_id=line_id,
                day=day,
                earliest=earliest,
                latest=latest,
                quantity=quantity,
                token=token or secrets.token_urlsafe(16),
                language=language if language in ("id", "su", "en") else "id",
                priority=priority,
                asked_at=now,
                contact_kind=contact_kind,
                contact=crypto.encrypt(plain, purpose="contact"),
                contact_hash=hashed,
            )
            told(entry, mall, "booking.waits", now, actor)
            # A place may have become free while the person was filling in the form.
            offer_freed(list(Slot.objects.filter(line_id=line_id, day=day).order_by("pk").select_for_update()), now=now)
    except IntegrityError as error:
        if violated(error) == "one_wait_per_person":
            raise NotPossible("waits_already", _("Anda sudah ada di daftar tunggu untuk hari itu.")) from None
        raise
    entry.refresh_from_db()
    return entry


def accept(*, token: str, now: datetime, actor: Actor | None = None) -> BookingView:
    """Take the offered place. Raises NotPossible: nothing is offered (any more)."""
    with transaction.atomic():
        entry = _entry(token)
        booking = Booking.objects.select_for_update().filter(pk=entry.booking_id or 0, state=states.HELD).first()
        if entry.state != states.OFFERED or booking is None or (booking.held_until or now) < now:
            raise NotPossible(
                "offer_over", _("Tawaran itu sudah lewat dan diteruskan. Anda dapat masuk daftar tunggu lagi.")
            )
        booking.state, booking.held_until, booking.letter_at = states.BOOKED, None, now
        booking.save(update_fields=["state", "held_until", "letter_at"])
        hush(booking)
        wake_later()
        close(entry, states.TAKEN, now)
        note(booking, "booking.accepted", now, actor)
    return queries.booking_by_token(booking.token)


def _entry(token: str) -> WaitEntry:
    entry = WaitEntry.objects.select_for_update().filter(token=token).first()
    if entry is None:
        raise NotPossible("no_wait", _("Tempat di daftar tunggu itu tidak ada atau datanya sudah dihapus."))
    return entry


def leave(*, token: str, now: datetime, actor: Actor | None = None) -> None:
    """No longer wait, or decline what is offered: the place goes on to the next."""
    with transaction.atomic():
        entry = _entry(token)
        if entry.state == states.WAITING:
            close(entry, states.LEFT, now)
            told(entry, Mall.objects.get(pk=entry.mall_id), "booking.wait_left", now, actor)
            return
        booking = Booking.objects.filter(pk=entry.booking_id or 0, state=states.HELD).first()
        if entry.state != states.OFFERED or booking is None:
            raise NotPossible("wait_over", _("Anda sudah tidak ada di daftar tunggu itu."))
        close(entry, states.PASSED, now)
        held = booking.token
    cancel(token=held, now=now, actor=actor)


def lapse(*, now: datetime) -> int:
    """End the waiting for days that are over. Returns how many."""
    count = 0
    for mall in malls.malls():
        rows = WaitEntry.objects.filter(mall=mall, state=states.WAITING, latest__lt=now)
        count += rows.update(state=states.LAPSED, ended_at=now)
    return count
