"""Thousands of staffings at a glance: people as a fluid that officers drain. It only says whom to try first.

Nothing is decided by it: a staffing is kept or refused by the sampled days. A good order makes few of them enough.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from senyum.engine.staffing.agency_day import AgencyDay, Desk

Floats = NDArray[np.float64]
#: Wait (minutes) at which half of the people are late when the promise is half an hour, and how sharply that changes.
_HALF, _WIDTH = 0.7, 0.25


class Fluid:
    """The expected share kept of many staffings of one desk; lines that the same kinds serve alike are one."""

    def __init__(self, day: AgencyDay, desk: Desk) -> None:
        columns, group = np.unique(desk.tiers, axis=1, return_inverse=True)
        self._tiers = columns
        groups = columns.shape[1]
        members = np.eye(groups)[:, group.ravel()]
        self._people = members @ day.expected
        self._work = members @ (day.expected * desk.line_minutes[:, None])
        self._there = 1 - desk.absent
        self._period = day.scenario.period
        self._promise = sum(c.promise * c.share for c in day.scenario.classes)

    def shares(self, tables: NDArray[np.integer]) -> Floats:
        """Of staffings (rows, kinds, half hours)."""
        rows, _, periods = tables.shape
        groups = len(self._people)
        backlog = np.zeros((groups, rows))
        missed = np.zeros(rows)
        for t in range(periods):
            able = tables[:, :, t].T * self._there[:, None] * self._period
            before = backlog.copy()
            backlog += self._work[:, t, None]
            left = able.copy()
            for tier in (1, 2):
                for g in range(groups):
                    for k in np.flatnonzero(self._tiers[:, g] == tier):
                        done = np.minimum(backlog[g], left[k])
                        backlog[g] -= done
                        left[k] -= done
            for g in range(groups):
                if self._people[g, t] <= 0:
                    continue
                weight = np.where(self._tiers[:, g] == 1, 1.0, 0.5) * (self._tiers[:, g] > 0)
                pace = np.maximum(weight @ able, 3.0) / self._period
                wait = (before[g] + backlog[g]) / 2 / pace
                late = (wait / self._promise - _HALF) / _WIDTH
                missed += self._people[g, t] / (1 + np.exp(-np.clip(late, -30, 30)))
        shares: Floats = 1 - missed / max(float(self._people.sum()), 1e-9)
        return shares
