"""Life events: what happens to people, and the services of several agencies that it takes, in order."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class LifeEvent(models.Model):
    """A baby was born, somebody died: `title` and `intro` in three languages, `keywords` as people say it.

    `is_house`: as the product brings it; what a person changed or retired is not touched by the next version.
    """

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    title_su = models.CharField(max_length=120, default="", blank=True)
    title_en = models.CharField(max_length=120, default="", blank=True)
    intro = models.TextField(default="", blank=True)
    intro_su = models.TextField(default="", blank=True)
    intro_en = models.TextField(default="", blank=True)
    keywords = models.TextField(default="", blank=True)
    source = models.TextField(default="", blank=True)
    sort = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)
    is_house = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["sort", "slug"]

    def __str__(self) -> str:
        return self.title


class LifeEventStep(models.Model):
    """One step: a service, or (`service` None) what `text` says is got elsewhere. `why`: why at this place.

    `stage`: the visit in which it can be done at the earliest; a later one waits for results of an earlier. `gives`:
    the papers it yields, by their Indonesian names, comma-separated: later steps need not bring them from home.
    """

    event = models.ForeignKey(LifeEvent, on_delete=models.CASCADE, related_name="steps")
    sort = models.PositiveSmallIntegerField()
    service = models.ForeignKey("catalogue.Service", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField(default="", blank=True)
    text_su = models.TextField(default="", blank=True)
    text_en = models.TextField(default="", blank=True)
    why = models.TextField(default="", blank=True)
    why_su = models.TextField(default="", blank=True)
    why_en = models.TextField(default="", blank=True)
    stage = models.PositiveSmallIntegerField(default=1)
    gives = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["stage", "sort"]
        constraints = [
            models.UniqueConstraint(fields=["event", "sort"], name="life_event_step_once"),
            models.UniqueConstraint(
                fields=["event", "service"], condition=Q(service__isnull=False), name="life_event_service_once"
            ),
            models.CheckConstraint(condition=Q(service__isnull=False) | ~Q(text=""), name="life_event_step_says"),
            models.CheckConstraint(condition=Q(stage__gte=1, stage__lte=9), name="life_event_step_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}.{self.sort}"
