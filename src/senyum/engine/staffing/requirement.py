"""Officers per period when the arrivals change through the day: the start of the search, not its end.

Two views of the same day (Green, Kolesar & Whitt 2007, "Coping with time-varying demand when setting staffing
requirements for a service system"):

- *by period* (SIPP): each period is a stationary queue with its own rate. Blind to work that spills over.
- *by modified offered load* (Jennings, Mandelbaum, Massey & Whitt 1996): each moment is a stationary queue whose load
  is the mean number busy if officers were endless, m(t) = integral of rate(t - u) P(S > u) du. It lags the arrivals by
  about one service time, which is when the work is there; Feldman, Mandelbaum, Massey & Whitt (2008) show that
  staffing by it holds the service level steady through the day.

The curve that counts is the larger of the load at the period's middle and end, so that a rising morning is met.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from senyum.engine.staffing.erlang import Work, officers_for

Floats = NDArray[np.float64]
#: Minutes between the points at which the modified load is computed.
STEP = 1.0


def by_period(
    rates: Sequence[float],
    *,
    service: float,
    cv: float,
    minutes: float,
    share: float,
    patience: float | None = None,
) -> list[int]:
    """Officers per period by SIPP. `rates`: people a minute, one per period; `minutes`: the promise."""
    return [officers_for(Work(rate, service, cv, patience), minutes=minutes, share=share) for rate in rates]


def modified_load(rates: Sequence[float], *, period: float, service: float, cv: float) -> Floats:
    """m(t) at every minute of the day, in officers; the day starts empty. `period`: minutes of each rate.

    The service time is taken as gamma with the mean `service` and the given `cv` (constant when `cv` is 0).
    """
    steps = round(period / STEP)
    rate = np.repeat(np.asarray(rates, dtype=np.float64), steps)
    ages: Floats = np.arange(len(rate), dtype=np.float64) * STEP + STEP / 2
    longer = _survival(ages, service, cv)
    load: Floats = np.convolve(rate, longer)[: len(rate)] * STEP
    return load


def by_modified_load(
    rates: Sequence[float],
    *,
    period: float,
    service: float,
    cv: float,
    minutes: float,
    share: float,
    patience: float | None = None,
) -> list[int]:
    """Officers per period such that the stationary queue with the period's modified load keeps the promise."""
    load = modified_load(rates, period=period, service=service, cv=cv)
    steps = round(period / STEP)
    needed = []
    for i in range(len(rates)):
        part = load[i * steps : (i + 1) * steps]
        busy = max(float(part[len(part) // 2]), float(part[-1]))
        # A load below a thousandth of an officer is the tail of somebody who has been called already.
        rate = busy / service if busy > 1e-3 else 0.0
        needed.append(officers_for(Work(rate, service, cv, patience), minutes=minutes, share=share))
    return needed


def square_root(load: Sequence[float], beta: float) -> list[int]:
    """Load plus `beta` times its root, rounded up: the rule of thumb behind both views (Jennings et al. 1996)."""
    return [math.ceil(a + beta * math.sqrt(a)) if a > 0 else 0 for a in load]


def _survival(ages: Floats, service: float, cv: float) -> Floats:
    """P(S > age) of the gamma distribution, by the running sum of its density (no special function is needed)."""
    if cv <= 0:
        return (ages < service).astype(np.float64)
    shape = 1 / cv**2
    scale = service / shape
    grid = np.linspace(0, max(float(ages[-1]), service * (10 + 10 * cv)), 20_001)[1:]
    density = np.exp((shape - 1) * np.log(grid / scale) - grid / scale)
    below = np.cumsum(density)
    survival: Floats = 1 - np.interp(ages, grid, below / below[-1], left=0.0)
    return survival
