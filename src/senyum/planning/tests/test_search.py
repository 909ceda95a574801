"""The search against every roster there is, on agencies small enough to try them all."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement

import numpy as np
import pytest

from senyum.engine import scenario as parts
from senyum.engine.scenario import Scenario, Shift, on_weekday
from senyum.engine.simulation.run import simulate
from senyum.engine.staffing.agency_day import agency_day
from senyum.engine.staffing.crowd import Crowd
from senyum.engine.staffing.visitors import record
from senyum.planning.judge import Judge
from senyum.planning.rostering import Seat, fits, rules_of, staffing, staffing_of_shifts, unmet
from senyum.planning.scenario_file import read
from senyum.planning.search import Effort, Search
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
EFFORT = Effort(people=20_000, days=400, margin=0.0, sure=4.0)


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
    rosters = []
    for size in range(1, sum(rules.officers) + 1):
        for chosen in combinations_with_replacement(seats, size):
            rosters.append((sum(rules.cost[s.group][s.pattern] for s in chosen), chosen))  # noqa: PERF401 - the loop reads better
    for cost, chosen in sorted(rosters):
        if any(sum(s.group == g for s in chosen) > n for g, n in enumerate(rules.officers)) or not fits(rules, chosen):
            continue
        table = staffing(rules, chosen)
        if unmet(rules, table) <= search.uncovered and search.real.share(table)[0] >= target:
            return cost
    raise AssertionError("no roster keeps the target")


@pytest.mark.parametrize("name", CASES)
def test_finds_the_known_optimum_and_its_bound_is_never_above(name: str) -> None:
    day = agency_day(CASES[name], 0)
    search = Search(day, seed=11, effort=EFFORT)
    found = search.least_cost(0.9)
    known = brute_force(search, found.target)
    assert found.roster.cost == known
    assert found.bound == known
    assert found.share >= found.target
    # As an agency that is too large for a list of what each officer can do: places by descent, a bound without them.
    large = Search(day, seed=11, effort=replace(EFFORT, listed=0)).least_cost(0.9)
    assert large.bound <= known <= large.roster.cost
    assert large.share >= large.target


def random_hall(number: int) -> Scenario:
    """Two services, three officers with skills and counters by chance, and a peak somewhere."""
    rng = np.random.default_rng([77, number])
    people = rng.uniform(0.3, 2.0, 8) * rng.choice([1.0, 1.6])
    skills = [BOTH, *(frozenset({int(rng.integers(2))}) for _ in range(2))]
    return hall(
        list(people),
        services=2,
        minutes=float(rng.uniform(6, 14)),
        promise=float(rng.uniform(8, 30)),
        officers=tuple((s, float(rng.integers(8, 15))) for s in skills),
        counters=tuple((ALL, A, B)[i] for i in rng.integers(0, 3, 3)),
    )


@pytest.mark.parametrize("number", range(8))
def test_the_bound_is_never_above_the_optimum_of_a_random_hall(number: int) -> None:
    day = agency_day(random_hall(number), 0)
    effort = replace(EFFORT, people=8_000)
    search = Search(day, seed=number, effort=effort)
    found = search.least_cost(0.85)
    known = brute_force(search, found.target)
    assert found.bound == found.roster.cost == known
    hurried = Search(day, seed=number, effort=replace(effort, below=20_000)).least_cost(0.85)
    assert hurried.bound <= known <= hurried.roster.cost
    apart = Search(day, seed=number, effort=replace(effort, listed=0)).least_cost(0.85)
    assert apart.bound <= known


def test_the_same_seed_gives_the_same_plan_and_what_was_learned_on_another_day_changes_none() -> None:
    quiet, busy = agency_day(CASES["flat"], 0), agency_day(CASES["morning"], 0)
    alone = Search(busy, seed=11, effort=EFFORT).least_cost(0.9)
    assert Search(busy, seed=11, effort=EFFORT).least_cost(0.9).roster == alone.roster
    first = Search(quiet, seed=11, effort=EFFORT)
    first.least_cost(0.9)
    after = Search(busy, seed=11, effort=EFFORT, before=first).least_cost(0.9)
    assert (after.roster.cost, after.bound) == (alone.roster.cost, alone.bound)


def test_too_few_people_are_told_what_they_can_reach_and_today_is_kept() -> None:
    scenario = hall([7.0] * 8)
    shifts = tuple(Shift(n, n, 480.0, 720.0, 570.0 + 30 * n, 30.0) for n in range(3))
    found = Search(agency_day(replace(scenario, shifts=shifts), 0), seed=11, effort=EFFORT).least_cost(0.9)
    assert not found.reachable
    assert found.target < 0.9
    assert found.share >= found.target
    assert found.target >= min(found.today - EFFORT.alike, found.share)


def test_whoever_surely_does_not_come_is_not_planned_for() -> None:
    ill = replace(CASES["flat"].officers[0], absent=1.0)
    scenario = replace(CASES["flat"], officers=(ill, *CASES["flat"].officers[1:]))
    assert agency_day(scenario, 0).groups[0].officers == (1, 2)


@pytest.mark.parametrize("name", ["morning", "two services", "specialists"])
def test_more_officers_never_keep_less(name: str) -> None:
    """What every refusal of a staffing rests on."""
    day = agency_day(CASES[name], 0)
    judge = Judge(Crowd(day, seed=4), day.desk, (400,), sure=3.0)
    rng = np.random.default_rng(3)
    for _ in range(30):
        table = rng.integers(0, day.most() + 1)
        more = np.minimum(table + rng.integers(0, 2, table.shape), day.most())
        assert judge.share(more)[0] >= judge.share(table)[0] - 2e-3


def test_officers_who_can_do_everything_keep_hardly_less_than_real_ones_near_the_promise() -> None:
    """What the bound of a large agency rests on: the allowance covers every roster near the target."""
    day = agency_day(on_weekday(read("sumedang"), 0), 1)
    search = Search(day, seed=5, effort=replace(EFFORT, people=20_000))
    pooled = Judge(Crowd(day, seed=5), day.pooled(), search.real.tiers, sure=3.0)
    rng, checked = np.random.default_rng(8), 0
    while checked < 40:
        seats = list(search.everyone.seats)
        for at in rng.integers(0, len(seats), 4):
            other = Seat(
                0, int(rng.integers(len(search.rules.counters))), int(rng.integers(len(search.rules.patterns)))
            )
            changed = [*seats[:at], *seats[at + 1 :], other]
            seats = changed if fits(search.rules, changed) else seats
        table = staffing(search.rules, seats)
        real = search.real.share(table)[0]
        if real >= 0.85:
            checked += 1
            assert pooled.share(table.sum(axis=0, keepdims=True))[0] >= real - Effort().allowance


def two_agencies() -> Scenario:
    """A counter hall whose second agency takes the money for what the first has done, and has people of its own."""
    scenario = hall([3.0] * 8, services=2, counters=(((0,), ()), ((0,), ()), ((1,), ())), officers=((ONE, 10.0),) * 3)
    first, second = scenario.services
    cashier = replace(second, agency=1, times=parts.lognormal(5.0))
    officers = tuple(
        replace(o, agency=int(n == 2), skills=TWO if n == 2 else ONE, absent=0.1)
        for n, o in enumerate(scenario.officers)
    )
    return replace(
        scenario,
        agencies=(*scenario.agencies, parts.Agency("b", "B", 480.0, 720.0, 720.0)),
        services=(first, cashier),
        counters=tuple(replace(c, agency=int(n == 2)) for n, c in enumerate(scenario.counters)),
        officers=officers,
        shifts=(Shift(0, 0, 480.0, 720.0), Shift(1, 1, 480.0, 660.0), Shift(2, 2, 480.0, 720.0, 600.0, 30.0)),
        forwards=(parts.Forward(0, 1, 0.8),),
        abandonment=parts.Abandonment(60.0, 90.0, 20.0, 1.0),
        transfer=3.0,
        day_spread=0.2,
    )


def test_an_agency_alone_keeps_what_it_keeps_in_the_mall() -> None:
    scenario = two_agencies()
    report = simulate(scenario, days=200, seed=9)
    sent = record(scenario, seed=9, days=200)
    assert len(sent.rows) > 200
    for place in range(2):
        day = agency_day(scenario, place)
        crowd = Crowd(day, seed=9, visitors=sent)
        shifts = [s for s in scenario.shifts if scenario.officers[s.officer].agency == place]
        kept = report.agencies[place].kept.mean
        assert crowd.play_shifts(shifts, first=0, end=200).share() == pytest.approx(kept, abs=1e-12)
        table = staffing_of_shifts(day, shifts)
        assert crowd.play(day.desk, table, first=0, end=200).share() == pytest.approx(kept, abs=1e-12)
    without = Crowd(agency_day(scenario, 1), seed=9).play_shifts(scenario.shifts[2:], first=0, end=200).share()
    assert without > report.agencies[1].kept.mean


def test_a_recording_that_is_too_short_begins_anew_with_other_people() -> None:
    scenario = two_agencies()
    day, sent = agency_day(scenario, 1), record(scenario, seed=9, days=50)
    played = Crowd(day, seed=9, visitors=sent).play_shifts(scenario.shifts[2:], first=0, end=150)
    assert played.promised[:50].sum() > 0
    assert not np.array_equal(played.kept[:50], played.kept[50:100])
    assert not np.array_equal(played.kept[50:100], played.kept[100:])


def test_few_days_decide_only_when_they_are_sure() -> None:
    day = agency_day(CASES["flat"], 0)
    judge = Judge(Crowd(day, seed=4), day.desk, (25, 100, 400), sure=3.0)
    table = np.full((1, 8), 2)
    share, error = judge.share(table)
    assert 0 < error < 0.05
    assert judge.keeps(table, share)
    assert not judge.keeps(table, share + 1e-9)
    assert not judge.surely_broken(table, share)
    assert judge.surely_broken(table, 1.01) or share > 0.99
    assert judge.surely_broken(np.zeros((1, 8), dtype=np.int64), 0.5)


def test_a_comparison_says_from_a_few_days_what_all_of_them_say() -> None:
    """The error that is claimed covers the one that is made, and is smaller than without the comparison."""
    day = agency_day(replace(CASES["morning"], day_spread=0.3), 0)
    judge = Judge(Crowd(day, seed=4), day.desk, (50, 1_600), sure=3.0)
    rng = np.random.default_rng(6)
    tables = [rng.integers(1, day.most() + 1) for _ in range(43)]
    for table in tables[:3]:
        judge.share(table)
    few = [judge.estimate(table, 0) for table in tables[3:]]
    alone = [judge.share(table, 0) for table in tables[3:]]
    truth = [judge.share(table)[0] for table in tables[3:]]
    assert all(abs(s - t) <= 4 * max(e, 5e-4) for (s, e), t in zip(few, truth, strict=True))
    assert np.mean([e for _, e in few]) < 0.6 * np.mean([e for _, e in alone])
    assert judge.estimate(tables[5], 1) == (truth[2], 0.0)


def test_descent_stops_at_a_roster_that_keeps_the_target_and_costs_less_than_everyone() -> None:
    search = Search(agency_day(CASES["morning"], 0), seed=11, effort=EFFORT)
    best = search.descent.improve(search.everyone, 0.85)
    assert best.cost < search.everyone.cost
    table = staffing(search.rules, best.seats)
    assert search.real.keeps(table, 0.85)
    assert fits(search.rules, best.seats)
    assert best.cost == sum(search.rules.cost[s.group][s.pattern] for s in best.seats)
    assert rules_of(search.day).same(search.rules)
