"""Learning, walking through days, calibration: on made-up days, and on the real ones when they are at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senyum.engine.forecast import Calibration, Inputs, Learning, Model, Snapshots, learn, remember, score
from senyum.engine.forecast.evaluate import evaluate
from senyum.engine.forecast.features import COUNT, FEATURES
from senyum.engine.forecast.model import QUANTILES, fit, waits_of, walk
from senyum.engine.forecast.replay import ended_rows, missed_share, replay
from senyum.engine.forecast.sample import sample
from senyum.engine.forecast.trees import Settings, grow

WARSAW = Path(__file__).parents[5] / "shared/data/warsaw/queues.parquet"
FEW = Learning(bags=1, folds=2)


@pytest.fixture(scope="module")
def days() -> Snapshots:
    return sample(offices=3, lines=4, days=7, seed=3)


@pytest.fixture(scope="module")
def learned(days: Snapshots) -> tuple[Model, Calibration]:
    return learn(days.until(5), FEW)


def _as_given(s: Snapshots, keep: np.ndarray, **changed: np.ndarray) -> Snapshots:
    names = ("line", "office", "day", "minute", "open", "waiting", "number", "announced", "wait")
    return Snapshots.sorted(**{n: changed.get(n, getattr(s, n))[keep] for n in names})


def test_snapshots_are_sorted_and_checked() -> None:
    s = Snapshots.sorted(
        line=[1, 0, 0], office=[0, 0, 0], day=[0, 0, 0], minute=[5, 10, 5], open=[1, 1, 1], waiting=[0, 1, 2],
        number=[0, 3, 1],
    )  # fmt: skip
    assert s.minute.tolist() == [5, 10, 5] and s.number.tolist() == [1, 3, 0] and s.bounds.tolist() == [0, 2, 3]
    assert s.order.tolist() == [2, 1, 0] and s.lines == 2 and s.rows().tolist() == [0, 1]
    columns = {n: [0, 0] for n in ("day", "minute", "open", "waiting", "number")}
    with pytest.raises(ValueError, match="one office"):
        Snapshots.sorted(line=[0, 0], office=[0, 1], **columns)
    with pytest.raises(ValueError, match="one length"):
        Snapshots.sorted(line=[0, 0], office=[0], **columns)


def test_a_wait_ends_in_the_middle_of_the_step_that_reached_its_number() -> None:
    s = Snapshots.sorted(
        line=[0] * 4, office=[0] * 4, day=[0] * 4, minute=[0, 5, 10, 16], open=[1] * 4, waiting=[2, 1, 9, 9],
        number=[0, 1, 1, 2],
    )  # fmt: skip
    assert waits_of(s, np.arange(3), s.waiting[:3])[:2].tolist() == [13.0, 8.0]
    assert np.isnan(waits_of(s, np.array([2]), s.waiting[2:3]))[0]


def test_what_comes_later_changes_no_forecast(days: Snapshots, learned: tuple[Model, Calibration]) -> None:
    model, calibration = learned
    day, noon = 6, 700
    rng = np.random.default_rng(0)
    later = (days.day == day) & (days.minute > noon)
    changed = {
        "waiting": np.where(later, rng.integers(0, 30, len(days)), days.waiting).astype(float),
        "number": np.where(later, days.number + rng.integers(0, 50, len(days)), days.number),
        "open": np.where(later, 9.0, days.open),
    }
    # A wait that had ended by noon is known; the others become anything.
    ended = (days.day < day) | (days.minute + days.wait <= noon)
    changed["wait"] = np.where(ended, days.wait, np.nan)
    other = _as_given(days, np.ones(len(days), dtype=bool), **changed)
    rows = days.rows(days=np.array([5, 6]))
    rows = rows[(days.day[rows] < day) | (days.minute[rows] <= noon)]
    seen = [walk(s, 5, rows) for s in (days, other)]
    np.testing.assert_array_equal(seen[0], seen[1])
    told = [replay(s, rows, model.quantiles(f), calibration)[0] for s, f in zip((days, other), seen, strict=True)]
    np.testing.assert_array_equal(told[0], told[1])
    # Negative control: the changed afternoon is seen as soon as it is asked about.
    after = np.flatnonzero(later & (days.waiting > 0))
    assert not np.array_equal(walk(days, 5, after), walk(other, 5, after), equal_nan=True)


def test_training_does_not_see_its_own_day(days: Snapshots) -> None:
    past = days.until(5)
    memory, own, own_curve = remember(past)
    rows = past.rows(days=np.array([2]))
    without = _as_given(past, past.day != 2)
    left_out = Inputs(past, memory, own, own_curve).features(rows)
    elsewhere = Inputs(past, remember(without, past.lines)[0]).features(rows)
    # What is drawn towards all offices keeps that day's share of all; the line's own history does not.
    for name in ("days_known", "usual_open", "usual_waiting", "usual_next_60", "usual_rest", "wait_curve"):
        c = FEATURES.index(name)
        np.testing.assert_allclose(left_out[:, c], elsewhere[:, c], rtol=1e-9)


def test_the_same_seed_gives_the_same_model_and_bytes_bring_it_back(
    days: Snapshots, learned: tuple[Model, Calibration]
) -> None:
    model, calibration = learned
    again, _ = learn(days.until(5), FEW)
    x = Inputs(days, remember(days)[0]).features(days.rows()[::50])
    np.testing.assert_array_equal(model.quantiles(x), again.quantiles(x))
    np.testing.assert_array_equal(Model.from_bytes(model.to_bytes()).quantiles(x), model.quantiles(x))
    stored = Calibration.from_bytes(calibration.to_bytes())
    np.testing.assert_array_equal(stored.office, calibration.office)
    assert not np.array_equal(learn(days.until(5), replace(FEW, seed=2))[0].quantiles(x), model.quantiles(x))


def test_quantiles_rise_and_are_not_negative(learned: tuple[Model, Calibration]) -> None:
    model, calibration = learned
    rng = np.random.default_rng(4)
    x = rng.normal(20, 40, (500, COUNT))
    x[rng.random(x.shape) < 0.2] = np.nan
    x[:, FEATURES.index("wait_level")] = rng.uniform(0, 300, 500)
    for quantiles in (model.quantiles(x), np.array([calibration.correct(q, 1, 0) for q in model.quantiles(x)])):
        assert (quantiles >= 0).all() and (np.diff(quantiles, axis=1) >= 0).all()


def test_a_trial_on_made_up_days_beats_what_others_show(days: Snapshots) -> None:
    report = evaluate(days, 4, ["a", "b", "c"], FEW)
    assert report["days"] == {"learned": 4, "tested": 3}
    assert report["n"] + report["never_called"]["n"] == len(days.rows(days=np.array([4, 5, 6])))
    assert report["ratio_mae"] < 0.9 and report["ratio_pinball_p90"] < 0.9
    assert 0.85 <= report["coverage_p90"] <= 0.95 and 0.42 <= report["coverage_p50"] <= 0.58
    assert set(report["naive"]) == {
        "zms", "queuesg", "last_to_enter_service", "recent_pace", "historic_pace", "mean_of_past_waits", "announced",
    }  # fmt: skip
    assert sum(report["offices_n"].values()) + report["small_offices"]["n"] == report["n"]
    with pytest.raises(ValueError, match="nothing to learn"):
        evaluate(days, 0, ["a", "b", "c"], FEW)
    with pytest.raises(ValueError, match="nothing to test"):
        evaluate(days, 7, ["a", "b", "c"], FEW)


def test_an_office_never_seen_gets_honest_forecasts(days: Snapshots) -> None:
    known = _as_given(days, (days.office < 2) | (days.day >= 5))
    report = evaluate(known, 5, ["a", "b", "c"], FEW)
    assert 0.8 <= report["offices"]["c"] <= 0.97


def _drift(calibration: Calibration, factor: float, n: int, rng: np.random.Generator) -> float:
    """Share kept of p90 promises, when waits become `factor` times as long as the model thinks."""
    kept = 0.0
    quantiles = 12 * np.exp(np.array([-1.2816, 0.0, 1.2816]) * 0.5)
    for _ in range(n):
        wait = factor * 12 * np.exp(rng.normal(0, 0.5))
        told = calibration.correct(quantiles, 0, 0)
        kept += wait <= told[2]
        for q in range(3):
            calibration.observe(q, float(wait > told[q]), 0, 0)
    return kept / n


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_calibration_follows_a_drift(factor: float) -> None:
    rng = np.random.default_rng(7)
    calibration = Calibration.none(QUANTILES, 1, 1)
    _drift(calibration, factor, 800, rng)
    assert _drift(calibration, factor, 2000, rng) == pytest.approx(0.9, abs=0.02)


def test_an_outcome_that_is_taken_back_leaves_nothing() -> None:
    calibration = Calibration.none(QUANTILES, 2, 2)
    calibration.observe(2, 1.0, 1, 1)
    assert calibration.line[1, 2] > 0 and calibration.line[0, 2] == 0
    calibration.observe(2, 1.0, 1, 1, times=-1.0)
    assert not calibration.line.any() and not calibration.office.any() and not calibration.hall.any()


def test_waits_cut_off_by_closing_do_not_move_the_calibration() -> None:
    """A line that stands still all day: nobody is called, so nothing is learned about promises kept."""
    n = 60
    minute = 480.0 + 5 * np.arange(n)
    still = Snapshots.sorted(
        line=np.zeros(n), office=np.zeros(n), day=np.zeros(n), minute=minute, open=np.ones(n), waiting=np.full(n, 3),
        number=np.zeros(n),
    )  # fmt: skip
    told, after = replay(still, np.arange(n), np.tile((5.0, 10.0, 20.0), (n, 1)), Calibration.none(QUANTILES, 1, 1))
    assert told[-1, 2] > told[0, 2]  # during the day they count as broken promises
    assert np.abs(after.line).max() < 1e-9 and np.abs(after.office).max() < 1e-9
    assert (ended_rows(still, np.arange(n)) == -1).all()


def test_a_wait_on_a_grid_is_kept_in_part() -> None:
    assert [missed_share(p, 5.0, 10.0) for p in (4.0, 5.0, 7.5, 10.0, 11.0)] == [1.0, 1.0, 0.5, 0.0, 0.0]


def test_scores_of_stored_forecasts() -> None:
    found = score([10, 20, np.nan, 40], [5, 5, 5, 5], [10, 15, 9, 50], [20, 19, 9, 60])
    assert found.n == 3 and found.mae_p50 == 5.0 and found.median_error_p50 == 5.0
    assert found.coverage_p90 == pytest.approx(2 / 3) and found.coverage_p50 == pytest.approx(2 / 3)
    assert found.pinball_p50 == pytest.approx(found.mae_p50 / 2)
    assert found.pinball_p90 == pytest.approx((0.1 * 10 + 0.9 * 1 + 0.1 * 20) / 3)
    grid = score([10], [1], [10], [20], after=[7.5], before=[12.5])
    assert grid.coverage_p50 == 0.5
    assert score([np.nan], [1], [2], [3]).n == 0
    with pytest.raises(ValueError, match="one forecast"):
        score([1, 2], [1], [1], [1])
    with pytest.raises(ValueError, match="without its forecast"):
        score([1], [1], [np.nan], [1])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.5, 0.9]))
def test_trees_reach_their_quantile_on_what_they_learned(seed: int, quantile: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1500, 4))
    x[rng.random(x.shape) < 0.1] = np.nan
    y = np.nan_to_num(x[:, 0]) + rng.normal(size=1500)
    trees = grow(x, y, np.ones(1500), quantile, Settings(trees=30, leaves=8, leaf_rows=50, row_share=1.0))
    assert np.mean(y <= trees.predict(x)) == pytest.approx(quantile, abs=0.05)


def test_trees_refuse_what_they_cannot_learn() -> None:
    for y, quantile in ((np.array([np.nan]), 0.5), (np.ones(1), 1.0), (np.ones(0), 0.5)):
        with pytest.raises(ValueError, match="trees need"):
            grow(np.ones((len(y), 2)), y, np.ones(len(y)), quantile, Settings())


def test_our_trees_are_as_good_as_lightgbm(days: Snapshots) -> None:
    try:
        import lightgbm
    except (ImportError, OSError) as error:
        pytest.skip(f"LightGBM cannot be imported: {error}")
    past, rows = days.until(5), days.rows(days=np.array([5, 6]))
    rows = rows[np.isfinite(days.wait[rows])]
    memory, own, own_curve = remember(past)
    at = past.rows()[np.isfinite(past.wait[past.rows()])]
    x, y = Inputs(past, memory, own, own_curve).features(at), np.log(past.wait[at] + 2)
    new, waits = walk(days, 5, rows), np.log(days.wait[rows] + 2)
    for quantile in (0.5, 0.9):
        ours = grow(x, y, np.ones(len(y)), quantile, Settings(trees=80, leaves=15)).predict(new)
        parameters = {
            "objective": "quantile", "alpha": quantile, "learning_rate": 0.06, "num_leaves": 15,
            "min_child_samples": 60, "feature_fraction": 0.5, "bagging_fraction": 0.7, "bagging_freq": 1,
            "lambda_l2": 1.0, "verbose": -1, "num_threads": 1, "seed": 1,
        }  # fmt: skip
        theirs = lightgbm.train(parameters, lightgbm.Dataset(x, y), 80).predict(new)
        losses = [np.mean(np.maximum(quantile * (waits - p), (quantile - 1) * (waits - p))) for p in (ours, theirs)]
        assert losses[0] <= 1.05 * losses[1]


def test_a_model_from_one_day_is_possible(days: Snapshots) -> None:
    model, calibration = learn(days.until(1), FEW)
    assert len(model.trees) == 3 and np.isfinite(calibration.hall).all()
    with pytest.raises(ValueError, match="trees need"):
        fit(_nothing(), FEW)


def _nothing():  # type: ignore[no-untyped-def]  # its type is imported inside
    from senyum.engine.forecast.model import Examples

    none = np.zeros(0)
    return Examples(np.zeros((0, COUNT)), none, none, none.astype(np.int64), none.astype(bool))


@pytest.mark.slow
def test_real_lines_of_warsaw() -> None:
    """The show of the wait forecast with one bag of trees; `senyum forecast evaluate` runs it in full."""
    if not WARSAW.exists():
        pytest.skip(f"the recorded lines are not at hand ({WARSAW.name})")
    from senyum.planning.forecast_cli import read

    snapshots, names, offices = read(WARSAW)
    report = evaluate(snapshots, names.index("2020-01-10"), offices, FEW)
    assert report["ratio_mae"] <= 0.85
    assert report["ratio_pinball_p50"] <= 0.85 and report["ratio_pinball_p90"] <= 0.85
    assert 0.88 <= report["coverage_p90"] <= 0.92 and 0.47 <= report["coverage_p50"] <= 0.53
    assert all(0.85 <= kept <= 0.95 for kept in report["offices"].values())
