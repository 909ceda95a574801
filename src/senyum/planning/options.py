"""What a plan costs at other promises, what one officer more buys, and which counter nobody would miss.

All by the simulation of the whole mall on the same days (common random numbers), so that differences are real ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from senyum.engine.scenario import Scenario, Shift
from senyum.engine.simulation.report import Group
from senyum.engine.simulation.run import simulate
from senyum.engine.staffing.agency_day import agency_day
from senyum.engine.staffing.visitors import record
from senyum.engine.staffing.whatif import with_reserve
from senyum.planning.rostering import name_seats
from senyum.planning.search import QUICK, Search

DAYS = 200
TARGETS = (0.7, 0.8, 0.85, 0.9, 0.95)
#: A counter is not missed when the agency keeps so nearly the same share, and its p90 grows by no more minutes.
UNNOTICED_SHARE, UNNOTICED_MINUTES = 0.005, 1.0


@dataclass(frozen=True, slots=True)
class Point:
    """One plan of the frontier: the target asked for, the cost of a day, what the mall keeps and waits (p90)."""

    target: float
    cost: float
    kept: float
    p90: float


@dataclass(frozen=True, slots=True)
class Extra:
    """One more officer all day in an agency: cost of the day, people more called in time a day, share and p90."""

    agency: int
    cost: float
    people: float
    kept_before: float
    kept_after: float
    p90_before: float
    p90_after: float


@dataclass(frozen=True, slots=True)
class Closure:
    """A counter without its shifts: what is saved a day and what its agency then keeps; `noticed`: it would be felt."""

    counter: int
    agency: int
    saved: float
    kept_before: float
    kept_after: float
    p90_before: float
    p90_after: float
    noticed: bool


def frontier(
    scenario: Scenario, *, seed: int, targets: Sequence[float] = TARGETS, threads: int = 2, days: int = DAYS
) -> list[Point]:
    """Cost against share kept on the scenario's weekday, one plan a target; local search without a proof."""
    sent = record(scenario, seed=seed, days=QUICK.recorded, threads=threads)
    places = [p for p in range(len(scenario.agencies)) if agency_day(scenario, p).expected.sum() > 0]

    def rosters(place: int) -> list[list[Shift]]:
        day = agency_day(scenario, place)
        if not day.groups or not day.places:
            return [[] for _ in targets]
        search = Search(day, seed=seed, effort=QUICK, visitors=sent)
        found = [search.least_cost(t).roster for t in targets]
        return [name_seats(day, search.rules, roster.seats) or [] for roster in found]

    with ThreadPoolExecutor(max(1, threads)) as pool:
        by_agency = list(pool.map(rosters, places))
    points = []
    for n, target in enumerate(targets):
        shifts = tuple(s for agency in by_agency for s in agency[n])
        report = simulate(replace(scenario, shifts=shifts), days=days, seed=seed, threads=threads)
        points.append(Point(target, scenario.cost(shifts), report.total.kept.mean, report.total.p90.mean))
    return points


def extra_officers(scenario: Scenario, *, seed: int, threads: int = 2, days: int = DAYS) -> list[Extra]:
    """What one officer more would buy in each agency, with the scenario's roster; the best buy first."""
    before = simulate(scenario, days=days, seed=seed, threads=threads).agencies
    found = []
    for place, agency in enumerate(scenario.agencies):
        if before[place].people.mean == 0:
            continue
        larger = with_reserve(scenario, place, 1)
        rules = scenario.rules
        lunch = rules.lunch_earliest if agency.closes > rules.lunch_latest else None
        shift = Shift(
            len(larger.officers) - 1,
            len(larger.counters) - 1,
            agency.opens,
            agency.closes,
            lunch,
            rules.lunch_minutes if lunch is not None else 0.0,
        )
        after = simulate(replace(larger, shifts=(*scenario.shifts, shift)), days=days, seed=seed, threads=threads)
        found.append(_extra(place, larger.cost((shift,)), before[place], after.agencies[place]))
    return sorted(found, key=lambda e: (-e.people / max(e.cost, 1e-9), e.agency))


def closures(scenario: Scenario, *, seed: int, target: float, threads: int = 2, days: int = DAYS) -> list[Closure]:
    """What happens to an agency when one of its counters stays empty, with the scenario's roster.

    Those that nobody would notice first, by what they save. `target`: a share that counts as kept. People who can go
    to no other counter notice at once: the last counter of a service is left out.
    """
    before = simulate(scenario, days=days, seed=seed, threads=threads).agencies
    found = []
    for place, counter in enumerate(scenario.counters):
        gone = tuple(s for s in scenario.shifts if s.counter == place)
        rest = tuple(s for s in scenario.shifts if s.counter != place)
        if not gone or not _all_served(scenario, gone, rest):
            continue
        after = simulate(replace(scenario, shifts=rest), days=days, seed=seed, threads=threads).agencies
        a, b = before[counter.agency], after[counter.agency]
        slower = b.p90.mean - a.p90.mean > UNNOTICED_MINUTES
        lost = b.kept.mean < a.kept.mean - UNNOTICED_SHARE and b.kept.mean - b.kept.half_width < target
        found.append(
            Closure(
                counter.number,
                counter.agency,
                scenario.cost(gone),
                a.kept.mean,
                b.kept.mean,
                a.p90.mean,
                b.p90.mean,
                lost or (slower and b.kept.mean < target),
            )
        )
    return sorted(found, key=lambda c: (c.noticed, -c.saved, c.kept_before - c.kept_after, c.counter))


def _all_served(scenario: Scenario, gone: Sequence[Shift], rest: Sequence[Shift]) -> bool:
    def served(shifts: Sequence[Shift]) -> set[int]:
        return {
            service
            for s in shifts
            for service in (*scenario.counters[s.counter].first, *scenario.counters[s.counter].helps)
            if service in scenario.officers[s.officer].skills
        }

    return served(gone) <= served(rest)


def _extra(place: int, cost: float, before: Group, after: Group) -> Extra:
    return Extra(
        agency=place,
        cost=cost,
        people=after.kept.mean * after.people.mean - before.kept.mean * before.people.mean,
        kept_before=before.kept.mean,
        kept_after=after.kept.mean,
        p90_before=before.p90.mean,
        p90_after=after.p90.mean,
    )
