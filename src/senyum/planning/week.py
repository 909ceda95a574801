"""A week's roster: each agency's days by `search`, named officers for the shifts, and the mall simulated afresh.

Agencies are planned apart, two at a time: no officer and no counter belongs to two of them. Days of an agency are
planned from the quietest to the busiest, and what was too little on one is tried first on the next. Agencies to which
many are forwarded come last, with the people whom the plans of the others send them (`visitors`).

Three sets of days, none of which knows the others: the search's own; the *trial* days of the whole mall, which say what
the plan may claim; and the *fresh* days, which say whether it does what it claims.
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
from senyum.engine.staffing.agency_day import AgencyDay, agency_day, spread
from senyum.engine.staffing.requirement import by_modified_load, by_period
from senyum.engine.staffing.visitors import Visitors, record
from senyum.engine.staffing.whatif import with_reserve
from senyum.planning.rostering import name_seats, rules_of, staffing_of_shifts
from senyum.planning.search import Effort, Found, Search
from senyum.planning.solver import share_out

#: Days of the whole mall that judge a plan, from a seed that the search has not seen.
FRESH_DAYS = 1_600
#: Days that say what may be claimed.
TRIAL_DAYS = 3_600
#: A claim lies so many standard errors of the trial days below what they say: of 150 claims all should hold.
SURE = 3.0
#: Share of forwarded people from which an agency is planned after the others.
MANY = 0.1
#: Civil servants work 37.5 hours a week (Perpres 21/2023).
WEEK_HOURS = 37.5
REPAIRS = 2


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
    sent = _sent(scenario, weekdays, seed, effort, threads)
    added = _reserves(scenario, weekdays, share, seed, effort, reserve, threads, sent)
    larger = scenario
    for place, count in enumerate(added):
        larger = with_reserve(larger, place, count) if count else larger
    weeks = [_AgencyWeek(larger, place, weekdays, share, seed, effort) for place in range(len(larger.agencies))]
    last = [w for w in weeks if w.forwarded > MANY]
    _plan([w for w in weeks if w.forwarded <= MANY], sent, threads)
    if last:
        shifts = {w.place: w.shifts for w in weeks if w.forwarded <= MANY}
        _plan(last, _sent(larger, weekdays, seed, effort, threads, shifts), threads)
    trial, tried = dict[int, Report](), dict[int, tuple[Shift, ...]]()
    trial_days = fresh_days * TRIAL_DAYS // FRESH_DAYS
    for attempt in range(REPAIRS + 1):
        shifts = {w.place: w.shifts for w in weeks}
        changed = [d for d in weekdays if d not in trial or _of_day(shifts, d) != tried[d]]
        trial |= _mall(larger, shifts, changed, seed + 2_000_003, trial_days, threads)
        tried = {d: _of_day(shifts, d) for d in weekdays}
        broken = [w for w in weeks if w.falls_short(trial)]
        if not broken or attempt == REPAIRS:
            break
        _plan(broken, sent, threads)
    planned = _mall(larger, shifts, weekdays, seed + 1_000_003, fresh_days, threads)
    today = {
        d: simulate(on_weekday(scenario, d), days=fresh_days, seed=seed + 1_000_003, threads=threads) for d in weekdays
    }
    plans = [w.plan(d, trial[d], planned[d]) for d in weekdays for w in weeks if d in w.found]
    overworked = tuple(w.place for w in weeks if w.overworked)
    return WeekPlan(larger, tuple(weekdays), share, tuple(added), tuple(plans), today, planned, overworked)


class _AgencyWeek:
    """An agency's plans of all weekdays, and what is known to plan them again."""

    def __init__(
        self, scenario: Scenario, place: int, weekdays: Sequence[int], share: float, seed: int, effort: Effort
    ) -> None:
        self.place, self.share, self._seed, self._effort, self._weekdays = place, share, seed, effort, weekdays
        days = {d: agency_day(on_weekday(scenario, d), place) for d in weekdays}
        self._days = {d: day for d, day in days.items() if day.expected.sum() > 0 and day.groups and day.places}
        self.forwarded = max((float(d.forwarded.sum() / d.expected.sum()) for d in self._days.values()), default=0.0)
        self.people = sum(float(day.expected.sum()) for day in self._days.values())
        self.found: dict[int, Found] = {}
        self.shifts: dict[int, tuple[Shift, ...]] = {}
        self.overworked = False
        self._raised: dict[int, float] = {}
        self._sent: dict[int, Visitors] = {}

    def plan_days(self, sent: dict[int, Visitors]) -> None:
        """Plan the weekdays that are not planned yet or whose target was raised, quietest first."""
        self._sent = self._sent or sent
        before: Search | None = None
        last: Found | None = None
        for d in sorted(self._days, key=lambda d: (float(self._days[d].expected.sum()), d)):
            target, day = self._raised.get(d, self.share), self._days[d]
            if d in self.found and self.found[d].wanted == target:
                continue
            if last and last.wanted == target and _same_day(last.day, day):
                self.found[d] = last
                continue
            first = self.found.get(d)
            # What was raised needs no margin above it.
            effort = replace(self._effort, margin=0.0) if first else self._effort
            before = Search(day, seed=self._seed, effort=effort, visitors=self._sent[d], before=before)
            last = before.least_cost(target, start=last.roster if last else None)
            if first:
                # The bound is that of the target that was asked for, against which the plan is measured.
                last = replace(last, bound=min(first.bound, last.roster.cost))
            self.found[d] = last
        self._name()

    def falls_short(self, trial: dict[int, Report]) -> bool:
        """Whether a day that should keep the promise does not surely; then its target is raised by what is missing."""
        short = False
        for d, found in self.found.items():
            if not found.reachable:
                continue
            missing = self.share - self._claim(trial[d])
            if missing > 0 and not math.isnan(missing):
                self._raised[d] = min(0.99, found.share + missing)
                short = True
        return short

    def plan(self, weekday: int, trial: Report, fresh: Report) -> AgencyPlan:
        """The plan of a day, with what it claims and what it keeps afresh."""
        found, group = self.found[weekday], fresh.agencies[self.place]
        sipp, mol = requirement(found)
        claim = self._claim(trial)
        claimed = self.share if math.isnan(claim) else min(claim, self.share)
        return AgencyPlan(weekday, self.place, found, self.shifts[weekday], claimed, group.kept, group.p90, sipp, mol)

    def _claim(self, trial: Report) -> float:
        kept = trial.agencies[self.place].kept
        # The half width is two standard errors wide, about (Student's t with 39 degrees of freedom).
        return kept.mean - SURE * kept.half_width / 2.02

    def _name(self) -> None:
        """Officers and counters for the seats; `overworked`: no way to stay within the hours of a week was found."""
        named = {d: _seated(f) for d, f in self.found.items()}
        order = [d for d in self._weekdays if d in named]
        able = [
            [
                (s.hours, next(frozenset(g.officers) for g in self.found[d].day.groups if s.officer in g.officers))
                for s in named[d]
            ]
            for d in order
        ]
        shared = share_out(able, hours=WEEK_HOURS)
        self.overworked = shared is None
        for d, officers in zip(order, shared or [], strict=shared is not None):
            named[d] = [replace(s, officer=o) for s, o in zip(named[d], officers, strict=True)]
        self.shifts = {d: tuple(rows) for d, rows in named.items()}


def _same_day(a: AgencyDay, b: AgencyDay) -> bool:
    return np.array_equal(a.expected, b.expected)


def _plan(weeks: Sequence[_AgencyWeek], sent: dict[int, Visitors], threads: int) -> None:
    """Plan these agencies; those with most people first, so that no thread is left with a large one at the end."""
    order = sorted(weeks, key=lambda w: -w.people)
    with ThreadPoolExecutor(max(1, threads)) as pool:
        for done in [pool.submit(w.plan_days, sent) for w in order]:
            done.result()


def _sent(
    scenario: Scenario,
    weekdays: Sequence[int],
    seed: int,
    effort: Effort,
    threads: int,
    shifts: dict[int, dict[int, tuple[Shift, ...]]] | None = None,
) -> dict[int, Visitors]:
    """Whom the agencies send to one another, per weekday, with the scenario's roster or the one given."""
    found = {}
    for d in weekdays:
        day = on_weekday(scenario, d)
        if shifts is not None:
            planned = tuple(s for mine in shifts.values() for s in mine.get(d, ()))
            others = {c for c, counter in enumerate(scenario.counters) if counter.agency not in shifts}
            day = replace(day, shifts=planned + tuple(s for s in day.shifts if s.counter in others))
        found[d] = record(day if day.shifts else _everyone(day), seed=seed, days=effort.recorded, threads=threads)
    return found


def _reserves(
    scenario: Scenario,
    weekdays: Sequence[int],
    share: float,
    seed: int,
    effort: Effort,
    most: int,
    threads: int,
    sent: dict[int, Visitors],
) -> list[int]:
    """Officers to add to each agency such that everyone together keeps the promise on the busiest day."""
    busiest = max(weekdays, key=lambda d: (float(on_weekday(scenario, d).people().sum()), d))

    def needed(place: int) -> int:
        for count in range(most):
            day = agency_day(on_weekday(with_reserve(scenario, place, count), busiest), place)
            if day.expected.sum() == 0 or (
                day.groups and Search(day, seed=seed, effort=effort, visitors=sent[busiest]).reachable(share) >= share
            ):
                return count
        return most

    with ThreadPoolExecutor(max(1, threads)) as pool:
        return list(pool.map(needed, range(len(scenario.agencies))))


def _of_day(shifts: dict[int, dict[int, tuple[Shift, ...]]], weekday: int) -> tuple[Shift, ...]:
    return tuple(s for mine in shifts.values() for s in mine.get(weekday, ()))


def _everyone(scenario: Scenario) -> Scenario:
    """For a scenario without a roster: at each counter somebody of its agency all day."""
    free = {c: list[int]() for c in range(len(scenario.agencies))}
    for o, officer in enumerate(scenario.officers):
        free[officer.agency].append(o)
    shifts = [
        Shift(free[counter.agency].pop(0), c, scenario.opens, scenario.closes)
        for c, counter in enumerate(scenario.counters)
        if free[counter.agency]
    ]
    return replace(scenario, shifts=tuple(shifts))


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
        roster = replace(on_weekday(scenario, d), shifts=_of_day(shifts, d))
        reports[d] = simulate(roster, days=days, seed=seed, threads=threads)
    return reports


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
