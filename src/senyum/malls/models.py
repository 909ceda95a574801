"""The hall and who is in it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Mall(models.Model):
    """One hall. Its day belongs to its own time zone.

    `languages` are those in which the hall calls, in order; `is_sample` marks demo data ("data contoh").
    """

    class Zone(models.TextChoices):
        WIB = "Asia/Jakarta", "WIB"
        WITA = "Asia/Makassar", "WITA"
        WIT = "Asia/Jayapura", "WIT"

    code = models.SlugField(max_length=32, unique=True)
    name = models.TextField()
    short_name = models.TextField()
    timezone = models.TextField(choices=Zone.choices, default=Zone.WIB)
    address = models.TextField(default="", blank=True)
    languages = models.JSONField(default=list)
    districts = models.JSONField(default=list, blank=True)
    is_sample = models.BooleanField(default=False)
    source = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return self.short_name


class Agency(models.Model):
    """A tenant organisation; its presence in one mall is a booth."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.TextField()
    short_name = models.TextField()
    is_sample = models.BooleanField(default=False)
    source = models.TextField(default="", blank=True)

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.short_name


class Booth(models.Model):
    """An agency's presence in one mall (gerai), with its own hours, weekdays and quota of tickets a day."""

    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, related_name="booths")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="booths")
    zone = models.TextField(default="", blank=True)
    quota_per_day = models.PositiveIntegerField(null=True, blank=True)
    sort = models.PositiveSmallIntegerField(default=0)
    source = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["sort", "id"]
        constraints = [models.UniqueConstraint(fields=["mall", "agency"], name="booth_once")]

    def __str__(self) -> str:
        return f"{self.agency} · {self.mall}"


class BoothHours(models.Model):
    """When a booth receives people on one weekday (0 = Monday), in the mall's local time. No row: closed that day.

    Intake of new tickets stops at `last_ticket`; those inside are served.
    """

    booth = models.ForeignKey(Booth, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    last_ticket = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ["weekday"]
        constraints = [
            models.UniqueConstraint(fields=["booth", "weekday"], name="booth_hours_once"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="booth_hours_weekday"),
            models.CheckConstraint(
                condition=Q(opens__lt=F("last_ticket")) & Q(last_ticket__lte=F("closes")),
                name="booth_hours_order",
            ),
        ]


class Counter(models.Model):
    """A place where an officer serves. `number` is what the voice says."""

    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, related_name="counters")
    booth = models.ForeignKey(Booth, on_delete=models.PROTECT, related_name="counters")
    number = models.PositiveSmallIntegerField()
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["mall", "number"], name="counter_number_once")]

    def __str__(self) -> str:
        return str(_("Loket %(number)s") % {"number": self.number})


class CalendarDay(models.Model):
    """A local decision about one day that overrides the national calendar."""

    mall = models.ForeignKey(Mall, on_delete=models.CASCADE, related_name="calendar_days")
    date = models.DateField()
    is_open = models.BooleanField()
    closes = models.TimeField(null=True, blank=True)
    reason = models.TextField()

    class Meta:
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["mall", "date"], name="calendar_day_once")]


class HallPause(models.Model):
    """The whole hall stands still (Friday prayer, power cut): promises move by its length, the order never."""

    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, related_name="pauses")
    reason = models.TextField()
    started_at = models.DateTimeField()
    back_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mall"], condition=Q(ended_at__isnull=True), name="one_hall_pause")
        ]
