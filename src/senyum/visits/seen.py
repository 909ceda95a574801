"""What changes too slowly to be asked for with each snapshot of a hall: who joins how often, and what was learned."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

import numpy as np

from senyum.bookings import queries as booked
from senyum.bookings.queries import Shows
from senyum.visits.foretell import Learned
from senyum.visits.models import ForecastState

#: Who joined is counted over so many minutes; that and the roster are asked for anew after so many wall seconds.
WINDOW, KEEP_SECONDS = 60, 30.0
Rates = tuple[float, float]
Change = tuple[float, float]
T = TypeVar("T")


@dataclass(frozen=True)
class Kept(Generic[T]):
    """Something read at a moment of the wall clock, about one day of a hall."""

    read: float
    day: date
    now: datetime
    value: T

    def fresh(self, day: date) -> bool:
        """Whether it may still be used for `day`."""
        return self.day == day and time.monotonic() - self.read <= KEEP_SECONDS


_rates: dict[int, Kept[Mapping[int, Rates]]] = {}
_rosters: dict[int, Kept[Mapping[int, list[Change]]]] = {}
_learned: dict[int, tuple[int, Learned]] = {}
_shows: dict[int, Kept[Shows]] = {}


def rates_of(mall_id: int, day: date, now: datetime) -> Mapping[int, Rates] | None:
    """What `keep_rates` kept, while it is fresh."""
    kept = _rates.get(mall_id)
    if kept is not None and abs((now - kept.now).total_seconds()) < WINDOW * 6 and kept.fresh(day):
        return kept.value
    return None


def keep_rates(mall_id: int, day: date, now: datetime, joined: Mapping[int, tuple[int, int]]) -> Mapping[int, Rates]:
    """Line id -> (with a head start, all) who join a minute, from how many joined in the last `WINDOW` minutes."""
    rates = {line: (early / WINDOW, every / WINDOW) for line, (early, every) in joined.items()}
    _rates[mall_id] = Kept(time.monotonic(), day, now, rates)
    return rates


def changes_of(mall_id: int, day: date) -> Mapping[int, list[Change]] | None:
    """What `keep_changes` kept, while it is fresh."""
    kept = _rosters.get(mall_id)
    return kept.value if kept is not None and kept.fresh(day) else None


def keep_changes(
    mall_id: int,
    day: date,
    now: datetime,
    shifts: Iterable[tuple[int, Sequence[float | None]]],
    closes: Mapping[int, float],
) -> Mapping[int, list[Change]]:
    """Counter id -> minutes of the day at which the roster has somebody come or go, in the order of time.

    `shifts`: counter id, and the minutes of start, lunch from, lunch to, end. `closes`: counter id -> the minute its
    booth closes; a shift that ends then is no change: whoever has a number is served.
    """
    changes: dict[int, list[Change]] = {}
    for counter, minutes in shifts:
        for minute, change in zip(minutes, (1.0, -1.0, 1.0, -1.0), strict=True):
            if minute is not None:
                changes.setdefault(counter, []).append((minute, change))
        if changes[counter][-1][0] >= closes.get(counter, 0.0):
            changes[counter].pop()
    ordered = {counter: sorted(rows) for counter, rows in changes.items()}
    _rosters[mall_id] = Kept(time.monotonic(), day, now, ordered)
    return ordered


def shows_of(mall_id: int, day: date, now: datetime) -> Shows:
    """Whether people with a booking come, by the days before `day`; asked for once a day and process."""
    kept = _shows.get(mall_id)
    if kept is None or kept.day != day:
        kept = _shows[mall_id] = Kept(time.monotonic(), day, now, booked.shows(mall_id, day))
    return kept.value


def learned_of(mall_id: int, version: int | None) -> Learned | None:
    """What promises of this mall have learned, read anew when another `version` is stored; None before the first."""
    if version is None:
        return None
    kept = _learned.get(mall_id)
    if kept is None or kept[0] != version:
        kept = _learned[mall_id] = _read(mall_id)
    return kept[1]


def _read(mall_id: int) -> tuple[int, Learned]:
    from senyum.engine.forecast import Calibration

    row = ForecastState.objects.only("version", "calibration", "lines", "offices", "learned").get(mall_id=mall_id)
    return row.version, Learned(
        Calibration.from_bytes(bytes(row.calibration)),
        {line: place for place, line in enumerate(row.lines)},
        {office: place for place, office in enumerate(row.offices)},
        {int(line): np.array(look) for line, look in row.learned.items()},
    )


def forget() -> None:
    """Forget what this process knows (in tests)."""
    _rates.clear()
    _learned.clear()
    _rosters.clear()
    _shows.clear()
