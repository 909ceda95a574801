"""From snapshots and memory to the features of rows."""

from __future__ import annotations

import numpy as np

from senyum.engine.forecast.features import COUNT, fill
from senyum.engine.forecast.memory import BINS, COLUMNS, Memory
from senyum.engine.forecast.snapshots import Floats, Ints, Snapshots


class Inputs:
    """Snapshots beside a memory, laid out for the kernel.

    `own`, `own_curve`: what each line-day of the snapshots itself gave to the memory (training takes it out again).
    """

    def __init__(
        self, snapshots: Snapshots, memory: Memory, own: Floats | None = None, own_curve: Floats | None = None
    ) -> None:
        s, line_days = snapshots, len(snapshots.bounds) - 1
        self.snapshots = s
        self.memory = memory = memory.padded(s.lines)
        offices = max(s.offices, int(memory.office_of.max(initial=-1)) + 1)
        office_sums = np.zeros((offices + 1, COLUMNS))
        known = memory.office_of >= 0
        np.add.at(office_sums, memory.office_of[known], memory.sums[known])
        office_sums[-1] = memory.sums.sum(axis=0)
        loo = own is not None and own_curve is not None
        # An office-day is one run of lines; its number keeps the office as its remainder.
        house = s.day * (offices + 1) + s.office
        self.data = (s.bounds, s.line, house, s.minute, s.open, s.waiting, s.number, s.announced)
        self.usual = (
            memory.sums,
            memory.curve,
            office_sums,
            own if own is not None else np.zeros((1, COLUMNS)),
            own_curve if own_curve is not None else np.zeros((1, BINS)),
            memory.alike,
            loo,
        )
        self.line_day = np.repeat(np.arange(line_days), np.diff(s.bounds))

    def features(self, rows: Ints, people: Floats | None = None) -> Floats:
        """(len(rows), COUNT), columns as `features.FEATURES`; of the last in line, or of who has `people` in front up
        to and with themselves."""
        out = np.empty((len(rows), COUNT))
        fill(
            rows,
            self.line_day[rows],
            self.snapshots.waiting[rows] if people is None else people,
            self.data,
            self.usual,
            out,
        )
        return out
