"""A roster as the solver sees it: shift patterns, who may work them where, what must be covered, what it costs.

Plain values; `solver` turns them into a model. Half hours are counted from the scenario's opening.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from senyum.engine.scenario import Scenario, Shift
from senyum.engine.staffing.agency_day import AgencyDay

Ints = NDArray[np.int64]
TOGETHER = -1


@dataclass(frozen=True, slots=True)
class Pattern:
    """A shift without a name: minutes after midnight, and the half hours in which somebody sits there."""

    start: float
    end: float
    lunch: float | None
    lunch_minutes: float
    covers: tuple[int, ...]

    @property
    def hours(self) -> float:
        """Paid hours; lunch is not paid."""
        return (self.end - self.start - (self.lunch_minutes if self.lunch is not None else 0.0)) / 60


@dataclass(frozen=True, slots=True, order=True)
class Seat:
    """One officer of a group at a counter of a place, working a pattern: places in the tuples of `RosterRules`."""

    group: int
    place: int
    pattern: int


@dataclass(frozen=True, slots=True)
class Cut:
    """At least one of these must hold: kind `k` has `n` officers or more in half hour `t`, for (k, t, n).

    A kind of `TOGETHER` means all kinds.
    """

    options: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class RosterRules:
    """What every roster of an agency's day must keep. Costs are whole units of the scenario's currency.

    `cost[group][pattern]`; `kind[group][place]` as in `AgencyDay`; `officers` a group, `counters` a place.
    `open_service`: for each half hour, sets of kinds of which at least one officer must be there.
    """

    patterns: tuple[Pattern, ...]
    cost: tuple[tuple[int, ...], ...]
    kind: tuple[tuple[int, ...], ...]
    officers: tuple[int, ...]
    counters: tuple[int, ...]
    kinds: int
    periods: int
    open_service: tuple[tuple[int, frozenset[int]], ...]

    def same(self, other: RosterRules) -> bool:
        """Whether the same rosters keep these rules and those, at the same cost."""
        return all(getattr(self, name) == getattr(other, name) for name in RosterRules.__slots__)


@dataclass(frozen=True, slots=True)
class Roster:
    """Seats of one agency's day, sorted, and their cost."""

    seats: tuple[Seat, ...]
    cost: int


def patterns(scenario: Scenario) -> tuple[Pattern, ...]:
    """Every shift that the scenario's rules allow, in order of start, length and lunch."""
    rules, found = scenario.rules, []
    start = rules.earliest
    while start < rules.latest:
        for length in sorted(rules.lengths):
            end = start + length
            if end > rules.latest:
                continue
            found += [_pattern(scenario, start, end, lunch) for lunch in _lunches(scenario, start, end)]
        start += rules.step
    return tuple(found)


def rules_of(day: AgencyDay) -> RosterRules:
    """The rules of an agency's day.

    At least one counter is open in every half hour of the agency's hours, lunch included; outside the lunch window also
    one for each service that people come for. What the agency's people cannot do at all is not asked for.
    """
    scenario = day.scenario
    allowed = patterns(scenario)
    able = day.most()
    demands: list[tuple[int, frozenset[int]]] = []
    anyone = frozenset(k for k in range(len(able)) if able[k].max(initial=0) > 0)
    for t in day.open_periods:
        needed = {anyone} if anyone else set()
        if not _in_lunch_window(scenario, t):
            for line in np.flatnonzero(day.expected.sum(axis=1) > 0):
                kinds = frozenset(int(k) for k in np.flatnonzero(day.desk.tiers[:, line] > 0))
                needed |= {kinds} if kinds else set()
        demands += [(t, kinds) for kinds in sorted(needed, key=sorted)]
    return RosterRules(
        patterns=allowed,
        cost=tuple(tuple(round(p.hours * g.cost) for p in allowed) for g in day.groups),
        kind=day.kind,
        officers=tuple(len(g.officers) for g in day.groups),
        counters=tuple(len(p.counters) for p in day.places),
        kinds=len(able),
        periods=scenario.periods,
        open_service=tuple(demands),
    )


def together(rules: RosterRules) -> RosterRules:
    """The same rules as if every counter served everything: fewer, and every roster of `rules` keeps them.

    Seats have place 0, kinds are one. Demands that differ only by kind become one; those nobody can meet fall away.
    """
    able = frozenset(k for row in rules.kind for k in row if k >= 0)
    periods = sorted({t for t, kinds in rules.open_service if kinds & able})
    return replace(
        rules,
        kind=tuple((0,) if any(k >= 0 for k in row) else (-1,) for row in rules.kind),
        counters=(sum(rules.counters),),
        kinds=1,
        open_service=tuple((t, frozenset({0})) for t in periods),
    )


def staffing(rules: RosterRules, seats: Iterable[Seat]) -> Ints:
    """Officers per (kind, half hour) of these seats."""
    table = np.zeros((rules.kinds, rules.periods), dtype=np.int64)
    for seat in seats:
        table[rules.kind[seat.group][seat.place], list(rules.patterns[seat.pattern].covers)] += 1
    return table


def fits(rules: RosterRules, seats: Iterable[Seat]) -> bool:
    """No place has more officers than counters at once."""
    sitting = np.zeros((len(rules.counters), rules.periods), dtype=np.int64)
    for seat in seats:
        sitting[seat.place, list(rules.patterns[seat.pattern].covers)] += 1
    return bool((sitting <= np.array(rules.counters)[:, None]).all())


def most(rules: RosterRules) -> Ints:
    """(kinds, half hours): more of a kind than that never sit there."""
    table = np.zeros((rules.kinds, rules.periods), dtype=np.int64)
    for officers, row in zip(rules.officers, rules.kind, strict=True):
        for counters, kind in zip(rules.counters, row, strict=True):
            if kind >= 0:
                table[kind] += min(officers, counters)
    return table


def unmet(rules: RosterRules, table: NDArray[np.integer]) -> int:
    """How many demands of `open_service` a staffing leaves unmet."""
    return sum(all(table[k, t] == 0 for k in kinds) for t, kinds in rules.open_service)


def staffing_of_shifts(day: AgencyDay, shifts: Sequence[Shift]) -> Ints:
    """Officers per (kind, half hour) of a roster: whoever is there for at least half of it counts."""
    scenario = day.scenario
    table = np.zeros((len(day.desk.tiers), scenario.periods), dtype=np.int64)
    for shift in shifts:
        kind = day.kind_of(shift)
        if kind < 0:
            continue
        for t in range(scenario.periods):
            start = scenario.opens + t * scenario.period
            there = sum(max(0.0, min(b, start + scenario.period) - max(a, start)) for a, b in shift.presences())
            table[kind, t] += there >= scenario.period / 2
    return table


def name_seats(day: AgencyDay, rules: RosterRules, seats: Sequence[Seat]) -> list[Shift] | None:
    """Shifts with an officer and a counter for each seat; None when no choice of counters keeps two apart."""
    counters = _counters(rules, seats)
    if counters is None:
        return None
    used = [0] * len(day.groups)
    shifts = []
    for seat, counter in zip(seats, counters, strict=True):
        pattern = rules.patterns[seat.pattern]
        officer = day.groups[seat.group].officers[used[seat.group]]
        used[seat.group] += 1
        shifts.append(
            Shift(
                officer=officer,
                counter=day.places[seat.place].counters[counter],
                start=pattern.start,
                end=pattern.end,
                lunch=pattern.lunch,
                lunch_minutes=pattern.lunch_minutes,
            )
        )
    return shifts


def _counters(rules: RosterRules, seats: Sequence[Seat]) -> list[int] | None:
    """A counter of its place for each seat, such that nobody sits on another's lap; by trying, seats are few."""
    taken: dict[tuple[int, int], set[int]] = {}
    order = sorted(range(len(seats)), key=lambda i: (seats[i].place, -len(rules.patterns[seats[i].pattern].covers)))
    chosen = [0] * len(seats)

    def put(n: int) -> bool:
        if n == len(order):
            return True
        seat = seats[order[n]]
        covers = set(rules.patterns[seat.pattern].covers)
        for counter in range(rules.counters[seat.place]):
            there = taken.setdefault((seat.place, counter), set())
            if there & covers:
                continue
            there |= covers
            chosen[order[n]] = counter
            if put(n + 1):
                return True
            there -= covers
        return False

    return chosen if put(0) else None


def _lunches(scenario: Scenario, start: float, end: float) -> list[float | None]:
    rules = scenario.rules
    if end - start < rules.lunch_from_length:
        return [None]
    found: list[float | None] = []
    lunch = rules.lunch_earliest
    while lunch + rules.lunch_minutes <= rules.lunch_latest:
        if start < lunch and lunch + rules.lunch_minutes < end:
            found.append(lunch)
        lunch += rules.step
    return found


def _pattern(scenario: Scenario, start: float, end: float, lunch: float | None) -> Pattern:
    minutes = scenario.rules.lunch_minutes if lunch is not None else 0.0
    shift = Shift(0, 0, start, end, lunch, minutes)
    covers = []
    for t in range(scenario.periods):
        a = scenario.opens + t * scenario.period
        if any(begin <= a and a + scenario.period <= finish for begin, finish in shift.presences()):
            covers.append(t)
    return Pattern(start, end, lunch, minutes, tuple(covers))


def _in_lunch_window(scenario: Scenario, period: int) -> bool:
    start = scenario.opens + period * scenario.period
    return start < scenario.rules.lunch_latest and start + scenario.period > scenario.rules.lunch_earliest
