"""Closed forms of the stationary queue behind a promise: how many of those who come are called in time.

Times are minutes, rates are per minute, `load` is offered work (rate times mean service, in officers busy).

Sources: Erlang (1917) for B and C; Allen & Cunneen for the tail when service times are not exponential (the wait of
those who wait stretches by (1 + cv^2) / 2); Zeltyn & Mandelbaum (2005), "Call centers with impatient customers", for
M/M/n+M; Garnett, Mandelbaum & Reiman (2002) for its use in staffing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

#: Steps of the integrals over the offered wait: a relative error below 1e-6 for the loads of a hall.
_STEPS = 2_000


@dataclass(frozen=True, slots=True)
class Work:
    """What a pool of like counters faces: people a minute, mean minutes at the counter and their spread.

    `cv`: standard deviation of the service time over its mean (1: exponential). `patience`: mean minutes after which
    somebody leaves, exponential; None: nobody leaves.
    """

    rate: float
    service: float
    cv: float = 1.0
    patience: float | None = None

    @property
    def load(self) -> float:
        """Offered work in officers."""
        return self.rate * self.service


def erlang_b(servers: int, load: float) -> float:
    """Share of arrivals lost in M/M/n/n: stable recursion. Raises ValueError for negative input."""
    if servers < 0 or load < 0:
        raise ValueError("neither officers nor load are negative")
    lost = 1.0
    for n in range(1, servers + 1):
        lost = load * lost / (n + load * lost)
    return lost


def erlang_c(servers: int, load: float) -> float:
    """Probability that somebody waits in M/M/n; 1 when the load is not below the officers."""
    if load >= servers:
        return 1.0
    lost = erlang_b(servers, load)
    return lost / (1 - load / servers * (1 - lost))


def called_within(servers: int, work: Work, minutes: float) -> float:
    """Share of those who come that are called within `minutes`, in the long run, with `servers` officers.

    Who leaves before being called was not called within the promise.
    """
    if work.rate <= 0:
        return 1.0
    if servers <= 0:
        return 0.0
    if work.patience is not None:
        return _with_leaving(servers, work, minutes)
    if work.load >= servers:
        return 0.0
    drain = (servers / work.service - work.rate) * 2 / (1 + work.cv**2)
    return 1 - erlang_c(servers, work.load) * math.exp(-drain * minutes)


def mean_wait(servers: int, work: Work) -> float:
    """Mean minutes until the call when nobody leaves; infinite when the load is not below the officers."""
    if work.load >= servers:
        return math.inf
    return erlang_c(servers, work.load) * (1 + work.cv**2) / 2 / (servers / work.service - work.rate)


def officers_for(work: Work, *, minutes: float, share: float, at_most: int = 200) -> int:
    """The fewest officers with which at least `share` is called within `minutes` in the long run; 0 when nobody comes.

    Raises ValueError when `at_most` are not enough.
    """
    if work.rate <= 0:
        return 0
    start = 1 if work.patience is not None else max(1, math.floor(work.load))
    for servers in range(start, at_most + 1):
        if called_within(servers, work, minutes) >= share:
            return servers
    raise ValueError(f"{at_most} officers are not enough for a load of {work.load:.1f}")


def _with_leaving(servers: int, work: Work, minutes: float) -> float:
    """M/M/n+M: the offered wait has density proportional to exp(rate * H(x) - n mu x), H(x) = patience survived to x.

    Called in time: who meets a free officer, or whose offered wait is at most `minutes` and who is still there then.
    """
    patience = float(work.patience or 0.0)
    drain = servers / work.service
    free = 1 / erlang_b(servers - 1, work.load)
    # Beyond this wait the density is below e^-40 of its start.
    longest = patience + (work.rate * patience + 40) / drain
    if drain > work.rate:
        longest = min(longest, 40 / (drain - work.rate))
    x = np.linspace(0.0, longest, _STEPS + 1)
    until = np.linspace(0.0, minutes, _STEPS + 1)
    density, called = (work.rate * patience * -np.expm1(-t / patience) - drain * t for t in (x, until))
    # Overloaded lines have densities beyond the range of a float: both sides are scaled by the same factor.
    scale = max(float(density.max()), 0.0)
    total = free * math.exp(-scale) + work.rate * float(np.trapezoid(np.exp(density - scale), x))
    kept = free * math.exp(-scale) + work.rate * float(np.trapezoid(np.exp(called - scale - until / patience), until))
    return kept / total
