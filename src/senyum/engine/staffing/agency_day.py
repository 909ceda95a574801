"""One agency on one day, as the search needs it: who comes, who could sit where, and the sampled people.

An officer at a counter serves what both allow. Officers who bring the same to the same kind of counter are one
*kind*; a staffing is a table of officers per (kind, half hour).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from senyum.engine.scenario import Scenario, Service, ServiceTimes, Shape
from senyum.engine.staffing.pool import Desk, People, join

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Officers of an agency whose absences are drawn; a larger agency is not a counter hall.
_OFFICERS = 64
#: Minutes that a forwarded person has waited at the first agency, for the arrivals at the second.
_FIRST_WAIT = 10.0


@dataclass(frozen=True, slots=True)
class Group:
    """Officers who can be exchanged for one another: same skills, cost and reliability. `officers`: their places."""

    officers: tuple[int, ...]
    skills: frozenset[int]
    cost: float
    absent: float


@dataclass(frozen=True, slots=True)
class Place:
    """Counters that can be exchanged for one another. `counters`: their places in the scenario."""

    counters: tuple[int, ...]
    first: tuple[int, ...]
    helps: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AgencyDay:
    """`kind[group][place]`: which row of a staffing they are, or -1 when that group can do nothing there.

    `walk_ins`: people a half hour, (lines, half hours), with those forwarded from other services, who are the share
    `onward` and have been in the mall for `on_way` minutes (a line each). Lines are in the order of `services`.
    """

    scenario: Scenario
    agency: int
    services: tuple[int, ...]
    groups: tuple[Group, ...]
    places: tuple[Place, ...]
    kind: tuple[tuple[int, ...], ...]
    walk_ins: Floats
    booked: Floats
    onward: Floats
    on_way: Floats
    desk: Desk

    @property
    def expected(self) -> Floats:
        """Expected people per (line, half hour)."""
        return self.walk_ins + self.booked

    @property
    def open_periods(self) -> range:
        """The half hours in which the agency is open."""
        agency, scenario = self.scenario.agencies[self.agency], self.scenario
        first = math.floor((agency.opens - scenario.opens) / scenario.period)
        return range(first, math.ceil((agency.closes - scenario.opens) / scenario.period))

    def pooled(self) -> Desk:
        """As if every officer could serve every line first, and the most reliable kind were all: it keeps no less."""
        return replace(
            self.desk,
            tiers=np.ones((1, len(self.services)), dtype=np.int64),
            absent=np.array([self.desk.absent.min(initial=1.0)]),
        )

    def most_together(self) -> Ints:
        """(1, half hours): more than this of all kinds can never sit there."""
        people = min(sum(len(g.officers) for g in self.groups), sum(len(p.counters) for p in self.places))
        return np.full((1, self.scenario.periods), people, dtype=np.int64)

    def most(self) -> Ints:
        """(kinds, half hours): more than this of a kind can never sit there."""
        table = np.zeros((len(self.desk.tiers), self.scenario.periods), dtype=np.int64)
        for group, row in zip(self.groups, self.kind, strict=True):
            for place, kind in zip(self.places, row, strict=True):
                if kind >= 0:
                    table[kind] += min(len(group.officers), len(place.counters))
        return table


def agency_day(scenario: Scenario, agency: int) -> AgencyDay:
    """The agency as it is on the scenario's weekday. Officers who surely do not come (`absent` 1) are left out."""
    services = tuple(i for i, s in enumerate(scenario.services) if s.agency == agency)
    groups, places = _groups(scenario, agency), _places(scenario, agency)
    kinds: dict[tuple[tuple[int, ...], float], int] = {}
    table = []
    for group in groups:
        row = []
        for place in places:
            tiers = tuple(_tier(s, group, place) for s in services)
            row.append(kinds.setdefault((tiers, group.absent), len(kinds)) if any(tiers) else -1)
        table.append(tuple(row))
    tiers_of = np.array([t for t, _ in kinds], dtype=np.int64).reshape(len(kinds), len(services))
    leave = scenario.abandonment
    at = scenario.agencies[agency]
    desk = Desk(
        opens=scenario.opens,
        closes=at.closes,
        period=scenario.period,
        tiers=tiers_of,
        absent=np.array([a for _, a in kinds]),
        line_minutes=np.array([scenario.services[s].minutes + scenario.walk for s in services]),
        patience=leave.patience,
        patience_after=leave.patience_after,
        lapses=at.closes,
    )
    forwarded, on_way = _forwarded(scenario)
    walk_ins = scenario.people() + forwarded
    onward = np.divide(forwarded, walk_ins, out=np.zeros_like(walk_ins), where=walk_ins > 0)
    booked = scenario.booked() * np.array([[1 - s.no_show] for s in scenario.services])
    index = list(services)
    return AgencyDay(
        scenario,
        agency,
        services,
        groups,
        places,
        tuple(table),
        walk_ins[index],
        booked[index],
        onward[index],
        on_way[index],
        desk,
    )


def draw(day: AgencyDay, *, days: int, seed: int, batch: int = 0) -> People:
    """So many days of people. The same (seed, batch) always gives the same people, whatever was drawn before."""
    scenario = day.scenario
    rng = np.random.default_rng([seed, batch, day.agency, scenario.weekday])
    factor = _day_factor(rng, scenario.day_spread, days)
    counts = np.concatenate(
        [rng.poisson(day.walk_ins[None] * factor[:, None, None]), rng.poisson(day.booked, (days, *day.booked.shape))],
        axis=1,
    )
    of_day, row, half_hour = (np.repeat(i, counts.ravel()) for i in np.indices(counts.shape).reshape(3, -1))
    people, lines = len(of_day), len(day.services)
    line, is_booked = row % max(lines, 1), row >= lines
    planned = scenario.opens + (half_hour + rng.random(people)) * scenario.period
    arrived, anchor = _arrivals(rng, scenario, planned, is_booked)
    agency = scenario.agencies[day.agency]
    anchor, arrived = np.maximum(anchor, agency.opens), np.maximum(arrived, scenario.opens)
    inside = (arrived <= agency.last_ticket) & (line >= 0)
    cls = rng.choice(len(scenario.classes), people, p=_shares([c.share for c in scenario.classes]))
    head = np.array([c.head_start for c in scenario.classes])[cls]
    promise = np.array([c.promise for c in scenario.classes])[cls]
    if day.onward.any():
        # Whoever was forwarded keeps the times of the first leg: an earlier turn, and a promise that is not counted
        # again. Drawn apart, so that the people are the same with and without forwarding.
        apart = np.random.default_rng([seed, batch, day.agency, scenario.weekday, 1])
        forwarded = ~is_booked & (apart.random(people) < day.onward[line, half_hour])
        anchor = np.where(forwarded, anchor - day.on_way[line], anchor)
        promise = np.where(forwarded, np.inf, promise)
    minutes = _minutes(rng, day, line) + scenario.walk
    accepts = scenario.abandonment.accepts * rng.exponential(size=people)
    early, late = rng.exponential(size=people), rng.exponential(size=people)
    order = np.lexsort((arrived, of_day))
    order = order[inside[order]]
    return People(
        starts=np.searchsorted(of_day[order], np.arange(days + 1)).astype(np.int64),
        arrived_at=arrived[order],
        anchor=anchor[order],
        line=line[order].astype(np.int64),
        slot=(line * len(scenario.classes) + cls)[order].astype(np.int64),
        turn_at=(anchor - head)[order],
        promised_by=(anchor + promise)[order],
        minutes=minutes[order],
        accepts=accepts[order],
        leaves_early=early[order],
        leaves_late=late[order],
        chance=rng.random((days, _OFFICERS)),
    )


class Sample:
    """People of an agency day in tiers of growing certainty, each four times as many days as the one before.

    A tier holds all days of the tiers below it. `most_people`: about as many in the last tier, in at most `most_days`.
    """

    def __init__(self, day: AgencyDay, *, seed: int, first: int, most_people: int, most_days: int = 20_000) -> None:
        self.day, self.seed = day, seed
        a_day = max(float(day.expected.sum()), 1.0)
        most = max(first, min(most_days, int(most_people / a_day)))
        self.days = [first]
        while self.days[-1] * 4 <= most:
            self.days.append(self.days[-1] * 4)
        self._drawn: list[People] = []

    @property
    def tiers(self) -> int:
        """How many tiers there are."""
        return len(self.days)

    def people(self, tier: int) -> People:
        """All days of a tier; drawn when first asked for."""
        while len(self._drawn) <= tier:
            batch = len(self._drawn)
            days = self.days[batch] - (self.days[batch - 1] if batch else 0)
            more = draw(self.day, days=days, seed=self.seed, batch=batch)
            self._drawn.append(join([*self._drawn[-1:], more]))
        return self._drawn[tier]


def sample_minutes(rng: np.random.Generator, times: ServiceTimes, size: int) -> Floats:
    """So many service times, in minutes."""
    if times.shape is Shape.EMPIRICAL:
        return np.asarray(rng.choice(times.values, size), dtype=np.float64)
    if times.shape is Shape.EXPONENTIAL:
        return rng.exponential(times.means[0], size)
    if times.shape is Shape.FIXED:
        return np.full(size, times.means[0])
    part = rng.choice(len(times.weights), size, p=_shares(times.weights))
    variance = np.log1p(np.array(times.spreads) ** 2)
    middle = np.log(np.array(times.means)) - variance / 2
    lognormal: Floats = np.exp(middle[part] + np.sqrt(variance[part]) * rng.standard_normal(size))
    return lognormal


def spread(service: Service) -> float:
    """Standard deviation / mean of a person's minutes, quantities included."""
    second = service.times.second_moment * math.fsum(
        share * (1 + service.further * (n - 1)) ** 2 for n, share in service.quantities
    )
    return math.sqrt(max(second / service.minutes**2 - 1, 0.0))


def _tier(service: int, group: Group, place: Place) -> int:
    if service not in group.skills:
        return 0
    return 1 if service in place.first else 2 if service in place.helps else 0


def _groups(scenario: Scenario, agency: int) -> tuple[Group, ...]:
    found: dict[tuple[frozenset[int], float, float], list[int]] = {}
    for place, officer in enumerate(scenario.officers):
        if officer.agency == agency and officer.absent < 1:
            found.setdefault((officer.skills, officer.cost, officer.absent), []).append(place)
    return tuple(Group(tuple(o), *key) for key, o in found.items())


def _places(scenario: Scenario, agency: int) -> tuple[Place, ...]:
    found: dict[tuple[frozenset[int], frozenset[int]], list[int]] = {}
    for place, counter in enumerate(scenario.counters):
        if counter.agency == agency:
            found.setdefault((frozenset(counter.first), frozenset(counter.helps)), []).append(place)
    return tuple(Place(tuple(c), tuple(sorted(f)), tuple(sorted(h))) for (f, h), c in found.items())


def _forwarded(scenario: Scenario) -> tuple[Floats, Floats]:
    """People from other services per (service, half hour), and their minutes on the way; one step, no chains."""
    coming = scenario.people() + scenario.booked()
    onward, minutes = np.zeros_like(coming), np.zeros(len(coming))
    for forward in scenario.forwards:
        delay = scenario.services[forward.source].minutes + _FIRST_WAIT + scenario.transfer
        shift, part = divmod(delay / scenario.period, 1.0)
        for steps, share in ((int(shift), 1 - part), (int(shift) + 1, part)):
            if steps < coming.shape[1]:
                late = coming[forward.source, : coming.shape[1] - steps]
                onward[forward.target, steps:] += forward.share * share * late
        minutes[forward.target] += forward.share * float(coming[forward.source].sum()) * delay
    people = onward.sum(axis=1)
    return onward, np.divide(minutes, people, out=np.zeros_like(minutes), where=people > 0)


def _arrivals(
    rng: np.random.Generator, scenario: Scenario, planned: Floats, booked: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """(arrival, anchor): a walk-in's are the same; a booked person comes around the booked time."""
    when = scenario.punctuality
    off = -when.early + rng.random(len(planned)) * (when.early + when.late)
    arrived = np.where(booked, planned + off, planned)
    return arrived, np.where(booked & (off <= when.grace), np.maximum(planned, scenario.opens), arrived)


def _day_factor(rng: np.random.Generator, deviation: float, days: int) -> Floats:
    if deviation <= 0:
        return np.ones(days)
    return rng.gamma(1 / deviation**2, deviation**2, days)


def _minutes(rng: np.random.Generator, day: AgencyDay, line: NDArray[np.integer]) -> Floats:
    minutes = np.zeros(len(line))
    for place, number in enumerate(day.services):
        service, of_line = day.scenario.services[number], np.flatnonzero(line == place)
        documents = rng.choice(
            [n for n, _ in service.quantities], len(of_line), p=_shares([s for _, s in service.quantities])
        )
        minutes[of_line] = sample_minutes(rng, service.times, len(of_line)) * (1 + service.further * (documents - 1))
    return minutes


def _shares(values: tuple[float, ...] | list[float]) -> Floats:
    weights = np.asarray(values, dtype=np.float64)
    shares: Floats = weights / weights.sum()
    return shares
