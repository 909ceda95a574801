"""Keep the voice's clips few: they are made when first asked for (docs/voice.md) and asked for on one day only."""

from __future__ import annotations

from django.conf import settings
from procrastinate.contrib.django import app

from senyum.core import clock, speech

KEPT_SECONDS = 2 * 86_400


@app.periodic(cron="40 2 * * *")
@app.task(queueing_lock="sweep_clips")
def sweep_clips(timestamp: int) -> int:
    """Delete clips older than two days; returns how many. `timestamp` is when it was due (epoch seconds)."""
    now = clock.wall().timestamp()
    return speech.sweep(settings.DATA_DIR / "voice", older_than_seconds=KEPT_SECONDS, now=now)
