"""When a booth receives people: pure choices over weekday hours, the national calendar and local decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from django.utils.translation import get_language
from django.utils.translation import gettext as _

#: How far ahead the next open day is looked for.
HORIZON_DAYS = 60

#: `holidays` knows no Sundanese; its names stay Indonesian there.
_CALENDAR_LANGUAGE = {"en": "en_US"}


@dataclass(frozen=True)
class Hours:
    """Local opening times of one weekday: people are taken in from `opens` until `last_ticket`."""

    opens: time
    last_ticket: time
    closes: time


@dataclass(frozen=True)
class Decision:
    """A local decision about one day; it overrides the national calendar. `closes`: earlier than usual."""

    is_open: bool
    reason: str
    closes: time | None = None


@dataclass(frozen=True)
class HallPlan:
    """What the days of one mall are made of: `hours[booth_id][weekday]` (0 = Monday) and `decisions[date]`."""

    zone: str
    hours: Mapping[int, Mapping[int, Hours]] = field(default_factory=dict)
    decisions: Mapping[date, Decision] = field(default_factory=dict)


@dataclass(frozen=True)
class BoothDay:
    """One booth on one day of its mall. Times are aware UTC and None when closed.

    `reason` says why it is closed ("" when open), `next_open` the next day it serves (None: not within 60 days),
    `note` what is unusual about an open day (it closes early).
    """

    is_open: bool
    opens: datetime | None = None
    last_ticket: datetime | None = None
    closes: datetime | None = None
    reason: str = ""
    next_open: date | None = None
    note: str = ""

    def takes_tickets(self, now: datetime) -> bool:
        """Whether a new ticket may be taken: from `opens` on, until before `last_ticket`."""
        return bool(self.opens and self.last_ticket and self.opens <= now < self.last_ticket)

    def receives(self, now: datetime) -> bool:
        """Whether people are served: from `opens` on, until before `closes`."""
        return bool(self.opens and self.closes and self.opens <= now < self.closes)


def local_time(zone: str, now: datetime) -> datetime:
    """The aware datetime `now` as the clock on the wall of `zone` (an IANA name) shows it."""
    return now.astimezone(ZoneInfo(zone))


def local_day(zone: str, now: datetime) -> date:
    """The day it is in `zone` at `now`."""
    return local_time(zone, now).date()


def moment(zone: str, day: date, at: time) -> datetime:
    """The local time `at` of `day` in `zone`, as aware UTC."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=64)
def _calendar(year: int, language: str) -> Mapping[date, str]:
    """Public holidays and joint leave (cuti bersama) of Indonesia in one year."""
    return holidays.country_holidays("ID", years=year, categories=("public", "government"), language=language)


def holidays_of(year: int) -> list[date]:
    """The national holidays and days of joint leave of a year."""
    return sorted(_calendar(year, "id"))


def holiday_name(day: date) -> str | None:
    """The name of the national holiday or joint leave on `day`, in the active language, or None."""
    language = _CALENDAR_LANGUAGE.get((get_language() or "id")[:2], "id")
    return _calendar(day.year, language).get(day)


def weekday_name(weekday: int) -> str:
    """The name of a weekday (0 = Monday) in the active language."""
    names = (_("Senin"), _("Selasa"), _("Rabu"), _("Kamis"), _("Jumat"), _("Sabtu"), _("Minggu"))
    return names[weekday]


def _shortened(hours: Hours, closes: time | None) -> Hours | None:
    """The hours when the hall closes at `closes`: intake stops as long before it as usual. None: nothing is left."""
    if closes is None or closes >= hours.closes:
        return hours
    anchor = date(2000, 1, 1)
    lead = datetime.combine(anchor, hours.closes) - datetime.combine(anchor, hours.last_ticket)
    last = datetime.combine(anchor, closes) - lead
    if last <= datetime.combine(anchor, hours.opens):
        return None
    return Hours(hours.opens, last.time(), closes)


def hours_on(plan: HallPlan, booth_id: int, day: date) -> Hours | None:
    """The local hours of a booth on `day`, or None when it is closed.

    A decision to open lifts a holiday; it does not bring a tenant on a weekday it has no hours for.
    """
    usual = plan.hours.get(booth_id, {}).get(day.weekday())
    decision = plan.decisions.get(day)
    if usual is None or (decision is not None and not decision.is_open):
        return None
    if decision is None:
        return None if holiday_name(day) else usual
    return _shortened(usual, decision.closes)


def next_open(plan: HallPlan, booth_id: int, after: date) -> date | None:
    """The first day after `after` on which the booth is open, or None within the horizon."""
    if not plan.hours.get(booth_id):
        return None
    days = (after + timedelta(days=n) for n in range(1, HORIZON_DAYS + 1))
    return next((day for day in days if hours_on(plan, booth_id, day)), None)


def _why_closed(plan: HallPlan, booth_id: int, day: date, following: date | None) -> str:
    decision = plan.decisions.get(day)
    if decision is not None and (not decision.is_open or plan.hours.get(booth_id, {}).get(day.weekday())):
        return decision.reason
    name = holiday_name(day)
    if decision is None and name:
        return _("Libur: %(name)s") % {"name": name}
    if following is None:
        return _("Belum ada hari layanan")
    return _("Tidak melayani pada hari %(weekday)s. Melayani lagi hari %(next)s") % {
        "weekday": weekday_name(day.weekday()),
        "next": weekday_name(following.weekday()),
    }


def booth_day(plan: HallPlan, booth_id: int, day: date) -> BoothDay:
    """What `day` is for one booth of the plan."""
    hours = hours_on(plan, booth_id, day)
    if hours is None:
        following = next_open(plan, booth_id, day)
        return BoothDay(False, reason=_why_closed(plan, booth_id, day, following), next_open=following)
    usual = plan.hours[booth_id][day.weekday()]
    decision = plan.decisions.get(day)
    early = decision is not None and hours.closes < usual.closes
    return BoothDay(
        True,
        opens=moment(plan.zone, day, hours.opens),
        last_ticket=moment(plan.zone, day, hours.last_ticket),
        closes=moment(plan.zone, day, hours.closes),
        note=_("Tutup lebih awal: %(reason)s") % {"reason": decision.reason} if decision and early else "",
    )
