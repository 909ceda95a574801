"""Messages waiting to leave."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from senyum.notices import states


class Subscription(models.Model):
    """A browser that asked to be told about one thing (a visit, a booking), as its push service knows it.

    `endpoint` is the push service's address for it, `p256dh` and `auth` the browser's key and secret (base64url,
    RFC 8291). `uid` is what a notice names, so that forgetting the subscription stops what is under way. The row goes
    when its thing is over (`useful_until`, hall's time), when its person says so, and when the push service says that
    it is gone. `told`: names of what it was told already.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject_kind = models.TextField()
    subject_id = models.TextField()
    language = models.TextField(default="id")
    endpoint = models.TextField()
    p256dh = models.TextField()
    auth = models.TextField()
    told = models.JSONField(default=list)
    made_at = models.DateTimeField()
    useful_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id", "endpoint"], name="subscription_once")
        ]
        indexes = [models.Index(fields=["useful_until"], name="subscription_until")]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_id}"


class Notice(models.Model):
    """One message to one address. Written in the transaction of its cause, sent by a job afterwards.

    `once` makes a repeated cause harmless: the same text is queued only once. `uid` goes with each attempt, so that
    the receiver can drop a double. `queued_at` and `useful_until` are times of the hall; attempts, pauses and leases
    (`next_try_at`, null: at once; `leased_until`; `sent_at`; `failed_at`) follow the clock on the wall, because the
    world that the message goes to does. `trouble` says why the last attempt failed.

    `personal`: to a citizen about their own matter; its `address`, `data` and `calendar` (an iCalendar text that an
    e-mail carries) are emptied once it was sent or is of no use any more.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    mall = models.TextField(default="", blank=True)
    channel = models.TextField()
    address = models.TextField()
    template = models.TextField()
    language = models.TextField(default="id")
    data = models.JSONField(default=dict)
    personal = models.BooleanField(default=False)
    calendar = models.TextField(default="", blank=True)
    subject_kind = models.TextField()
    subject_id = models.TextField()
    subject_label = models.TextField()
    once = models.TextField(unique=True)
    state = models.TextField(choices=[(s, s) for s in states.STATES], default=states.PENDING)
    queued_at = models.DateTimeField()
    useful_until = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    trouble = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=states.SENT, sent_at__isnull=False) | (~Q(state=states.SENT) & Q(sent_at=None)),
                name="notice_sent_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=states.SENDING) | Q(leased_until__isnull=False), name="notice_leased_when"
            ),
        ]
        indexes = [models.Index(fields=["id"], name="notice_open", condition=Q(state__in=states.OPEN))]

    def __str__(self) -> str:
        return f"{self.template} {self.subject_label}"
