"""The wait at issue until the forecast exists: the recent pace of the line (decision 0011).

Pure. A line calls once every *gap* minutes while somebody waits in it. Whoever joins waits for k gaps. With independent
gaps of mean m and standard deviation s their sum has mean k m and deviation sqrt(k) s, and m itself is known to within
e. Hence three numbers per line, renewed every few seconds, and two expressions that one SQL statement can hold:

    k   = people ahead + 1 - (1 if a counter of the line is idle, else 0) + EXTRA_SHARE * extra documents ahead
    p50 = a k                  a = m
    p90 = b k + c sqrt(k)      b = m + z e, c = z s, z = 1.2816 (the normal 0.9 quantile)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

#: The 0.9 quantile of the standard normal distribution.
Z90 = 1.2815515655446004
#: The standard time counts as much as this many gaps: a line with no call today starts from it.
PRIOR_GAPS = 3.0
#: A gap counts half as much as the one this many calls later.
HALF_LIFE_GAPS = 12.0
#: Gaps beyond this many typical gaps (a counter that stood still) count as that many.
LONGEST_IN_TYPICAL = 5.0
#: A counter that only helps out brings about half of its time to the line.
HELP_SHARE = 0.5
#: A further document of the same person takes about half as long as the first.
EXTRA_SHARE = 0.5


class Basis(StrEnum):
    """From what a wait was told; the ticket keeps it."""

    RECENT_PACE = "recent_pace"  # mostly today's gaps of this line
    STANDARD_TIME = "standard_time"  # mostly the standard time of the service
    NO_COUNTER = "no_counter"  # no open counter serves the line: no figure is told


@dataclass(frozen=True, slots=True)
class Coefficients:
    """What the issuing statement needs of a line, in minutes; None: no figure is told."""

    a: float | None
    b: float | None
    c: float | None
    basis: Basis


def coefficients(
    gaps: Sequence[float],
    *,
    standard_minutes: float,
    open_counters_first: int,
    open_counters_help: int = 0,
) -> Coefficients:
    """The coefficients of one line.

    `gaps`: minutes (>= 0) between successive calls of this line today while somebody waited in it, oldest first.
    `standard_minutes`: at the counter, > 0. Counters: open sessions that are not paused, by how they serve this line.
    Raises ValueError for a negative gap or a standard time that is not positive.
    """
    recent = np.asarray(gaps, dtype=np.float64)
    if not standard_minutes > 0 or not np.all(recent >= 0):
        raise ValueError("gaps are not negative and a standard time is positive")
    counters = open_counters_first + HELP_SHARE * open_counters_help
    if counters <= 0:
        return Coefficients(None, None, None, Basis.NO_COUNTER)

    usual = standard_minutes / counters
    weight, mean, variance = _weighed(recent, usual)
    total = PRIOR_GAPS + weight
    # Few gaps are pulled towards the standard time; an unknown line spreads like an exponential one (deviation = mean).
    m = (PRIOR_GAPS * usual + weight * mean) / total
    spread = (PRIOR_GAPS * usual**2 + weight * variance) / total
    s = math.sqrt(spread)
    e = s / math.sqrt(total)
    basis = Basis.RECENT_PACE if weight > PRIOR_GAPS else Basis.STANDARD_TIME
    return Coefficients(m, m + Z90 * e, Z90 * s, basis)


def people_to_wait_for(*, people_ahead: int, counter_idle: bool = False, extra_documents: int = 0) -> float:
    """k: how many gaps pass until this person's call. `extra_documents`: the sum of quantity - 1 over those ahead."""
    return people_ahead + (0 if counter_idle else 1) + EXTRA_SHARE * extra_documents


def estimate(line: Coefficients, k: float) -> tuple[float, float] | tuple[None, None]:
    """(p50, p90) in minutes for somebody who waits for `k` gaps; (None, None) when no counter is open."""
    if line.a is None or line.b is None or line.c is None:
        return None, None
    return line.a * k, line.b * k + line.c * math.sqrt(k)


def _weighed(recent: np.ndarray, usual: float) -> tuple[float, float, float]:
    """(effective number, mean, variance) of the gaps, newer ones counting more, overlong ones cut."""
    if recent.size == 0:
        return 0.0, 0.0, 0.0
    cut = np.minimum(recent, LONGEST_IN_TYPICAL * max(float(np.median(recent)), usual))
    weights = 0.5 ** (np.arange(recent.size)[::-1] / HALF_LIFE_GAPS)
    mean = float(np.average(cut, weights=weights))
    variance = float(np.average((cut - mean) ** 2, weights=weights))
    return float(weights.sum() ** 2 / (weights**2).sum()), mean, variance
