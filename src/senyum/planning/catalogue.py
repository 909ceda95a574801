"""Every roster of a small agency, side by side: where they can be listed, no solver is needed to propose the next one.

A list answers "the least costly roster that keeps the rules and all cuts" by one look at a mask, a thousand times
faster than a model is solved. Agencies of up to three officers have a list; of up to five, when kinds do not count.
"""

from __future__ import annotations

import math
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from senyum.planning.rostering import TOGETHER, Cut, Roster, RosterRules, Seat

Ints = NDArray[np.int64]
Small = NDArray[np.int8]


def count(rules: RosterRules) -> int:
    """How many rosters there are, those that break a rule included."""
    seats = _seats(rules)
    return math.prod(
        math.comb(len(seats[g]) + officers, officers) for g, officers in enumerate(rules.officers) if seats[g]
    )


class Catalogue:
    """All rosters that keep the rules, the least costly first; `uncovered` demands may stay unmet, no more."""

    def __init__(self, rules: RosterRules, uncovered: int) -> None:
        self.rules = rules
        self._seats = _seats(rules)
        self._chosen = np.zeros((1, 0), dtype=np.int16)
        self._cost = np.zeros(1, dtype=np.int64)
        self._there = np.zeros((1, rules.kinds, rules.periods), dtype=np.int8)
        self._sitting = np.zeros((1, len(rules.counters), rules.periods), dtype=np.int8)
        for group, officers in enumerate(rules.officers):
            self._with_group(group, officers)
        unmet = np.zeros(len(self._cost), dtype=np.int64)
        for t, kinds in rules.open_service:
            unmet += ~(self._there[:, sorted(kinds), t] > 0).any(axis=1)
        self._keep(unmet <= uncovered)
        self._keep(np.argsort(self._cost, kind="stable"))
        self._together = self._there.sum(axis=1, dtype=np.int8)
        self._alive = np.ones(len(self._cost), dtype=np.bool_)
        self._first = 0

    def next(self) -> Roster | None:
        """The least costly roster that no cut has ruled out."""
        rest = np.flatnonzero(self._alive[self._first :])
        if not len(rest):
            return None
        self._first += int(rest[0])
        chosen = self._chosen[self._first]
        flat = [seat for row in self._seats for seat in row]
        return Roster(tuple(sorted(flat[i] for i in chosen if i >= 0)), int(self._cost[self._first]))

    def add(self, cut: Cut) -> None:
        """No roster from now on without one of the cut's options."""
        ahead = slice(self._first, None)
        kept = np.zeros(len(self._alive) - self._first, dtype=np.bool_)
        for kind, t, officers in cut.options:
            there = self._together[ahead, t] if kind == TOGETHER else self._there[ahead, kind, t]
            kept |= there >= officers
        self._alive[ahead] &= kept

    def _with_group(self, group: int, officers: int) -> None:
        """Join every choice of this group's officers to every roster so far, as far as the counters suffice."""
        seats, rules = self._seats[group], self.rules
        if not seats or not officers:
            return
        offset = sum(len(row) for row in self._seats[:group])
        choices = np.array(list(combinations_with_replacement(range(len(seats) + 1), officers)), dtype=np.int16)
        there = np.zeros((len(seats) + 1, rules.kinds, rules.periods), dtype=np.int8)
        sitting = np.zeros((len(seats) + 1, len(rules.counters), rules.periods), dtype=np.int8)
        cost = np.zeros(len(seats) + 1, dtype=np.int64)
        for n, seat in enumerate(seats):
            covers = list(rules.patterns[seat.pattern].covers)
            there[n, rules.kind[seat.group][seat.place], covers] = 1
            sitting[n, seat.place, covers] = 1
            cost[n] = rules.cost[seat.group][seat.pattern]
        many, each = len(self._cost), len(choices)
        old, new = np.repeat(np.arange(many), each), np.tile(np.arange(each), many)
        total = self._sitting[old]
        for column in choices.T:
            total += sitting[column[new]]
        fits = (total <= np.array(rules.counters, dtype=np.int8)[None, :, None]).all(axis=(1, 2))
        old, new = old[fits], new[fits]
        self._sitting = total[fits]
        self._cost = self._cost[old] + cost[choices[new]].sum(axis=1)
        self._there = self._there[old]
        for column in choices.T:
            self._there += there[column[new]]
        picked = np.where(choices[new] < len(seats), choices[new] + offset, -1).astype(np.int16)
        self._chosen = np.concatenate([self._chosen[old], picked], axis=1)

    def _keep(self, rows: NDArray[np.bool_] | Ints) -> None:
        self._chosen, self._cost, self._there = self._chosen[rows], self._cost[rows], self._there[rows]
        self._sitting = self._sitting[rows]


def _seats(rules: RosterRules) -> list[list[Seat]]:
    """For each group, where its officers can sit and when."""
    return [
        [
            Seat(g, p, n)
            for p in range(len(rules.counters))
            if rules.kind[g][p] >= 0
            for n, pattern in enumerate(rules.patterns)
            if pattern.covers
        ]
        for g in range(len(rules.officers))
    ]
