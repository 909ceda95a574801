"""The references of `senyum bench simulate` agree with the compiled day; the command gives its keys."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from senyum.bench import simulate as bench
from senyum.bench.cli import app
from senyum.bench.simulated import SimpyDay, drawn
from senyum.engine.scenario import Abandonment, Scenario, exponential, lognormal
from senyum.engine.simulation import one_day
from senyum.engine.simulation.plain import not_plain, plain_day
from senyum.engine.simulation.room import LAPSED, LEFT, SERVED
from senyum.engine.tests.halls_simulated import hall, queue
from senyum.planning.scenario_file import read


@pytest.mark.parametrize(
    "scenario",
    [
        hall(people=90, absent=0.2, parks=0.3),
        hall(people=120, abandonment=Abandonment(patience=20, patience_after=5)),
        hall(counters=1, people=60, abandonment=Abandonment()),
        read("bench-day"),
        read("sumedang"),
    ],
    ids=["hall", "impatient", "patient", "bench-day", "sumedang"],
)
def test_a_process_for_every_leg_gives_every_wait_of_the_compiled_day(scenario: Scenario) -> None:
    reference = SimpyDay(scenario, *drawn(scenario, 11, 2))
    reference.run()
    ours = one_day(scenario, seed=11, day=2)
    rows = sorted((leg.at, leg.line, leg.called, leg.state) for leg in reference.legs)
    names = {SERVED: "served", LEFT: "left", LAPSED: "lapsed"}
    mine = sorted(
        (float(q), int(s), float(c), names[int(state)])
        for q, s, c, state in zip(ours.queued, ours.service, ours.called, ours.state, strict=True)
    )
    assert len(rows) == len(mine) > 30
    assert [row[1::2] for row in rows] == [row[1::2] for row in mine]
    for place in (0, 2):
        assert np.allclose([row[place] for row in rows], [row[place] for row in mine], rtol=0, atol=1e-7)


@pytest.mark.parametrize("counters", [1, 2, 8])
def test_a_plain_day_is_the_general_day(counters: int) -> None:
    for times in (exponential(1), lognormal(2, 0.8)):
        scenario = queue(times, counters=counters, load=0.9, minutes=4000)
        queued, called = plain_day(scenario, seed=3)
        day = one_day(scenario, seed=3)
        assert np.allclose(queued, day.queued) and np.allclose(called, day.called, atol=1e-7)


def test_what_is_not_plain_is_refused() -> None:
    with pytest.raises(ValueError, match="one class"):
        plain_day(hall(), seed=1)
    assert not_plain(queue(exponential(1), counters=2, load=0.5, minutes=1000)) == ""


def test_the_command_gives_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "PEOPLE", 2000)
    monkeypatch.setattr(bench, "RUNS", 2)
    result = CliRunner().invoke(app, ["simulate", "--days", "20", "--reference-days", "1", "--json"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert {"ratio_ciw", "ratio_simpy", "mean_wait"} <= answer["mmc"].keys()
    assert {"ratio_ciw", "ratio_simpy", "customers_per_s", "seconds_10000_days"} <= answer["day"].keys()
    assert answer["day"]["same_as_simpy"] < 1e-9
    assert answer["mmc"]["mean_wait"]["senyum"] > 0
