"""When a booth receives people, in words: seven weekdays, and the days of the coming weeks that differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from senyum.malls import queries as malls
from senyum.malls import rules as calendar
from senyum.malls.models import Mall
from senyum.surfaces.citizen import words

#: So many days ahead are looked through for days that differ from the week's usual hours.
AHEAD_DAYS = 21


@dataclass(frozen=True)
class WeekDay:
    """A weekday: `hours` and the last ticket's time in words, "" when closed."""

    name: str
    hours: str
    last: str
    is_today: bool


@dataclass(frozen=True)
class Unusual:
    """A coming day on which the usual hours do not hold, and why."""

    at: datetime
    why: str


@dataclass(frozen=True)
class Week:
    """The usual week of a booth; `closed` when it has no day at all."""

    days: tuple[WeekDay, ...]
    unusual: tuple[Unusual, ...]

    @property
    def closed(self) -> bool:
        """Whether no weekday has hours."""
        return not any(day.hours for day in self.days)


def week_of(mall: Mall, booth_id: int, now: datetime) -> Week:
    """The week of a booth as the hall's calendar says it. No query while the plan is kept."""
    plan = malls.hall_plan(mall.pk, mall.timezone)
    usual = plan.hours.get(booth_id, {})
    today = malls.local_day(mall, now)
    days = []
    for weekday in range(7):
        hours = usual.get(weekday)
        days.append(
            WeekDay(
                name=calendar.weekday_name(weekday),
                hours=f"{words.clock(hours.opens)}–{words.clock(hours.closes)}" if hours else "",
                last=words.clock(hours.last_ticket) if hours else "",
                is_today=weekday == today.weekday(),
            )
        )
    unusual = []
    for day in (today + timedelta(days=n) for n in range(AHEAD_DAYS)):
        if day.weekday() in usual:
            found = calendar.booth_day(plan, booth_id, day)
            why = found.note if found.is_open else found.reason
            if why:
                unusual.append(Unusual(calendar.moment(plan.zone, day, usual[day.weekday()].opens), why))
    return Week(tuple(days), tuple(unusual))
