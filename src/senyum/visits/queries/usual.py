"""When a line is usually quiet: the people who waited in it, hour by hour, on the same weekday of the past weeks."""

from __future__ import annotations

import threading
import time as monotonic
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Avg, Count, F, IntegerField
from django.db.models.functions import Cast, Floor
from django_scopes import scopes_disabled

from senyum.malls import queries as malls
from senyum.malls import rules as calendar
from senyum.malls.models import Mall
from senyum.visits.models import LineForecast

#: So many past weeks are looked at, and an hour is told only when it was seen on so many days.
WEEKS, FEWEST_DAYS = 8, 3
#: Counting the past costs some milliseconds and changes once a day.
KEEP_SECONDS = 600.0

_kept: dict[tuple[int, int, int, int], tuple[float, tuple[UsualHour, ...]]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class UsualHour:
    """An hour of the local day: on average `waiting` people stood in the line, over `days` days."""

    starts: time
    waiting: float
    days: int
    is_quietest: bool = False
    is_busiest: bool = False


@dataclass(frozen=True)
class UsualDay:
    """The next day on which the booth receives people (today while it still does). `hours` is empty while the past
    says too little.
    """

    at: datetime
    weekday: int
    hours: tuple[UsualHour, ...]


def forget() -> None:
    """Drop what this process keeps of the past: between tests."""
    with _lock:
        _kept.clear()


def usual_day(mall: Mall, line_id: int, booth_id: int, now: datetime) -> UsualDay | None:
    """How full the line usually is on the next day that serves; None when there is none within 60 days.

    No query while it is kept, else one over at most `WEEKS` days of the grid that the forecasts wrote.
    """
    plan = malls.hall_plan(mall.pk, mall.timezone)
    today = malls.local_day(mall, now)
    hours = calendar.hours_on(plan, booth_id, today)
    day = today
    if hours is None or now >= calendar.moment(plan.zone, today, hours.last_ticket):
        following = calendar.next_open(plan, booth_id, today)
        hours = calendar.hours_on(plan, booth_id, following) if following else None
        if following is None or hours is None:
            return None
        day = following
    key = (mall.pk, line_id, today.toordinal(), day.weekday())
    found = _kept.get(key)
    moment = monotonic.monotonic()
    if found is None or moment - found[0] >= KEEP_SECONDS:
        # The same weekday before today: never today itself, whose hours are not over.
        days = [day - timedelta(weeks=n) for n in range(1, WEEKS + 2)]
        found = (moment, _hours(mall, line_id, [d for d in days if d < today][:WEEKS]))
        with _lock:
            if len(_kept) > 5_000:
                _kept.clear()
            _kept[key] = found
    opened = [h for h in found[1] if hours.opens.replace(minute=0) <= h.starts < hours.last_ticket]
    return UsualDay(calendar.moment(plan.zone, day, hours.opens), day.weekday(), _marked(opened))


def _hours(mall: Mall, line_id: int, days: list[date]) -> tuple[UsualHour, ...]:
    with scopes_disabled():
        rows = (
            LineForecast.objects.filter(mall=mall, line=line_id, day__in=days, why="grid", counters__gt=0)
            .annotate(hour=Cast(Floor(F("minute") / 60), IntegerField()))
            .values_list("hour")
            .annotate(people=Avg("waiting"), seen=Count("day", distinct=True))
            .order_by("hour")
        )
        return tuple(UsualHour(time(hour), float(people), seen) for hour, people, seen in rows if seen >= FEWEST_DAYS)


def _marked(hours: list[UsualHour]) -> tuple[UsualHour, ...]:
    """The hours with the quietest and the busiest marked; neither when all are alike or only one is known."""
    if len(hours) < 2:
        return ()
    quiet = min(hours, key=lambda h: (h.waiting, h.starts))
    busy = max(hours, key=lambda h: (h.waiting, h.starts))
    differ = busy.waiting - quiet.waiting >= 1
    return tuple(UsualHour(h.starts, h.waiting, h.days, differ and h is quiet, differ and h is busy) for h in hours)
