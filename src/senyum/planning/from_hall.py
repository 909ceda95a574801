"""A mall's own day as a scenario: its catalogue, counters, hours and roster, its history where there is enough.

Pure: `hall_facts.facts` reads, `scenario_of` builds. Where the mall has no record of its own, the standard minutes
and the rates of the example stand in. `Basis` counts both, so that a proposal can say on what it rests.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from senyum.engine import scenario as parts
from senyum.engine.scenario import Floats, Scenario, ShiftRules

#: With less history the example's rates stand in (days), or the standard minutes (services done).
ENOUGH_DAYS, ENOUGH_SERVED = 5, 30
#: Recorded minutes of a service are kept as so many quantiles.
QUANTILES = 200
#: Without any record people keep the counters that serve a line first so busy.
USUAL_LOAD = 0.6
#: Arrivals over a day without a record: shares of each half hour from opening (the example's profile "usual").
PROFILE = (9, 11, 12, 11, 10, 8, 7, 6, 4, 5, 6, 5, 4, 1)
ABSENT, WALK, TRANSFER, DAY_SPREAD = 0.03, 0.5, 3.0, 0.08
TO_CASHIER = 0.9
LENGTHS = (240.0, 300.0, 360.0, 420.0, 480.0)
#: Shares of people where none have been counted.
CLASS_SHARES = {
    "regular": 0.82, "elderly": 0.08, "disability": 0.02, "pregnant": 0.035, "child": 0.04, "disaster": 0.005,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BoothFact:
    """A booth that is open on the day; minutes after local midnight."""

    agency_id: int
    code: str
    name: str
    opens: float
    last_ticket: float
    closes: float


@dataclass(frozen=True, slots=True)
class LineFact:
    """A line. `arrivals`: people a half hour of the day (48), the mean of `days` recorded days; None: too few.

    `minutes`: of services done, at most some thousands.
    """

    id: int
    code: str
    agency_id: int
    name: str
    standard_minutes: float
    pays_at_cashier: bool = False
    cashier: bool = False
    arrivals: tuple[float, ...] | None = None
    minutes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class CounterFact:
    """A counter in use with the ids of the lines it serves first and helps out with."""

    id: int
    number: int
    agency_id: int
    first: tuple[int, ...]
    helps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OfficerFact:
    """Somebody who can sit down: `user_id` None where the roster names nobody."""

    code: str
    agency_id: int
    user_id: int | None
    name: str


@dataclass(frozen=True, slots=True)
class ShiftFact:
    """A row of the roster; minutes after local midnight. `officer`: the place of an OfficerFact."""

    officer: int
    counter_id: int
    start: float
    end: float
    lunch: float | None
    lunch_minutes: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a mall's day. `forwards`: (line id, line id) -> share. `classes`: code, head start, promise."""

    name: str
    weekday: int
    booths: tuple[BoothFact, ...]
    lines: tuple[LineFact, ...]
    counters: tuple[CounterFact, ...]
    officers: tuple[OfficerFact, ...]
    shifts: tuple[ShiftFact, ...]
    classes: tuple[tuple[str, float, float], ...]
    class_shares: Mapping[str, float] = field(default_factory=dict)
    forwards: Mapping[tuple[int, int], float] | None = None
    days: int = 0


@dataclass(frozen=True, slots=True)
class Basis:
    """On what a scenario rests: days of history; services whose people, and whose minutes, come from records.

    `people_a_day`: expected walk-ins. `unserved`: names of services that no counter serves, and so nobody plans for.
    """

    days: int
    services: int
    people_known: int
    minutes_known: int
    people_a_day: int
    officers: int
    shifts: int
    unserved: tuple[str, ...] = ()


def scenario_of(
    facts: Facts, *, hour_cost: float, example: Mapping[str, Floats] | None = None
) -> tuple[Scenario, Basis]:
    """The scenario and on what it rests. `example`: people a half hour from opening, by service code.

    A day on which no booth is open has no agencies.
    """
    opens = min((30 * math.floor(b.opens / 30) for b in facts.booths), default=480)
    closes = max((30 * math.ceil(b.closes / 30) for b in facts.booths), default=900)
    places = {b.agency_id: n for n, b in enumerate(facts.booths)}
    lines = [line for line in facts.lines if line.agency_id in places]
    line_place = {line.id: n for n, line in enumerate(lines)}
    counters = [c for c in facts.counters if c.agency_id in places]
    served = {line for c in counters for line in (*c.first, *c.helps)}
    periods = (closes - opens) // 30
    services, known = [], 0
    for line in lines:
        people, from_records = _people(line, facts, counters, example or {}, opens, periods)
        known += from_records
        services.append(
            parts.Service(
                code=line.code,
                name=line.name,
                agency=places[line.agency_id],
                times=_times(line),
                people=people if line.id in served and not _only_forwarded(line, lines) else np.zeros(periods),
                booked=np.zeros(periods),
            )
        )
    scenario = Scenario(
        name=facts.name,
        weekday=facts.weekday,
        opens=float(opens),
        closes=float(closes),
        agencies=tuple(
            parts.Agency(b.code, b.name, max(b.opens, opens), b.last_ticket, b.closes, (facts.weekday,))
            for b in facts.booths
        ),
        services=tuple(services),
        classes=_classes(facts),
        counters=tuple(
            parts.Counter(
                c.number,
                places[c.agency_id],
                tuple(line_place[i] for i in c.first if i in line_place),
                tuple(line_place[i] for i in c.helps if i in line_place),
            )
            for c in counters
        ),
        officers=_officers(facts, places, lines, hour_cost),
        shifts=(),
        rules=_rules(opens, closes),
        forwards=_forwards(facts, lines, line_place, served),
        walk=WALK,
        transfer=TRANSFER,
        day_spread=DAY_SPREAD,
    )
    scenario = replace(scenario, shifts=_shifts(facts, scenario, counters, places))
    basis = Basis(
        days=facts.days,
        services=len(lines),
        people_known=known,
        minutes_known=sum(len(line.minutes) >= ENOUGH_SERVED for line in lines),
        people_a_day=round(float(scenario.people().sum())),
        officers=len(scenario.officers),
        shifts=len(scenario.shifts),
        unserved=tuple(line.name for line in lines if line.id not in served),
    )
    return scenario, basis


def only_agency(scenario: Scenario, code: str) -> Scenario:
    """The same day of one agency alone; nobody is forwarded to it from elsewhere. Raises KeyError."""
    place = {a.code: n for n, a in enumerate(scenario.agencies)}[code]
    services = [n for n, s in enumerate(scenario.services) if s.agency == place]
    new_service = {old: n for n, old in enumerate(services)}
    officers = [n for n, o in enumerate(scenario.officers) if o.agency == place]
    counters = [n for n, c in enumerate(scenario.counters) if c.agency == place]
    return replace(
        scenario,
        agencies=(scenario.agencies[place],),
        services=tuple(replace(scenario.services[n], agency=0) for n in services),
        counters=tuple(
            replace(
                scenario.counters[n],
                agency=0,
                first=tuple(new_service[s] for s in scenario.counters[n].first),
                helps=tuple(new_service[s] for s in scenario.counters[n].helps),
            )
            for n in counters
        ),
        officers=tuple(
            replace(
                scenario.officers[n],
                agency=0,
                skills=frozenset(new_service[s] for s in scenario.officers[n].skills),
            )
            for n in officers
        ),
        shifts=tuple(
            replace(s, officer=officers.index(s.officer), counter=counters.index(s.counter))
            for s in scenario.shifts
            if s.officer in officers
        ),
        forwards=tuple(
            replace(f, source=new_service[f.source], target=new_service[f.target])
            for f in scenario.forwards
            if f.source in new_service and f.target in new_service
        ),
    )


def _people(
    line: LineFact,
    facts: Facts,
    counters: Sequence[CounterFact],
    example: Mapping[str, Floats],
    opens: int,
    periods: int,
) -> tuple[Floats, bool]:
    """People a half hour, and whether they were counted here."""
    if line.arrivals is not None and facts.days >= ENOUGH_DAYS:
        first = opens // 30
        return np.array([line.arrivals[first + t] if first + t < 48 else 0.0 for t in range(periods)]), True
    booth = next(b for b in facts.booths if b.agency_id == line.agency_id)
    start = int((booth.opens - opens) // 30)
    open_periods = max(1, math.ceil((booth.last_ticket - booth.opens) / 30))
    if line.code in example:
        shape = np.asarray(example[line.code], dtype=float)
    else:
        shape = _by_load(line, counters, open_periods)
    people = np.zeros(periods)
    spread = _stretched(shape, open_periods)
    end = min(periods, start + open_periods)
    people[start:end] = spread[: end - start]
    return people, False


def _by_load(line: LineFact, counters: Sequence[CounterFact], open_periods: int) -> Floats:
    """So many people that the counters that serve the line first are busy for `USUAL_LOAD` of the day."""
    share = sum(1 / len(c.first) for c in counters if line.id in c.first)
    total = USUAL_LOAD * share * open_periods * 30 / max(line.standard_minutes, 1.0)
    shape = np.array(PROFILE, dtype=float)
    people: Floats = shape * total / shape.sum()
    return people


def _stretched(shape: Floats, periods: int) -> Floats:
    """The same people over another number of half hours."""
    edges = np.linspace(0, len(shape), periods + 1)
    cumulated = np.concatenate([[0.0], np.cumsum(shape)])
    stretched: Floats = np.diff(np.interp(edges, np.arange(len(shape) + 1), cumulated))
    return stretched


def _times(line: LineFact) -> parts.ServiceTimes:
    if len(line.minutes) < ENOUGH_SERVED:
        return parts.lognormal(max(line.standard_minutes, 1.0))
    at = (np.arange(min(QUANTILES, len(line.minutes))) + 0.5) / min(QUANTILES, len(line.minutes))
    return parts.empirical(np.maximum(np.quantile(np.array(line.minutes), at), 0.2))


def _only_forwarded(line: LineFact, lines: Sequence[LineFact]) -> bool:
    """A cashier without records of its own: people come from the services that are paid there."""
    return line.cashier and line.arrivals is None and any(x.pays_at_cashier for x in lines)


def _classes(facts: Facts) -> tuple[parts.PriorityClass, ...]:
    counted = {code: facts.class_shares.get(code, 0.0) for code, _head, _promise in facts.classes}
    shares = counted if sum(counted.values()) > 0 else {c: CLASS_SHARES.get(c, 0.0) for c in counted}
    total = sum(shares.values())
    if not total:
        shares, total = dict.fromkeys(counted, 1.0), float(len(counted))
    return tuple(
        parts.PriorityClass(code, head, promise, shares[code] / total) for code, head, promise in facts.classes
    ) or (parts.PriorityClass("regular", 0.0, 30.0, 1.0),)


def _officers(
    facts: Facts, places: Mapping[int, int], lines: Sequence[LineFact], hour_cost: float
) -> tuple[parts.Officer, ...]:
    skills: dict[int, set[int]] = defaultdict(set)
    for n, line in enumerate(lines):
        skills[line.agency_id].add(n)
    return tuple(
        parts.Officer(o.code, places[o.agency_id], frozenset(skills[o.agency_id]), ABSENT, hour_cost)
        for o in facts.officers
        if o.agency_id in places
    )


def _shifts(
    facts: Facts, scenario: Scenario, counters: Sequence[CounterFact], places: Mapping[int, int]
) -> tuple[parts.Shift, ...]:
    code_place = {o.code: n for n, o in enumerate(scenario.officers)}
    counter_place = {c.id: n for n, c in enumerate(counters)}
    found = []
    for shift in facts.shifts:
        officer = code_place.get(facts.officers[shift.officer].code)
        counter = counter_place.get(shift.counter_id)
        if officer is None or counter is None:
            continue
        serves = {*scenario.counters[counter].first, *scenario.counters[counter].helps}
        if serves & scenario.officers[officer].skills:
            found.append(parts.Shift(officer, counter, shift.start, shift.end, shift.lunch, shift.lunch_minutes))
    return tuple(found)


def _forwards(
    facts: Facts, lines: Sequence[LineFact], place: Mapping[int, int], served: set[int]
) -> tuple[parts.Forward, ...]:
    if facts.forwards is not None:
        return tuple(
            parts.Forward(place[a], place[b], share)
            for (a, b), share in sorted(facts.forwards.items())
            if a in place and b in place and b in served
        )
    cashier = next((line for line in lines if line.cashier and line.id in served), None)
    if cashier is None:
        return ()
    return tuple(
        parts.Forward(place[line.id], place[cashier.id], TO_CASHIER)
        for line in lines
        if line.pays_at_cashier and line.id in served
    )


def _rules(opens: int, closes: int) -> ShiftRules:
    lengths = tuple(n for n in LENGTHS if n <= closes - opens) or (float(closes - opens),)
    return ShiftRules(lengths=lengths, earliest=float(opens), latest=float(closes))
