"""Days replayed in the order of time: forecast, wait, learn from what has become known, forecast again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from senyum.engine.forecast.calibration import Calibration, correct, step
from senyum.engine.forecast.snapshots import Floats, Ints, Snapshots
from senyum.engine.kernel import kernel

#: Minutes of a day, with room for a step beyond midnight.
DAY = 1500


def replay(snapshots: Snapshots, rows: Ints, learned: Floats, calibration: Calibration) -> tuple[Floats, Calibration]:
    """Promised quantiles (rows, quantiles) for the learned ones, and the calibration after the last day.

    `rows`: any order; each is promised with what was known at its minute. The calibration given is left as it is.
    """
    calibration = calibration.padded(snapshots.offices, snapshots.lines)
    promised = np.empty_like(learned)
    ends = ended_rows(snapshots, rows)
    level = calibration.level
    for day in np.unique(snapshots.day[rows]):
        at = np.flatnonzero(snapshots.day[rows] == day)
        at = at[np.lexsort((rows[at], snapshots.minute[rows[at]]))]
        out = np.empty((len(at), learned.shape[1]))
        _day(
            rows[at], ends[at], learned[at], snapshots.minute, snapshots.line, snapshots.office,
            _last_rows(snapshots, rows[at]), level, calibration.steps, calibration.pace, calibration.hall.copy(),
            calibration.office, calibration.line, out, calibration.hall,
        )  # fmt: skip
        promised[at] = out
    return promised, calibration


def ended_rows(snapshots: Snapshots, rows: Ints) -> Ints:
    """For each row, the snapshot of its line at which the end of its wait was seen; -1 where the day ended first."""
    last = _last_rows(snapshots, rows)
    out = np.empty(len(rows), dtype=np.int64)
    _ended_rows(rows, last, snapshots.minute, snapshots.wait, out)
    return out


def _last_rows(snapshots: Snapshots, rows: Ints) -> Ints:
    return snapshots.bounds[np.searchsorted(snapshots.bounds, rows, side="right")]


@njit(cache=True)
def _ended_rows(rows: Any, last: Any, minute: Any, wait: Any, out: Any) -> None:
    for r in range(len(rows)):
        i, out[r] = rows[r], -1
        if not np.isnan(wait[i]):
            k = i
            while k < last[r] and minute[k] < minute[i] + wait[i]:
                k += 1
            out[r] = k if k < last[r] else -1


@njit(cache=True)
def missed_share(promise: float, after: float, before: float) -> float:
    """How much of a wait that ended within (after, before] minutes lies beyond the promise: 1, 0 or between."""
    return min(1.0, max(0.0, (before - promise) / (before - after)))


@njit(cache=True)
def _settle(
    first: int, following: Any, missed: Any, rows: Any, line: Any, office: Any, level: Any, steps: Any, pace: Any,
    hall: Any, offices: Any, lines: Any,
) -> None:  # fmt: skip
    """The outcomes of one list."""
    o, quantiles = first, len(level)
    while o >= 0:
        j, q = rows[o // quantiles], o % quantiles
        step(q, missed[o], 1.0, level, steps, pace[office[j]], hall, offices[office[j]], lines[line[j]])
        o = following[o]


@kernel(kept=True, allocates=True)
def _day(
    rows: Any, ends: Any, learned: Any, minute: Any, line: Any, office: Any, last: Any, level: Any,
    steps: Any, pace: Any, hall: Any, offices: Any, lines: Any, out: Any, hall_new: Any,
) -> None:  # fmt: skip
    """One day. Outcomes wait in one list a minute until they are known."""
    count, quantiles = learned.shape
    head, following = np.full(DAY, -1), np.full(count * quantiles, -1)
    missed = np.zeros(count * quantiles)
    done = 0
    for r in range(count):
        i, now = rows[r], int(minute[rows[r]])
        while done <= now:
            _settle(head[done], following, missed, rows, line, office, level, steps, pace, hall_new, offices, lines)
            done += 1
        out[r] = correct(learned[r], hall, offices[office[i]], lines[line[i]])
        for q in range(quantiles):
            o, known = r * quantiles + q, -1
            missed[o], known = _outcome(i, ends[r], last[r], out[r, q], minute)
            if known >= 0:
                known = min(DAY - 1, max(known, now + 1))
                following[o], head[known] = head[known], o
    for later in range(done, DAY):
        _settle(head[later], following, missed, rows, line, office, level, steps, pace, hall_new, offices, lines)
    for r in range(count):
        if ends[r] < 0:
            for q in range(quantiles):
                if missed[r * quantiles + q] > 0:
                    j = rows[r]
                    step(q, 1.0, -1.0, level, steps, pace[office[j]], hall_new, offices[office[j]], lines[line[j]])


@njit(cache=True)
def _outcome(i: int, end: int, last: int, promise: float, minute: Any) -> tuple[float, int]:
    """(missed, the minute at which that is known); -1 for a minute: it never is."""
    for k in range(i + 1, last):
        if k == end:
            return missed_share(promise, minute[k - 1] - minute[i], minute[k] - minute[i]), int(minute[k])
        if minute[k] - minute[i] >= promise:
            return 1.0, int(minute[k])
    return 0.0, -1
