"""What can be booked, what was, and who waits for a place."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from senyum.bookings import states
from senyum.catalogue.models import Line, Service
from senyum.malls.models import Agency, Mall


class Contact(models.TextChoices):
    """Whether a service asks how to reach the person: `CONFIRMED` wants it, and a code that came there."""

    OPTIONAL = "optional"
    CONFIRMED = "confirmed"


class BookingPolicy(models.Model):
    """How a line (`line` null: every line of the mall without a row of its own) is booked.

    `open` false: not at all. A slot lasts `slot_minutes`; `walkin_percent` of counters and quota stay for people who
    come without a booking. A day can be booked from `days_ahead` days before, at `opens_at` local time, until
    `closes_minutes` before the slot. `places` overrides what counters and standard time give (places a slot).
    `most_quantity`: documents or people of one booking. `early_minutes`/`late_minutes`: so much before and after the
    booked time it counts as kept. `hold_minutes`: how long a place is kept for a confirmation, `offer_minutes` for the
    next of the waiting list. `remind_hours`, `remind_again_hours`: so long before its time the person is reminded
    (0: not).
    """

    mall = models.ForeignKey(Mall, on_delete=models.CASCADE, related_name="+")
    line = models.ForeignKey(Line, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    open = models.BooleanField(default=True)
    slot_minutes = models.PositiveSmallIntegerField(default=30)
    walkin_percent = models.PositiveSmallIntegerField(default=60)
    days_ahead = models.PositiveSmallIntegerField(default=14)
    opens_at = models.TimeField()
    closes_minutes = models.PositiveSmallIntegerField(default=60)
    places = models.PositiveSmallIntegerField(null=True, blank=True)
    most_quantity = models.PositiveSmallIntegerField(default=5)
    contact = models.TextField(choices=Contact.choices, default=Contact.OPTIONAL)
    early_minutes = models.PositiveSmallIntegerField(default=30)
    late_minutes = models.PositiveSmallIntegerField(default=15)
    hold_minutes = models.PositiveSmallIntegerField(default=10)
    offer_minutes = models.PositiveSmallIntegerField(default=30)
    remind_hours = models.PositiveSmallIntegerField(default=24)
    remind_again_hours = models.PositiveSmallIntegerField(default=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mall", "line"], name="booking_policy_once", nulls_distinct=False),
            models.CheckConstraint(condition=Q(walkin_percent__lte=100), name="booking_policy_percent"),
            models.CheckConstraint(condition=Q(slot_minutes__gte=5, slot_minutes__lte=480), name="booking_policy_slot"),
        ]


class Slot(models.Model):
    """A stretch of time of one line that can be booked: the parent that becomes less available, locked by who takes.

    `capacity`: places in all. Made when somebody first books it; `closed`: nothing more is sold.
    """

    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, db_index=False, related_name="+")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, db_index=False, related_name="+")
    day = models.DateField()
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    capacity = models.PositiveSmallIntegerField()
    closed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "starts"], name="slot_once"),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="slot_order"),
        ]
        indexes = [models.Index(fields=["mall", "day"], name="slot_mall_day")]


class DayQuota(models.Model):
    """How many tickets of a line or a booth (`key`) were issued without a booking on a day that has a quota.

    Booked places of the day count as well, but are counted where they stand (`Leg.counts`); whoever takes from the
    quota, a walk-in or a booking, locks this row first.
    """

    key = models.TextField()
    day = models.DateField()
    issued = models.PositiveIntegerField(default=0)

    class Meta:
        # The table was made by `visits`, which wrote it alone before there were bookings.
        db_table = "visits_dayquota"
        constraints = [models.UniqueConstraint(fields=["key", "day"], name="day_quota_once")]


class Booking(models.Model):
    """One person's booking: a reference to say, a token to open it with, one or more services one after another.

    `contact` is encrypted (`core.crypto`), `contact_hash` its keyed hash; both are erased with the booking. `made_at`
    is the hall's time, `sold_at` the database's own clock: first come, first served is judged by it. `held_until`: a
    held booking ends then. `code_tries`: wrong codes given for the contact. `device_hash`: a keyed hash of the
    browser's own cookie. `why` says why it ended, for the person. `letter_at`: when the next message to the contact is
    due (null: none); `letters`: those that were told (`letters.Due.name`); `told_for`: the time that the last one said.
    """

    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, db_index=False, related_name="+")
    day = models.DateField()
    reference = models.CharField(max_length=12, unique=True)
    token = models.CharField(max_length=32, unique=True)
    state = models.TextField(choices=[(s, s) for s in states.STATES], default=states.BOOKED)
    channel = models.TextField()
    language = models.CharField(max_length=2, default="id")
    priority = models.TextField(default="regular")
    quantity = models.PositiveSmallIntegerField(default=1)
    starts = models.DateTimeField()
    made_at = models.DateTimeField()
    sold_at = models.DateTimeField()
    contact_kind = models.TextField(default="", blank=True)
    contact = models.BinaryField(default=b"", blank=True)
    contact_hash = models.CharField(max_length=32, default="", blank=True)
    device_hash = models.CharField(max_length=32, default="", blank=True)
    held_until = models.DateTimeField(null=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    moves = models.PositiveSmallIntegerField(default=0)
    letter_at = models.DateTimeField(null=True)
    letters = models.JSONField(default=list)
    told_for = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    why = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="booking_quantity"),
            models.CheckConstraint(
                condition=~Q(state=states.HELD) | Q(held_until__isnull=False), name="booking_held_until"
            ),
        ]
        indexes = [
            models.Index(fields=["mall", "day", "state"], name="booking_mall_day"),
            models.Index(
                fields=["device_hash"], name="booking_device", condition=Q(state__in=states.COMING) & ~Q(device_hash="")
            ),
            models.Index(fields=["held_until"], name="booking_held", condition=Q(state=states.HELD)),
            models.Index(fields=["starts"], name="booking_coming", condition=Q(state=states.BOOKED)),
            models.Index(fields=["letter_at"], name="booking_letter", condition=Q(letter_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.reference


class Leg(models.Model):
    """One service of a booking, at its time. `active`: still to come, and keeps a second booking of the same person
    for the same service out; `counts`: its places are taken (`states.KEEPING`).
    """

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="legs")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, db_index=False, related_name="+")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, db_index=False, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, db_index=False, related_name="+")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="legs")
    booth = models.ForeignKey("malls.Booth", on_delete=models.PROTECT, db_index=False, related_name="+")
    day = models.DateField()
    position = models.PositiveSmallIntegerField()
    quantity = models.PositiveSmallIntegerField()
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    contact_hash = models.CharField(max_length=32, default="", blank=True)
    active = models.BooleanField(default=True)
    counts = models.BooleanField(default=True)

    objects = ScopedManager(agency="agency")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["booking", "position"], name="leg_position_once"),
            models.UniqueConstraint(
                fields=["contact_hash", "service"],
                condition=Q(active=True) & ~Q(contact_hash=""),
                name="one_booking_per_person",
            ),
        ]
        indexes = [
            models.Index(fields=["booth", "day"], name="leg_booth_day", condition=Q(counts=True)),
            models.Index(fields=["line", "day"], name="leg_line_day", condition=Q(counts=True)),
        ]


class Place(models.Model):
    """One place of a slot, taken. Freed by deleting the row, so that it can be sold again; sold once by its number."""

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, db_index=False, related_name="+")
    leg = models.ForeignKey(Leg, on_delete=models.CASCADE, related_name="places")
    number = models.PositiveSmallIntegerField()
    capacity = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "number"], name="place_sold_once"),
            models.CheckConstraint(
                condition=Q(number__gte=1) & Q(number__lte=F("capacity")), name="place_within_capacity"
            ),
        ]


class WaitEntry(models.Model):
    """Somebody who waits for a freed place in a line, on one day between two times.

    `booking`: the held place that is offered at present. Contact as in `Booking`, never empty.
    """

    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, db_index=False, related_name="+")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, db_index=False, related_name="+")
    day = models.DateField()
    earliest = models.DateTimeField()
    latest = models.DateTimeField()
    quantity = models.PositiveSmallIntegerField(default=1)
    token = models.CharField(max_length=32, unique=True)
    language = models.CharField(max_length=2, default="id")
    priority = models.TextField(default="regular")
    state = models.TextField(choices=[(s, s) for s in states.WAIT_STATES], default=states.WAITING)
    asked_at = models.DateTimeField()
    contact_kind = models.TextField()
    contact = models.BinaryField()
    contact_hash = models.CharField(max_length=32)
    booking = models.ForeignKey(Booking, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["line", "day", "contact_hash"],
                condition=Q(state__in=(states.WAITING, states.OFFERED)),
                name="one_wait_per_person",
            )
        ]
        indexes = [
            models.Index(fields=["line", "day", "id"], name="wait_next", condition=Q(state=states.WAITING)),
            models.Index(fields=["booking"], name="wait_offered", condition=Q(state=states.OFFERED)),
        ]
