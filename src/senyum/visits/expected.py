"""Whoever has booked and is not here yet, as the forecast counts them. Pure.

A booked person is ordered by the booked time, so they stand before those who join later and behind those who are here
earlier. Not all come: what is expected is the share of past bookings that came, with a start of 17 in 20 (the
no-shows of the sample day) that weighs as much as twenty bookings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from senyum.bookings.queries import Coming, Shows

if TYPE_CHECKING:
    from senyum.engine.forecast import Booked

#: Before anything was seen: 17 of 20 come, 3 of these 17 after their time.
START = Shows(punctual=14, late=3, missed=3)


def still_comes(seen: Shows, late_by: float, grace: float) -> float:
    """The probability that somebody comes who is `late_by` minutes late (below 0: their time has not come) and whose
    place is kept for `grace` minutes. Those who come late come evenly over these minutes."""
    punctual, late = seen.punctual + START.punctual, seen.late + START.late
    missed = seen.missed + START.missed
    if late_by < 0:
        return (punctual + late) / (punctual + late + missed)
    left = late * max(0.0, 1 - late_by / grace) if grace > 0 else 0.0
    return left / (left + missed)


def booked(
    coming: Iterable[tuple[float, float, Coming]], *, now: float, seen: Shows, grace: float, extra: float
) -> tuple[Booked, ...]:
    """The engine's view. `coming`: minute of the booked time, minutes of head start, who; `now`: minute of the day.

    `extra`: what a further document takes, in services. Who is late may come at any moment.
    """
    from senyum.engine.forecast import Booked

    found = []
    for starts, head, who in coming:
        share = still_comes(seen, now - starts, grace)
        if share > 0:
            services = 1 + extra * (who.quantity - 1)
            found.append(Booked(max(starts, now), starts - head, share * services, share * (1 - share) * services**2))
    return tuple(found)
