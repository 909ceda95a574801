"""Messages waiting to leave."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Notice(models.Model):
    """One message to one address. Written in the transaction of its cause, sent by a job afterwards.

    `once` makes a repeated cause harmless: the same text is queued only once.
    """

    channel = models.TextField()
    address = models.TextField()
    template = models.TextField()
    language = models.TextField(default="id")
    data = models.JSONField(default=dict)
    subject_kind = models.TextField()
    subject_id = models.TextField()
    subject_label = models.TextField()
    once = models.TextField(unique=True)
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    trouble = models.TextField(default="", blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="notice_due",
                condition=Q(sent_at__isnull=True, failed_at__isnull=True),
            )
        ]
