"""Visit, ticket, call and what numbers them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from senyum.bookings.models import Booking
from senyum.catalogue.models import Line, LineGroup, Requirement
from senyum.malls.models import Agency, Counter, Mall
from senyum.people.models import Device, User
from senyum.roster.models import CounterSession
from senyum.visits import states


class PriorityClass(models.Model):
    """The policy row of a class: what its head start in the order and its promise are, in minutes.

    Set once per ticket: `turn_at` = anchor - head start, `promised_by` = anchor + promise.
    `code` is one of `visits.classes.CODES`, whose words stand there.
    """

    mall = models.ForeignKey(Mall, on_delete=models.CASCADE, related_name="+")
    code = models.TextField()
    head_start_minutes = models.PositiveSmallIntegerField(default=0)
    promise_minutes = models.PositiveSmallIntegerField()
    sort = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["sort"]
        constraints = [models.UniqueConstraint(fields=["mall", "code"], name="priority_class_once")]


class Visit(models.Model):
    """One person's stay in the mall: one label, one or more tickets.

    `token` is the unguessable part of the citizen's link. `age_band`, `district` and `has_phone` are
    optional, asked once, for the equal-service audit. `quantity` is how many documents or people. `booking`: null for
    those who came without one.
    """

    class Channel(models.TextChoices):
        KIOSK = "kiosk"
        GREETER = "greeter"
        PHONE = "phone"
        COUNTER = "counter"
        PAPER = "paper"
        API = "api"

    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, db_index=False, related_name="+")
    day = models.DateField()
    group = models.ForeignKey(LineGroup, on_delete=models.PROTECT, db_index=False, related_name="+")
    number = models.PositiveIntegerField()
    label = models.CharField(max_length=10)
    token = models.CharField(max_length=32)
    channel = models.TextField(choices=Channel.choices)
    priority = models.TextField()
    language = models.CharField(max_length=2, default="id")
    quantity = models.PositiveSmallIntegerField(default=1)
    age_band = models.TextField(default="", blank=True)
    district = models.TextField(default="", blank=True)
    has_phone = models.BooleanField(null=True)
    arrived_at = models.DateTimeField()
    greeted_at = models.DateTimeField(null=True)
    booking = models.ForeignKey(Booking, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["booking"], condition=Q(booking__isnull=False), name="one_visit_per_booking"
            ),
            models.UniqueConstraint(fields=["mall", "day", "label"], name="label_once_a_day"),
            models.UniqueConstraint(fields=["token"], name="visit_token_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="visit_quantity"),
        ]
        # The nightly erasure (commands/forget.py) reads what is still to be erased, not every visit there ever was.
        indexes = [
            models.Index(
                fields=["mall", "day"],
                name="visit_to_erase",
                condition=~Q(token__startswith="erased."),  # nosec B106 - no secret
            )
        ]

    def __str__(self) -> str:
        return self.label


class Ticket(models.Model):
    """One leg of a visit: one service, one line.

    `turn_at` (the order) and `promised_by` (what was said) are set once. `people_ahead`, `wait_p10`, `wait_p50` and
    `wait_p90` (minutes) are what was promised at issue; `wait_basis` (`foretell.Basis`) says from what.
    `held_until`: the citizen asked to be passed over until then. `invited_at`/`smiled_at`: the smile invitation and
    its use.
    """

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, db_index=False, related_name="tickets")
    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, db_index=False, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, db_index=False, related_name="+")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, db_index=False, related_name="+")
    day = models.DateField()
    leg = models.PositiveSmallIntegerField(default=1)
    state = models.TextField(choices=[(s, s) for s in states.STATES], default=states.WAITING)
    priority = models.TextField()
    quantity = models.PositiveSmallIntegerField(default=1)
    queued_at = models.DateTimeField()
    turn_at = models.DateTimeField()
    promised_by = models.DateTimeField()
    held_until = models.DateTimeField(null=True)
    delays = models.PositiveSmallIntegerField(default=0)
    rejoins = models.PositiveSmallIntegerField(default=0)
    people_ahead = models.PositiveIntegerField()
    wait_p10 = models.FloatField(null=True)
    wait_p50 = models.FloatField(null=True)
    wait_p90 = models.FloatField(null=True)
    wait_basis = models.TextField(default="", blank=True)
    called_at = models.DateTimeField(null=True)
    serving_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    session = models.ForeignKey(CounterSession, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    counter = models.ForeignKey(Counter, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    outcome = models.TextField(default="", blank=True)
    missing = models.ForeignKey(Requirement, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+")
    case_number = models.TextField(default="", blank=True)
    note = models.TextField(default="", blank=True)
    forwarded_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    invited_at = models.DateTimeField(null=True)
    smiled_at = models.DateTimeField(null=True)

    objects = ScopedManager(agency="agency")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["visit"],
                # Only who asks by visit may go by it: the planner took it for sessions while it was small.
                condition=Q(state__in=states.AT_COUNTER, visit__isnull=False),
                name="one_counter_per_visit",
            ),
            models.UniqueConstraint(
                fields=["session"], condition=Q(state__in=states.AT_COUNTER), name="one_open_ticket_per_session"
            ),
            models.UniqueConstraint(fields=["visit", "leg"], name="ticket_leg_once"),
        ]
        indexes = [
            models.Index(
                fields=["line", "day", "turn_at", "id"],
                include=["quantity"],
                name="ticket_waiting",
                condition=Q(state=states.WAITING),
            ),
            models.Index(fields=["mall", "day", "state"], name="ticket_mall_day"),
            # Only of those called: who waits is found by `ticket_waiting` alone, whatever the planner guesses.
            models.Index(fields=["line", "called_at"], name="ticket_pace", condition=Q(called_at__isnull=False)),
            models.Index(fields=["forwarded_from"], name="ticket_forwarded", condition=Q(forwarded_from__isnull=False)),
        ]


class Call(models.Model):
    """One announcement of a ticket at a counter, and the ledger of why this ticket and who was passed over.

    `why` is a code of `engine.discipline.Why` ("recall" for a repetition); `passed_over` counts those with an
    earlier turn in the lines this counter serves; `reason` is the officer's own words when somebody else was called.
    `quiet`: shown, not spoken.
    """

    class Kind(models.TextChoices):
        CALL = "call"
        RECALL = "recall"

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="calls")
    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, db_index=False, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, db_index=False, related_name="+")
    session = models.ForeignKey(CounterSession, on_delete=models.PROTECT, db_index=False, related_name="+")
    counter = models.ForeignKey(Counter, on_delete=models.PROTECT, db_index=False, related_name="+")
    kind = models.TextField(choices=Kind.choices, default=Kind.CALL)
    at = models.DateTimeField()
    why = models.TextField()
    passed_over = models.PositiveIntegerField(default=0)
    passed_labels = models.JSONField(default=list)
    reason = models.TextField(default="", blank=True)
    quiet = models.BooleanField(default=False)
    withdrawn_at = models.DateTimeField(null=True)

    objects = ScopedManager(agency="agency")

    class Meta:
        indexes = [models.Index(fields=["mall", "at"], name="call_mall_at")]


class LabelSequence(models.Model):
    """The last number given for a prefix of a mall on one day: the contended row, locked late and briefly."""

    mall = models.ForeignKey(Mall, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    prefix = models.CharField(max_length=2)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mall", "day", "prefix"], name="label_sequence_once")]


class LabelBlock(models.Model):
    """Numbers set aside for a kiosk that is cut off or for a numbered paper pad: first to last, inclusive."""

    mall = models.ForeignKey(Mall, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    group = models.ForeignKey(LineGroup, on_delete=models.PROTECT, related_name="+")
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    device = models.ForeignKey(Device, on_delete=models.SET_NULL, null=True, related_name="+")
    note = models.TextField(default="", blank=True)
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(first__lte=models.F("last")), name="label_block_order")]


class Arrival(models.Model):
    """Somebody came through the door (the greeter's tap), was greeted, and perhaps took a ticket."""

    mall = models.ForeignKey(Mall, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    at = models.DateTimeField()
    greeted_at = models.DateTimeField(null=True)
    greeted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    visit = models.OneToOneField(Visit, on_delete=models.CASCADE, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["mall", "day", "at"], name="arrival_mall_day")]


class DayClosing(models.Model):
    """That a mall's day was closed: the closing job's mark, so that it happens once."""

    mall = models.ForeignKey(Mall, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    stage = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mall", "day", "stage"], name="day_closing_once")]


class LineForecast(models.Model):
    """How a line stood at `at` and what somebody who then stood last in it was told, in minutes.

    Written on a grid of five minutes (`why` "grid") and when counters come or go ("change"). `minute`: of the local
    day. `counters`: those that serve it, a helping one half. `called`: tickets called today so far. `cold_*`: before
    any model or calibration; `p*`: as promised. `ticket`: the last in line, whose call ends the wait: a place in a
    line, never a person. `wait`: minutes until its call, None while unknown and where there was none. `speed`:
    seconds of the hall in a real one at that look; beyond 1 (a fast demo) the looks are too far apart to be judged by.
    """

    mall = models.ForeignKey(Mall, on_delete=models.CASCADE, db_index=False, related_name="+")
    line = models.ForeignKey(Line, on_delete=models.CASCADE, db_index=False, related_name="+")
    day = models.DateField()
    at = models.DateTimeField()
    minute = models.FloatField()
    why = models.TextField()
    counters = models.FloatField()
    waiting = models.PositiveIntegerField()
    called = models.PositiveIntegerField()
    cold_p10 = models.FloatField(null=True)
    cold_p50 = models.FloatField(null=True)
    cold_p90 = models.FloatField(null=True)
    p10 = models.FloatField(null=True)
    p50 = models.FloatField(null=True)
    p90 = models.FloatField(null=True)
    basis = models.TextField()
    ticket = models.ForeignKey(Ticket, on_delete=models.SET_NULL, null=True, db_index=False, related_name="+")
    wait = models.FloatField(null=True)
    speed = models.FloatField(default=1.0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mall", "day", "line", "at"], name="line_forecast_once")]


class ForecastState(models.Model):
    """What a mall's forecasts have learned, one row a mall, read by every process.

    `calibration`, `model`, `memory`: `.npz` bytes of the engine (model and memory empty: cold start). `lines` and
    `offices`: ids of lines and agencies by their numbers in those arrays. `learned`: line id -> three stretches of the
    cold quantiles that the model found at `learned_at`. `settled_to`: outcomes until then have moved the calibration;
    `night`: the last day that was taken in at night; `trial`: what the last trial of a model showed.
    `version` rises with each change.
    """

    mall = models.OneToOneField(Mall, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveBigIntegerField(default=0)
    calibration = models.BinaryField()
    lines = models.JSONField(default=list)
    offices = models.JSONField(default=list)
    outcomes = models.PositiveBigIntegerField(default=0)
    settled_to = models.DateTimeField()
    model = models.BinaryField(default=b"", blank=True)
    memory = models.BinaryField(default=b"", blank=True)
    learned = models.JSONField(default=dict, blank=True)
    learned_at = models.DateTimeField(null=True)
    night = models.DateField(null=True)
    trial = models.JSONField(default=dict, blank=True)


class LineShown(models.Model):
    """What those who wait in a line were shown at the last full minute, so that all processes go on from the same.

    `waits`: ticket id -> [p10, p50, p90, why, minutes since it rose, minute since the forecast is beyond it, people
    ahead, counter that closed]; overwritten each minute. `counters`: numbers of those that were open for the line.
    """

    line = models.OneToOneField(Line, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    counters = models.JSONField(default=list)
    paused = models.BooleanField(default=False)
    waits = models.JSONField(default=dict)
