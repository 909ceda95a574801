"""Erase at once what identifies somebody, because that person asks (UU 27/2022; docs/privacy.md)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from senyum.bookings.commands import forget_booking, forget_wait
from senyum.core import idempotency
from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.notices import outbox
from senyum.notices.commands import unfollow
from senyum.rights.person import Person
from senyum.roster.commands import forget_notes_of
from senyum.visits.commands import forget_visit


def erase(*, person: Person, now: datetime, actor: Actor | None = None) -> dict[str, int]:
    """What the nightly job would erase 30 days later, now: link, answers about the person, addresses, messages.

    `actor` None: the citizen, by their link. All or nothing. Returns field or model -> how many. Raises
    NotPossible("goes_on") while a ticket is open, a booking is to come or the person waits for a place;
    NotPossible("staff") for a member of staff, whose account an administrator ends.
    """
    if person.user is not None:
        raise NotPossible("staff", _("Akun petugas dinonaktifkan oleh administrator, tidak dihapus di sini."))
    by = actor or Actor("citizen", "", person.name)
    counts: dict[str, int] = {}
    tokens: dict[str, str] = {}
    with transaction.atomic():
        for visit in person.visits:
            tokens[visit.token], gone = forget_visit(visit_id=visit.pk, now=now, actor=by)
            counts |= gone
        for booking in person.bookings:
            tokens[booking.token], gone = forget_booking(booking_id=booking.pk, now=now, actor=by)
            counts |= gone
        if not person.bookings:
            counts["WaitEntry"] = sum(forget_wait(entry_id=row.pk, now=now, actor=by) for row in person.waits)
        subjects = [("visit", pk) for pk in person.ids["visit"]] + [("booking", pk) for pk in person.ids["booking"]]
        subjects += [("wait_entry", pk) for pk in person.ids["wait"]] + [("ticket", pk) for pk in person.tickets]
        counts["Notice"] = sum(outbox.forget_about(kind=kind, subject_id=pk) for kind, pk in subjects)
        counts["Subscription"] = sum(unfollow(kind=kind, subject_id=pk, now=now) for kind, pk in subjects)
        counts["IdempotencyKey"] = idempotency.forget_person(
            scopes=[f"visit:{pk}" for pk in person.ids["visit"]],
            tokens={old: new for old, new in tokens.items() if old != new},
        )
        counts["CounterSession.last_note"] = forget_notes_of(ticket_ids=person.tickets, now=now)
    return {name: count for name, count in counts.items() if count}
