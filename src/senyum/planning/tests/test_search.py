"""The search against every roster there is, on agencies small enough to try them all."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import pytest

from senyum.engine.staffing.agency_day import Sample, agency_day
from senyum.planning.descent import Descent
from senyum.planning.rostering import Roster, Seat, staffing
from senyum.planning.search import Effort, Judge, Search, Verdict
from senyum.planning.tests.halls import hall

pytest.importorskip("ortools")

FLAT = [3.0] * 8
MORNING = [6, 6, 5, 4, 2, 1, 1, 1]
LATE = [1, 1, 2, 3, 5, 6, 5, 2]
BOTH, ONE, TWO = frozenset({0, 1}), frozenset({0}), frozenset({1})
A, B, ALL = ((0,), (1,)), ((1,), (0,)), ((0, 1), ())
CASES = {
    "flat": hall(FLAT),
    "morning": hall(MORNING),
    "late": hall(LATE),
    "quiet": hall([0.5] * 8),
    "short promise": hall(MORNING, promise=5.0),
    "long promise": hall(MORNING, promise=40.0),
    "long services": hall([1.5] * 8, minutes=25.0),
    "dear officer": hall(MORNING, officers=((ONE, 10.0), (ONE, 10.0), (ONE, 25.0))),
    "short shifts": hall(LATE, lengths=(60.0, 120.0, 180.0)),
    "two services": hall([1.5] * 8, services=2, officers=((BOTH, 12.0),) * 3, counters=(A, B, A)),
    "specialists": hall([1.2] * 8, services=2, officers=((ONE, 10.0), (TWO, 10.0), (BOTH, 14.0)), counters=(ALL,) * 3),
    "two counters": hall(FLAT, minutes=9.0, counters=(((0,), ()),) * 2),
}  # fmt: skip
EFFORT = Effort(days=200, people=60_000, proposals=400, own=20_000, together=20.0, listed=0)


def brute_force(search: Search, target: float) -> int:
    """The least cost of all rosters that keep the target on the same sampled days."""
    rules = search.rules
    seats = [
        Seat(g, p, n)
        for g in range(len(rules.officers))
        for p in range(len(rules.counters))
        if rules.kind[g][p] >= 0
        for n in range(len(rules.patterns))
    ]
    allowed = Descent(search, target)._allowed
    rosters = []
    for size in range(1, sum(rules.officers) + 1):
        for chosen in combinations_with_replacement(seats, size):
            rosters.append((sum(rules.cost[s.group][s.pattern] for s in chosen), chosen))  # noqa: PERF401
    for cost, chosen in sorted(rosters):
        if any(sum(s.group == g for s in chosen) > n for g, n in enumerate(rules.officers)):
            continue
        if allowed(chosen) and search.real.keeps(staffing(rules, chosen), target):
            return cost
    raise AssertionError("no roster keeps the target")


@pytest.mark.parametrize("name", CASES)
def test_finds_the_known_optimum_by_solver_and_by_list(name: str) -> None:
    search = Search(agency_day(CASES[name], 0), seed=11, effort=EFFORT)
    found = search.least_cost(0.9)
    known = brute_force(search, found.target)
    assert found.roster.cost == known
    assert found.bound <= found.roster.cost
    assert found.share >= found.target
    listed = Search(agency_day(CASES[name], 0), seed=11, effort=replace(EFFORT, listed=2_000_000)).least_cost(0.9)
    assert listed.roster.cost == known
    assert found.bound <= listed.bound <= known


def test_the_same_seed_gives_the_same_plan_and_cuts_carry_to_a_higher_target() -> None:
    day = agency_day(CASES["morning"], 0)
    search = Search(day, seed=11, effort=EFFORT)
    low, high = search.least_cost(0.8), search.least_cost(0.9)
    assert low.roster.cost <= high.roster.cost
    assert Search(day, seed=11, effort=EFFORT).least_cost(0.9).roster.cost == high.roster.cost
    assert Search(day, seed=11, effort=EFFORT).least_cost(0.8).roster == low.roster


def test_too_few_people_are_told_what_they_can_reach() -> None:
    found = Search(agency_day(hall([12.0] * 8), 0), seed=11, effort=EFFORT).least_cost(0.9)
    assert not found.reachable
    assert found.target < 0.9
    assert found.share >= found.target


def test_whoever_surely_does_not_come_is_not_planned_for() -> None:
    ill = replace(CASES["flat"].officers[0], absent=1.0)
    scenario = replace(CASES["flat"], officers=(ill, *CASES["flat"].officers[1:]))
    assert agency_day(scenario, 0).groups[0].officers == (1, 2)


def test_more_officers_never_keep_less() -> None:
    day = agency_day(CASES["morning"], 0)
    judge = Judge(Sample(day, seed=4, first=200, most_people=10_000), day.desk, 2.0)
    rng = np.random.default_rng(3)
    for _ in range(30):
        table = rng.integers(0, 3, (1, 8))
        more = table + rng.integers(0, 2, (1, 8))
        assert judge.share(more)[0] >= judge.share(table)[0] - 1e-12


def test_a_verdict_needs_certainty() -> None:
    day = agency_day(CASES["flat"], 0)
    judge = Judge(Sample(day, seed=4, first=50, most_people=1_000), day.desk, 2.5)
    table = np.full((1, 8), 2)
    share, error = judge.share(table)
    assert judge.at(table, share - 4 * error, 0) is Verdict.KEPT
    assert judge.at(table, share, 0) is Verdict.OPEN
    assert judge.at(table, share + 4 * error, 0) is Verdict.BROKEN


def test_descent_stops_at_a_roster_from_which_nothing_can_be_saved() -> None:
    search = Search(agency_day(CASES["morning"], 0), seed=11, effort=EFFORT)
    best = Descent(search, 0.9).improve(search.everyone)
    assert best.cost < search.everyone.cost
    assert Descent(search, 0.9).improve(best) == Roster(best.seats, best.cost)
