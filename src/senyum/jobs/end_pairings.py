"""End the pairings of devices that nobody uses any more."""

from __future__ import annotations

from procrastinate.contrib.django import app

from senyum.core import clock
from senyum.people.commands import end_unused_pairings


@app.periodic(cron="20 19 * * *")
@app.task(queueing_lock="end_pairings")
def end_pairings(timestamp: int) -> int:
    """Revoke tokens of devices unused for `PAIRING_KEPT`; returns how many devices. `timestamp`: when it was due."""
    return end_unused_pairings(now=clock.wall())
