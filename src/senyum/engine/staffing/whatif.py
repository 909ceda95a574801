"""What would happen if: a scenario in, the changed scenario out. Nothing is simulated or changed in place here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from senyum.engine.scenario import Counter, Scenario, Service, busier, on_weekday

#: "Fair day, 40 % more."
FAIR = 1.4


def officers_ill(scenario: Scenario, names: Collection[str]) -> Scenario:
    """These officers surely do not come: nobody plans with them, and their shifts of today stay empty.

    Raises ValueError when a name is not in the scenario.
    """
    unknown = sorted(set(names) - {o.code for o in scenario.officers})
    if unknown:
        raise ValueError(f"no officer is called {', '.join(unknown)}")
    officers = tuple(replace(o, absent=1.0) if o.code in names else o for o in scenario.officers)
    return replace(scenario, officers=officers)


def some_ill(scenario: Scenario, count: int, *, agency: str = "") -> Scenario:
    """`count` officers do not come, of one agency or of the whole mall: those with the longest shifts, the worst case.

    Raises ValueError when fewer have a shift.
    """
    hours: dict[int, float] = {}
    for shift in scenario.shifts:
        hours[shift.officer] = hours.get(shift.officer, 0.0) + shift.hours
    place = agency_place(scenario, agency) if agency else -1
    on_duty = [o for o in hours if not agency or scenario.officers[o].agency == place]
    if len(on_duty) < count:
        raise ValueError(f"only {len(on_duty)} officers have a shift")
    on_duty.sort(key=lambda o: (-hours[o], o))
    return officers_ill(scenario, {scenario.officers[o].code for o in on_duty[:count]})


def fair_day(scenario: Scenario, factor: float = FAIR) -> Scenario:
    """More people walk in; bookings stay what they are."""
    return busier(scenario, factor)


def open_on(scenario: Scenario, weekday: int, *, like: int, agencies: Collection[str] = ()) -> Scenario:
    """The mall on a day on which it is closed, with as many people as on weekday `like`; some agencies or all."""
    chosen = {agency_place(scenario, code) for code in agencies} or set(range(len(scenario.agencies)))
    there = tuple(
        replace(a, days=tuple(sorted({*a.days, weekday}))) if i in chosen else a
        for i, a in enumerate(scenario.agencies)
    )
    services = tuple(
        replace(s, weekday=tuple(s.weekday[like] if d == weekday else f for d, f in enumerate(s.weekday)))
        if s.agency in chosen
        else s
        for s in scenario.services
    )
    return on_weekday(replace(scenario, agencies=there, services=services), weekday)


def move_service(scenario: Scenario, service: str, *, beside: str) -> Scenario:
    """Serve one service next to another: the counters of `beside` help out with it, and its own with `beside`.

    Whoever sits at these counters learns the other service. Walking time is the mall's one `transfer`, which the
    scenario does not tell apart by place, so that only the sharing of counters shows. Raises ValueError for services of
    two agencies: an officer answers to one.
    """
    a, b = service_place(scenario, service), service_place(scenario, beside)
    agency = scenario.services[a].agency
    if agency != scenario.services[b].agency:
        raise ValueError(f"{service} and {beside} belong to different agencies, which share no counters")

    def shared(counter: Counter) -> Counter:
        more = {a, b} if {a, b} & {*counter.first, *counter.helps} else set()
        helps = tuple(sorted({*counter.helps, *more} - set(counter.first)))
        return replace(counter, helps=helps)

    officers = tuple(
        replace(o, skills=o.skills | {a, b}) if o.agency == agency and o.skills & {a, b} else o
        for o in scenario.officers
    )
    return replace(scenario, counters=tuple(shared(c) for c in scenario.counters), officers=officers)


def close_counter(scenario: Scenario, number: int) -> Scenario:
    """Nobody sits at this counter. Raises ValueError when there is none of that number."""
    place = next((i for i, c in enumerate(scenario.counters) if c.number == number), -1)
    if place < 0:
        raise ValueError(f"there is no counter {number}")
    counters = tuple(replace(c, first=(), helps=()) if i == place else c for i, c in enumerate(scenario.counters))
    return replace(scenario, counters=counters, shifts=tuple(s for s in scenario.shifts if s.counter != place))


def change_hours(scenario: Scenario, agency: str, *, opens: float, last_ticket: float, closes: float) -> Scenario:
    """Other hours for an agency, in minutes after midnight; as many people come, in the half hours that are left.

    Raises ValueError when the hours do not follow one another within the mall's.
    """
    if not scenario.opens <= opens < last_ticket <= closes <= scenario.closes:
        raise ValueError("opens, last ticket and closes must follow one another within the mall's hours")
    place = agency_place(scenario, agency)
    agencies = tuple(
        replace(a, opens=opens, last_ticket=last_ticket, closes=closes) if i == place else a
        for i, a in enumerate(scenario.agencies)
    )
    starts = scenario.opens + np.arange(scenario.periods) * scenario.period
    inside = (starts < last_ticket) & (starts + scenario.period > opens)

    def moved(service: Service) -> Service:
        people, booked = (_into(values, inside) for values in (service.people, service.booked))
        return replace(service, people=people, booked=booked)

    services = tuple(moved(s) if s.agency == place else s for s in scenario.services)
    return replace(scenario, agencies=agencies, services=services)


def with_reserve(scenario: Scenario, agency: int, count: int) -> Scenario:
    """`count` more officers, and as many more counters, that can do everything of an agency (its place)."""
    services = tuple(i for i, s in enumerate(scenario.services) if s.agency == agency)
    own = [o for o in scenario.officers if o.agency == agency] or list(scenario.officers)
    if not own or not services:
        return scenario
    number = max((c.number for c in scenario.counters), default=0)
    like = replace(own[0], agency=agency, skills=frozenset(services), absent=min(o.absent for o in own))
    code = scenario.agencies[agency].code
    officers = tuple(replace(like, code=f"reserve-{code}-{n + 1}") for n in range(count))
    counters = tuple(Counter(number + n + 1, agency, services) for n in range(count))
    return replace(scenario, officers=scenario.officers + officers, counters=scenario.counters + counters)


def agency_place(scenario: Scenario, code: str) -> int:
    """The agency of that code. Raises ValueError."""
    return _place([a.code for a in scenario.agencies], code, "agency")


def service_place(scenario: Scenario, code: str) -> int:
    """The service of that code. Raises ValueError."""
    return _place([s.code for s in scenario.services], code, "service")


def _place(codes: list[str], code: str, what: str) -> int:
    if code not in codes:
        raise ValueError(f"there is no {what} {code}")
    return codes.index(code)


def _into(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    kept = np.where(inside, values, 0.0)
    if kept.sum() > 0:
        return np.asarray(kept * values.sum() / kept.sum())
    return np.asarray(np.where(inside, values.sum() / max(inside.sum(), 1), 0.0))
