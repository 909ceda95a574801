"""Putting what bookings have to say into the outbox: once each, by a job, not on the way of a sale (decision 0200)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Count, F
from django_scopes import scopes_disabled
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from senyum.bookings import letters, queries, states
from senyum.bookings.calendar import ics
from senyum.bookings.models import Booking, Leg
from senyum.bookings.plan import plan_of
from senyum.catalogue.queries import LineInfo, lines_of
from senyum.core.crypto import WrongKey
from senyum.malls.models import Mall
from senyum.malls.rules import moment
from senyum.notices import messages, outbox
from senyum.notices import queries as notices
from senyum.notices.ways import Way

#: The job that writes them, by name: it stands above this package.
JOB = "senyum.jobs.write_letters.write_letters"
SUBJECT = "booking"
log = structlog.get_logger(__name__)
_Infos = Mapping[int, LineInfo]


def wake() -> None:
    """Ask a worker to write at once; without it the job of the next minute does."""
    # Within: a refusal of the database must not spoil a transaction of the caller's.
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task(JOB, queueing_lock="write_letters", allow_unknown=True).defer(timestamp=0)


def wake_later() -> None:
    """As `wake`, once this transaction is committed."""
    transaction.on_commit(wake, robust=True)


def speaks(booking: Booking) -> bool:
    """Whether somebody is to be told about this booking: by its contact, or because a browser follows it."""
    return bool(booking.contact_hash or booking.letters)


def hush(booking: Booking, templates: Collection[str] = ()) -> None:
    """What was queued about the booking and has not left is no longer true: it is not sent."""
    if speaks(booking):
        outbox.withdraw(kind=SUBJECT, subject_id=booking.pk, templates=templates)


def heard_until(mall: Mall, day: date) -> datetime:
    """A browser that follows a booking of that day does so until the day is over."""
    return moment(mall.timezone, day + timedelta(days=1), time())


def heed(*, token: str, now: datetime) -> None:
    """A browser follows this booking from now on: what its page shows it knows, the rest it is told."""
    with transaction.atomic():
        booking = Booking.objects.select_for_update().get(token=token)
        if booking.state == states.BOOKED and "made" not in booking.letters and not booking.contact_hash:
            with scopes_disabled():
                hours = _hours(booking.mall, list(Leg.objects.filter(booking=booking).order_by("starts")))
            known = _known(booking)
            booking.letters = letters.told(known, letters.due(known, hours=hours, now=now), hours=hours, now=now)
            booking.told_for, booking.letter_at = booking.starts, now
            booking.save(update_fields=["letters", "told_for", "letter_at"])
            wake_later()


def write_letters(*, now: datetime) -> int:
    """Queue every message about a booking that is due. Returns how many bookings were told something.

    Each booking is a transaction of its own, with what it was told: a worker that is killed repeats nothing and loses
    nothing. Without an address of the hall no link can be written, and only codes leave.
    """
    base = queries.link_base()
    due = Booking.objects.filter(letter_at__lte=now)
    if not base:
        due = due.filter(state=states.HELD)
    # Codes first: somebody sits and waits for them.
    rows = list(due.order_by(F("held_until").asc(nulls_last=True), "letter_at").values_list("pk", "contact_hash"))
    flooded = _flooded({contact for _pk, contact in rows if contact}, now)
    told = 0
    infos = lru_cache(maxsize=64)(_infos)
    for pk, contact in rows:
        try:
            with scopes_disabled(), transaction.atomic():
                booking = _claimed(pk, now)
                if booking is not None:
                    told += _tell(booking, infos, base, now, silent=contact in flooded)
        except (WrongKey, ValueError) as error:
            # What cannot be read or written now never will be; the others shall not wait behind it.
            log.warning("letter.failed", booking=pk, trouble=type(error).__name__)
            Booking.objects.filter(pk=pk).update(letter_at=None)
    return told


def _claimed(pk: int, now: datetime) -> Booking | None:
    rows = Booking.objects.select_for_update(skip_locked=True, of=("self",)).select_related("mall")
    return rows.filter(pk=pk, letter_at__lte=now).first()


def _flooded(contacts: Collection[str], now: datetime) -> set[str]:
    """Contacts with so many bookings in a day that somebody plays with them: they get no more letters."""
    made = Booking.objects.filter(contact_hash__in=contacts, made_at__gt=now - timedelta(days=1))
    counted = made.values("contact_hash").annotate(count=Count("pk")).filter(count__gt=letters.MOST_A_DAY)
    return set(counted.values_list("contact_hash", flat=True))


def _infos(mall: Mall, language: str) -> _Infos:
    return {info.id: info for info in lines_of(mall, language)}


def _known(booking: Booking) -> letters.Known:
    return letters.Known(
        state=booking.state,
        starts=booking.starts,
        held_until=booking.held_until,
        offered=booking.channel == queries.OFFERED,
        by_hall=bool(booking.why),
        moves=booking.moves,
        told_for=booking.told_for,
        letters=tuple(booking.letters),
    )


def _tell(booking: Booking, infos: Any, base: str, now: datetime, *, silent: bool) -> int:
    legs = list(Leg.objects.filter(booking=booking).select_related("service").order_by("starts"))
    hours = _hours(booking.mall, legs)
    known = _known(booking)
    found = letters.due(known, hours=hours, now=now)
    sent = 0
    if found is not None:
        for way, language in [] if silent else _ways(booking, found, now):
            sent += _queue(booking, legs, found, way, language, infos(booking.mall, language), base, now)
        if found.template in ("booking_made", "booking_moved", "booking_reminder"):
            booking.told_for = booking.starts
        booking.letters = letters.told(known, found, hours=hours, now=now)
    known = replace(known, letters=tuple(booking.letters), told_for=booking.told_for)
    again = letters.due(known, hours=hours, now=now) is not None
    booking.letter_at = now if again else letters.next_at(known, hours=hours)
    booking.save(update_fields=["letters", "told_for", "letter_at"])
    return int(sent > 0)


def _hours(mall: Mall, legs: list[Leg]) -> tuple[int, ...]:
    """How long before its time a booking is reminded of, by the policy of its first service."""
    line = plan_of(mall).lines.get(legs[0].line_id) if legs else None
    return (line.policy.remind_hours, line.policy.remind_again_hours) if line is not None else ()


def _ways(booking: Booking, found: letters.Due, now: datetime) -> list[tuple[Way, str]]:
    contact = queries.contact_of(booking)
    ways: list[tuple[Way, str]] = [((booking.contact_kind, contact), booking.language)] if contact else []
    if found.template != "contact_code":
        ways += notices.push_ways(kind=SUBJECT, subject_id=booking.pk, now=now)
    return ways


def _queue(
    booking: Booking,
    legs: list[Leg],
    found: letters.Due,
    way: Way,
    language: str,
    infos: _Infos,
    base: str,
    now: datetime,
) -> int:
    names = [infos[leg.line_id].name if leg.line_id in infos else str(leg.service) for leg in legs]
    mall = booking.mall
    held = booking.held_until or now
    values: dict[str, Any] = {
        "mall": mall.name,
        "services": names,
        "at": booking.starts,
        "was": booking.told_for or booking.starts,
        "until": held,
        "zone": mall.timezone,
        "reference": booking.reference,
        "link": f"{base}/b/{booking.token}/",
        "bring": sum(len(infos[leg.line_id].requirements) for leg in legs if leg.line_id in infos),
        "reason": booking.why,
        "code": queries.contact_code(booking.token),
        "minutes": max(1, int((held - now).total_seconds() // 60)),
    }
    message = messages.MESSAGES[found.template]
    date = ics(
        reference=booking.reference,
        services=names,
        place=", ".join(part for part in (mall.name, mall.address) if part),
        starts=booking.starts,
        ends=max((leg.ends for leg in legs), default=booking.starts),
        moves=booking.moves,
        now=now,
        method="PUBLISH",
    )
    return outbox.tell(
        mall=mall.code,
        template=found.template,
        data={name: values[name] for name in message.needs},
        subject=(SUBJECT, booking.pk, booking.reference),
        once=f"booking:{booking.pk}:{found.name}",
        ways_out=[way],
        language=language,
        useful_until=found.until,
        calendar=date if message.calendar else "",
        now=now,
    )
