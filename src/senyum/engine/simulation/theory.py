"""Closed forms of queueing theory that the simulation must agree with. `load`: work brought per minute / counters.

Mean waits are in units of the mean time at the counter unless said otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def erlang_c(counters: int, load: float) -> float:
    """M/M/c: the probability of waiting (Erlang 1917); 0 <= load < 1."""
    offered = counters * load
    blocked = 1.0
    for k in range(1, counters + 1):
        blocked = offered * blocked / (k + offered * blocked)
    return blocked / (1 - load * (1 - blocked))


def mmc_wait(counters: int, load: float) -> float:
    """M/M/c: mean wait."""
    return erlang_c(counters, load) / (counters * (1 - load))


def mg1_wait(load: float, squared_spread: float) -> float:
    """M/G/1: mean wait (Pollaczek 1930, Khinchine 1932); `squared_spread`: variance / squared mean of the time."""
    return load * (1 + squared_spread) / (2 * (1 - load))


def mmcm_wait(counters: int, load: float, patience: float) -> float:
    """M/M/c+M: mean wait of everyone, served or not (Palm 1957); `patience`: mean, exponential. Any load."""
    offered = counters * load
    theta = 1 / patience
    weight, total, queue, n = 1.0, 1.0, 0.0, 0
    while n < counters or weight > 1e-18 * total or offered > counters + (n - counters) * theta:
        n += 1
        weight *= offered / (min(n, counters) + max(0, n - counters) * theta)
        total += weight
        queue += max(0, n - counters) * weight
        if total > 1e250:
            weight, total, queue = weight / total, 1.0, queue / total
    return queue / total / offered


def priority_waits(counters: int, load: float, shares: Sequence[float], squared_spread: float = 1.0) -> list[float]:
    """Mean wait of each class, the first always before the second and so on, nobody interrupted (Cobham 1954).

    M/M/c with one time for all; for one counter also M/G/1 with that `squared_spread`.
    """
    residual = load * (1 + squared_spread) / 2 if counters == 1 else erlang_c(counters, load) / counters
    waits, before = [], 0.0
    for share in shares:
        upto = before + load * share
        waits.append(residual / ((1 - before) * (1 - upto)))
        before = upto
    if not math.isclose(before, load, rel_tol=1e-9):
        raise ValueError("the shares must sum to 1")
    return waits
