"""The learned forecast: three sums of trees (p10, p50, p90) over the features of a place in line."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numba import njit

from senyum.engine.forecast.calibration import Calibration, start
from senyum.engine.forecast.features import FEATURES
from senyum.engine.forecast.inputs import Inputs
from senyum.engine.forecast.memory import Memory, remember
from senyum.engine.forecast.snapshots import Bools, Floats, Ints, Snapshots
from senyum.engine.forecast.trees import Settings, Trees, grow, mean

QUANTILES = (0.1, 0.5, 0.9)
#: The trees learn log(wait + SHIFT) above that of the usual wait, so that five minutes count in a short wait.
SHIFT = 2.0
LEVEL = FEATURES.index("wait_level")
LEAST_LEVEL = 3.0


#: Trees of p50; those of p10 and p90 are fewer and coarser (tails are learned from a tenth of the waits).
MIDDLE = Settings(trees=150, leaves=31, leaf_rows=30.0, column_share=0.25)
OUTER = Settings(trees=80, leaves=15, leaf_rows=100.0, column_share=0.25)


@dataclass(frozen=True, slots=True)
class Learning:
    """How a model is learned. `inner_weight`: of a place within the line beside its last one (0: the last one only).

    `bags`: sums of trees that are
    averaged. `folds`: groups of days left out in turn to see how the model does on days it does not know.
    """

    middle: Settings = MIDDLE
    outer: Settings = OUTER
    bags: int = 3
    folds: int = 4
    inner_weight: float = 0.5
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Examples:
    """What is learned from: `features` (n, COUNT), and per example the wait in minutes, the weight and its snapshot.

    `last`: the wait is that of the last in line, else of somebody before.
    """

    features: Floats
    waits: Floats
    weight: Floats
    row: Ints
    last: Bools

    def only(self, keep: Bools) -> Examples:
        """Those examples that are kept."""
        return Examples(self.features[keep], self.waits[keep], self.weight[keep], self.row[keep], self.last[keep])


@dataclass(frozen=True, slots=True)
class Model:
    """`trees[q]`: one sum of trees for each of QUANTILES."""

    trees: tuple[Trees, ...]

    def quantiles(self, features: Floats) -> Floats:
        """(rows, COUNT) -> (rows, 3) minutes, each row rising, none negative."""
        usual = np.maximum(features[:, LEVEL], LEAST_LEVEL)
        out = np.stack([tree.predict(features) for tree in self.trees], axis=1)
        return np.sort(np.maximum(0.0, np.exp(out) * (usual[:, None] + SHIFT) - SHIFT), axis=1)

    def to_bytes(self) -> bytes:
        """The model as an `.npz` of plain arrays."""
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {f"{q}_{n}": a for q, t in enumerate(self.trees) for n, a in t.arrays().items()}
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """Raises ValueError when the bytes are no such model."""
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            count = len({name.split("_")[0] for name in stored.files})
            trees = []
            for q in range(count):
                part: dict[str, Any] = {n.split("_", 1)[1]: stored[n] for n in stored.files if n.startswith(f"{q}_")}
                part["base"] = float(part["base"])
                trees.append(Trees(**part))
        return cls(tuple(trees))


def learn(past: Snapshots, learning: Learning = Learning()) -> tuple[Model, Calibration]:
    """Learn from the waits of `past` that have ended, and stretch by what days left out showed.

    Raises ValueError when no wait has ended.
    """
    found = examples(past, learning)
    if not len(found.waits):
        raise ValueError("nothing to learn from: no wait has ended")
    model = fit(found, learning)
    group = past.day if len(np.unique(past.day)) > 1 else past.line
    fold = np.searchsorted(np.unique(group), group)[found.row] % learning.folds
    unseen = np.empty((len(found.waits), len(QUANTILES)))
    for k in np.unique(fold):
        known = found.only(fold != k)
        seen = fit(known, replace(learning, bags=1)) if len(known.waits) else model
        unseen[fold == k] = seen.quantiles(found.features[fold == k])
    last = found.last
    office = past.office[found.row[last]]
    days = np.array([len(np.unique(past.day[past.office == o])) for o in range(past.offices)])
    a_day = np.bincount(past.office[past.rows()], minlength=past.offices) / np.maximum(1, days)
    return model, start(unseen[last], found.waits[last], office, QUANTILES, lines=past.lines, outcomes_a_day=a_day)


def fit(found: Examples, learning: Learning) -> Model:
    """The trees of each quantile."""
    target = np.log((found.waits + SHIFT) / (np.maximum(found.features[:, LEVEL], LEAST_LEVEL) + SHIFT))
    trees = []
    for n, q in enumerate(QUANTILES):
        settings = learning.middle if q == 0.5 else learning.outer
        bags = [
            grow(found.features, target, found.weight, q, replace(settings, seed=learning.seed * 1000 + 10 * n + bag))
            for bag in range(learning.bags)
        ]
        trees.append(mean(bags))
    return Model(tuple(trees))


def examples(past: Snapshots, learning: Learning) -> Examples:
    """The last in line of each snapshot, and one place within the line drawn at random; waits that have ended only.

    What a day itself gave to the memory is taken out of the features of its rows.
    """
    memory, own, own_curve = remember(past)
    inputs = Inputs(past, memory, own, own_curve)
    rows = past.rows()
    rows = rows[np.isfinite(past.wait[rows])]
    parts = [Examples(inputs.features(rows), past.wait[rows], np.ones(len(rows)), rows, np.ones(len(rows), dtype=bool))]
    if learning.inner_weight > 0:
        rng = np.random.default_rng(learning.seed)
        inner = np.flatnonzero(past.waiting >= 2)
        people = 1.0 + np.floor(rng.random(len(inner)) * (past.waiting[inner] - 1))
        ended = waits_of(past, inner, people)
        known = np.isfinite(ended)
        inner, people, ended = inner[known], people[known], ended[known]
        weight = np.full(len(inner), learning.inner_weight)
        parts.append(Examples(inputs.features(inner, people), ended, weight, inner, np.zeros(len(inner), dtype=bool)))
    return Examples(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Examples)))


def waits_of(snapshots: Snapshots, rows: Ints, people: Floats) -> Floats:
    """Minutes until so many `people` more had been called after each row, NaN where the day ended first. This looks
    into the future of the rows: for training only. The wait ends in the middle of the step that reached the number."""
    line_day = np.searchsorted(snapshots.bounds, rows, side="right") - 1
    out = np.empty(len(rows))
    _waits_of(rows, people, snapshots.bounds[line_day + 1], snapshots.minute, snapshots.number, out)
    return out


@njit(cache=True)
def _waits_of(rows: Any, people: Any, end: Any, minute: Any, number: Any, out: Any) -> None:
    for r in range(len(rows)):
        i, goal = rows[r], number[rows[r]] + people[r]
        out[r] = np.nan
        for k in range(i + 1, end[r]):
            if number[k] >= goal:
                out[r] = (minute[k] + minute[k - 1]) / 2 - minute[i]
                break


def walk(snapshots: Snapshots, first_day: int, rows: Ints, *, nightly: bool = True) -> Floats:
    """Features of `rows` (of days from `first_day`), each from a memory of the days before its own.

    `nightly`: the memory takes in each day when it is over; else it stays as it was before `first_day`.
    """
    out = np.empty((len(rows), len(FEATURES)))
    memory: Memory | None = None
    for day in np.unique(snapshots.day[rows]):
        if memory is None or nightly:
            memory, _, _ = remember(snapshots.until(int(day) if nightly else first_day), snapshots.lines)
        at = np.flatnonzero(snapshots.day[rows] == day)
        out[at] = Inputs(snapshots, memory).features(rows[at])
    return out
