"""What is known of the lines of several halls, as flat arrays: one snapshot a line every few minutes.

A snapshot says how many wait, how many numbers were called so far and how many counters are open. `wait` is what the
last person in line went through: it belongs to the future of its snapshot and is read by training and scoring only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Snapshots sorted by office, day, line, minute; build them with `Snapshots.sorted`. All arrays have length n.

    `line`, `office`, `day`: whole numbers from 0; days in the order of time. `minute`: of the day. `open`: counters.
    `waiting`: people. `number`: how many were called so far (or the last number called). `announced`: minutes a person
    that the office itself says, 0 for none. `wait`: minutes of the last in line, NaN where the day ended first.
    """

    line: Ints
    office: Ints
    day: Ints
    minute: Floats
    open: Floats
    waiting: Floats
    number: Floats
    announced: Floats
    wait: Floats
    #: Row of the input for each sorted row.
    order: Ints
    #: Line-day k is rows bounds[k]:bounds[k + 1].
    bounds: Ints

    @classmethod
    def sorted(
        cls,
        *,
        line: ArrayLike,
        office: ArrayLike,
        day: ArrayLike,
        minute: ArrayLike,
        open: ArrayLike,  # noqa: A002 - the column's name
        waiting: ArrayLike,
        number: ArrayLike,
        announced: ArrayLike | None = None,
        wait: ArrayLike | None = None,
    ) -> Snapshots:
        """Sort the columns. Raises ValueError when they differ in length or when a line belongs to two offices."""
        whole = [np.asarray(x, dtype=np.int64) for x in (line, office, day)]
        n = len(whole[0])
        zero, unknown = np.zeros(n), np.full(n, np.nan)
        real = [
            np.asarray(x, dtype=np.float64)
            for x in (
                minute,
                open,
                waiting,
                number,
                zero if announced is None else announced,
                unknown if wait is None else wait,
            )
        ]
        if any(len(x) != n for x in (*whole, *real)):
            raise ValueError("the columns of snapshots have one length")
        order = np.lexsort((real[0], whole[0], whole[2], whole[1]))
        whole, real = [x[order] for x in whole], [x[order] for x in real]
        if n and len(np.unique(whole[0])) != len(np.unique(np.stack(whole[:2]), axis=1).T):
            raise ValueError("a line belongs to one office")
        change = np.flatnonzero((np.diff(whole[0]) != 0) | (np.diff(whole[2]) != 0)) + 1
        bounds = np.concatenate(([0], change, [n])) if n else np.zeros(1, dtype=np.int64)
        a, b, c = whole
        m, o, w, n_, p, t = real
        return cls(a, b, c, m, o, w, n_, p, t, order.astype(np.int64), bounds.astype(np.int64))

    def __len__(self) -> int:
        return len(self.minute)

    @property
    def lines(self) -> int:
        """One more than the largest line."""
        return int(self.line.max()) + 1 if len(self) else 0

    @property
    def offices(self) -> int:
        """One more than the largest office."""
        return int(self.office.max()) + 1 if len(self) else 0

    def rows(self, *, days: Ints | None = None) -> Ints:
        """The rows about which something is to be said: somebody waits (and the day is one of `days`)."""
        somebody = self.waiting >= 1
        return np.flatnonzero(somebody if days is None else somebody & np.isin(self.day, days))

    def until(self, day: int) -> Snapshots:
        """The snapshots of the days before `day`."""
        return self._take(self.day < day)

    def _take(self, keep: Bools) -> Snapshots:
        return Snapshots.sorted(
            line=self.line[keep],
            office=self.office[keep],
            day=self.day[keep],
            minute=self.minute[keep],
            open=self.open[keep],
            waiting=self.waiting[keep],
            number=self.number[keep],
            announced=self.announced[keep],
            wait=self.wait[keep],
        )
