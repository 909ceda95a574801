"""One agency on one day, as the search needs it: how many come, who could sit where.

An officer at a counter serves what both allow. Officers who bring the same to the same kind of counter are one
*kind*; a staffing is a table of officers per (kind, half hour).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from senyum.engine.scenario import Scenario, Service, Shift

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """What does not change between staffings of one agency.

    `tiers`: (kinds, lines) of 1 (first), 2 (helps) or 0; `absent`: per kind; `line_minutes`: mean per line. `full`:
    (counters, lines), empty unless the desk is that of one kind: what the counters serve where all of them are open.
    """

    tiers: Ints
    absent: Floats
    line_minutes: Floats
    full: Ints = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))


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

    `walk_ins`, `booked`: people a half hour, (lines, half hours), without those whom other services send on
    (`forwarded`, a mean). Lines are in the order of `services`.
    """

    scenario: Scenario
    agency: int
    services: tuple[int, ...]
    groups: tuple[Group, ...]
    places: tuple[Place, ...]
    kind: tuple[tuple[int, ...], ...]
    walk_ins: Floats
    booked: Floats
    forwarded: Floats
    desk: Desk

    @property
    def expected(self) -> Floats:
        """Expected people per (line, half hour)."""
        return self.walk_ins + self.booked + self.forwarded

    @property
    def open_periods(self) -> range:
        """The half hours in which the agency is open."""
        agency, scenario = self.scenario.agencies[self.agency], self.scenario
        first = math.floor((agency.opens - scenario.opens) / scenario.period)
        return range(first, math.ceil((agency.closes - scenario.opens) / scenario.period))

    def kind_of(self, shift: Shift) -> int:
        """Row of a staffing, -1 when the shift is another agency's or its officer does not come."""
        for group, row in zip(self.groups, self.kind, strict=True):
            if shift.officer in group.officers:
                for place, kind in zip(self.places, row, strict=True):
                    if shift.counter in place.counters:
                        return kind
        return -1

    def pooled(self) -> Desk:
        """As if every officer could serve every line first, and the most reliable kind were all: it keeps hardly less.

        Hardly: whoever serves the own lines first may keep more promises when too few are there (`Effort.allowance`).
        In half hours in which all counters are open nothing needs to be supposed: it is known what each serves.
        """
        rows = {p: {row[p] for row in self.kind} for p in range(len(self.places))}
        known = all(len(kinds) == 1 and min(kinds) >= 0 for kinds in rows.values())
        full = [self.desk.tiers[min(rows[p])] for p, place in enumerate(self.places) for _ in place.counters]
        return replace(
            self.desk,
            tiers=np.ones((1, len(self.services)), dtype=np.int64),
            absent=np.array([self.desk.absent.min(initial=1.0)]),
            full=np.array(full, dtype=np.int64) if known else self.desk.full,
        )

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
    desk = Desk(
        tiers=tiers_of,
        absent=np.array([a for _, a in kinds]),
        line_minutes=np.array([scenario.services[s].minutes + scenario.walk for s in services]),
    )
    walk_ins, forwarded = scenario.people(), _forwarded(scenario)
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
        forwarded[index],
        desk,
    )


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


def _forwarded(scenario: Scenario) -> Floats:
    """People whom other services send on, per (service, half hour); one step, no chains, no minutes on the way."""
    coming = scenario.people() + scenario.booked()
    onward = np.zeros_like(coming)
    for forward in scenario.forwards:
        onward[forward.target] += forward.share * coming[forward.source]
    return onward
