"""Each minute: let go of bookings that nobody confirmed, took up or came to, and end the waiting of past days."""

from __future__ import annotations

from procrastinate.contrib.django import app

from senyum.bookings import commands
from senyum.core import clock


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="watch_bookings")
def watch_bookings(timestamp: int) -> int:
    """What is due at the hall's time; returns how many bookings and places in the waiting list ended.

    `timestamp` is when the job was due on the wall (epoch seconds); a demo's hall has another time.
    """
    now = clock.now()
    return commands.expire_held(now=now) + commands.release_missed(now=now) + commands.lapse(now=now)
