"""What is wanted, checked against what can be booked at all; and why it was refused."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils.translation import gettext_lazy as _

from senyum.bookings import queries, rules, states
from senyum.bookings.commands.sell import Ask, AskLeg, Limit, Refused, Sold
from senyum.bookings.models import Contact
from senyum.bookings.plan import BookLine, BookPlan
from senyum.bookings.queries import BookingView, LegView
from senyum.core import crypto
from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.notices import ways

#: (line, beginning) of each service.
Wanted = Sequence[tuple[int, datetime]]


def prepare(
    plan: BookPlan,
    legs: Wanted,
    *,
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
) -> Ask:
    """What `sell` wants of one booking. Asks no database; raises as `booking.book`."""
    lines = [plan.line(line_id) for line_id, _starts in legs]
    placed = _placed(plan, legs, lines, quantity, now)
    plain, hashed = checked_contact(lines, contact_kind, contact)
    must_confirm = bool(plain) and any(line.policy.contact == Contact.CONFIRMED for line in lines)
    hold = min(line.policy.hold_minutes for line in lines)
    return Ask(
        mall=plan.mall.pk,
        mall_code=plan.mall.code,
        day=malls.local_day(plan.mall, placed[0].starts),
        legs=placed,
        quantity=quantity,
        channel=channel,
        language=language if language in ("id", "su", "en") else "id",
        priority=priority,
        state=states.HELD if must_confirm else states.BOOKED,
        held_until=now + timedelta(minutes=hold) if must_confirm else None,
        token=secrets.token_urlsafe(16),
        reference=rules.new_reference(),
        now=now,
        actor=actor,
        contact_kind=contact_kind if plain else "",
        contact=crypto.encrypt(plain, purpose="contact") if plain else b"",
        contact_hash=hashed,
        device_hash=crypto.blind_index(device, purpose="device") if device else "",
        key=key,
    )


def _placed(
    plan: BookPlan, legs: Wanted, lines: Sequence[BookLine], quantity: int, now: datetime
) -> tuple[AskLeg, ...]:
    if not legs or len(legs) > rules.MAX_LEGS or len({line.id for line in lines}) != len(lines):
        raise NotPossible("services_many", _("Pilih satu sampai lima layanan yang berbeda."))
    most = min(line.policy.most_quantity for line in lines)
    if not 1 <= quantity <= most:
        raise NotPossible(
            "quantity", _("Untuk layanan ini dapat dipesan 1 sampai %(most)s berkas sekaligus.") % {"most": most}
        )
    found = []
    for line, (_line_id, starts) in zip(lines, legs, strict=True):
        day = malls.local_day(plan.mall, starts)
        slot = plan.slot(line, starts)
        if slot is None:
            raise NotPossible("no_slot", _("Jam itu tidak dapat dipesan. Pilih salah satu jam yang tersedia."))
        if not plan.window(line, day).open_for(starts, now):
            raise NotPossible(
                "not_yet", _("Jam itu belum atau tidak lagi dapat dipesan. Pilih salah satu jam yang tersedia.")
            )
        ends = starts + timedelta(minutes=rules.counter_minutes(line.minutes, quantity))
        limits = tuple(_limits(line))
        found.append(
            AskLeg(
                line.id,
                line.service_id,
                line.agency_id,
                line.booth_id,
                starts,
                slot.ends,
                ends,
                slot.capacity,
                limits,
            )
        )
    found.sort(key=lambda leg: leg.starts)
    for before, after in pairwise(found):
        if after.starts < before.ends + timedelta(minutes=rules.WALK_MINUTES):
            raise NotPossible("overlap", _("Jam kedua layanan bertumpuk. Pilih jam yang berurutan."))
    if len({malls.local_day(plan.mall, leg.starts) for leg in found}) > 1:
        raise NotPossible("one_day", _("Semua layanan dalam satu pemesanan harus pada hari yang sama."))
    return tuple(found)


def _limits(line: BookLine) -> list[Limit]:
    percent = line.policy.walkin_percent
    found = []
    if line.quota is not None:
        found.append(Limit(f"line:{line.id}", line.quota, rules.quota_share(line.quota, percent), line.id, None))
    if line.booth_quota is not None:
        share = rules.quota_share(line.booth_quota, percent)
        found.append(Limit(f"booth:{line.booth_id}", line.booth_quota, share, None, line.booth_id))
    return found


def checked_contact(lines: Sequence[BookLine], kind: str, text: str) -> tuple[str, str]:
    """(the contact in its one form, its keyed hash), both "" where none is given. Raises NotPossible."""
    if not text.strip():
        if any(line.policy.contact == Contact.CONFIRMED for line in lines):
            raise NotPossible(
                "contact_needed",
                _("Layanan ini meminta alamat email atau nomor WhatsApp, supaya tempat tidak diborong."),
            )
        return "", ""
    plain = rules.normal_contact(kind, text) if kind in (ways.EMAIL, ways.WHATSAPP) else None
    if plain is None:
        raise NotPossible(
            "contact", _("Alamat itu tidak dapat dipakai. Tulis email seperti nama@contoh.id atau nomor seperti 0812….")
        )
    return plain, crypto.blind_index(f"{kind}:{plain}", purpose="contact")


def sold_view(ask: Ask, sold: Sold) -> BookingView:
    """The booking just sold, without asking the database for it."""
    legs = tuple(LegView(leg.line, leg.starts, leg.ends, ask.quantity) for leg in ask.legs)
    plain = crypto.decrypt(ask.contact, purpose="contact") if ask.contact else ""
    return BookingView(
        id=sold.id,
        mall_id=ask.mall,
        reference=ask.reference,
        token=ask.token,
        state=ask.state,
        day=ask.day,
        starts=min(leg.starts for leg in ask.legs),
        quantity=ask.quantity,
        language=ask.language,
        priority=ask.priority,
        held_until=ask.held_until,
        contact_kind=ask.contact_kind,
        contact=queries.mask(ask.contact_kind, plain),
        moves=0,
        why="",
        legs=legs,
    )


def why_refused(mall: Mall, ask: Ask, refused: Refused, now: datetime) -> NotPossible:
    """The refusal as a person reads it; when it is full, with the next free times."""
    if refused.code == "key_reused":
        return NotPossible(
            "key_reused", _("Kunci permintaan ini sudah dipakai untuk isi yang lain. Buat permintaan baru.")
        )
    if refused.code == "one_booking":
        return NotPossible(
            "one_booking", _("Anda sudah punya pemesanan untuk layanan ini. Pindahkan atau batalkan yang itu dulu.")
        )
    if refused.code == "device":
        return NotPossible(
            "device", _("Dari perangkat ini sudah ada lima pemesanan. Batalkan satu, atau minta bantuan petugas MPP.")
        )
    lines = [leg.line for leg in ask.legs]
    free = queries.next_free(mall, lines, quantity=ask.quantity, now=now, after=ask.day)
    times = [proposal.starts.isoformat() for proposal in free]
    sentence = (
        _("Kuota hari itu untuk pemesanan sudah habis. Pilih hari lain, atau datang langsung.")
        if refused.code == "quota"
        else _("Jam itu baru saja penuh. Pilih jam lain.")
    )
    return NotPossible("full", sentence, next_free=times)
