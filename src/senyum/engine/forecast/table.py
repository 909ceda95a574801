"""The forecast for every place in a line at once, so that telling it to somebody is one look into a table.

Issuing a ticket must not wait for a forecast. Whoever looks after a hall makes a table of each line every few seconds;
between two of its rows the wait is drawn straight.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace

import numpy as np

from senyum.engine.forecast.calibration import SHIFT, Calibration
from senyum.engine.forecast.line_state import (
    DEVIATES,
    EXTRA_SHARE,
    IDLE,
    LineState,
    Wait,
    forecast,
    gamma_quantiles,
)
from senyum.engine.forecast.snapshots import Floats

#: Places in line (people ahead, half of each further document included) that have a row; the last one stands for more.
PLACES = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100, 200, 400, 1000)


@dataclass(frozen=True, slots=True)
class Table:
    """Minutes at each of PLACES; None where the counters of the day end before."""

    p10: tuple[float | None, ...]
    p50: tuple[float | None, ...]
    p90: tuple[float | None, ...]

    def wait(self, place: float) -> Wait | None:
        """The wait of somebody with so many people ahead; None when no figure can be told."""
        found = [between(values, place) for values in (self.p10, self.p50, self.p90)]
        return Wait(*found) if None not in found else None  # type: ignore[arg-type]  # none is None


def between(values: tuple[float | None, ...], place: float) -> float | None:
    """The value at `place` (>= 0), drawn straight between two of PLACES. `visits/sql.py` does the same."""
    low = bisect_right(PLACES, place) - 1
    high = min(low + 1, len(PLACES) - 1)
    a, b = values[low], values[high]
    if a is None or b is None or low == high:
        return a if b is not None or place == PLACES[low] else None
    return a + (b - a) * (place - PLACES[low]) / (PLACES[high] - PLACES[low])


def table(state: LineState, calibration: Calibration | None = None, learned: Floats | None = None) -> Table:
    """The table of a line: `state.people_ahead` more stand before each place, `state.idle_counter` takes one off.

    `learned`: (3,) what a learned model found at its last look, as a stretch of the cold quantiles.
    The same figures as `forecast`, place by place.
    """
    if any(comes > state.minute for comes, _services, _variance in state.ahead()):
        waits = [forecast(_placed(state, place), None, calibration) for place in PLACES]
        figures = np.array([(w.p10, w.p50, w.p90) for w in waits])
    else:
        figures = _cold(state)
        if learned is not None:
            figures = _ordered((figures + SHIFT) * np.exp(learned) - SHIFT)
        if calibration is not None:
            stretch = calibration.stretch(state.line, state.office)
            figures = _ordered((figures + SHIFT) * np.exp(stretch) - SHIFT)
    return Table(*(tuple(round(v, 2) if math.isfinite(v) else None for v in column) for column in figures.T.tolist()))


def _placed(state: LineState, place: float) -> LineState:
    people = state.people_ahead + place
    if not state.idle_counter:
        return replace(state, people_ahead=people)
    return replace(state, people_ahead=max(0.0, people - 1), idle_counter=people < 1)


def _cold(state: LineState) -> Floats:
    """(places, 3) of `line_state.cold`."""
    mean, cv, error = state.service()
    people = state.people_ahead + np.array(PLACES, dtype=np.float64)
    free = np.zeros(len(people), dtype=bool)
    if state.idle_counter:
        free = people < 1
        people = np.maximum(0.0, people - 1)
    due, due_variance = state.due()
    people = state.before(people + due) + EXTRA_SHARE * state.documents_ahead
    residual = (1 + cv**2) / 2
    work = mean * (people + residual)
    variance = mean**2 * (cv**2 * people + residual**2 + state.ahead_variance + due_variance) + (error * work) ** 2
    minutes, done = [0.0], [0.0]
    for begin, end, counters in state.steps():
        speed = state.speed(begin, counters)
        if speed > 0:
            minutes += [begin - state.minute, end - state.minute]
            done += [done[-1], done[-1] + speed * (end - begin)]
    out = np.empty((len(people), 3))
    for q, deviate in enumerate(DEVIATES):
        needed = gamma_quantiles(work, variance, deviate)
        out[:, q] = np.where(needed <= done[-1], np.interp(needed, done, minutes), np.inf)
    out[free] = (IDLE.p10, IDLE.p50, IDLE.p90)
    return out


def _ordered(figures: Floats) -> Floats:
    """The median is kept; the others give way to it (as `calibration.correct`)."""
    figures = np.maximum(0.0, figures)
    figures[:, 2] = np.maximum(figures[:, 1], figures[:, 2])
    figures[:, 0] = np.minimum(figures[:, 1], figures[:, 0])
    return figures
