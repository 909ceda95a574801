"""An honest trial: learn from the days before a date, then walk through the days from it as they happened."""

from __future__ import annotations

from dataclasses import asdict
from time import perf_counter
from typing import Any

import numpy as np

from senyum.engine.forecast.calibration import Calibration
from senyum.engine.forecast.inputs import Inputs
from senyum.engine.forecast.memory import remember
from senyum.engine.forecast.model import LEAST_LEVEL, LEVEL, Learning, Model, learn, walk
from senyum.engine.forecast.naive import estimates
from senyum.engine.forecast.replay import ended_rows, replay
from senyum.engine.forecast.scoring import pinball, score
from senyum.engine.forecast.snapshots import Floats, Ints, Snapshots

#: Offices with fewer waits are judged together.
OFFICE_COUNT = 300


def evaluate(
    snapshots: Snapshots,
    first_day: int,
    office_names: list[str],
    learning: Learning = Learning(),  # noqa: B008 - frozen
    *,
    nightly: bool = True,
) -> dict[str, Any]:
    """Learn before `first_day`, forecast from then on. Returns what `senyum forecast evaluate --json` prints.

    `nightly`: the memory of usual paces takes in each tested day when it is over; the trees never do.
    Raises ValueError when there is nothing to learn from or nothing to test.
    """
    began = perf_counter()
    model, calibration = learn(snapshots.until(first_day), learning)
    learned_in = perf_counter() - began
    rows = snapshots.rows()
    rows = rows[snapshots.day[rows] >= first_day]
    if not np.isfinite(snapshots.wait[rows]).any():
        raise ValueError("nothing to test: no wait has ended from that day on")
    features = walk(snapshots, first_day, rows, nightly=nightly)
    promised, _ = replay(snapshots, rows, model.quantiles(features), calibration)
    report = _report(snapshots, first_day, rows, promised, office_names)
    report["untrained"] = _untrained(snapshots, rows, features)
    report["ms_per_forecast"] = milliseconds(snapshots, rows, model, calibration)
    report["seconds_to_learn"] = round(learned_in, 2)
    report["days"] = {"learned": len(np.unique(snapshots.day[snapshots.day < first_day])),
                      "tested": len(np.unique(snapshots.day[rows]))}  # fmt: skip
    return report


def _report(s: Snapshots, first_day: int, rows: Ints, promised: Floats, names: list[str]) -> dict[str, Any]:
    naive = estimates(s, first_day, rows)
    ended = np.isfinite(s.wait[rows])
    never = promised[~ended], s, rows[~ended]
    at, promised = rows[ended], promised[ended]
    waits, naive = s.wait[at], {name: v[ended] for name, v in naive.items()}
    end = ended_rows(s, at)
    whole = score(
        waits,
        *promised.T,
        after=np.where(end > 0, s.minute[end - 1] - s.minute[at], waits),
        before=np.where(end > 0, s.minute[end] - s.minute[at], waits),
    )
    errors = {name: float(np.mean(np.abs(v - waits))) for name, v in naive.items()}
    pinballs = {name: (pinball(waits, v, 0.5), pinball(waits, v, 0.9)) for name, v in naive.items()}
    best = min(errors, key=errors.__getitem__)
    return {
        **asdict(whole),
        "naive": errors,
        "naive_pinball_p50": {k: a for k, (a, _) in pinballs.items()},
        "naive_pinball_p90": {k: b for k, (_, b) in pinballs.items()},
        "best_naive": best,
        "ratio_mae": whole.mae_p50 / errors[best],
        "ratio_pinball_p50": whole.pinball_p50 / min(a for a, _ in pinballs.values()),
        "ratio_pinball_p90": whole.pinball_p90 / min(b for _, b in pinballs.values()),
        **_by_office(s.office[at], waits <= promised[:, 2], names),
        "never_called": _never_called(*never),
    }


def _by_office(office: Ints, kept: Any, names: list[str]) -> dict[str, Any]:
    """Coverage of p90 by office, those with fewer than OFFICE_COUNT waits together."""
    count = np.bincount(office, minlength=len(names))
    large = np.flatnonzero(count >= OFFICE_COUNT)
    small = np.isin(office, np.flatnonzero((count > 0) & (count < OFFICE_COUNT)))
    coverage = {names[o]: float(np.mean(kept[office == o])) for o in large}
    return {
        "offices": coverage,
        "offices_n": {names[o]: int(count[o]) for o in large},
        "small_offices": {"n": int(small.sum()), "coverage_p90": float(np.mean(kept[small])) if small.any() else None},
    }


def _never_called(promised: Floats, s: Snapshots, rows: Ints) -> dict[str, Any]:
    """Those whose day ended first: how many, and how many of them had waited beyond p90 by the last snapshot."""
    last = s.bounds[np.searchsorted(s.bounds, rows, side="right")] - 1
    beyond = s.minute[last] - s.minute[rows] > promised[:, 2]
    return {"n": len(rows), "beyond_p90": float(np.mean(beyond)) if len(rows) else 0.0}


def _untrained(s: Snapshots, rows: Ints, features: Floats) -> dict[str, float]:
    """MAE of the level that the trees start from: what a shrunk memory alone would reach."""
    ended = np.isfinite(s.wait[rows])
    usual = np.maximum(LEAST_LEVEL, features[ended, LEVEL])
    return {"usual_level": float(np.mean(np.abs(usual - s.wait[rows][ended])))}


def milliseconds(s: Snapshots, rows: Ints, model: Model, calibration: Calibration, times: int = 300) -> float:
    """Median milliseconds of one forecast, a single row from its features to the promised quantiles."""
    memory, _, _ = remember(s)
    inputs, calibration = Inputs(s, memory), calibration.padded(s.offices, s.lines)
    took = []
    for row in np.resize(rows[:: max(1, len(rows) // times)], times):
        began = perf_counter()
        quantiles = model.quantiles(inputs.features(np.array([row])))[0]
        calibration.correct(quantiles, int(s.line[row]), int(s.office[row]))
        took.append(perf_counter() - began)
    return float(np.median(took)) * 1000
