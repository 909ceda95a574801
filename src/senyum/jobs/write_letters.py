"""Write what bookings have to say to their people: each minute, and at once after a booking (decision 0200)."""

from __future__ import annotations

from procrastinate.contrib.django import app

from senyum.bookings.commands import write_letters as write
from senyum.core import clock


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="write_letters")
def write_letters(timestamp: int) -> int:
    """Confirmations, codes, changes, offers, reminders; returns how many bookings were told. `timestamp`: as always."""
    return write(now=clock.now())
