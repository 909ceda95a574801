"""Answers to requests that carried an idempotency key."""

from __future__ import annotations

from django.db import models


class IdempotencyKey(models.Model):
    """One request that creates something, and the answer it got.

    `scope` keeps the keys of one token or page from those of another; `digest` is the SHA-256 of the
    request's body; `answer` is null while the first request is still running.
    """

    scope = models.TextField()
    key = models.TextField()
    digest = models.BinaryField()
    status = models.SmallIntegerField(default=201)
    answer = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_once")]
        indexes = [models.Index(fields=["at"], name="idempotency_at")]
