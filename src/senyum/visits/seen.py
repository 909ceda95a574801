"""What changes too slowly to be asked for with each snapshot of a hall: who joins how often, and what was learned."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

import numpy as np
from django.db import connection

from senyum.malls.models import Mall
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
