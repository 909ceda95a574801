"""A mall's day as a scenario: who comes when, what they want, who sits where, by which rules. Pure values.

A time of day is a number of minutes after midnight on the mall's clock; a length is a number of minutes; weekday 0 is
Monday. Agencies, services, counters, officers and classes name one another by their place in the scenario's tuples.
`docs/simulation.md` says what each part means and how it is written in a file (`planning/scenario_file.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from senyum.engine.discipline import FIRST, HELP

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HALF_HOUR = 30.0


class Shape(StrEnum):
    """The family of a distribution of minutes at the counter."""

    EMPIRICAL = "empirical"  # recorded minutes, each as likely
    LOGNORMAL = "lognormal"
    MIXTURE = "mixture"  # of lognormals
    EXPONENTIAL = "exponential"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True, eq=False)
class ServiceTimes:
    """How long one document takes at the counter, in minutes.

    `weights`, `means`, `spreads` (standard deviation / mean): one value for each part of a mixture, one in all for the
    other shapes. `values`: the recorded minutes of an empirical distribution, ascending; else empty.
    """

    shape: Shape
    weights: tuple[float, ...] = (1.0,)
    means: tuple[float, ...] = ()
    spreads: tuple[float, ...] = ()
    values: Floats = field(default_factory=lambda: np.empty(0))

    @property
    def mean(self) -> float:
        """Minutes."""
        if self.shape is Shape.EMPIRICAL:
            return float(self.values.mean())
        return math.fsum(w * m for w, m in zip(self.weights, self.means, strict=True))

    @property
    def second_moment(self) -> float:
        """The mean of the square, in square minutes."""
        if self.shape is Shape.EMPIRICAL:
            return float((self.values**2).mean())
        parts = zip(self.weights, self.means, self.spreads, strict=True)
        return math.fsum(w * m * m * (1 + s * s) for w, m, s in parts)


def lognormal(mean: float, spread: float = 0.6) -> ServiceTimes:
    """Minutes with this mean and standard deviation / mean."""
    return ServiceTimes(Shape.LOGNORMAL, means=(mean,), spreads=(spread,))


def mixture(parts: Iterable[tuple[float, float, float]]) -> ServiceTimes:
    """Of lognormals, each (weight, mean, spread); the weights are normalised."""
    weights, means, spreads = zip(*parts, strict=True)
    total = math.fsum(weights)
    return ServiceTimes(Shape.MIXTURE, tuple(w / total for w in weights), means, spreads)


def exponential(mean: float) -> ServiceTimes:
    """Memoryless, as queueing theory likes it."""
    return ServiceTimes(Shape.EXPONENTIAL, means=(mean,), spreads=(1.0,))


def fixed(minutes: float) -> ServiceTimes:
    """Always the same."""
    return ServiceTimes(Shape.FIXED, means=(minutes,), spreads=(0.0,))


def empirical(values: Iterable[float]) -> ServiceTimes:
    """Recorded minutes, each as likely."""
    return ServiceTimes(Shape.EMPIRICAL, values=np.sort(np.asarray(list(values), dtype=np.float64)))


@dataclass(frozen=True, slots=True)
class Agency:
    """A tenant. `opens` <= `last_ticket` <= `closes`; `days`: the weekdays on which it is there."""

    code: str
    name: str
    opens: float
    last_ticket: float
    closes: float
    days: tuple[int, ...] = (0, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """A service of an agency, which is one line of the mall.

    `people` and `booked`: expected walk-ins and sold booking places in each half hour of a normal day; `weekday`:
    factor on both for each of the seven days. `quantities`: (documents, share); each further document takes `further`
    of the first's time.
    `parks`: share of people set aside once, for `parked_minutes` (mean) with `parks_at` of the service done.
    """

    code: str
    name: str
    agency: int
    times: ServiceTimes
    people: Floats
    booked: Floats
    weekday: tuple[float, ...] = (1.0,) * 7
    no_show: float = 0.0
    quantities: tuple[tuple[int, float], ...] = ((1, 1.0),)
    further: float = 0.5
    parks: float = 0.0
    parked_minutes: float = 15.0
    parks_at: float = 0.4

    @property
    def minutes(self) -> float:
        """Mean minutes at the counter for a person, quantity included."""
        return self.times.mean * math.fsum(share * self._factor(n) for n, share in self.quantities)

    def _factor(self, documents: int) -> float:
        return 1 + self.further * (documents - 1)


@dataclass(frozen=True, slots=True)
class PriorityClass:
    """A class with its two minutes and its share of the people (shares sum to 1)."""

    code: str
    head_start: float
    promise: float
    share: float


@dataclass(frozen=True, slots=True)
class Counter:
    """A place where an officer serves: the services it serves first and those it helps out with."""

    number: int
    agency: int
    first: tuple[int, ...]
    helps: tuple[int, ...] = ()

    def tier(self, service: int) -> int:
        """`FIRST`, `HELP` or 0."""
        return FIRST if service in self.first else HELP if service in self.helps else 0


@dataclass(frozen=True, slots=True)
class Officer:
    """`skills`: the services they can do. `absent`: the probability that they do not come that day.

    `cost`: of one hour, in the currency of the scenario.
    """

    code: str
    agency: int
    skills: frozenset[int]
    absent: float = 0.0
    cost: float = 1.0


@dataclass(frozen=True, slots=True)
class Shift:
    """A row of the roster: who sits where, from when to when, and when they eat (`lunch` None: they do not)."""

    officer: int
    counter: int
    start: float
    end: float
    lunch: float | None = None
    lunch_minutes: float = 0.0

    @property
    def hours(self) -> float:
        """Hours that are paid: lunch is not."""
        return (self.end - self.start - (self.lunch_minutes if self.lunch is not None else 0.0)) / 60

    def presences(self) -> list[tuple[float, float]]:
        """From when to when somebody sits there: one stretch, or two around lunch."""
        if self.lunch is None:
            return [(self.start, self.end)]
        parts = [(self.start, self.lunch), (self.lunch + self.lunch_minutes, self.end)]
        return [(a, b) for a, b in parts if b > a]


@dataclass(frozen=True, slots=True)
class ShiftRules:
    """What a shift may look like. A shift of `lunch_from_length` or longer has its lunch within the window.

    `lengths`: from start to end, lunch included. Starts are multiples of `step` after `earliest`.
    """

    lengths: tuple[float, ...] = (240.0, 420.0)
    earliest: float = 480.0
    latest: float = 900.0
    step: float = 30.0
    lunch_earliest: float = 690.0
    lunch_latest: float = 810.0
    lunch_minutes: float = 30.0
    lunch_from_length: float = 300.0


@dataclass(frozen=True, slots=True)
class Forward:
    """After a service the person goes on to another with this probability; of one service they sum to at most 1."""

    source: int
    target: int
    share: float


@dataclass(frozen=True, slots=True)
class Abandonment:
    """How people take the wait that is shown to them (minutes; `math.inf`: never).

    On arrival somebody turns away when the shown wait is longer than they accept, exponential with mean `accepts`.
    Whoever stays leaves at a rate of one in `patience` minutes until the shown wait has passed, and of one in
    `patience_after` minutes from then on. A counter that calls somebody who has left loses `missed_call` minutes.
    """

    accepts: float = math.inf
    patience: float = math.inf
    patience_after: float = math.inf
    missed_call: float = 0.0


@dataclass(frozen=True, slots=True)
class Punctuality:
    """People with a booking come between `early` before and `late` after their time, evenly.

    Whoever comes no later than `grace` after it has the booked time as anchor, others their arrival.
    """

    early: float = 15.0
    late: float = 5.0
    grace: float = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """A whole day. Half hours are counted from `opens`; `people` and `booked` of each service have that many values.

    `walk`: minutes from a called number to the counter, in which the counter waits. `transfer`: minutes from one agency
    to the next after a forward. `day_spread`: standard deviation / mean of a factor that all walk-ins of a day share.
    `promise_share`: of people to be called within their promise.
    """

    name: str
    weekday: int
    opens: float
    closes: float
    agencies: tuple[Agency, ...]
    services: tuple[Service, ...]
    classes: tuple[PriorityClass, ...]
    counters: tuple[Counter, ...]
    officers: tuple[Officer, ...]
    shifts: tuple[Shift, ...]
    rules: ShiftRules = ShiftRules()
    forwards: tuple[Forward, ...] = ()
    abandonment: Abandonment = Abandonment()
    punctuality: Punctuality = Punctuality()
    walk: float = 0.0
    transfer: float = 0.0
    day_spread: float = 0.0
    promise_share: float = 0.9
    currency: str = "IDR"
    note: str = ""
    period: float = HALF_HOUR

    @property
    def periods(self) -> int:
        """How many half hours the day has."""
        return math.ceil((self.closes - self.opens) / self.period)

    def people(self) -> Floats:
        """Expected walk-ins of this weekday: (services, half hours). An agency that is not there has none."""
        return np.array([self._factor(s) * s.people for s in self.services])

    def booked(self) -> Floats:
        """Booking places sold on this weekday: (services, half hours)."""
        return np.array([self._factor(s) * s.booked for s in self.services])

    def tiers(self) -> Ints:
        """(counters, services) of `FIRST`, `HELP` or 0."""
        return np.array([[c.tier(s) for s in range(len(self.services))] for c in self.counters], dtype=np.int64)

    def officer_hours(self, shifts: Sequence[Shift] | None = None) -> float:
        """Hours paid by a roster (this scenario's, unless another is given)."""
        return math.fsum(shift.hours for shift in (self.shifts if shifts is None else shifts))

    def cost(self, shifts: Sequence[Shift] | None = None) -> float:
        """What a roster costs in a day, in `currency`."""
        chosen = self.shifts if shifts is None else shifts
        return math.fsum(shift.hours * self.officers[shift.officer].cost for shift in chosen)

    def _factor(self, service: Service) -> float:
        return service.weekday[self.weekday] if self.weekday in self.agencies[service.agency].days else 0.0


def busier(scenario: Scenario, factor: float) -> Scenario:
    """The same day with `factor` times as many walk-ins."""
    services = tuple(replace(service, people=service.people * factor) for service in scenario.services)
    return replace(scenario, services=services)


def without_officers(scenario: Scenario, officers: Iterable[int]) -> Scenario:
    """The same day when these officers do not come."""
    away = set(officers)
    return replace(scenario, shifts=tuple(shift for shift in scenario.shifts if shift.officer not in away))


def on_weekday(scenario: Scenario, weekday: int) -> Scenario:
    """The same mall on another day of the week."""
    return replace(scenario, weekday=weekday)


def faults(scenario: Scenario) -> list[str]:
    """What is not as it should be, a sentence each; empty when the day can be simulated."""
    return [*_service_faults(scenario), *_share_faults(scenario), *_shift_faults(scenario)]


def _service_faults(scenario: Scenario) -> list[str]:
    found = []
    served = {service for counter in scenario.counters for service in (*counter.first, *counter.helps)}
    coming = scenario.people().sum(axis=1) + scenario.booked().sum(axis=1)
    reached = {f.target for f in scenario.forwards}
    for place, service in enumerate(scenario.services):
        if place not in served and (coming[place] > 0 or place in reached):
            found.append(f"service {service.code}: people come, but no counter serves it")
        for name, values in (("people", service.people), ("booked", service.booked)):
            if len(values) != scenario.periods:
                found.append(f"service {service.code}: {name} needs {scenario.periods} half hours, has {len(values)}")
        if service.times.mean <= 0:
            found.append(f"service {service.code}: the minutes must be above 0")
    found += [
        f"agency {agency.code}: opens, last ticket and closes must follow one another within the mall's hours"
        for agency in scenario.agencies
        if not scenario.opens <= agency.opens <= agency.last_ticket <= agency.closes <= scenario.closes
    ]
    return found


def _share_faults(scenario: Scenario) -> list[str]:
    found = []
    if not math.isclose(math.fsum(c.share for c in scenario.classes), 1.0, abs_tol=1e-6):
        found.append("the shares of the priority classes must sum to 1")
    onward = np.zeros(len(scenario.services))
    for forward in scenario.forwards:
        onward[forward.source] += forward.share
    found += [
        f"service {scenario.services[s].code}: the shares of its forwards sum to more than 1"
        for s in np.flatnonzero(onward > 1 + 1e-9)
    ]
    return found


def _shift_faults(scenario: Scenario) -> list[str]:
    found = []
    by_officer: dict[int, list[tuple[float, float]]] = {}
    by_counter: dict[int, list[tuple[float, float]]] = {}
    for shift in scenario.shifts:
        officer, counter = scenario.officers[shift.officer], scenario.counters[shift.counter]
        name = f"shift of {officer.code} at counter {counter.number}"
        if not shift.start < shift.end:
            found.append(f"{name}: it must end after it starts")
        if officer.agency != counter.agency:
            found.append(f"{name}: officer and counter belong to different agencies")
        elif not officer.skills & {*counter.first, *counter.helps}:
            found.append(f"{name}: the officer can do nothing that this counter serves")
        by_officer.setdefault(shift.officer, []).append((shift.start, shift.end))
        by_counter.setdefault(shift.counter, []).extend(shift.presences())
    found += [
        f"officer {scenario.officers[o].code}: two shifts overlap" for o, rows in by_officer.items() if _overlap(rows)
    ]
    found += [
        f"counter {scenario.counters[c].number}: two officers sit there at once"
        for c, rows in by_counter.items()
        if _overlap(rows)
    ]
    return found


def _overlap(rows: list[tuple[float, float]]) -> bool:
    rows = sorted(rows)
    return any(a[1] > b[0] for a, b in pairwise(rows))
