"""Gradient-boosted trees for a quantile, compiled: histograms of 255 bins, grown leaf by leaf.

The pinball loss is Koenker & Bassett's, "Regression quantiles", Econometrica 46(1), 1978. Each leaf of a tree is set to
the quantile of the residuals in it (the gradient says only where to split). Our own because the usual library needs a
shared library that a fresh Debian lacks; a test holds both side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from senyum.engine.forecast.snapshots import Floats, Ints

BINS = 255


@dataclass(frozen=True, slots=True)
class Settings:
    """How trees are grown. `leaf_rows`: least weight of rows in a leaf; shares are drawn anew for each tree."""

    trees: int = 150
    leaves: int = 31
    rate: float = 0.06
    leaf_rows: float = 60.0
    ridge: float = 1.0
    row_share: float = 0.7
    column_share: float = 0.5
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Trees:
    """A sum of trees over raw features (NaN goes left). Nodes of all trees lie in one run of arrays.

    `start`: first node of each tree; `feature` -1 marks a leaf; `left`, `right`: nodes; `value`: of a leaf.
    """

    base: float
    start: Ints
    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    value: Floats

    def predict(self, x: Floats) -> Floats:
        """(rows, features) -> (rows,)."""
        out = np.empty(len(x))
        _predict(x, self.base, self.start, self.feature, self.threshold, self.left, self.right, self.value, out)
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays, for `np.savez`; `Trees(**arrays)` brings them back."""
        return {
            "base": np.array(self.base),
            "start": self.start,
            "feature": self.feature,
            "threshold": self.threshold,
            "left": self.left,
            "right": self.right,
            "value": self.value,
        }


def mean(several: Sequence[Trees]) -> Trees:
    """One sum of trees that gives the mean of several."""
    shift = np.cumsum([0, *(len(t.feature) for t in several)])
    return Trees(
        float(np.mean([t.base for t in several])),
        np.concatenate([t.start + s for t, s in zip(several, shift, strict=False)]),
        np.concatenate([t.feature for t in several]),
        np.concatenate([t.threshold for t in several]),
        np.concatenate([t.left + s for t, s in zip(several, shift, strict=False)]),
        np.concatenate([t.right + s for t, s in zip(several, shift, strict=False)]),
        np.concatenate([t.value / len(several) for t in several]),
    )


def grow(x: Floats, y: Floats, weight: Floats, quantile: float, settings: Settings) -> Trees:
    """Trees whose sum is near the `quantile` of y given x.

    x: (rows, features), NaN allowed; y, weight: (rows,), finite.

    Raises ValueError for no rows, a quantile outside (0, 1) or a y that is not finite.
    """
    if len(x) == 0 or not 0 < quantile < 1 or not np.all(np.isfinite(y)):
        raise ValueError("trees need rows, a quantile between 0 and 1 and finite waits")
    edges = [_edges(x[:, f]) for f in range(x.shape[1])]
    binned = np.stack([_bin(x[:, f], edges[f]) for f in range(x.shape[1])], axis=1)
    rng = np.random.default_rng(settings.seed)
    base = _weighted_quantile(y, weight, quantile)
    score = np.full(len(y), base)
    nodes: list[tuple[Any, ...]] = []
    for _ in range(settings.trees):
        columns = np.sort(rng.permutation(x.shape[1])[: max(1, round(settings.column_share * x.shape[1]))])
        rows = np.flatnonzero(rng.random(len(x)) < settings.row_share)
        nodes.append(
            _grow_tree(
                binned, y, score, weight, rows, columns, quantile, settings.leaves, settings.leaf_rows,
                settings.ridge, settings.rate,
            )
        )  # fmt: skip
    return _gather(base, nodes, edges)


def _gather(base: float, nodes: list[tuple[Any, ...]], edges: list[Floats]) -> Trees:
    sizes = np.array([len(tree[0]) for tree in nodes])
    start = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)
    feature, cut, left, right, value = (np.concatenate([tree[c] for tree in nodes]) for c in range(5))
    shift = np.repeat(start, sizes)
    threshold = np.array([edges[f][c] if f >= 0 else 0.0 for f, c in zip(feature, cut, strict=True)])
    return Trees(base, start, feature, threshold, left + shift, right + shift, value)


def _edges(x: Floats) -> Floats:
    """Upper edges of the bins: bin b (from 1; 0 is NaN) holds edges[b - 1] < x <= edges[b]; edges[0] is -inf."""
    known = x[~np.isnan(x)]
    if known.size == 0:
        return np.array([-np.inf, np.inf])
    distinct = np.unique(known)
    if len(distinct) > BINS - 1:
        distinct = np.unique(np.quantile(known, np.linspace(0, 1, BINS - 1), method="lower"))
    middle = (distinct[1:] + distinct[:-1]) / 2
    return np.concatenate(([-np.inf], middle, [np.inf]))


def _bin(x: Floats, edges: Floats) -> NDArray[np.uint8]:
    bins = np.searchsorted(edges, x, side="left")
    bins[np.isnan(x)] = 0
    return bins.astype(np.uint8)


def _weighted_quantile(y: Floats, weight: Floats, quantile: float) -> float:
    order = np.argsort(y, kind="stable")
    reached = np.cumsum(weight[order])
    return float(y[order][np.searchsorted(reached, quantile * reached[-1])])


@njit(cache=True)
def _histogram(binned: Any, rows: Any, columns: Any, gradient: Any, weight: Any, out: Any) -> None:
    out[:] = 0.0
    for r in range(len(rows)):
        i = rows[r]
        g, w = gradient[i], weight[i]
        for c in range(len(columns)):
            b = binned[i, columns[c]]
            out[c, b, 0] += g
            out[c, b, 1] += w


@njit(cache=True)
def _best_split(histogram: Any, ridge: float, leaf_rows: float) -> tuple[float, int, int]:
    """(gain, column, bin): rows with a bin up to and with it go left; gain 0 when no cut is allowed."""
    gain, column, cut = 0.0, -1, -1
    total_g, total_w = histogram[0, :, 0].sum(), histogram[0, :, 1].sum()
    whole = total_g**2 / (total_w + ridge)
    for c in range(len(histogram)):
        g, w = 0.0, 0.0
        for b in range(histogram.shape[1] - 1):
            g, w = g + histogram[c, b, 0], w + histogram[c, b, 1]
            if w < leaf_rows:
                continue
            if total_w - w < leaf_rows:
                break
            found = g**2 / (w + ridge) + (total_g - g) ** 2 / (total_w - w + ridge) - whole
            if found > gain + 1e-9:
                gain, column, cut = found, c, b
    return gain, column, cut


@njit(cache=True)
def _quantile_of(values: Any, weight: Any, quantile: float) -> float:
    order = np.argsort(values)
    goal, reached = quantile * weight.sum(), 0.0
    for k in order:
        reached += weight[k]
        if reached >= goal:
            return float(values[k])
    return float(values[order[-1]])


@njit(cache=True)
def _grow_tree(
    binned: Any, y: Any, score: Any, weight: Any, rows: Any, columns: Any, quantile: float, leaves: int,
    leaf_rows: float, ridge: float, rate: float,
) -> Any:  # fmt: skip
    """One tree; adds it to `score`. (feature, cut, left, right, value) of its nodes."""
    gradient = np.empty(len(y))
    for i in rows:
        gradient[i] = weight[i] * (quantile if y[i] > score[i] else quantile - 1.0)
    size = 2 * leaves - 1
    feature, cut = np.full(size, -1), np.zeros(size, dtype=np.int64)
    left, right, value = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64), np.zeros(size)
    histograms = np.empty((size, len(columns), BINS + 1, 2), dtype=np.float32)
    begin, end = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    gain, best_c, best_b = np.zeros(size), np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    rows = rows.copy()
    end[0] = len(rows)
    _histogram(binned, rows, columns, gradient, weight, histograms[0])
    gain[0], best_c[0], best_b[0] = _best_split(histograms[0], ridge, leaf_rows)
    nodes = 1
    while nodes < size:
        node = np.int64(np.argmax(gain[:nodes]))
        if gain[node] <= 0:
            break
        f, b = columns[best_c[node]], best_b[node]
        part = rows[begin[node] : end[node]]
        goes_left = np.empty(len(part), dtype=np.bool_)
        for r in range(len(part)):
            goes_left[r] = binned[part[r], f] <= b
        a, z = part[goes_left], part[~goes_left]
        part[: len(a)], part[len(a) :] = a, z
        feature[node], cut[node], gain[node] = f, b, 0.0
        left[node], right[node] = nodes, nodes + 1
        begin[nodes], end[nodes] = begin[node], begin[node] + len(a)
        begin[nodes + 1], end[nodes + 1] = end[nodes], end[node]
        small, large = (nodes, nodes + 1) if len(a) <= len(z) else (nodes + 1, nodes)
        _histogram(binned, rows[begin[small] : end[small]], columns, gradient, weight, histograms[small])
        histograms[large] = histograms[node] - histograms[small]
        for child in (nodes, nodes + 1):
            gain[child], best_c[child], best_b[child] = _best_split(histograms[child], ridge, leaf_rows)
        nodes += 2
    for n in range(nodes):
        if feature[n] < 0:
            part = rows[begin[n] : end[n]]
            value[n] = rate * _quantile_of(y[part] - score[part], weight[part], quantile)
    for i in range(len(y)):
        node = np.int64(0)
        while feature[node] >= 0:
            node = left[node] if binned[i, feature[node]] <= cut[node] else right[node]
        score[i] += value[node]
    return feature[:nodes], cut[:nodes], left[:nodes], right[:nodes], value[:nodes]


@njit(cache=True)
def predict_row(
    x: Any, base: float, start: Any, feature: Any, threshold: Any, left: Any, right: Any, value: Any
) -> float:
    """The sum of the trees for one row."""
    total = base
    for t in range(len(start)):
        node = int(start[t])
        while feature[node] >= 0:
            v = x[feature[node]]
            node = right[node] if v > threshold[node] else left[node]
        total += value[node]
    return total


@njit(cache=True)
def _predict(
    x: Any, base: float, start: Any, feature: Any, threshold: Any, left: Any, right: Any, value: Any, out: Any
) -> None:
    for r in range(len(x)):
        out[r] = predict_row(x[r], base, start, feature, threshold, left, right, value)
