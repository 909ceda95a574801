"""Close each mall's day: its booths' lines after closing, everything at the mall's own midnight."""

from __future__ import annotations

from datetime import datetime, timedelta

from django_scopes import scopes_disabled
from procrastinate.contrib.django import app

from senyum.core import clock
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.roster import states as session_states
from senyum.roster.models import CounterSession
from senyum.visits import states
from senyum.visits.commands import close_day, end_day
from senyum.visits.models import DayClosing, Ticket

#: A counter that is still open this long after its booth's closing time was forgotten: its lines lapse nevertheless.
PATIENCE = timedelta(hours=2)
#: A hall that was switched off over a holiday closes the days it slept through.
LOOK_BACK = timedelta(days=14)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="close_days")
def close_days(timestamp: int) -> int:
    """Close what is due in every mall at the hall's time; returns how many tickets ended.

    `timestamp` is when the job was due on the wall (epoch seconds); a demo's hall has another time.
    """
    now = clock.now()
    return sum(close_mall(mall, now) for mall in malls.malls())


def close_mall(mall: Mall, now: datetime) -> int:
    """What is due in `mall` at `now` (aware). Repeating it changes nothing. Returns how many tickets ended."""
    ended = _end_days_before(mall, now)
    due = due_booths(mall, now)
    return ended + (close_day(mall=mall, booth_ids=due, now=now) if due else 0)


def due_booths(mall: Mall, now: datetime) -> list[int]:
    """Booths whose closing time has passed today and whose counters are empty, or were forgotten for two hours."""
    day = malls.local_day(mall, now)
    with scopes_disabled():
        busy = set(
            CounterSession.objects.filter(mall=mall)
            .exclude(state=session_states.CLOSED)
            .values_list("counter__booth_id", flat=True)
        )
    due = []
    for booth_id, hours in malls.hours_of(mall, day).items():
        if hours.closes is None or now < hours.closes:
            continue
        if booth_id not in busy or now >= hours.closes + PATIENCE:
            due.append(booth_id)
    return due


def _end_days_before(mall: Mall, now: datetime) -> int:
    """End yesterday, and each earlier day that still has somebody in it (the hall was switched off at midnight)."""
    today = malls.local_day(mall, now)
    yesterday = today - timedelta(days=1)
    with scopes_disabled():
        stale = set(
            Ticket.objects.filter(mall=mall, day__lt=today, day__gte=today - LOOK_BACK, state__in=states.OPEN)
            .values_list("day", flat=True)
            .distinct()
        )
        marked = set(
            DayClosing.objects.filter(mall=mall, day__gte=today - LOOK_BACK, stage="midnight").values_list(
                "day", flat=True
            )
        )
    return sum(end_day(mall=mall, day=day, now=now) for day in sorted((stale | {yesterday}) - marked))
