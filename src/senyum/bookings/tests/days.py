"""A hall that can be booked, on a fixed Wednesday."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from senyum.bookings import commands
from senyum.journal.actor import SYSTEM
from senyum.rehearsal.queries import SmallHall

#: 9 September 2026, 08.00 WIB: no holiday, far from midnight.
NOW = datetime(2026, 9, 9, 1, 0, tzinfo=UTC)
DAY = date(2026, 9, 10)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    """That local time (WIB) of a day."""
    return datetime.combine(day, time(hour, minute), UTC) - timedelta(hours=7)


def open_bookings(hall: SmallHall, *, places: int | None = 8, line: str | None = None, **values: object) -> None:
    """Slots of an hour with `places` each, in every line or in one."""
    commands.put_policy(
        mall=hall.mall,
        line=hall.lines[line] if line else None,
        now=NOW,
        actor=SYSTEM,
        slot_minutes=60,
        places=places,
        **values,
    )
