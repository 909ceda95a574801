"""Quantiles of Student's t, without a statistics library."""

from __future__ import annotations

import math
from functools import lru_cache


@lru_cache(maxsize=256)
def t_quantile(p: float, freedom: int) -> float:
    """The p-quantile (0.5 <= p < 1) with so many degrees of freedom, by bisection of the distribution."""
    low, high = 0.0, 1.0
    while _distribution(high, freedom) < p:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _distribution(middle, freedom) < p else (low, middle)
    return (low + high) / 2


def _distribution(t: float, freedom: int) -> float:
    """The finite series for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4), t >= 0."""
    angle = math.atan2(t, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    if freedom % 2:
        total, term = 0.0, cosine
        for k in range(1, freedom, 2):
            total += term
            term *= cosine * cosine * (k + 1) / (k + 2)
        return 0.5 + (angle + sine * total) / math.pi
    total, term = 0.0, 1.0
    for k in range(0, freedom, 2):
        total += term
        term *= cosine * cosine * (k + 1) / (k + 2)
    return 0.5 + sine * total / 2
