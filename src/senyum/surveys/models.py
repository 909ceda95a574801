"""The one-tap smile."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from senyum.catalogue.models import Line
from senyum.malls.models import Agency, Mall
from senyum.visits.models import Ticket


class Smile(models.Model):
    """One of four faces for a served ticket, once. 1 = sad, 4 = glad."""

    ticket = models.OneToOneField(Ticket, on_delete=models.PROTECT, related_name="+")
    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="+")
    score = models.PositiveSmallIntegerField()
    channel = models.TextField()
    at = models.DateTimeField()

    objects = ScopedManager(agency="agency")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(score__gte=1, score__lte=4), name="smile_score")]
        indexes = [models.Index(fields=["mall", "at"], name="smile_mall_at")]
