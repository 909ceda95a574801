"""What a citizen comes for, and the lines in which a mall offers it."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from senyum.catalogue.event_models import LifeEvent, LifeEventStep
from senyum.catalogue.standard_models import Comment, Fee, Requirement, Standard
from senyum.malls.models import Agency, Booth, Counter, Mall

__all__ = [
    "Comment",
    "CounterLine",
    "Fee",
    "LifeEvent",
    "LifeEventStep",
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
    # Written by a database trigger from the name (decision 0210): never put it by hand.
    slug = models.SlugField(max_length=100, default="", editable=False)
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


class ServiceAddress(models.Model):
    """An address that a service has or once had in its agency. Written by a database trigger alone: once given, an
    address is its service's for ever, so that what was printed or linked still leads there.
    """

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, db_index=False, related_name="+")
    slug = models.SlugField(max_length=100, db_index=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "slug"], name="service_address_once")]

    def __str__(self) -> str:
        return self.slug


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


class Synonym(models.Model):
    """How people say it: `word` (one to three plain words of a language) stands for `means`, the catalogue's words.

    A filler says "I want" and not what; its `means` is empty. `is_house`: as the product brings it; a row that a
    person changed or switched off is not touched by the next version.
    """

    class Kind(models.TextChoices):
        SYNONYM = "synonym"
        FILLER = "filler"

    language = models.CharField(max_length=2, choices=[("id", "id"), ("su", "su"), ("en", "en")])
    word = models.CharField(max_length=60)
    means = models.CharField(max_length=60, default="", blank=True)
    kind = models.TextField(choices=Kind.choices, default=Kind.SYNONYM)
    active = models.BooleanField(default=True)
    is_house = models.BooleanField(default=False)

    class Meta:
        ordering = ["word", "language", "means"]
        constraints = [
            models.UniqueConstraint(fields=["language", "word", "means"], name="synonym_once"),
            models.CheckConstraint(
                condition=Q(kind="filler", means="") | (Q(kind="synonym") & ~Q(means="")), name="synonym_means"
            ),
            models.CheckConstraint(condition=Q(word__regex=r"^[a-z0-9]+( [a-z0-9]+){0,2}$"), name="synonym_plain"),
        ]

    def __str__(self) -> str:
        return self.word


class SearchEntry(models.Model):
    """What the search knows of a service: written by database triggers alone, so it is never behind.

    `words` is weighted: A the names, B the agency's short name and code, C keywords, D the agency's full name.
    """

    service = models.OneToOneField(Service, on_delete=models.CASCADE, primary_key=True, related_name="+")
    words = SearchVectorField()
    name_words = models.PositiveSmallIntegerField()

    class Meta:
        indexes = [GinIndex(fields=["words"], name="search_words")]

    def __str__(self) -> str:
        return str(self.pk)


class SearchWord(models.Model):
    """A word that stands in some service: what a slip of the finger is put right with. Written by triggers."""

    word = models.CharField(max_length=40, primary_key=True)

    class Meta:
        indexes = [GinIndex(OpClass("word", name="gin_trgm_ops"), name="search_word_trgm")]

    def __str__(self) -> str:
        return self.word
