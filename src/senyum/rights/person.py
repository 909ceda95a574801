"""Whose data is meant: found by what that person holds, or by what an officer for data protection reads on a slip."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from senyum.bookings.models import Booking, WaitEntry
from senyum.bookings.rules import tidy_reference
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.people.models import User
from senyum.visits.models import Ticket, Visit

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,32}")


@dataclass(frozen=True)
class Person:
    """One citizen by one visit with its booking (or one booking with its visit), or one member of staff.

    Two visits of the same citizen are two persons here: nothing that Senyum keeps says that they are the same.
    """

    visits: tuple[Visit, ...] = ()
    bookings: tuple[Booking, ...] = ()
    waits: tuple[WaitEntry, ...] = ()
    user: User | None = None

    @property
    def ids(self) -> dict[str, list[int]]:
        """Kind ("visit", "booking", "wait", "user") -> ids."""
        return {
            "visit": [row.pk for row in self.visits],
            "booking": [row.pk for row in self.bookings],
            "wait": [row.pk for row in self.waits],
            "user": [self.user.pk] if self.user else [],
        }

    @property
    def tokens(self) -> list[str]:
        return [v.token for v in self.visits] + [b.token for b in self.bookings] + [w.token for w in self.waits]

    @property
    def mall(self) -> Mall | None:
        """The hall that a citizen was in; None for staff, who may work in several."""
        found = [v.mall for v in self.visits] + [b.mall for b in self.bookings] + [w.mall for w in self.waits]
        return found[0] if found else None

    @cached_property
    def tickets(self) -> list[int]:
        with scopes_disabled():
            return list(Ticket.objects.filter(visit__in=self.visits).order_by("pk").values_list("pk", flat=True))

    @property
    def name(self) -> str:
        """What the journal calls them: a label, a reference, a log-in name. Never a person's name."""
        if self.user:
            return self.user.username
        return ", ".join([str(row) for row in (*self.visits, *self.bookings)] or [f"tunggu-{w.pk}" for w in self.waits])


def of_visit(visit: Visit) -> Person:
    """The visit with the booking it came from."""
    return _with_waits((visit,), tuple(Booking.objects.filter(pk=visit.booking_id)) if visit.booking_id else ())


def of_booking(booking: Booking) -> Person:
    """The booking with the visit that came of it."""
    return _with_waits(tuple(Visit.objects.filter(booking=booking)), (booking,))


def _with_waits(visits: tuple[Visit, ...], bookings: tuple[Booking, ...]) -> Person:
    return Person(visits, bookings, tuple(WaitEntry.objects.filter(booking__in=bookings)) if bookings else ())


def by_token(token: str) -> Person:
    """Who holds the link of a ticket, a booking or a place on the waiting list. Raises NotPossible("nobody")."""
    if _TOKEN.fullmatch(token):
        if visit := Visit.objects.filter(token=token).first():
            return of_visit(visit)
        if booking := Booking.objects.filter(token=token).first():
            return of_booking(booking)
        if entry := WaitEntry.objects.filter(token=token).first():
            return Person(waits=(entry,))
    raise _nobody()


def by_label(mall: Mall, day: date, label: str) -> Person:
    """Whose ticket said `label` on that day in that hall. Raises NotPossible("nobody")."""
    visit = Visit.objects.filter(mall=mall, day=day, label=label.strip().upper()).first()
    if visit is None:
        raise _nobody()
    return of_visit(visit)


def by_reference(mall: Mall, reference: str) -> Person:
    """Whose booking has this reference in that hall. Raises NotPossible("nobody")."""
    booking = Booking.objects.filter(mall=mall, reference=tidy_reference(reference)).first()
    if booking is None:
        raise _nobody()
    return of_booking(booking)


def by_username(username: str) -> Person:
    """A member of staff. Raises NotPossible("nobody")."""
    user = User.objects.filter(username=username).first()
    if user is None:
        raise _nobody()
    return Person(user=user)


def _nobody() -> NotPossible:
    return NotPossible("nobody", _("Data itu tidak ada, atau masa simpannya sudah habis."))
