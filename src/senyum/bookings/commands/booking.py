"""Book, confirm, move, cancel, come, and let go: one transaction and one journal entry each."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from senyum.bookings import queries, rules, states
from senyum.bookings.commands.ask import Wanted, prepare, why_refused
from senyum.bookings.commands.letters import SUBJECT, heard_until, hush, speaks, wake_later
from senyum.bookings.commands.offers import offer_freed, pass_on
from senyum.bookings.commands.sell import Ask, Refused, Sold, sell, submit
from senyum.bookings.models import Booking, Leg, Place, Slot, WaitEntry
from senyum.bookings.plan import plan_of
from senyum.bookings.queries import BookingView
from senyum.core.db import claim
from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.notices import commands as notices


def book(
    *,
    mall: Mall,
    legs: Wanted,
    quantity: int,
    channel: str,
    now: datetime,
    actor: Actor | None = None,
    language: str = "id",
    priority: str = "regular",
    contact_kind: str = "",
    contact: str = "",
    device: str = "",
    key: tuple[str, str, str] | None = None,
) -> BookingView:
    """Book one or several services, all or none. `actor` None: the citizen, whom the journal names by the reference.

    `device`: what tells one browser from another (kept as a keyed hash); `key`: scope, key and digest of the request.
    Where a service wants a confirmed contact the booking is held until `confirm`. Raises NotPossible: nothing can be
    booked then, full (with the next free times), one booking of that service at a time, a contact that is none.
    """
    ask = prepare(
        plan_of(mall),
        legs,
        quantity=quantity,
        channel=channel,
        now=now,
        actor=actor,
        language=language,
        priority=priority,
        contact_kind=contact_kind,
        contact=contact,
        device=device,
        key=key,
    )
    answer = submit(ask)
    if isinstance(answer, Refused):
        raise why_refused(mall, ask, answer, now)
    if ask.contact_hash and not answer.replayed:
        wake_later()
    return queries.booking_by_token(answer.token)


def _locked(token: str, command: str) -> Booking:
    booking = Booking.objects.select_for_update().filter(token=token).first()
    if booking is None:
        raise NotPossible("no_booking", _("Pemesanan itu tidak ada atau datanya sudah dihapus."))
    if states.after(booking.state, command) is None:
        raise NotPossible("booking_state", _NOT_NOW.get(booking.state, _ENDED), state=booking.state)
    return booking


_ENDED = _("Pemesanan ini sudah berakhir. Silakan buat pemesanan baru.")
_NOT_NOW = {
    states.HELD: _("Pemesanan ini masih menunggu kode konfirmasi. Tulis kodenya pada halaman pemesanan Anda."),
    states.BOOKED: _("Pemesanan ini sudah dikonfirmasi."),
    states.CANCELLED: _(
        "Pemesanan ini sudah dibatalkan. Anda dapat memesan lagi, atau mengambil nomor tanpa pemesanan."
    ),
    states.EXPIRED: _(
        "Waktu konfirmasi pemesanan ini sudah lewat. Anda dapat memesan lagi, atau mengambil nomor biasa."
    ),
    states.ARRIVED: _("Anda sudah terdaftar hadir. Lihat nomor antrean Anda."),
}


def confirm(*, token: str, code: str, now: datetime, actor: Actor | None = None) -> BookingView:
    """The code came to the contact and back to us. Raises NotPossible: wrong code (five tries), too late."""
    wrong = False
    with transaction.atomic():
        booking = _locked(token, "confirm")
        if booking.held_until is not None and booking.held_until < now:
            raise NotPossible("hold_over", _("Waktu konfirmasi sudah lewat dan tempatnya dilepas. Silakan pesan lagi."))
        if booking.code_tries >= rules.CODE_TRIES:
            raise NotPossible("code_tries", _("Kode salah lima kali. Tempatnya segera dilepas; silakan pesan lagi."))
        wrong = not secrets.compare_digest(queries.contact_code(token).encode(), code.strip().encode())
        if wrong:
            booking.code_tries += 1
            booking.save(update_fields=["code_tries"])
        else:
            booking.state = states.BOOKED
            booking.held_until = None
            booking.letter_at = now
            booking.save(update_fields=["state", "held_until", "letter_at"])
            note(booking, "booking.confirmed", now, actor)
            wake_later()
    if wrong:
        raise NotPossible("code", _("Kode itu tidak cocok. Periksa enam angka pada pesan yang kami kirim."))
    return queries.booking_by_token(token)


def note(booking: Booking, kind: str, now: datetime, actor: Actor | None, reason: str = "", **data: object) -> None:
    record(
        mall=_mall_code(booking),
        at=now,
        kind=kind,
        actor=actor or Actor("citizen", "", booking.reference),
        subject=("booking", booking.pk, booking.reference),
        reason=reason,
        data={"booking": booking.pk, "day": booking.day.isoformat(), "starts": booking.starts.isoformat(), **data},
    )


def _mall_code(booking: Booking) -> str:
    return str(Mall.objects.values_list("code", flat=True).get(pk=booking.mall_id))


def _free_places(booking: Booking, also: Wanted = ()) -> list[Slot]:
    """Give the places back; the slots they were in, if somebody waits for one.

    Then they are offered at once, so they are locked first: together with those that are wanted `also`, by id, as every
    seller locks. Where nobody waits nothing that is freed is locked.
    """
    with scopes_disabled():
        legs = list(Leg.objects.filter(booking=booking, counts=True))
    slots = [leg.slot_id for leg in legs]
    waited = WaitEntry.objects.filter(
        line_id__in=[leg.line_id for leg in legs], day=booking.day, state=states.WAITING
    ).exists()
    freed: list[Slot] = []
    if waited:
        wanted = Q(pk__in=slots)
        for line_id, starts in also:
            wanted |= Q(line_id=line_id, starts=starts)
        locked = Slot.objects.filter(wanted).order_by("pk").select_for_update()
        freed = [slot for slot in locked if slot.pk in slots]
    Place.objects.filter(leg__in=[leg.pk for leg in legs]).delete()
    with scopes_disabled():
        Leg.objects.filter(booking=booking).update(active=False, counts=False)
    return freed


def cancel(
    *, token: str, now: datetime, actor: Actor | None = None, reason: str = "", by_hall: bool = False
) -> BookingView:
    """Give the booking back; its places go to whoever waits for them, else to everybody. `by_hall`: with a reason."""
    if by_hall and not reason.strip():
        raise NotPossible("reason", _("Tulis alasannya: orang yang memesan akan membacanya."))
    with transaction.atomic():
        booking = _locked(token, "cancel")
        _end(booking, states.CANCELLED, now, reason if by_hall else "", tell=True)
        freed = _free_places(booking)
        if not by_hall:
            # The browser that gave it back knows.
            notices.unfollow(kind=SUBJECT, subject_id=booking.pk, now=now)
        note(booking, "booking.cancelled", now, actor, reason, by_hall=by_hall)
        offer_freed(freed, now=now)
    return queries.booking_by_token(token)


def _end(booking: Booking, state: str, now: datetime, why: str, *, tell: bool = False) -> None:
    booking.state, booking.ended_at, booking.why, booking.letter_at = state, now, why, None
    booking.held_until = None
    hush(booking)
    if tell and speaks(booking):
        booking.letter_at = now
        wake_later()
    booking.save(update_fields=["state", "ended_at", "why", "letter_at", "held_until"])


def move(*, token: str, legs: Wanted, now: datetime, actor: Actor | None = None) -> BookingView:
    """Put the booking on another time, at most three times: new places first, then the old ones are given back.

    All or nothing: when the new time is full, the old one stays. Raises NotPossible as `book`.
    """
    with transaction.atomic():
        booking = _locked(token, "move")
        if booking.moves >= rules.MAX_MOVES:
            raise NotPossible("moves", _("Pemesanan ini sudah tiga kali dipindah. Batalkan dan pesan lagi bila perlu."))
        mall = Mall.objects.get(pk=booking.mall_id)
        with scopes_disabled():
            mine = set(Leg.objects.filter(booking=booking).values_list("line_id", flat=True))
        if {line for line, _starts in legs} != mine:
            raise NotPossible("same_services", _("Pilih jam baru untuk layanan yang sama."))
        ask = prepare(plan_of(mall), legs, quantity=booking.quantity, channel=booking.channel, now=now)
        freed = _free_places(booking, also=legs)
        answer = sell([_as_moved(ask, booking)])[0]
        if not isinstance(answer, Sold):
            raise why_refused(mall, ask, answer, now)
        _take_over(booking, answer.id)
        note(booking, "booking.moved", now, actor, moves=booking.moves)
        hush(booking)
        if speaks(booking):
            until = heard_until(mall, booking.day)
            notices.follow_until(kind=SUBJECT, subject_id=booking.pk, useful_until=until, now=now)
            booking.letter_at = now
            booking.save(update_fields=["letter_at"])
            wake_later()
        offer_freed(freed, now=now)
    return queries.booking_by_token(token)


def _as_moved(ask: Ask, booking: Booking) -> Ask:
    """The new time as a booking of its own for a moment: the same statement, the same constraints."""
    return replace(
        ask, quiet=True, state=states.BOOKED, held_until=None, language=booking.language, priority=booking.priority
    )


def _take_over(booking: Booking, other: int) -> None:
    """The legs and places of `other` become the booking's own."""
    with scopes_disabled():
        Leg.objects.filter(booking=booking).delete()
        Leg.objects.filter(booking_id=other).update(booking=booking, contact_hash=booking.contact_hash)
    new = Booking.objects.get(pk=other)
    booking.day, booking.starts, booking.moves = new.day, new.starts, booking.moves + 1
    booking.save(update_fields=["day", "starts", "moves"])
    new.delete()


def arrive(*, token: str, now: datetime, actor: Actor | None) -> tuple[BookingView, bool]:
    """(the booking, whether it was new): the person is here. Its places stay taken; the visit is the caller's.

    Runs in the caller's transaction, so that a booking is never used up without a visit. Raises NotPossible: too early,
    ended.
    """
    booking = Booking.objects.select_for_update().filter(token=token).first()
    if booking is not None and booking.state == states.ARRIVED:
        return queries.booking_by_token(token), False
    booking = _locked(token, "arrive")
    mall = Mall.objects.get(pk=booking.mall_id)
    if malls.local_day(mall, now) != booking.day:
        local = malls.local_time(mall, booking.starts)
        raise NotPossible(
            "other_day",
            _("Pemesanan ini untuk %(day)s pukul %(time)s. Hari ini Anda dapat mengambil nomor tanpa pemesanan.")
            % {"day": local.strftime("%d-%m-%Y"), "time": local.strftime("%H.%M")},
        )
    found = how_arrived(mall, booking, now)
    if found.early:
        local = malls.local_time(mall, booking.starts)
        raise NotPossible(
            "too_early",
            _(
                "Anda datang lebih awal. Daftar hadir dibuka pukul %(opens)s untuk pesanan pukul %(time)s. "
                "Anda juga dapat mengambil nomor biasa sekarang."
            )
            % {"time": local.strftime("%H.%M"), "opens": (local - found.before).strftime("%H.%M")},
        )
    was = booking.state
    if not claim(Booking.objects.filter(pk=booking.pk, state=was), state=states.ARRIVED, ended_at=now, letter_at=None):
        raise NotPossible("booking_state", _ENDED)
    hush(booking)
    with scopes_disabled():
        Leg.objects.filter(booking=booking).update(active=False)
    note(booking, "booking.arrived", now, actor, kept=found.kept and was == states.BOOKED)
    return queries.booking_by_token(token), True


def in_time(view: BookingView, mall: Mall, now: datetime) -> bool:
    """Whether an arrival `now` keeps the booked time."""
    return how_arrived(mall, Booking.objects.get(pk=view.id), now).kept


def how_arrived(mall: Mall, booking: Booking, now: datetime) -> rules.CheckIn:
    """How an arrival `now` stands to the booked time, by the policies of its lines (the most patient counts)."""
    with scopes_disabled():
        ids = list(Leg.objects.filter(booking_id=booking.pk).values_list("line_id", flat=True))
    early, late = queries.come_limits(mall, ids)
    return rules.check_in(booking.starts, now, early_minutes=early, late_minutes=late)


def expire_held(*, now: datetime) -> int:
    """Let go of bookings whose contact was not confirmed, or whose offer was not taken, in time. Returns how many."""
    count = 0
    for pk in Booking.objects.filter(state=states.HELD, held_until__lt=now).values_list("pk", flat=True):
        with transaction.atomic():
            booking = Booking.objects.select_for_update(skip_locked=True).filter(pk=pk, state=states.HELD).first()
            if booking is None:
                continue
            _end(booking, states.EXPIRED, now, "")
            pass_on(booking, now=now)
            freed = _free_places(booking)
            note(booking, "booking.expired", now, None)
            offer_freed(freed, now=now)
            count += 1
    return count


def release_missed(*, now: datetime) -> int:
    """Free the places of those who did not come, so that somebody else can have them. Returns how many.

    No penalty: they may book again at once, and are told so.
    """
    count = 0
    rows = Booking.objects.filter(state=states.BOOKED, starts__lt=now).select_related("mall")
    for row in rows:
        if not how_arrived(row.mall, row, now).late:
            continue
        with transaction.atomic():
            booking = Booking.objects.select_for_update(skip_locked=True).filter(pk=row.pk, state=states.BOOKED).first()
            if booking is None:
                continue
            _end(booking, states.RELEASED, now, "", tell=True)
            _free_places(booking)
            note(booking, "booking.released", now, None)
            count += 1
    return count
