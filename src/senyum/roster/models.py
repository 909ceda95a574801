"""Counter sessions, their pauses and calls for help; shifts, which say who is to sit where."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django_scopes import ScopedManager

from senyum.malls.models import Agency, Counter, Mall
from senyum.people.models import User
from senyum.roster import states


class CounterSession(models.Model):
    """Who sat at which counter, from when to when.

    The `last_*` fields and `undo_until` (wall time) say what *undo* would take back: one press, once.
    """

    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    counter = models.ForeignKey(Counter, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.TextField(choices=[(s, s) for s in states.STATES], default=states.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    close_reason = models.TextField(default="", blank=True)
    last_action = models.TextField(default="", blank=True)
    last_ticket = models.BigIntegerField(null=True)
    last_finished = models.BigIntegerField(null=True)
    last_note = models.TextField(default="", blank=True)
    undo_until = models.DateTimeField(null=True)

    objects = ScopedManager(agency="agency")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["counter"], condition=~Q(state=states.CLOSED), name="one_open_session_per_counter"
            ),
            models.UniqueConstraint(
                fields=["user"], condition=~Q(state=states.CLOSED), name="one_open_session_per_user"
            ),
        ]
        indexes = [models.Index(fields=["mall", "opened_at"], name="session_mall_opened")]


class SessionPause(models.Model):
    """A pause of a session with its reason and, where known, when the officer comes back."""

    session = models.ForeignKey(CounterSession, on_delete=models.CASCADE, related_name="pauses")
    reason = models.TextField()
    started_at = models.DateTimeField()
    back_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=Q(ended_at__isnull=True), name="one_pause_per_session"
            )
        ]


class EmergencyCall(models.Model):
    """An officer pressed the emergency button; colleagues see it until one says "I am coming" and it is closed."""

    session = models.ForeignKey(CounterSession, on_delete=models.CASCADE, related_name="emergencies")
    raised_at = models.DateTimeField()
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=Q(closed_at__isnull=True), name="one_emergency_per_session"
            )
        ]


class Span(Func):
    """From a moment until before another."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Shift(models.Model):
    """Who is to sit at which counter, from when to when, and when they eat. `user` None: somebody not named.

    `day` is the mall's own. `source`: "seed", "hand" or "proposal", with the number of that in `proposal`.
    """

    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    counter = models.ForeignKey(Counter, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.TextField(choices=[(s, s) for s in states.SHIFT_STATES], default=states.PLANNED)
    day = models.DateField()
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    lunch_from = models.DateTimeField(null=True)
    lunch_to = models.DateTimeField(null=True)
    source = models.TextField()
    proposal = models.BigIntegerField(null=True)

    objects = ScopedManager(agency="agency")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(starts__lt=F("ends")), name="shift_order"),
            models.CheckConstraint(
                condition=Q(lunch_from=None, lunch_to=None)
                | Q(
                    lunch_from__isnull=False,
                    lunch_to__isnull=False,
                    lunch_from__gte=F("starts"),
                    lunch_from__lt=F("lunch_to"),
                    lunch_to__lte=F("ends"),
                ),
                name="shift_lunch_inside",
            ),
            ExclusionConstraint(
                name="shift_counter_once",
                expressions=[
                    ("counter", RangeOperators.EQUAL),
                    (Span("starts", "ends"), RangeOperators.OVERLAPS),
                ],
                condition=Q(state=states.PLANNED),
            ),
            ExclusionConstraint(
                name="shift_user_once",
                expressions=[("user", RangeOperators.EQUAL), (Span("starts", "ends"), RangeOperators.OVERLAPS)],
                condition=Q(state=states.PLANNED),
            ),
        ]
        indexes = [models.Index(fields=["mall", "day"], name="shift_mall_day")]
