"""The journal's rows and the head of each mall's chain."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Entry(models.Model):
    """One change: who, what, when, why. Written once; the sequencer adds `seq` and `hash`, nothing else ever changes.

    No foreign key: kind + id + label as text, so that the record survives what it speaks of.
    `data` holds public-safe JSON values only (labels, line and counter ids, never a name or NIK).
    """

    id = models.BigAutoField(primary_key=True)
    mall = models.TextField()
    at = models.DateTimeField()
    kind = models.TextField()
    actor_kind = models.TextField()
    actor_id = models.TextField()
    actor_label = models.TextField()
    subject_kind = models.TextField()
    subject_id = models.TextField()
    subject_label = models.TextField()
    reason = models.TextField(default="", blank=True)
    data = models.JSONField(default=dict)
    seq = models.BigIntegerField(null=True)
    hash = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mall", "seq"], name="journal_seq_once")]
        indexes = [
            models.Index(fields=["id"], name="journal_unsealed", condition=Q(seq__isnull=True)),
            models.Index(fields=["subject_kind", "subject_id"], name="journal_subject"),
            models.Index(fields=["mall", "at"], name="journal_mall_at"),
        ]


class Head(models.Model):
    """The last sealed row of a mall's chain: without it a cut-off tail could not be seen."""

    mall = models.TextField(primary_key=True)
    seq = models.BigIntegerField()
    hash = models.BinaryField()
