"""`senyum plan` on small halls: the plan holds, the JSON has its keys, what-if options change the scenario."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from senyum.cli import app
from senyum.engine.scenario import Scenario, Shift, on_weekday
from senyum.planning import plan_cli, solver
from senyum.planning.options import closures, extra_officers, frontier
from senyum.planning.scenario_file import read
from senyum.planning.search import Effort
from senyum.planning.solver import PlanningUnavailable, share_out
from senyum.planning.tests.halls import hall
from senyum.planning.week import plan_week

pytest.importorskip("ortools")

EFFORT = Effort(people=20_000, days=800)


def small() -> Scenario:
    """Three officers of whom two would do, with a roster of today."""
    scenario = hall([3, 3, 2, 2, 1, 1, 1, 1], minutes=10.0)
    shifts = tuple(Shift(n, n, 480.0, 720.0) for n in range(3))
    return replace(scenario, shifts=shifts)


def test_a_week_is_planned_holds_afresh_and_does_not_depend_on_threads() -> None:
    plan = plan_week(small(), [0, 1], seed=5, effort=EFFORT, threads=2, fresh_days=300)
    assert all(item.holds and item.found.reachable for item in plan.agencies)
    assert plan.bound <= plan.cost < 2 * small().cost()
    assert plan.planned[0].total.kept.mean >= 0.9
    again = plan_week(small(), [0, 1], seed=5, effort=EFFORT, threads=1, fresh_days=300)
    assert [a.shifts for a in again.agencies] == [a.shifts for a in plan.agencies]


def test_a_reserve_is_added_only_where_the_people_are_too_few() -> None:
    busy = hall([4.0] * 8, officers=((frozenset({0}), 10.0),), counters=(((0,), ()),))
    plan = plan_week(busy, [0], seed=5, effort=EFFORT, reserve=4, fresh_days=200)
    assert plan.reserve[0] >= 1
    assert plan.agencies[0].claimed == 0.9
    assert plan_week(small(), [0], seed=5, effort=EFFORT, reserve=4, fresh_days=50).reserve == (0,)


def test_options_show_what_more_and_fewer_officers_do() -> None:
    scenario = small()
    points = frontier(scenario, seed=5, targets=(0.6, 0.9), days=100)
    assert points[0].cost <= points[1].cost
    (extra,) = extra_officers(scenario, seed=5, days=100)
    assert extra.kept_after >= extra.kept_before
    closed = closures(scenario, seed=5, target=0.9, days=200)
    assert [c.counter for c in closed if not c.noticed]
    alone = replace(scenario, shifts=scenario.shifts[:1])
    assert closures(alone, seed=5, target=0.9, days=50) == []


def test_shifts_are_shared_out_evenly_and_within_the_hours_of_a_week() -> None:
    pair = frozenset({1, 2})
    shared = share_out([[(6.0, pair)]] * 4, hours=37.5)
    assert shared is not None
    assert sorted(o for (o,) in shared) == [1, 1, 2, 2]
    assert share_out([[(6.0, pair)]] * 4, hours=10.0) is None
    assert share_out([[(6.0, frozenset({1})), (6.0, frozenset({1}))]], hours=37.5) is None


def test_the_command_prints_json_and_refuses_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("senyum.planning.scenario_file.read", lambda _: small())
    monkeypatch.setattr("senyum.planning.week.Effort", lambda: EFFORT)
    result = CliRunner().invoke(app, ["plan", "small", "--json", "--options"])
    assert result.exit_code == 0, result.output
    content = json.loads(result.output)
    assert {"cost", "bound", "gap", "days", "frontier", "extra_officers", "closures_today"} <= set(content)
    (agency,) = content["days"][0]["agencies"]
    assert {"claimed", "kept", "there", "there_today", "requirement", "shifts", "today"} <= set(agency)
    assert agency["holds"]
    spoken = CliRunner().invoke(app, ["plan", "small"])
    assert "lower bound" in spoken.output
    refused = CliRunner().invoke(app, ["plan", "small", "--ill", "nobody"])
    assert refused.exit_code == 1
    assert "nobody" in refused.output


def test_without_ortools_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise PlanningUnavailable("planning needs OR-Tools")

    monkeypatch.setattr(solver, "cp_model", missing)
    monkeypatch.setattr("senyum.planning.scenario_file.read", lambda _: small())
    result = CliRunner().invoke(app, ["plan", "small"])
    assert result.exit_code == 1
    assert "OR-Tools" in result.output


def test_what_if_options_become_another_scenario() -> None:
    mall = read("sumedang")
    changed = plan_cli._changed(
        mall, ["polres:1", "petugas01"], 1.4, True, ["skck:sim-a-baru"], [15], ["samsat=8.00,12.30,13.00"]
    )
    assert sum(o.absent == 1.0 for o in changed.officers) == 2
    assert changed.weekday == 5
    assert plan_cli.open_days(changed) == [0, 1, 2, 3, 4, 5]
    assert changed.people().sum() == pytest.approx(1.4 * on_weekday(mall, 4).people().sum())
    with pytest.raises(ValueError, match="written as"):
        plan_cli._changed(mall, [], 1.0, False, [], [], ["samsat=8,12"])
