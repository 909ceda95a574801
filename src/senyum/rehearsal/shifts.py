"""The roster of a sample hall: somebody at every counter all day, who eat one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta

from django_scopes import scopes_disabled

from senyum.journal.actor import Actor
from senyum.malls import queries as halls
from senyum.malls.models import Counter, Mall
from senyum.malls.rules import BoothDay, moment
from senyum.people.models import Role, RoleName
from senyum.roster import commands
from senyum.roster.commands import NewShift
from senyum.roster.models import Shift

LUNCHES = (time(12, 0), time(11, 30), time(12, 30))
LUNCH = timedelta(minutes=30)
#: A shorter shift has no lunch.
WITH_LUNCH = timedelta(hours=5)


def put_week(*, mall: Mall, now: datetime, actor: Actor) -> int:
    """Plan the week of `now` from its Monday on, days that have never had a shift only. How many shifts were made."""
    today = halls.local_day(mall, now)
    week = [today - timedelta(days=today.weekday()) + timedelta(days=n) for n in range(7)]
    with scopes_disabled():
        known = set(Shift.objects.filter(mall=mall, day__in=week).values_list("day", flat=True))
    made = 0
    for day in week:
        shifts = [] if day in known else list(_day(mall, day))
        if shifts:
            made += len(commands.plan_shifts(mall=mall, day=day, shifts=shifts, source="seed", now=now, actor=actor))
    return made


def _day(mall: Mall, day: date) -> Iterator[NewShift]:
    hours = halls.hours_of(mall, day)
    officers = _officers(mall)
    place: dict[int, int] = defaultdict(int)
    for counter in halls.counters(mall):
        here = hours[counter.booth_id]
        if here.opens is None or here.closes is None:
            continue
        n = place[counter.booth_id]
        place[counter.booth_id] += 1
        yield _shift(mall, day, counter, here, officers, n)


def _shift(
    mall: Mall, day: date, counter: Counter, here: BoothDay, officers: Mapping[int, list[int]], place: int
) -> NewShift:
    assert here.opens is not None and here.closes is not None
    lunch = moment(mall.timezone, day, LUNCHES[place % len(LUNCHES)])
    eats = here.closes - here.opens >= WITH_LUNCH and here.opens < lunch < lunch + LUNCH < here.closes
    there = officers.get(counter.booth.agency_id, [])
    return NewShift(
        counter_id=counter.pk,
        starts=here.opens,
        ends=here.closes,
        user_id=there[place] if place < len(there) else None,
        lunch_from=lunch if eats else None,
        lunch_to=lunch + LUNCH if eats else None,
    )


def _officers(mall: Mall) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    rows = Role.objects.filter(mall=mall, role=RoleName.OFFICER, agency__isnull=False, user__is_active=True)
    for user, agency in rows.order_by("user__username").values_list("user_id", "agency_id"):
        assert agency is not None
        found[agency].append(user)
    return found
