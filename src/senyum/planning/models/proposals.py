"""Staffing proposals: what was asked, on what it rests, what was found, and what a person decided."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from senyum.malls.models import Agency, Mall
from senyum.people.models import User
from senyum.planning import states


class Proposal(models.Model):
    """A roster that was asked for, computed in the background, and accepted or rejected by a person.

    `agency`: planned for it alone, None for the whole mall. `days`: ISO dates. `asked`: `asked.Asked` as JSON.
    `basis`: on what the scenario rests (`from_hall.Basis`). `result`: a list, for each day the output of
    docs/staffing.md with `date` and `mark` (of the roster it was made on); `officers` leads from codes to users.
    `options`: frontier, further officers and closures of the first day, None until they are there. `charts`: SVG text
    by name. `beat_at`, on the wall clock: when its computation last said that it lives.
    """

    mall = models.ForeignKey(Mall, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.TextField(choices=[(s, s) for s in states.STATES], default=states.QUEUED)
    days = models.JSONField()
    asked = models.JSONField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    stage = models.TextField(default="", blank=True)
    progress = models.PositiveSmallIntegerField(default=0)
    beat_at = models.DateTimeField(null=True)
    basis = models.JSONField(null=True)
    result = models.JSONField(null=True)
    officers = models.JSONField(default=dict, blank=True)
    options = models.JSONField(null=True)
    charts = models.JSONField(default=dict, blank=True)
    trouble = models.TextField(default="", blank=True)
    ready_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(progress__lte=100), name="proposal_progress"),
            models.CheckConstraint(
                condition=~Q(state__in=[states.READY, states.ACCEPTED, states.REJECTED]) | Q(result__isnull=False),
                name="proposal_ready_has_result",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[states.ACCEPTED, states.REJECTED])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="proposal_decided_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["mall", "-asked_at"], name="proposal_mall_asked")]
