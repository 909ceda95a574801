"""What surfaces and the other packages read about a hall, its days and its counters."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable
from datetime import date, datetime
from typing import TypeVar, cast

from django.utils.translation import gettext_lazy as _

from senyum.core.errors import NotPossible
from senyum.malls import rules
from senyum.malls.models import Booth, BoothHours, CalendarDay, Counter, HallPause, Mall
from senyum.malls.rules import BoothDay, Decision, HallPlan, Hours

#: Issuing a ticket looks the hall's day up; other processes see a changed calendar after this many real seconds.
KEEP_SECONDS = 3.0

_T = TypeVar("_T")
_kept: dict[Hashable, tuple[float, object]] = {}
_lock = threading.Lock()


def _keep(key: Hashable, make: Callable[[], _T]) -> _T:
    now = time.monotonic()
    found = _kept.get(key)
    if found is not None and now - found[0] < KEEP_SECONDS:
        return cast(_T, found[1])
    value = make()
    with _lock:
        _kept[key] = (now, value)
    return value


def forget() -> None:
    """Drop what this process keeps of halls and calendars: called after every write in `malls.commands`."""
    with _lock:
        _kept.clear()


def _zone(mall_or_zone: Mall | str) -> str:
    return mall_or_zone if isinstance(mall_or_zone, str) else mall_or_zone.timezone


def local_day(mall_or_zone: Mall | str, now: datetime) -> date:
    """The day it is in the mall (or IANA zone) at the aware datetime `now`."""
    return rules.local_day(_zone(mall_or_zone), now)


def local_time(mall_or_zone: Mall | str, now: datetime) -> datetime:
    """The aware datetime `now` in the mall's own time zone."""
    return rules.local_time(_zone(mall_or_zone), now)


def malls() -> list[Mall]:
    """All halls, by name."""
    return list(Mall.objects.order_by("name"))


def mall_by_code(code: str) -> Mall:
    """The hall of a code. Kept for a few seconds: treat it as read-only. Raises NotPossible("no_mall")."""

    def look() -> Mall:
        mall = Mall.objects.filter(code=code).first()
        if mall is None:
            raise NotPossible("no_mall", _("MPP dengan kode itu tidak ada."))
        return mall

    return _keep(("mall", code), look)


def booths(mall: Mall) -> list[Booth]:
    """The booths of a hall with their agencies, in the hall's order."""
    return list(Booth.objects.filter(mall=mall).select_related("agency").order_by("sort", "id"))


def counters(mall: Mall) -> list[Counter]:
    """The active counters of a hall with booth and agency, by number."""
    return list(
        Counter.objects.filter(mall=mall, active=True).select_related("booth__agency", "mall").order_by("number")
    )


def _load_plan(mall_id: int, zone: str | None) -> HallPlan:
    """Two queries (three without the zone)."""
    hours: dict[int, dict[int, Hours]] = defaultdict(dict)
    for row in BoothHours.objects.filter(booth__mall_id=mall_id):
        hours[row.booth_id][row.weekday] = Hours(row.opens, row.last_ticket, row.closes)
    decisions = {
        row.date: Decision(row.is_open, row.reason, row.closes) for row in CalendarDay.objects.filter(mall_id=mall_id)
    }
    zone = zone or Mall.objects.values_list("timezone", flat=True).get(id=mall_id)
    return HallPlan(zone, dict(hours), decisions)


def hall_plan(mall_id: int, zone: str | None = None) -> HallPlan:
    """Hours and decisions of a mall, kept for a few seconds."""
    return _keep(("plan", mall_id), lambda: _load_plan(mall_id, zone))


def booth_day(booth: Booth, day: date) -> BoothDay:
    """What `day` (a local date of the mall) is for `booth`. No query while the plan is kept."""
    return rules.booth_day(hall_plan(booth.mall_id), booth.id, day)


def booth_id_day(mall: Mall, booth_id: int, day: date) -> BoothDay:
    """As `booth_day`, for callers that hold only the booth's id."""
    return rules.booth_day(hall_plan(mall.id, mall.timezone), booth_id, day)


def hours_of(mall: Mall, day: date) -> dict[int, BoothDay]:
    """`booth_day` of every booth of the mall, by booth id. At most three queries."""
    plan = hall_plan(mall.id, mall.timezone)
    ids = Booth.objects.filter(mall=mall).order_by("sort", "id").values_list("id", flat=True)
    return {booth_id: rules.booth_day(plan, booth_id, day) for booth_id in ids}


def hall_pause(mall: Mall) -> HallPause | None:
    """The hall-wide pause that runs now, or None."""
    return HallPause.objects.filter(mall=mall, ended_at__isnull=True).first()
