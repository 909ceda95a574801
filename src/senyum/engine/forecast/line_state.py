"""The wait of one place in line, from what the line knows of itself; with or without a learned model.

Cold start: k people are called one after another; each ends when a counter has spent its minutes. The counter-minutes
until my call are a sum of service times, taken as a gamma distribution with the sum's mean and variance (its quantile
by Wilson & Hilferty, PNAS 17(12), 1931), and they are worked off at the pace of the counters that the roster has open.
The mean itself is only known as well as it was observed; that error is common to all k, so it grows with k and not with
its root.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from senyum.engine.forecast.calibration import Calibration
from senyum.engine.forecast.model import Model
from senyum.engine.forecast.snapshots import Floats

#: Normal deviates of p10, p50, p90.
DEVIATES = (-1.2815515655446004, 0.0, 1.2815515655446004)
#: The standard time counts as much as so many observed services, and its error is this share of it.
STANDARD_COUNT = 5.0
STANDARD_ERROR = 0.35
#: A further document of the same person takes about half as long as the first.
EXTRA_SHARE = 0.5
#: However many join with a head start, so much of the counters' time is left to those who wait.
LEAST_SHARE = 0.2
#: Nobody looks further: the last counters of a day are taken to stay as long as this minute.
MINUTES = 36 * 60


@dataclass(frozen=True, slots=True)
class Wait:
    """Minutes, p10 <= p50 <= p90; infinite when the counters of the day end before."""

    p10: float
    p50: float
    p90: float

    @property
    def today(self) -> bool:
        """Whether a figure can be told at all."""
        return math.isfinite(self.p50)


#: A free counter calls after a moment, not after none.
IDLE = Wait(0.0, 0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Booked:
    """Somebody with a booking who is not here yet.

    `comes`: the minute of the day at which to expect them; `turn`: the moment that orders them (the booked time less
    their head start); whoever's turn is later lets them before. `services`: how many services they mean, the share who
    really come and their documents included; `variance` of that number.
    """

    comes: float
    turn: float = -math.inf
    services: float = 1.0
    variance: float = 0.0

    def before(self, turn: float) -> float:
        """The share of such people who go before somebody of that `turn`: who has the same, half of the time."""
        return 1.0 if self.turn < turn else 0.5 if self.turn == turn else 0.0


@dataclass(frozen=True, slots=True)
class LineState:
    """What a line knows at `minute` (of the day) about somebody in it, or about to join it.

    `people_ahead`: whoever will be called before, priority and bookings that are here included; `documents_ahead`: the
    sum of quantity - 1 over them; `ahead_variance`: of `people_ahead`, when it is itself foreseen. `standard_minutes`:
    of one person at the counter, > 0. `observed`: how many services were seen, `observed_mean` and `observed_cv`
    (deviation over mean) of their minutes. `roster`: (minute, counters) from when on so many counters serve, rising
    minutes; before its first row, and without a roster, `counters`. Lunch and pauses are rows. `bookings`: who has
    booked and is not here yet; of them count those whose turn is before `turn`, the moment that orders the person asked
    about (None: `minute`). `priority_a_minute`: people who join with a head start, of so many minutes
    (`head_start`): who joins later than that does not pass who waits now.
    `joins_a_minute`: all who join. `others`: people who wait in other lines for the same counters, counted in services
    of this line, while `among` wait in this one: in the order of time both are mixed. `features`: of `Inputs`, for the
    learned model, with the numbers of `line` and `office` in the calibration.
    """

    minute: float
    people_ahead: float
    standard_minutes: float
    counters: float
    roster: tuple[tuple[float, float], ...] = ()
    idle_counter: bool = False
    documents_ahead: float = 0.0
    ahead_variance: float = 0.0
    observed: float = 0.0
    observed_mean: float = 0.0
    observed_cv: float = 1.0
    bookings: tuple[Booked, ...] = ()
    turn: float | None = None
    priority_a_minute: float = 0.0
    head_start: float = math.inf
    joins_a_minute: float = 0.0
    others: float = 0.0
    among: float = 0.0
    features: Floats | None = None
    line: int = 0
    office: int = 0

    def before(self, people: Any) -> Any:
        """Services before somebody with so many `people` of this line ahead (a number or an array)."""
        return people + self.others * np.minimum(1.0, (people + 1) / (self.among + 1))

    def service(self) -> tuple[float, float, float]:
        """(mean, deviation over mean, error of the mean over mean) of one service, the standard time drawn in."""
        weight = STANDARD_COUNT + self.observed
        mean = (STANDARD_COUNT * self.standard_minutes + self.observed * self.observed_mean) / weight
        cv = math.sqrt((STANDARD_COUNT + self.observed * self.observed_cv**2) / weight)
        error = math.hypot(STANDARD_ERROR * STANDARD_COUNT, cv * math.sqrt(self.observed)) / weight
        return mean, cv, error

    def ahead(self) -> list[tuple[float, float, float]]:
        """(minute, services, variance) of the booked who go before, in the order in which they come."""
        turn = self.minute if self.turn is None else self.turn
        found = [(b.comes, b.services * share, b.variance * share) for b in self.bookings if (share := b.before(turn))]
        return sorted(found)

    def due(self) -> tuple[float, float]:
        """(services, variance) of the booked who go before and could be here by now."""
        come = [(services, variance) for comes, services, variance in self.ahead() if comes <= self.minute]
        return sum(s for s, _v in come), sum(v for _s, v in come)

    def at(self, minute: float, people_ahead: float | None = None, turn: float | None = None) -> LineState:
        """The line as it is likely to be at a later `minute`, for whoever comes then.

        `people_ahead`: those who will go before, if known; else those of now and who comes until then, less who is
        called: a line that is empty for a while serves nobody in advance. `turn`: the moment that orders the person (a
        booked time), else `minute`; who joins after it does not go before. Raises ValueError for an earlier minute.
        """
        if minute < self.minute:
            raise ValueError("a forecast looks ahead")
        mine = replace(self, turn=minute if turn is None else turn)
        until = min(minute, mine.turn if mine.turn is not None else minute)
        mean, cv, _ = self.service()
        share = (self.people_ahead + 1) / (float(self.before(self.people_ahead)) + 1) / mean
        due, variance = mine.due()
        coming = [row for row in mine.ahead() if self.minute < row[0] <= minute]
        cuts = {self.minute, minute, *(m for m, _c in self.roster), *(m for m, _s, _v in coming), until}
        left, come = self.people_ahead + due, 0.0
        for begin, end in pairwise(sorted(cut for cut in cuts if self.minute <= cut <= minute)):
            joins = self.joins_a_minute * (end - begin) if end <= until else 0.0
            come += joins
            left = max(0.0, left + joins - self._counters(begin) * share * (end - begin))
            left += sum(services for comes, services, _v in coming if comes == end)
        booked = due + sum(services for _m, services, _v in coming)
        gone = max(0.0, self.people_ahead + come + booked - left)
        variance += sum(v for _m, _s, v in coming)
        return replace(
            self,
            minute=minute,
            turn=turn,
            people_ahead=left if people_ahead is None else people_ahead,
            documents_ahead=self.documents_ahead * min(1.0, left / max(1.0, self.people_ahead)),
            # What comes is Poisson; what goes is a renewal process.
            ahead_variance=self.ahead_variance + come + variance + gone * cv**2 if people_ahead is None else 0.0,
            counters=self._counters(minute),
            idle_counter=left < 0.5 and self._counters(minute) > 0,
            bookings=tuple(b for b in self.bookings if b.comes > minute),
            others=self.others * min(1.0, left / max(1.0, self.people_ahead)),
            among=left,
            features=None,
        )

    def _counters(self, minute: float) -> float:
        found = self.counters
        for begin, counters in self.roster:
            if begin <= minute:
                found = counters
        return found

    def steps(self) -> list[tuple[float, float, float]]:
        """(from, to, counters) until the end of the day."""
        end, passed = float(max(MINUTES, self.minute)), self.minute + self.head_start
        cuts = [self.minute, *(m for m, _ in self.roster if m > self.minute), end]
        if self.priority_a_minute > 0 and self.minute < passed < end:
            cuts = sorted({*cuts, passed})
        return [(a, b, self._counters(a)) for a, b in pairwise(cuts)]

    def speed(self, begin: float, counters: float) -> float:
        """Counters that are left to those who wait now, from minute `begin` of the day on."""
        if begin >= self.minute + self.head_start:
            return counters
        return max(LEAST_SHARE * counters, counters - self.priority_a_minute * self.service()[0])

    def until(self, work: float) -> float:
        """Minutes until the counters have spent `work` counter-minutes on those ahead, and on the booked who come
        meanwhile; infinite if never today."""
        mean = self.service()[0]
        booked = [(comes, services) for comes, services, _v in self.ahead() if comes > self.minute]
        for begin, end, counters in self.steps():
            speed = self.speed(begin, counters)
            at = begin
            while at < end:
                stop = min([end, *(b for b, _s in booked if b > at)])
                work += mean * sum(services for b, services in booked if b <= at)
                booked = [(b, services) for b, services in booked if b > at]
                if speed > 0 and work <= speed * (stop - at):
                    return at + work / speed - self.minute
                work, at = work - speed * (stop - at), stop
        return math.inf


def cold(state: LineState) -> Wait:
    """From the standard time, what was observed of it, and the counters; no history needed.

    Raises ValueError for a standard time that is not positive or people below nought.
    """
    if not state.standard_minutes > 0 or state.people_ahead < 0 or state.counters < 0:
        raise ValueError("a standard time is positive, people and counters are not negative")
    if state.idle_counter and state.people_ahead < 1:
        return IDLE
    mean, cv, error = state.service()
    due, due_variance = state.due()
    before = float(state.before(state.people_ahead + due)) + EXTRA_SHARE * state.documents_ahead
    # One more service has to end for me, of which part is over (the mean residual of a renewal process).
    residual = (1 + cv**2) / 2
    work = mean * (before + residual)
    variance = mean**2 * (cv**2 * before + residual**2 + state.ahead_variance + due_variance) + (error * work) ** 2
    return Wait(*(state.until(float(gamma_quantiles(work, variance, z))) for z in DEVIATES))


def gamma_quantiles(mean: Any, variance: Any, deviate: float) -> Any:
    """The quantile of gamma distributions, by the normal `deviate`; numbers or arrays."""
    ninth = variance / (9 * mean**2)
    return mean * np.maximum(0.0, 1 - ninth + deviate * np.sqrt(ninth)) ** 3


def forecast(state: LineState, model: Model | None = None, calibration: Calibration | None = None) -> Wait:
    """The wait from now until the call: learned when there is a model and `state.features`, else from the cold start;
    then stretched by the calibration of the line. A moment where a counter stands idle for this person."""
    start = cold(state)
    if not start.today:
        return start
    quantiles = np.array([start.p10, start.p50, start.p90])
    if model is not None and state.features is not None and start is not IDLE:
        quantiles = model.quantiles(state.features[None, :])[0]
    if calibration is not None:
        quantiles = calibration.correct(quantiles, state.line, state.office)
    return Wait(*(float(q) for q in quantiles))
