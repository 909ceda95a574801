"""Put approved service standards in force when their day has begun."""

from __future__ import annotations

from procrastinate.contrib.django import app

from senyum.catalogue.standard_commands import enforce_due
from senyum.core import clock


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="enforce_standards")
def enforce_standards(timestamp: int) -> int:
    """Put in force what is due at the hall's time; returns how many. `timestamp`: when it was due on the wall.

    Every five minutes and not once at midnight: halls have three midnights, and a worker that was down catches up.
    """
    return enforce_due(now=clock.now())
