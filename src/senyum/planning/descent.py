"""From above: from a roster that keeps the promise to cheaper ones, and to equally cheap ones that keep more.

A change is tried when it promises much: what one officer more or less in a half hour does to the share kept is measured
on a few of the sampled days, once for several steps. Then the days themselves say whether the change does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from senyum.planning.judge import Judge
from senyum.planning.rostering import Roster, RosterRules, Seat, fits, most, staffing, unmet

Ints = NDArray[np.int64]
#: A change may be better than it promises by so much of the share kept.
_DOUBT = 0.01
#: A change that saves twice as much is preferred although it costs so much more of the share kept.
_EAGER = 0.002
#: A roster so far below what is asked for is not worth climbing from.
_FAR = 0.05
#: Steps up from one roster, at most.
_CLIMBS = 12
#: Steps that are taken with the slopes of one roster.
_STEPS = 6
#: A share must be so much larger for one roster to be called better than another of the same cost.
_BETTER = 5e-4


@dataclass(frozen=True, slots=True)
class _Change:
    """Seats `out` (places in the roster) make room for `into`; `saving` in money, `hope`: change of the share kept."""

    saving: int
    hope: float
    out: tuple[int, ...]
    into: tuple[Seat, ...]


class Descent:
    """Changes of one shift, then of two; `tries`: how many are judged before it is taken that none will do."""

    def __init__(self, rules: RosterRules, judge: Judge, *, uncovered: int, tries: int) -> None:
        self._rules, self._judge, self._uncovered, self._tries = rules, judge, uncovered, tries
        self._tier = min(1, len(judge.tiers) - 1)
        self._slopes: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self._age = 0
        self._most = most(rules)
        self._covers = np.zeros((len(rules.patterns), rules.periods), dtype=np.int8)
        for n, pattern in enumerate(rules.patterns):
            self._covers[n, list(pattern.covers)] = 1

    def improve(self, start: Roster, target: float) -> Roster:
        """A roster that costs no more than `start` and keeps the target, if `start` does."""
        best, self._slopes = start, None
        while (better := self._step(best, target)) is not None:
            best = better
        return best

    def climb(self, start: Roster, *, enough: float, near: bool = True) -> Roster:
        """A roster that costs as much and keeps more; stops when it keeps `enough`. `near`: give up when it is far."""
        best, self._slopes = start, None
        if near and self._judge.share(staffing(self._rules, start.seats), self._tier)[0] < enough - _FAR:
            return start
        for _ in range(_CLIMBS):
            if self._judge.keeps(staffing(self._rules, best.seats), enough):
                break
            better = self._fresh(best, lambda roster: self._fuller(roster))
            if better is None:
                break
            best = better
        return best

    def _step(self, roster: Roster, target: float) -> Roster | None:
        return self._fresh(roster, lambda r: self._cheaper(r, target)) or self._fresh(roster, self._fuller)

    def _fresh(self, roster: Roster, find: Callable[[Roster], Roster | None]) -> Roster | None:
        """What is found with the slopes there are, or else with those of this very roster."""
        if self._slopes is not None and self._age:
            self._age += 1
            found = find(roster) if self._age <= _STEPS else None
            if found is not None:
                return found
            self._slopes = None
        if self._slopes is None:
            self._slopes, self._age = self._measured(staffing(self._rules, roster.seats)), 0
        found = find(roster)
        self._age = int(found is not None)
        return found

    def _measured(self, table: Ints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What one officer less, and one more, in a half hour does to the share kept, per (kind, half hour)."""
        now = self._judge.share(table, 0)[0]
        less, more = np.zeros(table.shape), np.zeros(table.shape)
        for k, t in np.ndindex(table.shape):
            for slopes, step in ((less, -1), (more, 1)):
                if 0 <= table[k, t] + step <= self._most[k, t]:
                    trial = table.copy()
                    trial[k, t] += step
                    slopes[k, t] = self._judge.share(trial, 0)[0] - now
        return less, more

    def _cheaper(self, roster: Roster, target: float) -> Roster | None:
        spare = self._judge.share(staffing(self._rules, roster.seats), self._tier)[0] - target
        for changes in (self._single(roster.seats), self._double(roster.seats)):
            saving = self._with_hopes(roster.seats, [c for c in changes if c.saving > 0])
            likely = [c for c in saving if c.hope + spare > -_DOUBT]
            likely.sort(key=lambda c: (max(-c.hope, 0.0) + _EAGER) / c.saving)
            for change in likely[: self._tries]:
                trial = self._changed(roster, change)
                if trial and self._judge.keeps(staffing(self._rules, trial.seats), target):
                    return trial
        return None

    def _fuller(self, roster: Roster) -> Roster | None:
        now = self._judge.share(staffing(self._rules, roster.seats), self._tier)[0]
        changes = [c for c in (*self._single(roster.seats), *self._double(roster.seats)) if c.saving == 0]
        hopeful = self._with_hopes(roster.seats, changes)
        hopeful.sort(key=lambda c: -c.hope)
        for change in hopeful[: self._tries]:
            trial = self._changed(roster, change)
            if trial and self._judge.share(staffing(self._rules, trial.seats), self._tier)[0] > now + _BETTER:
                return trial
        return None

    def _changed(self, roster: Roster, change: _Change) -> Roster | None:
        kept = [seat for n, seat in enumerate(roster.seats) if n not in change.out]
        seats = tuple(sorted([*kept, *change.into]))
        table = staffing(self._rules, seats)
        if not fits(self._rules, seats) or unmet(self._rules, table) > self._uncovered:
            return None
        return Roster(seats, roster.cost - change.saving)

    def _single(self, seats: Sequence[Seat]) -> list[_Change]:
        found = []
        for n in _different(seats):
            seat = seats[n]
            price = self._price(seat)
            found.append(_Change(price, 0.0, (n,), ()))
            found += [_Change(price - self._price(s), 0.0, (n,), (s,)) for s in self._others(seat)]
        return found

    def _double(self, seats: Sequence[Seat]) -> list[_Change]:
        """One shift becomes a little shorter, another a little longer, or both move; together they cost no more."""
        near = {n: list(self._near(seats[n])) for n in _different(seats)}
        step = min((abs(d) for rows in near.values() for _, d in rows if d), default=0)
        found = []
        for a, shorter in near.items():
            for b, longer in near.items():
                if a == b:
                    continue
                for p, less in shorter:
                    for q, more in longer:
                        if less < 0 <= more and -step <= less + more <= 0:
                            found.append(_Change(-less - more, 0.0, (a, b), (p, q)))
        return found

    def _near(self, seat: Seat) -> Iterable[tuple[Seat, int]]:
        """Seats at the same place that differ in two half hours at most, and what they cost more."""
        differs = np.abs(self._covers - self._covers[seat.pattern]).sum(axis=1)
        for n in np.flatnonzero((differs > 0) & (differs <= 2)):
            other = Seat(seat.group, seat.place, int(n))
            yield other, self._price(other) - self._price(seat)

    def _others(self, seat: Seat) -> list[Seat]:
        places = [p for p, kind in enumerate(self._rules.kind[seat.group]) if kind >= 0]
        patterns = [n for n, pattern in enumerate(self._rules.patterns) if pattern.covers]
        return [s for p in places for n in patterns if (s := Seat(seat.group, p, n)) != seat]

    def _with_hopes(self, seats: Sequence[Seat], changes: list[_Change]) -> list[_Change]:
        assert self._slopes is not None
        less, more = self._slopes
        found = []
        for change in changes:
            delta = np.zeros(less.shape, dtype=np.int64)
            for n in change.out:
                delta[self._kind(seats[n])] -= self._covers[seats[n].pattern]
            for seat in change.into:
                delta[self._kind(seat)] += self._covers[seat.pattern]
            hope = float((less * np.maximum(-delta, 0)).sum() + (more * np.maximum(delta, 0)).sum())
            found.append(replace(change, hope=hope))
        return found

    def _kind(self, seat: Seat) -> int:
        return self._rules.kind[seat.group][seat.place]

    def _price(self, seat: Seat) -> int:
        return self._rules.cost[seat.group][seat.pattern]


def _different(seats: Sequence[Seat]) -> list[int]:
    return [n for n, seat in enumerate(seats) if not n or seats[n - 1] != seat]
