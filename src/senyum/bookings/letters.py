"""Which message a booking's person is due, once each: values in, decision out (decision 0200)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from senyum.bookings import states

#: Whoever was told less than so long ago is not reminded.
NOT_SOON = timedelta(hours=1)
#: News of a booking that is over is of use for so long.
AFTERWARDS = timedelta(days=1)
#: Bookings of one contact in 24 hours; more is somebody's game with it, and they are silent.
MOST_A_DAY = 10


@dataclass(frozen=True)
class Known:
    """What is known of a booking: `offered`: its held place is an offer of the waiting list; `by_hall`: who ended it.

    `told_for`: the time that the last message said; `letters`: names of those that were told.
    """

    state: str
    starts: datetime
    held_until: datetime | None
    offered: bool
    by_hall: bool
    moves: int
    told_for: datetime | None
    letters: Collection[str]


@dataclass(frozen=True)
class Due:
    """A message to write now: `name` tells it from the booking's others, `until`: then it is of no use any more."""

    name: str
    template: str
    until: datetime


def due(known: Known, *, hours: Sequence[int], now: datetime) -> Due | None:
    """The message that is due now, or None. `hours`: so long before its time a booking is reminded of."""
    found = _due(known, hours, now)
    return found if found is not None and found.name not in known.letters and found.until > now else None


def _due(known: Known, hours: Sequence[int], now: datetime) -> Due | None:
    if known.state == states.HELD and known.held_until is not None:
        name, template = ("offer", "booking_offer") if known.offered else ("code", "contact_code")
        return Due(name, template, known.held_until)
    if known.state == states.BOOKED:
        return _of_booked(known, hours, now)
    if "made" not in known.letters:
        # Nobody believes in a place that they were never told of.
        return None
    if known.state == states.RELEASED:
        return Due("released", "booking_released", known.starts + AFTERWARDS)
    if known.state == states.CANCELLED:
        # Also what its link cancelled: a link can be in somebody else's hands.
        template = "booking_cancelled" if known.by_hall else "booking_given_back"
        return Due("cancelled", template, max(known.starts, now) + AFTERWARDS)
    return None


def _of_booked(known: Known, hours: Sequence[int], now: datetime) -> Due | None:
    if "made" not in known.letters:
        return Due("made", "booking_made", known.starts)
    if known.told_for is not None and known.told_for != known.starts:
        return Due(f"moved{known.moves}", "booking_moved", known.starts)
    ripe = [name for name, at in reminders(known, hours) if at <= now]
    # A worker that stood still sends the last one only.
    return Due(ripe[-1], "booking_reminder", known.starts) if ripe else None


def reminders(known: Known, hours: Sequence[int]) -> list[tuple[str, datetime]]:
    """(name, when) of the reminders of the booking's present time that were not told, the first first."""
    times = [
        (f"before{hour}h:{known.starts:%Y%m%dT%H%M}", known.starts - timedelta(hours=hour)) for hour in hours if hour
    ]
    return sorted([(name, at) for name, at in times if name not in known.letters], key=lambda one: one[1])


def told(known: Known, written: Due | None, *, hours: Sequence[int], now: datetime) -> list[str]:
    """Names of what was told once `written` is: reminders that would come at once after it count as told."""
    if written is None:
        return list(known.letters)
    needless = [name for name, at in reminders(known, hours) if at < now + NOT_SOON]
    return [*known.letters, *dict.fromkeys([written.name, *needless])]


def next_at(known: Known, *, hours: Sequence[int]) -> datetime | None:
    """When the next message of a booking that was told everything is due; None: none is."""
    waiting = reminders(known, hours) if known.state == states.BOOKED else []
    return waiting[0][1] if waiting else None
