"""Pure choices about a visit: who may be taken in, what a citizen may still do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from senyum.malls.rules import BoothDay
from senyum.visits import states

#: Tickets are given so long before a booth opens, so that people need not stand at the door.
EARLY = timedelta(minutes=30)
MAX_LEGS = 5
MAX_QUANTITY = 50
DELAY_MINUTES = (5, 10, 15, 30)
WALK_AT = 3


def takes_tickets(hours: BoothDay, now: datetime) -> bool:
    """Whether a booth gives numbers now: from half an hour before it opens until its last-ticket time."""
    if not hours.opens or not hours.last_ticket:
        return False
    return hours.opens - EARLY <= now < hours.last_ticket


def may_undo(undo_until: datetime | None, wall: datetime) -> bool:
    """Undo lasts ten seconds on the wall clock, whatever the hall's clock does."""
    return undo_until is not None and wall <= undo_until


def undo_until(wall: datetime) -> datetime:
    return wall + timedelta(seconds=states.UNDO_SECONDS)


@dataclass(frozen=True)
class Face:
    """What a citizen's ticket page may offer in a state."""

    may_leave: bool
    may_delay: bool
    may_rejoin: bool
    may_smile: bool


def face(*, state: str, delays: int, rejoins: int, invited: bool, smiled: bool) -> Face:
    """What the person may do now, from the table and the limits."""
    return Face(
        may_leave=states.after(state, "leave") is not None,
        may_delay=states.after(state, "delay") is not None and delays < states.MAX_DELAYS,
        may_rejoin=states.after(state, "rejoin") is not None and rejoins < states.MAX_REJOINS,
        may_smile=state == states.SERVED and invited and not smiled,
    )
