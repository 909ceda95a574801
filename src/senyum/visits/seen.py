"""What changes too slowly to be asked for with each snapshot of a hall: who joins how often, and what was learned."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection

from senyum.malls.models import Mall
from senyum.roster import queries as roster
from senyum.visits.foretell import Learned
from senyum.visits.models import ForecastState

#: Who joined is counted over so many minutes, and anew after so many seconds of the wall clock.
WINDOW, KEEP_SECONDS = 60, 30.0

_JOINED = """
SELECT t.line_id, count(*), count(*) FILTER (WHERE t.turn_at < t.queued_at)
FROM visits_ticket t WHERE t.mall_id = %s AND t.day = %s AND t.queued_at > %s AND t.queued_at <= %s GROUP BY t.line_id
"""

_joined: dict[int, tuple[float, date, datetime, Mapping[int, tuple[float, float]]]] = {}
_learned: dict[int, tuple[int, Learned]] = {}
_rosters: dict[int, tuple[float, date, Mapping[int, list[tuple[float, float]]]]] = {}


def rates_of(mall: Mall, day: date, now: datetime) -> Callable[[int], tuple[float, float]]:
    """Line id -> (with a head start, all) who join a minute, over the last hour."""
    kept = _joined.get(mall.pk)
    fresh = kept is not None and kept[1] == day and abs((now - kept[2]).total_seconds()) < KEEP_SECONDS * 10
    if kept is None or not fresh or time.monotonic() - kept[0] > KEEP_SECONDS:
        with connection.cursor() as cursor:
            cursor.execute(_JOINED, [mall.pk, day, now - timedelta(minutes=WINDOW), now])
            rates = {line: (early / WINDOW, every / WINDOW) for line, every, early in cursor.fetchall()}
        kept = _joined[mall.pk] = (time.monotonic(), day, now, rates)
    found = kept[3]
    return lambda line: found.get(line, (0.0, 0.0))


def changes_of(mall: Mall, day: date, closes: Mapping[int, float]) -> Mapping[int, list[tuple[float, float]]]:
    """Counter id -> (minute of the day, +1 or -1) at which the roster has somebody come or go, in the order of time.

    `closes`: counter id -> the minute its booth closes; a shift that ends then is no change: whoever has a number is
    served.
    """
    kept = _rosters.get(mall.pk)
    if kept is None or kept[1] != day or time.monotonic() - kept[0] > KEEP_SECONDS:
        midnight = datetime.combine(day, clock_time(0), ZoneInfo(mall.timezone))
        changes: dict[int, list[tuple[float, float]]] = {}
        for shift in roster.shifts_of(mall=mall, day=day):
            moments = ((shift.starts, 1.0), (shift.lunch_from, -1.0), (shift.lunch_to, 1.0), (shift.ends, -1.0))
            minutes = [((at - midnight).total_seconds() / 60, change) for at, change in moments if at is not None]
            if minutes[-1][0] >= closes.get(shift.counter_id, 0.0):
                minutes.pop()
            changes.setdefault(shift.counter_id, []).extend(minutes)
        kept = _rosters[mall.pk] = (time.monotonic(), day, {c: sorted(rows) for c, rows in changes.items()})
    return kept[2]


def learned_of(mall_id: int) -> Learned | None:
    """What promises of this mall have learned, read anew when another version is stored; None before the first."""
    version = ForecastState.objects.filter(mall_id=mall_id).values_list("version", flat=True).first()
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
    _joined.clear()
    _learned.clear()
    _rosters.clear()
