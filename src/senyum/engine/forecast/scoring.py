"""How well forecasts did: error, pinball loss, kept promises; beside the naive estimates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from senyum.engine.forecast.snapshots import Floats


@dataclass(frozen=True, slots=True)
class Score:
    """Of `n` waits that ended: minutes, and shares of waits that were no longer than promised.

    `coverage_p50` counts a wait whose end fell somewhere within a step of the clock by the share of the step that lies
    within the promise; with exact waits it is the plain share. `within_p10_p90`: the share within the range.
    """

    n: int
    mae_p50: float
    median_error_p50: float
    coverage_p50: float
    coverage_p90: float
    pinball_p50: float
    pinball_p90: float
    within_p10_p90: float
    mean_p90: float


def score(
    waits: ArrayLike,
    p10: ArrayLike,
    p50: ArrayLike,
    p90: ArrayLike,
    *,
    after: ArrayLike | None = None,
    before: ArrayLike | None = None,
) -> Score:
    """Score stored forecasts. All in minutes, one value a wait; NaN waits (never called) are left out.

    `after`, `before`: a wait ended after so many minutes and before so many (a wait seen on a grid); None: exactly.
    Raises ValueError when lengths differ or a quantile is missing where a wait ended.
    """
    columns = [np.asarray(x, dtype=np.float64) for x in (waits, p10, p50, p90)]
    if len({len(x) for x in columns}) != 1:
        raise ValueError("one forecast a wait")
    ended = np.isfinite(columns[0])
    w, low, middle, high = (x[ended] for x in columns)
    if not np.all(np.isfinite(low) & np.isfinite(middle) & np.isfinite(high)):
        raise ValueError("a wait without its forecast cannot be scored")
    if len(w) == 0:
        return Score(0, *[float("nan")] * 8)
    a = w if after is None else np.asarray(after, dtype=np.float64)[ended]
    b = w if before is None else np.asarray(before, dtype=np.float64)[ended]
    return Score(
        n=len(w),
        mae_p50=float(np.mean(np.abs(w - middle))),
        median_error_p50=float(np.median(np.abs(w - middle))),
        coverage_p50=float(np.mean(kept_share(middle, a, b))),
        coverage_p90=float(np.mean(w <= high)),
        pinball_p50=pinball(w, middle, 0.5),
        pinball_p90=pinball(w, high, 0.9),
        within_p10_p90=float(np.mean((w >= low) & (w <= high))),
        mean_p90=float(np.mean(high)),
    )


def kept_share(promise: Floats, after: Floats, before: Floats) -> Floats:
    """The share of (after, before] that lies within the promise; 0 or 1 where the end is known exactly."""
    width = np.maximum(before - after, 1e-9)
    return np.where(before > after, np.clip((promise - after) / width, 0.0, 1.0), (before <= promise).astype(float))


def pinball(waits: Floats, promise: Floats, quantile: float) -> float:
    """Mean pinball loss in minutes (Koenker & Bassett 1978); for the median it is half of the mean absolute error."""
    beyond = waits - promise
    return float(np.mean(np.maximum(quantile * beyond, (quantile - 1) * beyond)))
