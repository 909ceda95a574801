"""Each minute: how each line stands, what those who wait are shown, and which promises were kept or broken."""

from __future__ import annotations

from procrastinate.contrib.django import app

from senyum.core import clock
from senyum.malls import queries as malls
from senyum.visits import commands


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="watch_lines")
def watch_lines(timestamp: int) -> int:
    """Look at the lines of every mall at the hall's time; returns how many rows were kept.

    In a fast demo a minute of the wall is many of the hall: what is seen then is marked, and its day is not judged.
    `timestamp` is when the job was due on the wall (epoch seconds); a demo's hall has another time.
    """
    now, speed = clock.now(), clock.speed()
    return sum(commands.watch_lines(mall=mall, now=now, speed=speed).lines for mall in malls.malls())
