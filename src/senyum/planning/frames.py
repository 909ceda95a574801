"""All rosters of an agency's day by their frames: shifts without their lunches, the same staffing or more.

Lunches make a roster one of thousands; without them an agency of nine officers has a list. A frame roster that is too
little is too little with lunches, so the search goes through frames first and gives lunches to the few that are left.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from senyum.planning.rostering import Pattern, Roster, RosterRules, Seat, most, unmet

Ints = NDArray[np.int64]
Small = NDArray[np.int8]


def count(rules: RosterRules) -> int:
    """How many frame rosters there are, those that break a rule included."""
    items = _items(rules)
    return math.prod(math.comb(len(mine) + n, n) for mine, n in zip(items, rules.officers, strict=True) if mine)


class Frames:
    """Frame rosters that keep the rules, the least costly first; `uncovered` demands may stay unmet, no more.

    `tables`: (rosters, kinds, half hours); `cost`: of each. Dropped: whoever has another's staffing at a higher cost.
    """

    def __init__(self, rules: RosterRules, uncovered: int) -> None:
        self.rules, self.uncovered = rules, uncovered
        self._items = _items(rules)
        self._flat = [item for mine in self._items for item in mine]
        self._chosen = np.zeros((1, 0), dtype=np.int16)
        self.cost = np.zeros(1, dtype=np.int64)
        self.tables: Small = np.zeros((1, rules.kinds, rules.periods), dtype=np.int8)
        for group, officers in enumerate(rules.officers):
            self._with_group(group, officers)
        missing = np.zeros(len(self.cost), dtype=np.int64)
        for t, kinds in rules.open_service:
            missing += ~(self.tables[:, sorted(kinds), t] > 0).any(axis=1)
        self._keep(np.flatnonzero(missing <= uncovered))
        self._keep(np.argsort(self.cost, kind="stable"))

    def __len__(self) -> int:
        return len(self.cost)

    def rosters(self, row: int) -> Iterator[tuple[Roster, Small]]:
        """The rosters of a frame roster, one for each staffing that lunches make of it, with that staffing."""
        rules = self.rules
        items = [self._flat[i] for i in self._chosen[row] if i >= 0]
        empty = np.zeros((len(rules.counters) + rules.kinds, rules.periods), np.int8)
        seen: dict[bytes, tuple[tuple[int, ...], Small]] = {b"": ((), empty)}
        for seats in items:
            longer: dict[bytes, tuple[tuple[int, ...], Small]] = {}
            for chosen, table in seen.values():
                for n, seat in enumerate(seats):
                    more, covers = table.copy(), list(rules.patterns[seat.pattern].covers)
                    more[seat.place, covers] += 1
                    more[len(rules.counters) + rules.kind[seat.group][seat.place], covers] += 1
                    longer.setdefault(more.tobytes(), ((*chosen, n), more))
            seen = longer
        counters = np.array(rules.counters)[:, None]
        for chosen, both in seen.values():
            sitting, table = both[: len(counters)], both[len(counters) :]
            if (sitting <= counters).all() and unmet(rules, table) <= self.uncovered:
                seats_of = tuple(sorted(seats[n] for seats, n in zip(items, chosen, strict=True)))
                yield Roster(seats_of, int(self.cost[row])), table

    def _with_group(self, group: int, officers: int) -> None:
        """Join every choice of this group's officers to every frame roster so far."""
        mine, rules = self._items[group], self.rules
        if not mine or not officers:
            return
        offset = sum(len(items) for items in self._items[:group])
        choices = np.array(list(combinations_with_replacement(range(len(mine) + 1), officers)), dtype=np.int16)
        there = np.zeros((len(mine) + 1, rules.kinds, rules.periods), dtype=np.int8)
        cost = np.zeros(len(mine) + 1, dtype=np.int64)
        for n, seats in enumerate(mine):
            covers = sorted({t for seat in seats for t in _span(rules.patterns[seat.pattern])})
            there[n, rules.kind[seats[0].group][seats[0].place], covers] = 1
            cost[n] = min(rules.cost[seat.group][seat.pattern] for seat in seats)
        old = np.repeat(np.arange(len(self.cost)), len(choices))
        new = np.tile(np.arange(len(choices)), len(self.cost))
        total = self.tables[old]
        for column in choices.T:
            total += there[column[new]]
        self.tables = np.minimum(total, most(rules).astype(np.int8)[None])
        self.cost = self.cost[old] + cost[choices].sum(axis=1)[new]
        picked = np.where(choices < len(mine), choices + offset, -1).astype(np.int16)
        self._chosen = np.concatenate([self._chosen[old], picked[new]], axis=1)

    def _keep(self, rows: Ints) -> None:
        self._chosen, self.cost, self.tables = self._chosen[rows], self.cost[rows], self.tables[rows]


def _items(rules: RosterRules) -> list[list[list[Seat]]]:
    """For each group the frames: seats that differ by their lunch only."""
    found: list[list[list[Seat]]] = []
    for g in range(len(rules.officers)):
        mine: dict[tuple[int, float, float], list[Seat]] = {}
        for p in range(len(rules.counters)):
            for n, pattern in enumerate(rules.patterns):
                if rules.kind[g][p] >= 0 and pattern.covers:
                    mine.setdefault((p, pattern.start, pattern.end), []).append(Seat(g, p, n))
        found.append(list(mine.values()))
    return found


def _span(pattern: Pattern) -> range:
    return range(min(pattern.covers), max(pattern.covers) + 1)
