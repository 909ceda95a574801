"""What a citizen comes for, and the lines in which a mall offers it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from senyum.catalogue.standard_models import Comment, Fee, Requirement, Standard
from senyum.malls.models import Agency, Booth, Counter, Mall

__all__ = [
    "Comment",
    "CounterLine",
    "Fee",
    "Line",
    "LineGroup",
    "Requirement",
    "Service",
    "Standard",
]


class Service(models.Model):
    """A service of an agency, with its standard time in minutes at the counter and its fee.

    `fee_rupiah` is 0 for "gratis" and null when the fee depends on the case (then `fee_text` says on what).
    `pays_at_cashier`: after the counter the citizen pays at the mall's cashier, as a further leg of the visit.
    `current` is the version of the standard in force; minutes, time and fee repeat what it says, written with it by
    the same commands, because every hall reads them all the time.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="services")
    code = models.SlugField(max_length=60)
    name = models.TextField()
    name_su = models.TextField(default="", blank=True)
    name_en = models.TextField(default="", blank=True)
    keywords = models.TextField(default="", blank=True)
    standard_minutes = models.PositiveSmallIntegerField()
    time_text = models.TextField(default="", blank=True)
    fee_rupiah = models.PositiveIntegerField(null=True, blank=True)
    fee_text = models.TextField(default="", blank=True)
    pays_at_cashier = models.BooleanField(default=False)
    source = models.TextField(default="", blank=True)
    is_sample = models.BooleanField(default=False)
    current = models.OneToOneField(Standard, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "code"], name="service_code_once")]

    @property
    def requirements(self) -> Any:
        """The requirements of the version in force, as a manager (`all()` is in order and uses what was prefetched as
        `current__requirements`); of a service without one, none.
        """
        return Requirement.objects.none() if self.current is None else self.current.requirements

    def __str__(self) -> str:
        return self.name


class LineGroup(models.Model):
    """Lines that share a label prefix of one or two letters, unique in the mall."""

    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, related_name="line_groups")
    prefix = models.CharField(max_length=2)
    name = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mall", "prefix"], name="line_prefix_once"),
            models.CheckConstraint(condition=Q(prefix__regex=r"^[A-Z]{1,2}$"), name="line_prefix_letters"),
        ]

    def __str__(self) -> str:
        return self.prefix


class Line(models.Model):
    """One service offered in one mall: the line in which its tickets wait.

    `quota_per_day` limits the tickets of a day (null: no limit but the booth's). `agency` repeats the booth's,
    for scopes.
    """

    class Kind(models.TextChoices):
        SERVICE = "service"
        PICKUP = "pickup"
        CASHIER = "cashier"

    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, related_name="lines")
    booth = models.ForeignKey(Booth, on_delete=models.PROTECT, related_name="lines")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="lines")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="lines")
    group = models.ForeignKey(LineGroup, on_delete=models.PROTECT, related_name="lines")
    kind = models.TextField(choices=Kind.choices, default=Kind.SERVICE)
    quota_per_day = models.PositiveIntegerField(null=True, blank=True)
    active = models.BooleanField(default=True)
    sort = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["sort", "id"]
        constraints = [models.UniqueConstraint(fields=["mall", "service"], name="line_once")]

    def __str__(self) -> str:
        return str(self.service)


class CounterLine(models.Model):
    """Which lines a counter serves first (tier 1) and which it helps out with (tier 2)."""

    FIRST, HELP = 1, 2

    counter = models.ForeignKey(Counter, on_delete=models.CASCADE, related_name="counter_lines")
    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="counter_lines")
    tier = models.PositiveSmallIntegerField(default=FIRST)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["counter", "line"], name="counter_line_once"),
            models.CheckConstraint(condition=Q(tier__in=[1, 2]), name="counter_line_tier"),
        ]
