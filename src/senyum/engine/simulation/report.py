"""What a simulation says: a figure with its interval for every service, agency, class and half hour.

Batches of days are independent replications. A mean over people is a ratio of two sums, with the variance of a ratio
estimator over the batches and a Student t quantile (Law 2015, chapter 9). A quantile's interval is where the interval
of the share below it ends (Woodruff 1952). `half_width` is that of the 95 % interval, and nan when there is one batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from senyum.engine.scenario import Floats, Scenario
from senyum.engine.simulation import tally as sums
from senyum.engine.simulation.student import t_quantile
from senyum.engine.simulation.tally import BIN, BINS, Tally

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean or quantile; the 95 % interval is mean - half_width to mean + half_width. `n`: independent batches."""

    mean: float
    half_width: float
    n: int


@dataclass(frozen=True, slots=True)
class Group:
    """A service, agency, class, half hour or everyone. Counts are per day, waits in minutes, shares from 0 to 1.

    `wait`, `p50`, `p90`: of those who were called. `kept`: of first legs whose promise was met or had passed.
    `queue`: how many wait on average over the day (or the half hour). `utilisation`: busy / staffed minutes of
    counters, None where no counters belong to the group. `overtime`: minutes per day after closing.
    """

    code: str
    people: Figure
    forwarded: Figure
    served: Figure
    left: Figure
    lapsed: Figure
    wait: Figure
    p50: Figure
    p90: Figure
    kept: Figure
    queue: Figure | None
    utilisation: Figure | None
    overtime: Figure | None


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """All groups. `agency_periods`: (agencies, half hours) -> share kept, for charts and staffing; nan: nobody came.

    `legs`: how many legs were simulated in all days.
    """

    name: str
    days: int
    batches: int
    legs: int
    total: Group
    services: tuple[Group, ...]
    agencies: tuple[Group, ...]
    classes: tuple[Group, ...]
    half_hours: tuple[Group, ...]
    agency_kept: Floats
    agency_queue: Floats


def ratio(above: Floats, below: Floats) -> Figure:
    """Sum of `above` / sum of `below`, one value a batch each."""
    n, total = len(above), float(below.sum())
    if total <= 0:
        return Figure(math.nan, math.nan, n)
    value = float(above.sum()) / total
    if n < 2:
        return Figure(value, math.nan, n)
    spread = math.sqrt(float(((above - value * below) ** 2).sum()) / (n * (n - 1))) / (total / n)
    return Figure(value, t_quantile(0.5 + LEVEL / 2, n - 1) * spread, n)


def quantile(bins: Floats, share: float) -> Figure:
    """The quantile of waits counted in (batches, BINS), half a minute fine."""
    pooled = bins.sum(axis=0)
    if pooled.sum() == 0:
        return Figure(math.nan, math.nan, len(bins))
    value = _invert(pooled, share)
    upto = _place(value)
    below = ratio(bins[:, : upto + 1].sum(axis=1), bins.sum(axis=1))
    if math.isnan(below.half_width):
        return Figure(value, math.nan, len(bins))
    ends = [_invert(pooled, min(max(share + sign * below.half_width, 0.0), 1.0)) for sign in (-1, 1)]
    return Figure(value, (ends[1] - ends[0]) / 2, len(bins))


def _place(wait: float) -> int:
    return 0 if wait <= 0 else min(1 + int(wait / BIN), BINS - 1)


def _invert(pooled: Floats, share: float) -> float:
    """The wait below which `share` of the counted waits lie, evenly within a bin."""
    running = np.cumsum(pooled)
    wanted = share * running[-1]
    place = min(int(np.searchsorted(running, wanted, side="left")), BINS - 1)
    if place == 0:
        return 0.0
    before, inside = running[place - 1], pooled[place]
    return float(BIN * (place - 1 + (wanted - before) / inside) if inside > 0 else BIN * place)


def report_of(scenario: Scenario, tally: Tally, days: int) -> Report:
    """The figures of a tally."""
    services, agencies = len(scenario.services), len(scenario.agencies)
    classes, batches = len(scenario.classes), len(tally.overtime)
    each = np.array([(b + 1) * days // batches - b * days // batches for b in range(batches)], dtype=np.float64)
    members = np.zeros((agencies, services))
    for place, service in enumerate(scenario.services):
        members[service.agency, place] = 1.0
    whole = scenario.periods * scenario.period
    make = _maker(each, whole)
    by_service = tally.sums.sum(axis=2)
    by_agency = np.einsum("as,bsk->bak", members, by_service)
    agency_bins = np.einsum("as,bsi->bai", members, tally.bins[:, :services].astype(np.float64))
    by_period = tally.sums.sum(axis=1)
    cells = np.einsum("as,bspk->apk", members, tally.sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = cells[..., sums.KEPT] / cells[..., sums.PROMISED]
    minutes = tally.minutes.sum(axis=2)
    everything = tally.minutes.sum(axis=1)
    return Report(
        name=scenario.name,
        days=days,
        batches=batches,
        legs=int(tally.sums[..., [sums.PEOPLE, sums.FORWARDED]].sum()),
        total=make(
            "all",
            by_service.sum(axis=1),
            tally.bins[:, :services].sum(axis=1),
            whole,
            minutes.sum(axis=1),
            tally.overtime.sum(axis=1),
        ),
        services=tuple(
            make(s.code, by_service[:, i], tally.bins[:, i], whole) for i, s in enumerate(scenario.services)
        ),
        agencies=tuple(
            make(a.code, by_agency[:, i], agency_bins[:, i], whole, minutes[:, i], tally.overtime[:, i])
            for i, a in enumerate(scenario.agencies)
        ),
        classes=tuple(
            make(c.code, tally.classes[:, i], tally.bins[:, services + i], 0.0) for i, c in enumerate(scenario.classes)
        ),
        half_hours=tuple(
            make(
                _clock(scenario, p),
                by_period[:, p],
                tally.bins[:, services + classes + p],
                scenario.period,
                everything[:, p],
            )
            for p in range(scenario.periods)
        ),
        agency_kept=kept,
        agency_queue=cells[..., sums.WAITING_SUM] / (days * scenario.period),
    )


def _clock(scenario: Scenario, period: int) -> str:
    minute = int(scenario.opens + period * scenario.period)
    return f"{minute // 60:02d}.{minute % 60:02d}"


def _maker(each: Floats, whole: float) -> Callable[..., Group]:
    def make(
        code: str, k: Floats, bins: Any, length: float, minutes: Floats | None = None, overtime: Floats | None = None
    ) -> Group:
        return Group(
            code=code,
            people=ratio(k[:, sums.PEOPLE], each),
            forwarded=ratio(k[:, sums.FORWARDED], each),
            served=ratio(k[:, sums.SERVED_SUM], each),
            left=ratio(k[:, sums.LEFT_SUM], each),
            lapsed=ratio(k[:, sums.LAPSED_SUM], each),
            wait=ratio(k[:, sums.WAIT], k[:, sums.CALLED]),
            p50=quantile(bins, 0.5),
            p90=quantile(bins, 0.9),
            kept=ratio(k[:, sums.KEPT], k[:, sums.PROMISED]),
            queue=ratio(k[:, sums.WAITING_SUM], each * length) if length else None,
            utilisation=None if minutes is None else ratio(minutes[:, 1], minutes[:, 0]),
            overtime=None if overtime is None else ratio(overtime, each),
        )

    return make
