"""From below: which rosters, in order of cost, do the sampled days not refuse?

The cheapest are many and all too little. So the most promising of all that cost no more than some limit is tried; when
the days refuse it, its staffing is raised wherever that does not help enough, and whatever has no more officers than
that in any half hour is refused with it. A few dozen such *tops* clear a million rosters.

This is the cutting-plane idea of Atlason, Epelman & Henderson (2004, 2008) with cuts that need less: not that the share
kept is concave in the staffing (with few officers it is not), only that it does not fall when officers are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from senyum.planning.fluid import Fluid
from senyum.planning.frames import Frames
from senyum.planning.judge import Judge
from senyum.planning.rostering import Roster, most

Ints = NDArray[np.int64]
#: Half hours that are raised one by one after those that are raised together.
_SINGLES = 4
#: Share of the cost up to which rosters are cleared at once.
_BEGIN = 0.85


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A roster that the sampled days do not refuse, as far as the sieve's desk can tell."""

    roster: Roster
    staffing: Ints
    hope: float


class Sieve:
    """Rosters of one desk by cost. `people`: how many may be played until the bound is left where it stands.

    `tops`: staffings that were too little on another day; they are tried first. `bound`: no roster that keeps the
    last target costs less.
    """

    def __init__(self, frames: Frames, judge: Judge, fluid: Fluid, *, people: int, tops: Sequence[Ints] = ()) -> None:
        self.frames, self._judge, self._fluid, self._people = frames, judge, fluid, people
        self._most = most(frames.rules)
        self.tops: list[Ints] = list(tops)
        self.bound = 0

    def first(self, target: float, *, below: int) -> Candidate | None:
        """The least costly roster below a cost that is not refused; None when the effort is spent or there is none."""
        until = self._judge.people + self._people
        self._begin(target, below)
        found: Candidate | None = None
        for cost in self._limits(target):
            limit = cost
            while self._judge.people < until and (step := self._next(limit, target)) is not False:
                if isinstance(step, Candidate):
                    found, limit = step, step.roster.cost - 1
            if found or self._judge.people >= until:
                break
        self._settle()
        return found

    def promising(self, limit: int, many: int, *, of: int) -> list[Candidate]:
        """Of the rosters up to this cost that are not refused, `many` that keep the most of the `of` most hopeful."""
        end = int(np.searchsorted(self._cost, limit, side="right"))
        alive = np.flatnonzero(self._alive[:end])
        best = alive[np.argsort(-self._hope[alive], kind="stable")[:of]]
        found = [c for c in self._pool if c.roster.cost <= limit]
        for row in best:
            found += self._with_lunches(int(row))
        found = sorted(found, key=lambda c: (-c.hope, c.roster.cost, c.roster.seats))[:of]
        tier = min(1, len(self._judge.tiers) - 1)
        return sorted(found, key=lambda c: (-self._judge.share(c.staffing, tier)[0], c.roster.cost))[:many]

    def _begin(self, target: float, below: int) -> None:
        self._rows = np.flatnonzero(self.frames.cost < below)
        self._tables, self._cost = self.frames.tables[self._rows], self.frames.cost[self._rows]
        self._alive = np.ones(len(self._rows), dtype=np.bool_)
        self._pool: list[Candidate] = []
        self._below = self._lowest = below
        tops, self.tops = self.tops, []
        for top in tops:
            if self._judge.surely_broken(top, target):
                self._drop(top)
        self._hope = np.zeros(len(self._rows))
        alive = np.flatnonzero(self._alive)
        if len(alive):
            self._hope[alive] = self._fluid.shares(self._tables[alive])
        self._settle()

    def _settle(self) -> None:
        """The least cost of what is neither refused nor was given out."""
        first = int(np.argmax(self._alive)) if self._alive.any() else -1
        left = [int(self._cost[first])] if first >= 0 else []
        self.bound = min([self._lowest, *left, *(c.roster.cost for c in self._pool)])

    def _limits(self, target: float) -> list[int]:
        """Costs in ascending order, from below the largest at which the most hopeful frame roster is surely refused."""
        levels = np.unique(self._cost[self._alive])
        low, high = 0, len(levels)
        while low < high:
            middle = (low + high) // 2
            best = self._best(int(levels[middle]))
            if best < 0 or self._judge.surely_broken(self._table(best), target):
                low = middle + 1
            else:
                high = middle
        if not len(levels):
            return []
        # Cheaper ones are cleared with less effort; should the effort end, the bound stands where they end.
        begin = np.searchsorted(levels, _BEGIN * levels[max(low - 1, 0)])
        return [int(c) for c in levels[begin:]]

    def _next(self, limit: int, target: float) -> Candidate | bool:
        """One step at this cost: a roster that is not refused, or whether there was anything left to try."""
        near = [i for i, c in enumerate(self._pool) if c.roster.cost <= limit]
        if near:
            at = max(near, key=lambda i: self._pool[i].hope)
            candidate = self._pool[at]
            # A roster that is given out is judged by all days; those that it was compared with, mostly by a part.
            if self._judge.keeps(candidate.staffing, target) and self._judge.share(candidate.staffing)[0] >= target:
                self._lowest = min(self._lowest, candidate.roster.cost)
                return candidate
            self._drop(self._learn(candidate.staffing, target))
            return True
        best = self._best(limit)
        if best < 0:
            return False
        if self._judge.keeps(self._table(best), target):
            self._give_lunches(best)
        else:
            self._drop(self._learn(self._table(best), target))
        return True

    def _best(self, limit: int) -> int:
        end = int(np.searchsorted(self._cost, limit, side="right"))
        alive = np.flatnonzero(self._alive[:end])
        return int(alive[np.argmax(self._hope[alive])]) if len(alive) else -1

    def _table(self, row: int) -> Ints:
        table: Ints = self._tables[row].astype(np.int64)
        return table

    def _give_lunches(self, row: int) -> None:
        """Move a frame roster to the pool, with its lunches."""
        self._alive[row] = False
        self._pool += self._with_lunches(row)

    def _with_lunches(self, row: int) -> list[Candidate]:
        found = list(self.frames.rosters(int(self._rows[row])))
        if not found:
            return []
        tables = np.array([table for _, table in found])
        left = np.ones(len(found), dtype=np.bool_)
        for top in self.tops:
            left &= (tables > top).any(axis=(1, 2))
        hopes = self._fluid.shares(tables)
        return [Candidate(found[i][0], tables[i].astype(np.int64), float(hopes[i])) for i in np.flatnonzero(left)]

    def _drop(self, top: Ints) -> None:
        """Whatever has no more officers than this is refused."""
        self.tops.append(top)
        alive = np.flatnonzero(self._alive)
        self._alive[alive] = (self._tables[alive] > top).any(axis=(1, 2))
        self._pool = [c for c in self._pool if (c.staffing > top).any()]

    def _learn(self, table: Ints, target: float) -> Ints:
        """A staffing that is surely too little and has as many officers as possible, from one that is too little.

        Half hours in which more officers seem to help least are raised to all there are, as many as possible at once.
        """
        cells = np.argwhere(self._most > table)
        if not len(cells):
            return table
        raised = np.repeat(table[None], len(cells), axis=0)
        raised[np.arange(len(cells)), cells[:, 0], cells[:, 1]] = self._most[cells[:, 0], cells[:, 1]]
        cells = cells[np.argsort(self._fluid.shares(raised), kind="stable")]
        low, high, best = 0, len(cells), table
        while low < high:
            middle = (low + high + 1) // 2
            trial = table.copy()
            trial[cells[:middle, 0], cells[:middle, 1]] = self._most[cells[:middle, 0], cells[:middle, 1]]
            if self._judge.surely_broken(trial, target):
                low, best = middle, trial
            else:
                high = middle - 1
        for k, t in cells[low : low + _SINGLES]:
            trial = best.copy()
            trial[k, t] += 1
            if self._judge.surely_broken(trial, target):
                best = trial
        return best
