"""What other systems show to people who wait, so that ours has something to beat."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from senyum.engine.forecast.snapshots import Floats, Ints, Snapshots

#: ZMS: a hand-set mean per location over the workstations; QueueSG: a constant per person. Both are their defaults.
ZMS_MINUTES = 12.0
QUEUESG_MINUTES = 3.0
#: Nobody would show more.
LONGEST = 480.0


def estimates(snapshots: Snapshots, first_day: int, rows: Ints) -> dict[str, Floats]:
    """Minutes by name for the last in line of each row; history is that of the days before `first_day`.

    Where an estimate has nothing to go by (no call today, a line without a past) QueueSG's constant stands in.
    """
    s, people = snapshots, snapshots.waiting[rows]
    constant = QUEUESG_MINUTES * people
    last, pace = np.empty(len(rows)), np.empty(len(rows))
    begin = s.bounds[np.searchsorted(s.bounds, rows, side="right") - 1]
    _recent(rows, begin, s.minute, s.waiting, s.number, last, pace)
    calls, minutes, mean_wait = _history(s.until(first_day), s.lines)
    line = s.line[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "zms": ZMS_MINUTES * people / np.maximum(1.0, s.open[rows]),
            "queuesg": constant,
            "last_to_enter_service": last,
            "recent_pace": people / pace,
            "historic_pace": people * minutes[line] / calls[line],
            "mean_of_past_waits": mean_wait[line],
            "announced": people * np.where(s.announced[rows] > 0, s.announced[rows], np.nan),
        }
    return {name: np.minimum(LONGEST, np.where(np.isfinite(v), v, constant)) for name, v in found.items()}


def _history(past: Snapshots, lines: int) -> tuple[Floats, Floats, Floats]:
    """By line: calls, minutes watched, mean wait of those who had to wait (NaN for none)."""
    calls, minutes = np.zeros(lines), np.zeros(lines)
    first, last = past.bounds[:-1], past.bounds[1:] - 1
    if len(past):
        np.add.at(calls, past.line[first], np.maximum(0.0, past.number[last] - past.number[first]))
        np.add.at(minutes, past.line[first], past.minute[last] - past.minute[first])
    ended = np.isfinite(past.wait) & (past.waiting >= 1)
    total = np.bincount(past.line[ended], past.wait[ended], minlength=lines)
    count = np.bincount(past.line[ended], minlength=lines)
    return calls, minutes, np.where(count > 0, total / np.maximum(1, count), np.nan)


@njit(cache=True)
def _recent(rows: Any, begin: Any, minute: Any, waiting: Any, number: Any, last: Any, pace: Any) -> None:
    """The wait of the last who had to wait and was called; calls a minute in the last hour (NaN for none)."""
    for r in range(len(rows)):
        i = rows[r]
        last[r], pace[r] = np.nan, np.nan
        ended = -1.0
        j = i
        while j > begin[r] and minute[i] - minute[j - 1] <= 62:
            j -= 1
        if j < i and number[i] > number[j]:
            pace[r] = (number[i] - number[j]) / (minute[i] - minute[j])
        for k in range(i - 1, begin[r] - 1, -1):
            goal = number[k] + waiting[k]
            if waiting[k] < 1 or number[i] < goal:
                continue
            m = k + 1
            while number[m] < goal:
                m += 1
            if (minute[m] + minute[m - 1]) / 2 > ended:
                ended = (minute[m] + minute[m - 1]) / 2
                last[r] = ended - minute[k]
