"""The simulation against closed forms: 20 settings, fixed seeds, the mean wait within its 99 % interval in at least 19.

Each setting is played REPLICATIONS times from an empty hall. People who come in the first fifth are left out (warm-up);
arrivals then stop and everyone inside is served, so no wait is cut off. Replications are independent: Student t.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from senyum.engine.scenario import (
    Abandonment,
    PriorityClass,
    ServiceTimes,
    empirical,
    exponential,
    fixed,
    lognormal,
    mixture,
)
from senyum.engine.simulation import theory
from senyum.engine.simulation.day import DayOfLegs, one_day
from senyum.engine.simulation.student import t_quantile
from senyum.engine.tests.halls_simulated import REGULAR, queue

REPLICATIONS = 24
PEOPLE = 50_000
#: A head start longer than any run: the class is always before the others.
ALWAYS = 1e9


@dataclass(frozen=True)
class Setting:
    """What is played; `cls`: whose wait is compared, in minutes as the times are."""

    name: str
    expected: float
    times: ServiceTimes
    counters: int
    load: float
    cls: int | None = None
    shares: tuple[float, ...] = (1.0,)
    patience: float = math.inf


def mmc(counters: int, load: float) -> Setting:
    return Setting(f"M/M/{counters} {load}", theory.mmc_wait(counters, load), exponential(1), counters, load)


def mg1(name: str, times: ServiceTimes, load: float) -> Setting:
    squared_spread = times.second_moment / times.mean**2 - 1
    return Setting(f"M/{name}/1 {load}", theory.mg1_wait(load, squared_spread) * times.mean, times, 1, load)


def mmcm(counters: int, load: float, patience: float) -> Setting:
    wait = theory.mmcm_wait(counters, load, patience)
    return Setting(f"M/M/{counters}+M {load}", wait, exponential(1), counters, load, patience=patience)


def priority(counters: int, load: float, shares: tuple[float, ...], cls: int, times: ServiceTimes) -> Setting:
    squared_spread = times.second_moment / times.mean**2 - 1
    wait = theory.priority_waits(counters, load, shares, squared_spread)[cls] * times.mean
    return Setting(f"priority {counters} {load} class {cls}", wait, times, counters, load, cls, shares)


SETTINGS = [
    mmc(1, 0.5),
    mmc(1, 0.8),
    mmc(2, 0.85),
    mmc(4, 0.7),
    mmc(8, 0.9),
    mmc(20, 0.9),
    mg1("D", fixed(1), 0.8),
    mg1("lognormal 0.5", lognormal(2, 0.5), 0.7),
    mg1("lognormal 1.5", lognormal(1, 1.5), 0.6),
    mg1("mixture", mixture([(3, 1, 0.4), (1, 4, 0.5)]), 0.7),
    mg1("empirical", empirical([1, 1, 2, 3, 8]), 0.75),
    mmcm(5, 1.2, 2.0),
    mmcm(10, 0.9, 1.0),
    mmcm(3, 2.0, 0.5),
    mmcm(20, 1.0, 4.0),
    priority(1, 0.8, (0.3, 0.7), 0, exponential(1)),
    priority(1, 0.8, (0.3, 0.7), 1, exponential(1)),
    priority(4, 0.85, (0.2, 0.3, 0.5), 1, exponential(1)),
    priority(4, 0.85, (0.2, 0.3, 0.5), 2, exponential(1)),
    priority(1, 0.7, (0.5, 0.5), 1, lognormal(1, 1.2)),
]


def waits_of(setting: Setting, replication: int) -> np.ndarray:
    minutes = PEOPLE * setting.times.mean / (setting.load * setting.counters)
    classes = REGULAR
    if len(setting.shares) > 1:
        order = range(len(setting.shares))
        classes = tuple(PriorityClass(f"c{k}", (len(order) - k) * ALWAYS, 30, setting.shares[k]) for k in order)
    scenario = queue(
        setting.times,
        counters=setting.counters,
        load=setting.load,
        minutes=minutes,
        classes=classes,
        abandonment=Abandonment(patience=setting.patience, patience_after=setting.patience),
    )
    # A seed a setting: common random numbers would let all settings err to the same side.
    seed = SETTINGS.index(setting) if setting in SETTINGS else len(SETTINGS)
    day: DayOfLegs = one_day(scenario, seed=2026 + seed, day=replication)
    chosen = day.queued > minutes / 5
    if setting.cls is not None:
        chosen &= day.cls == setting.cls
    ended = np.minimum(day.called, day.ended)
    waited: np.ndarray = (ended - day.queued)[chosen]
    return waited


def interval(setting: Setting) -> tuple[float, float]:
    """Mean wait and the half-width of its 99 % interval."""
    waits = [waits_of(setting, k) for k in range(REPLICATIONS)]
    sums, counts = np.array([w.sum() for w in waits]), np.array([len(w) for w in waits])
    mean = sums.sum() / counts.sum()
    spread = math.sqrt(((sums - mean * counts) ** 2).sum() / (REPLICATIONS * (REPLICATIONS - 1))) / counts.mean()
    return mean, t_quantile(0.995, REPLICATIONS - 1) * spread


def test_mean_waits_lie_within_their_interval_of_the_closed_form_in_19_of_20_settings() -> None:
    outside, lines = 0, []
    for setting in SETTINGS:
        mean, half = interval(setting)
        inside = abs(mean - setting.expected) <= half
        outside += not inside
        lines.append(f"{setting.name}: {mean:.4f} +- {half:.4f}, theory {setting.expected:.4f}{'' if inside else ' !'}")
        assert half < 0.12 * setting.expected, f"the interval says little: {lines[-1]}"
    print("\n".join(lines))
    assert len(SETTINGS) == 20 and outside <= 1, "\n".join(lines)


def test_the_comparison_would_see_a_queue_that_is_two_percent_busier() -> None:
    setting = mmc(8, 0.9)
    mean, half = interval(setting)
    assert abs(mean - theory.mmc_wait(8, 0.92)) > half


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (lambda: theory.erlang_c(1, 0.8), 0.8),
        (lambda: theory.erlang_c(2, 0.5), 1 / 3),
        (lambda: theory.mmc_wait(1, 0.8), 4.0),
        (lambda: theory.mg1_wait(0.8, 1.0), 4.0),
        (lambda: theory.mg1_wait(0.8, 0.0), 2.0),
        (lambda: theory.mmcm_wait(8, 0.9, 1e7), theory.mmc_wait(8, 0.9)),
        (lambda: theory.priority_waits(1, 0.8, [1.0])[0], 4.0),
        (lambda: theory.priority_waits(1, 0.8, [0.25, 0.75])[0], 1.0),
    ],
)
def test_closed_forms_by_known_values(form: Callable[[], float], value: float) -> None:
    assert form() == pytest.approx(value, rel=1e-4)


def test_priorities_keep_the_mean_wait_of_everyone() -> None:
    shares = (0.2, 0.3, 0.5)
    waits = theory.priority_waits(4, 0.85, shares)
    assert sum(s * w for s, w in zip(shares, waits, strict=True)) == pytest.approx(theory.mmc_wait(4, 0.85))
    with pytest.raises(ValueError, match="sum to 1"):
        theory.priority_waits(4, 0.85, (0.2, 0.3))
