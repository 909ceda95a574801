"""Forget idempotency keys that nobody will send again."""

from __future__ import annotations

from datetime import timedelta

from procrastinate.contrib.django import app

from senyum.core import clock
from senyum.core.idempotency import forget

KEPT = timedelta(hours=48)


@app.periodic(cron="25 * * * *")
@app.task(queueing_lock="forget_keys")
def forget_keys(timestamp: int) -> int:
    """Delete keys older than 48 hours of the hall's time; returns how many. `timestamp`: when it was due."""
    return forget(before=clock.now() - KEPT)
