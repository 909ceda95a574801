"""A week's roster: each agency's days by `search`, named officers for the shifts, and the mall simulated afresh.

Agencies are planned apart, two at a time: no officer and no counter belongs to two of them. Days of an agency are
planned from the quietest to the busiest: whatever is too little on a quiet day is too little on a busy one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np

from senyum.engine.scenario import Scenario, Shift, on_weekday
from senyum.engine.simulation.report import Figure, Report
from senyum.engine.simulation.run import simulate
from senyum.engine.staffing.agency_day import agency_day, spread
from senyum.engine.staffing.requirement import by_modified_load, by_period
from senyum.engine.staffing.whatif import with_reserve
from senyum.planning.rostering import name_seats, rules_of, staffing_of_shifts
from senyum.planning.search import Effort, Found, Search
from senyum.planning.solver import share_out

#: Days of the whole mall that judge a plan, from a seed that the search has not seen.
FRESH_DAYS = 1_600
#: Civil servants work 37.5 hours a week (Perpres 21/2023).
WEEK_HOURS = 37.5
REPAIRS = 3
#: Afresh, an agency may keep so much less than its target before it is planned again: the noise of the simulation.
NOISE = 0.003


@dataclass(frozen=True, slots=True, eq=False)
class AgencyPlan:
    """An agency on a weekday. `claimed`: the share that the plan claims to keep; `kept`, `p90`: as simulated afresh.

    `sipp`, `mol`: officers wanted per half hour by the two queueing views, all services of the agency as one line.
    """

    weekday: int
    agency: int
    found: Found = field(repr=False)
    shifts: tuple[Shift, ...]
    claimed: float
    kept: Figure
    p90: Figure
    sipp: tuple[int, ...]
    mol: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """The fresh simulation does not contradict the claim."""
        return math.isnan(self.kept.mean) or self.kept.mean + self.kept.half_width >= self.claimed

    @property
    def cost(self) -> int:
        """Of the day."""
        return self.found.roster.cost


@dataclass(frozen=True, slots=True, eq=False)
class WeekPlan:
    """`scenario`: with the reserve that was added; `reserve`: per agency. `overworked`: agencies over `WEEK_HOURS`.

    `today`, `planned`: the mall on each weekday with today's roster and with the plan.
    """

    scenario: Scenario
    weekdays: tuple[int, ...]
    wanted: float
    reserve: tuple[int, ...]
    agencies: tuple[AgencyPlan, ...]
    today: dict[int, Report]
    planned: dict[int, Report]
    overworked: tuple[int, ...]

    @property
    def cost(self) -> int:
        """Of the week."""
        return sum(a.cost for a in self.agencies)

    @property
    def bound(self) -> int:
        """No rosters that keep the rules and each agency's target every day cost less, as far as the samples tell."""
        return sum(a.found.bound for a in self.agencies)

    @property
    def gap(self) -> float:
        """Cost above the bound, as a share of the bound."""
        return (self.cost - self.bound) / self.bound if self.bound else 0.0

    def shifts(self, weekday: int) -> tuple[Shift, ...]:
        """The roster of a day."""
        return tuple(s for a in self.agencies if a.weekday == weekday for s in a.shifts)


def plan_week(
    scenario: Scenario,
    weekdays: Sequence[int],
    *,
    wanted: float | None = None,
    seed: int = 0,
    effort: Effort | None = None,
    reserve: int = 0,
    threads: int = 2,
    fresh_days: int = FRESH_DAYS,
) -> WeekPlan:
    """Plan the weekdays given. `wanted`: share called within the promise, else the scenario's.

    `reserve`: at most so many officers and counters are added to an agency whose people cannot keep it. The result does
    not depend on `threads`. Raises solver.PlanningUnavailable.
    """
    share = scenario.promise_share if wanted is None else wanted
    effort = effort or Effort()
    added = _reserves(scenario, weekdays, share, seed, effort, reserve, threads)
    larger = scenario
    for place, count in enumerate(added):
        larger = with_reserve(larger, place, count) if count else larger
    everyone = range(len(larger.agencies))

    def week_of(place: int, raised: dict[int, float]) -> dict[int, Found]:
        return _agency_week(larger, place, weekdays, share, raised, seed, effort)

    raised: dict[int, dict[int, float]] = {place: {} for place in everyone}
    with ThreadPoolExecutor(max(1, threads)) as pool:
        found = dict(zip(everyone, pool.map(lambda p: week_of(p, raised[p]), everyone), strict=True))
    for attempt in range(REPAIRS + 1):
        shifts, overworked = _named(larger, found, weekdays)
        planned = _mall(larger, shifts, weekdays, seed + 1_000_003 * (attempt + 1), fresh_days, threads)
        broken = _broken(found, planned, raised, share)
        if not broken or attempt == REPAIRS:
            break
        with ThreadPoolExecutor(max(1, threads)) as pool:
            again = pool.map(lambda p: week_of(p, raised[p]), broken)
            found |= {p: _with_bounds(f, found[p]) for p, f in zip(broken, again, strict=True)}
    today = {d: simulate(on_weekday(scenario, d), days=fresh_days, seed=seed, threads=threads) for d in weekdays}
    plans = [
        _agency_plan(share, d, place, found[place][d], shifts[place][d], planned[d])
        for d in weekdays
        for place in everyone
        if d in found[place]
    ]
    return WeekPlan(larger, tuple(weekdays), share, tuple(added), tuple(plans), today, planned, tuple(overworked))


def _reserves(
    scenario: Scenario, weekdays: Sequence[int], share: float, seed: int, effort: Effort, most: int, threads: int
) -> list[int]:
    """Officers to add to each agency such that everyone together keeps the promise on the busiest day."""
    busiest = max(weekdays, key=lambda d: (float(on_weekday(scenario, d).people().sum()), d))

    def needed(place: int) -> int:
        for count in range(most):
            day = agency_day(on_weekday(with_reserve(scenario, place, count), busiest), place)
            if day.expected.sum() == 0 or (
                day.groups and Search(day, seed=seed, effort=effort).reachable(share) >= share
            ):
                return count
        return most

    with ThreadPoolExecutor(max(1, threads)) as pool:
        return list(pool.map(needed, range(len(scenario.agencies))))


def _agency_week(
    scenario: Scenario,
    place: int,
    weekdays: Sequence[int],
    share: float,
    raised: dict[int, float],
    seed: int,
    effort: Effort,
) -> dict[int, Found]:
    """The agency's days, quietest first. `raised`: other targets than `share`, per weekday."""
    days = {d: agency_day(on_weekday(scenario, d), place) for d in weekdays}
    days = {d: day for d, day in days.items() if day.expected.sum() > 0 and day.groups and day.places}
    found: dict[int, Found] = {}
    before: Found | None = None
    for d in sorted(days, key=lambda d: (float(days[d].expected.sum()), d)):
        day, target = days[d], raised.get(d, share)
        if before and before.wanted == target and np.array_equal(before.day.expected, day.expected):
            found[d] = before
            continue
        search = Search(day, seed=seed, effort=effort, cuts=before.cuts if before else ())
        before = found[d] = search.least_cost(target, start=before.roster if before else None)
    return found


def _with_bounds(again: dict[int, Found], first: dict[int, Found]) -> dict[int, Found]:
    """Plans for a raised target keep the bound of the one that was wanted, against which they are measured."""
    return {d: replace(f, bound=min(first[d].bound, f.roster.cost)) for d, f in again.items()}


def _named(
    scenario: Scenario, found: dict[int, dict[int, Found]], weekdays: Sequence[int]
) -> tuple[dict[int, dict[int, tuple[Shift, ...]]], list[int]]:
    """Shifts with officers and counters per agency and weekday; the agencies whose people would work too long."""
    shifts: dict[int, dict[int, tuple[Shift, ...]]] = {}
    overworked = []
    for place, days in found.items():
        named = {d: _seated(f) for d, f in days.items()}
        order = [d for d in weekdays if d in named]
        able = [
            [
                (s.hours, next(frozenset(g.officers) for g in days[d].day.groups if s.officer in g.officers))
                for s in named[d]
            ]
            for d in order
        ]
        shared = share_out(able, hours=WEEK_HOURS)
        if shared is None:
            overworked.append(place)
        else:
            for d, officers in zip(order, shared, strict=True):
                named[d] = [replace(s, officer=o) for s, o in zip(named[d], officers, strict=True)]
        shifts[place] = {d: tuple(rows) for d, rows in named.items()}
    return shifts, overworked


def _seated(found: Found) -> list[Shift]:
    """Named seats; a shift for which no counter is free around the lunches of others falls away (afresh it shows)."""
    seats, rules = list(found.roster.seats), rules_of(found.day)
    while (named := name_seats(found.day, rules, seats)) is None:
        seats.pop()
    return named


def _mall(
    scenario: Scenario,
    shifts: dict[int, dict[int, tuple[Shift, ...]]],
    weekdays: Sequence[int],
    seed: int,
    days: int,
    threads: int,
) -> dict[int, Report]:
    reports = {}
    for d in weekdays:
        roster = tuple(s for place in shifts for s in shifts[place].get(d, ()))
        reports[d] = simulate(replace(on_weekday(scenario, d), shifts=roster), days=days, seed=seed, threads=threads)
    return reports


def _broken(
    found: dict[int, dict[int, Found]], planned: dict[int, Report], raised: dict[int, dict[int, float]], share: float
) -> list[int]:
    """Agencies that keep less than their target afresh; their next target is raised by what was missing."""
    broken = []
    for place, days in found.items():
        for d, f in days.items():
            kept = planned[d].agencies[place].kept.mean
            goal = min(f.target, share)
            if f.target >= share and kept < goal - NOISE:
                raised[place][d] = min(0.99, raised[place].get(d, share) + (goal - kept) + NOISE)
                broken.append(place)
    return sorted(set(broken))


def _agency_plan(
    share: float, weekday: int, place: int, found: Found, shifts: tuple[Shift, ...], report: Report
) -> AgencyPlan:
    group = report.agencies[place]
    sipp, mol = requirement(found)
    return AgencyPlan(weekday, place, found, shifts, min(found.target, share), group.kept, group.p90, sipp, mol)


def requirement(found: Found) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Officers per half hour by SIPP and by modified offered load, if all services of the agency were one line."""
    day, scenario = found.day, found.day.scenario
    people = day.expected.sum(axis=0)
    total = float(people.sum())
    weights = day.expected.sum(axis=1) / total
    means = day.desk.line_minutes
    mean = float(weights @ means)
    squares = sum(
        w * m**2 * (1 + spread(scenario.services[s]) ** 2) for w, m, s in zip(weights, means, day.services, strict=True)
    )
    cv = math.sqrt(max(squares / mean**2 - 1, 0.0))
    # The promise that nine of ten are held to: the shares of the classes weigh their promises.
    promise = math.fsum(c.promise * c.share for c in scenario.classes)
    rates = [float(p) / scenario.period for p in people]
    target = min(max(found.wanted, 0.01), 0.999)
    return (
        tuple(by_period(rates, service=mean, cv=cv, minutes=promise, share=target)),
        tuple(by_modified_load(rates, period=scenario.period, service=mean, cv=cv, minutes=promise, share=target)),
    )


def officers_there(found: Found, shifts: Sequence[Shift]) -> list[int]:
    """Officers per half hour of a roster of the agency."""
    return [int(n) for n in staffing_of_shifts(found.day, shifts).sum(axis=0)]
