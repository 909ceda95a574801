"""What a mall remembers of its lines: their usual pace, waits, hours and curve of calls over the day.

Sums over days, so that one day can be taken out again (training must not see the day that it is asked about) and a day
can be added (the product does so at night). A line without a past borrows from its office, an office from all.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from senyum.engine.forecast.snapshots import Floats, Snapshots

#: Minutes in one bin of the day's curve, and their number.
BIN_MINUTES = 15
BINS = 96
#: Columns of the sums of a line.
DAYS, BUSY_MINUTES, BUSY_CALLS, WAITED, WAITED_FOR, LAST_CALL, OPEN_MINUTES, MINUTES, ANNOUNCED, WAITING = range(10)
#: Then the sum of log waits above the expected one and their count: of the day, early, middle, late.
LEVEL, LEVEL_COUNT = 10, 11
COLUMNS = 18


@dataclass(frozen=True, slots=True)
class Memory:
    """Sums over days. `sums`: (lines, COLUMNS); `curve`: (lines, BINS) calls; `office_of`: (lines,), -1 for never seen.

    `alike`: (lines, lines), the share of time in which two lines of one office had as many open counters: lines that
    are always alike most likely share their counters.
    """

    sums: Floats
    curve: Floats
    office_of: NDArray[np.int64]
    alike: Floats

    def padded(self, lines: int) -> Memory:
        """The same with room for lines that were never seen."""
        extra = max(0, lines - len(self.sums))
        return Memory(
            np.pad(self.sums, ((0, extra), (0, 0))),
            np.pad(self.curve, ((0, extra), (0, 0))),
            np.pad(self.office_of, (0, extra), constant_values=-1),
            np.pad(self.alike, ((0, extra), (0, extra))),
        )

    def to_bytes(self) -> bytes:
        """An `.npz` of plain arrays."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, sums=self.sums, curve=self.curve, office_of=self.office_of, alike=self.alike)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Memory:
        """Raises ValueError or KeyError when the bytes are no memory."""
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            return cls(stored["sums"], stored["curve"], stored["office_of"], stored["alike"])


def remember(past: Snapshots, lines: int | None = None) -> tuple[Memory, Floats, Floats]:
    """The memory of all days of `past`, and what each line-day gave to it: (line-days, COLUMNS), (line-days, BINS)."""
    count = max(past.lines, lines or 0)
    own, own_curve = _line_days(
        past.bounds, past.minute, past.open, past.waiting, past.number, past.announced, past.wait
    )
    line = past.line[past.bounds[:-1]] if len(past) else np.zeros(0, dtype=np.int64)
    sums, curve = np.zeros((count, COLUMNS)), np.zeros((count, BINS))
    np.add.at(sums, line, own)
    np.add.at(curve, line, own_curve)
    office_of = np.full(count, -1, dtype=np.int64)
    office_of[past.line] = past.office
    return Memory(sums, curve, office_of, _alike(past, count)), own, own_curve


def _alike(past: Snapshots, lines: int) -> Floats:
    alike = np.zeros((lines, lines))
    key = (past.office * 100_000 + past.day) * 10_000 + past.minute.astype(np.int64)
    order = np.lexsort((past.line, key))
    starts = np.flatnonzero(np.concatenate(([True], np.diff(key[order]) != 0, [True]))) if len(past) else np.zeros(1)
    _count_alike(starts.astype(np.int64), past.line[order], past.open[order], alike)
    return alike


@njit(cache=True)
def _count_alike(starts, line, opened, alike):  # type: ignore[no-untyped-def]  # compiled: Numba infers
    seen = np.zeros_like(alike)
    for g in range(len(starts) - 1):
        for a in range(starts[g], starts[g + 1]):
            for b in range(starts[g], starts[g + 1]):
                if opened[a] > 0 or opened[b] > 0:
                    seen[line[a], line[b]] += 1
                    if opened[a] == opened[b]:
                        alike[line[a], line[b]] += 1
    for a in range(len(alike)):
        for b in range(len(alike)):
            alike[a, b] = alike[a, b] / (seen[a, b] + 10.0)


@njit(cache=True)
def expected_log(people: float, level: float) -> float:
    """The usual logarithm of wait + 2 minutes for so many people; `level` 0 is a common line, above it a slow one."""
    return float(1.1 + 0.75 * np.log(people + 0.5) + level)


@njit(cache=True)
def part_of_day(minute: float) -> int:
    """0 before 10:30, 1 before 14:00, 2 after."""
    return 0 if minute < 630 else (1 if minute < 840 else 2)


@njit(cache=True)
def _line_days(bounds, minute, opened, waiting, number, announced, wait):  # type: ignore[no-untyped-def]  # compiled: Numba infers
    days = len(bounds) - 1
    own, curve = np.zeros((days, COLUMNS)), np.zeros((days, BINS))
    for k in range(days):
        s, e = bounds[k], bounds[k + 1]
        own[k, DAYS] = 1
        last = minute[s]
        for i in range(s, e):
            if waiting[i] >= 1 and not np.isnan(wait[i]):
                own[k, WAITED] += wait[i]
                own[k, WAITED_FOR] += waiting[i]
                level = np.log(wait[i] + 2) - expected_log(waiting[i], 0.0)
                for c in (LEVEL, LEVEL + 2 * (1 + part_of_day(minute[i]))):
                    own[k, c] += level
                    own[k, c + 1] += 1
            own[k, ANNOUNCED] += announced[i] / (e - s)
            if i == s:
                continue
            gap = minute[i] - minute[i - 1]
            calls = min(max(0.0, number[i] - number[i - 1]), max(12.0, 3 * opened[i]))
            if calls > 0:
                last = minute[i]
            own[k, OPEN_MINUTES] += opened[i] * gap
            own[k, MINUTES] += gap
            own[k, WAITING] += waiting[i] * gap
            if waiting[i - 1] >= 1:
                own[k, BUSY_MINUTES] += gap
                own[k, BUSY_CALLS] += calls
            curve[k, min(BINS - 1, int(minute[i]) // BIN_MINUTES)] += calls
        own[k, LAST_CALL] = last
    return own, curve
