"""Local search: from a roster that keeps the promise to one from which no small change saves anything."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from senyum.planning.rostering import Roster, Seat, staffing

if TYPE_CHECKING:
    from senyum.planning.search import Search


class Descent:
    """Changes of one shift, then exchanges of two, the largest saving first; each is judged by the sampled days."""

    def __init__(self, search: Search, target: float) -> None:
        self._rules, self._judge, self._target = search.rules, search.real, target
        self._pairs, self._uncovered = search.effort.pairs, search.uncovered

    def improve(self, start: Roster) -> Roster:
        """A roster that costs no more than `start` and surely keeps the target, if `start` does."""
        seats = start.seats
        while True:
            better = self._first(self._single(seats)) or self._first(self._double(seats))
            if better is None:
                return Roster(seats, self._cost(seats))
            seats = better

    def _first(self, trials: Iterator[tuple[Seat, ...]]) -> tuple[Seat, ...] | None:
        for trial in trials:
            if self._allowed(trial) and self._judge.keeps(staffing(self._rules, trial), self._target):
                return trial
        return None

    def _single(self, seats: Sequence[Seat]) -> Iterator[tuple[Seat, ...]]:
        found = []
        for n, seat in enumerate(seats):
            if n and seats[n - 1] == seat:
                continue
            for other in (None, *self._others(seat)):
                saving = self._price(seat) - self._price(other)
                if saving > 0:
                    found.append((saving, n, other))
        found.sort(key=lambda change: (-change[0], change[1]))
        for _, n, other in found:
            yield _put(seats, {n: other})

    def _double(self, seats: Sequence[Seat]) -> Iterator[tuple[Seat, ...]]:
        """One shift becomes cheaper, another dearer at the same kind of counter; together they save something."""
        found = []
        different = [n for n, seat in enumerate(seats) if not n or seats[n - 1] != seat]
        cheaper = {n: self._at_place(seats[n], below=True) for n in different}
        dearer = {n: self._at_place(seats[n], below=False) for n in different}
        for a in different:
            for b in different:
                if a != b:
                    found += [(x - y, a, b, p, q) for x, p in cheaper[a] for y, q in dearer[b] if x > y]
        # The smallest saving is the likeliest to keep the promise.
        for _, a, b, p, q in heapq.nsmallest(self._pairs, found):
            yield _put(seats, {a: replace(seats[a], pattern=p), b: replace(seats[b], pattern=q)})

    def _at_place(self, seat: Seat, *, below: bool) -> list[tuple[int, int]]:
        """(difference of the price, pattern) of the patterns that cost less, or as much and more."""
        cost = self._rules.cost[seat.group]
        now = cost[seat.pattern]
        return [
            (abs(cost[n] - now), n)
            for n, pattern in enumerate(self._rules.patterns)
            if pattern.covers and n != seat.pattern and (cost[n] < now) == below
        ]

    def _others(self, seat: Seat) -> list[Seat]:
        places = [p for p, kind in enumerate(self._rules.kind[seat.group]) if kind >= 0]
        patterns = [n for n, pattern in enumerate(self._rules.patterns) if pattern.covers]
        return [s for p in places for n in patterns if (s := Seat(seat.group, p, n)) != seat]

    def _price(self, seat: Seat | None) -> int:
        return self._rules.cost[seat.group][seat.pattern] if seat else 0

    def _cost(self, seats: Sequence[Seat]) -> int:
        return sum(self._price(seat) for seat in seats)

    def _allowed(self, seats: Sequence[Seat]) -> bool:
        """Counters are enough, and no more demands are unmet than must be."""
        rules = self._rules
        for place, counters in enumerate(rules.counters):
            there = [0] * rules.periods
            for seat in seats:
                if seat.place == place:
                    for t in rules.patterns[seat.pattern].covers:
                        there[t] += 1
            if max(there) > counters:
                return False
        table = staffing(rules, seats)
        unmet = sum(all(table[k, t] == 0 for k in kinds) for t, kinds in rules.open_service)
        return unmet <= self._uncovered


def _put(seats: Sequence[Seat], changes: dict[int, Seat | None]) -> tuple[Seat, ...]:
    changed = [changes.get(n, seat) for n, seat in enumerate(seats)]
    return tuple(sorted(seat for seat in changed if seat is not None))
