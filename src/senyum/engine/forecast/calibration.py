"""A promise of nine in ten that stays one: quantiles are stretched until they hold, line by line, through the day.

Start: split conformal, from forecasts for days that the model had not seen (Romano, Patterson & Candès, "Conformalized
quantile regression", NeurIPS 2019), drawn from each office towards all. Then adaptive: each outcome moves the stretch
of its line, its office and of all by a step times (missed - expected misses) (Gibbs & Candès, "Adaptive conformal
inference under distribution shift", NeurIPS 2021), so that coverage comes right in the long run whatever the lines do.

An outcome counts when it is known. That somebody was called within the quantile is known at the call; that somebody
was not, as soon as they still wait beyond it. Counting ended waits only would see the short ones first and promise too
little all morning. Who was never called (the day ended first) neither kept nor broke the promise: their miss is taken
back at night.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from senyum.engine.forecast.snapshots import Floats, Ints

#: Waits are stretched as logarithms of wait + SHIFT minutes.
SHIFT = 2.0
#: Steps of all, an office, a line for p10, p50, p90 (chosen on days before the tested ones: docs/forecast.md). The step
#: of all is taken at night, or the rhythm of a day (many misses at ten o'clock) would swing everybody.
STEPS = ((0.0001, 0.0001, 0.0001), (0.002, 0.0002, 0.02), (0.012, 0.01, 0.012))
#: An office with so many outcomes a day takes the step as it is; one with fewer a longer one, in these bounds.
USUAL_OUTCOMES = 400.0
PACES = (0.3, 4.0)
#: Bound of a stretch: a factor of 20.
BOUND = 3.0
#: An office with so many outcomes speaks half for itself at the start.
START_WEIGHT = 1000.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """`level`: (quantiles,), (0.1, 0.5, 0.9). Stretches: `hall` (quantiles,), `office` and `line` (n, quantiles)."""

    level: Floats
    hall: Floats
    office: Floats
    line: Floats
    #: (3, quantiles): of all, an office, a line.
    steps: Floats
    #: (offices,) factor of an office's step: the fewer outcomes a day, the longer the step.
    pace: Floats

    @classmethod
    def none(cls, level: tuple[float, float, float], offices: int, lines: int) -> Calibration:
        """Nothing stretched yet."""
        q = len(level)
        return cls(
            np.array(level),
            np.zeros(q),
            np.zeros((offices, q)),
            np.zeros((lines, q)),
            np.array(STEPS),
            np.ones(offices),
        )

    def padded(self, offices: int, lines: int) -> Calibration:
        """A copy with room for new offices and lines, which start from what holds for all."""
        more = max(0, offices - len(self.office)), max(0, lines - len(self.line))
        return Calibration(
            self.level,
            self.hall.copy(),
            np.pad(self.office, ((0, more[0]), (0, 0))),
            np.pad(self.line, ((0, more[1]), (0, 0))),
            self.steps,
            np.pad(self.pace, (0, more[0]), constant_values=1.0),
        )

    def stretch(self, line: int, office: int) -> Floats:
        """(quantiles,): the logarithms by which wait + SHIFT is stretched."""
        return np.asarray(np.clip(self.hall + self.office[office] + self.line[line], -BOUND, BOUND))

    def correct(self, quantiles: Floats, line: int, office: int) -> Floats:
        """The promised (quantiles,) for the learned ones, in minutes, rising."""
        return np.asarray(correct(quantiles, self.hall, self.office[office], self.line[line]))

    def observe(self, quantile: int, missed: float, line: int, office: int, times: float = 1.0) -> None:
        """One outcome: `missed` 1 when the wait went beyond quantile number `quantile`, 0 when not, between on a grid.

        `times` -1 takes back an outcome (the person was never called).
        """
        step(
            quantile,
            missed,
            times,
            self.level,
            self.steps,
            self.pace[office],
            self.hall,
            self.office[office],
            self.line[line],
        )

    def to_bytes(self) -> bytes:
        """An `.npz` of plain arrays."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            level=self.level,
            hall=self.hall,
            office=self.office,
            line=self.line,
            steps=self.steps,
            pace=self.pace,
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Calibration:
        """Raises ValueError or KeyError when the bytes are no calibration."""
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            return cls(
                stored["level"], stored["hall"], stored["office"], stored["line"], stored["steps"], stored["pace"]
            )


def start(
    quantiles: Floats,
    waits: Floats,
    office: Ints,
    level: tuple[float, float, float],
    *,
    lines: int,
    outcomes_a_day: Floats,
) -> Calibration:
    """From forecasts (rows, quantiles) of days the model had not seen, what the waits were and where (rows,).

    `outcomes_a_day`: (offices,), 0 for an office without a past.
    """
    calibration = Calibration.none(level, len(outcomes_a_day), lines)
    known = outcomes_a_day > 0
    calibration.pace[known] = np.clip(USUAL_OUTCOMES / outcomes_a_day[known], *PACES)
    beyond = np.log(waits + SHIFT)[:, None] - np.log(quantiles + SHIFT)
    for q, share in enumerate(level):
        calibration.hall[q] = _upper_quantile(beyond[:, q], share)
        for number in np.unique(office):
            own = beyond[office == number, q]
            shift = _upper_quantile(own, share) - calibration.hall[q]
            calibration.office[number, q] = shift * len(own) / (len(own) + START_WEIGHT)
    return calibration


def _upper_quantile(values: Floats, share: float) -> float:
    """The conformal quantile: of n + 1 values, the last one unknown."""
    rank = int(np.ceil(share * (len(values) + 1))) - 1
    return float(np.sort(values)[min(max(rank, 0), len(values) - 1)])


@njit(cache=True)
def correct(quantiles: Any, hall: Any, office: Any, line: Any) -> Any:
    """Stretch and order."""
    out = np.empty(len(quantiles))
    for q in range(len(quantiles)):
        stretch = min(BOUND, max(-BOUND, hall[q] + office[q] + line[q]))
        out[q] = max(0.0, (quantiles[q] + SHIFT) * np.exp(stretch) - SHIFT)
    # The median is kept; the others give way to it.
    for q in range(len(out) // 2, len(out) - 1):
        out[q + 1] = max(out[q], out[q + 1])
    for q in range(len(out) // 2, 0, -1):
        out[q - 1] = min(out[q], out[q - 1])
    return out


@njit(cache=True)
def step(
    q: int, missed: float, times: float, level: Any, steps: Any, pace: float, hall: Any, office: Any, line: Any
) -> None:
    """Move the stretches by one outcome."""
    error = times * (missed - (1 - level[q]))
    hall[q] += steps[0, q] * error
    office[q] += steps[1, q] * pace * error
    line[q] += steps[2, q] * error
