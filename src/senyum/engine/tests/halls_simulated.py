"""Small scenarios for the tests of the simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from senyum.engine.scenario import (
    Abandonment,
    Agency,
    Counter,
    Forward,
    Officer,
    PriorityClass,
    Scenario,
    Service,
    ServiceTimes,
    Shift,
    exponential,
    lognormal,
    mixture,
)

REGULAR = (PriorityClass("regular", 0, 30, 1.0),)


def queue(
    times: ServiceTimes,
    *,
    counters: int,
    load: float,
    minutes: float,
    classes: tuple[PriorityClass, ...] = REGULAR,
    abandonment: Abandonment | None = None,
) -> Scenario:
    """One line before some counters, arrivals at an even rate for `minutes`; then everyone inside is served."""
    after = 200.0 * times.mean
    people = np.array([load * counters * minutes / times.mean, 0.0])
    period = max(minutes, after)
    if period > minutes:
        raise ValueError("a longer run is needed")
    service = Service("s", "s", 0, times, people, np.zeros(2))
    return Scenario(
        name="queue",
        weekday=0,
        opens=0.0,
        closes=2 * period,
        period=period,
        agencies=(Agency("a", "a", 0.0, minutes, 2 * period),),
        services=(service,),
        classes=classes,
        counters=tuple(Counter(n + 1, 0, (0,)) for n in range(counters)),
        officers=tuple(Officer(f"p{n}", 0, frozenset({0})) for n in range(counters)),
        shifts=tuple(Shift(n, n, 0.0, 2 * period) for n in range(counters)),
        abandonment=abandonment or Abandonment(),
    )


def hall(
    *,
    counters: int = 3,
    people: float = 40.0,
    absent: float = 0.0,
    parks: float = 0.1,
    forward: float = 0.2,
    abandonment: Abandonment | None = None,
) -> Scenario:
    """Two agencies, three services, four hours, everything on. Agency a has `counters`, agency b one."""
    half = np.array([2, 3, 3, 2, 1, 1, 1, 0.0])
    rate = people * half / half.sum()
    booked = np.array([1, 1, 1, 1, 1, 0.5, 0, 0.0])
    services = (
        Service(
            "x", "x", 0, lognormal(9, 0.7), rate, booked, no_show=0.2, parks=parks, quantities=((1, 0.8), (3, 0.2))
        ),
        Service("y", "y", 0, mixture([(3, 5, 0.4), (1, 14, 0.6)]), 0.6 * rate, 0 * booked, parks=parks / 2),
        Service("z", "z", 1, exponential(4), 0.5 * rate, 0 * booked),
    )
    desks = [Counter(n + 1, 0, (0,) if n % 2 == 0 else (1,), (1,) if n % 2 == 0 else (0,)) for n in range(counters)]
    desks.append(Counter(counters + 1, 1, (2,)))
    officers = [Officer(f"p{n}", 0, frozenset({0, 1}), absent) for n in range(counters)]
    shifts = [Shift(n, n, 480.0, 720.0, 600.0 + 30 * (n % 2), 30.0) for n in range(counters)]
    return Scenario(
        name="hall",
        weekday=0,
        opens=480.0,
        closes=720.0,
        agencies=(Agency("a", "a", 480.0, 690.0, 720.0), Agency("b", "b", 510.0, 690.0, 720.0)),
        services=services,
        classes=(PriorityClass("regular", 0, 30, 0.8), PriorityClass("elderly", 20, 15, 0.2)),
        counters=tuple(desks),
        officers=(*officers, Officer("q", 1, frozenset({2}))),
        shifts=(*shifts, Shift(counters, counters, 510.0, 720.0)),
        forwards=(Forward(0, 2, forward), Forward(2, 1, forward / 2)),
        abandonment=abandonment or Abandonment(accepts=120, patience=90, patience_after=20, missed_call=1),
        walk=0.5,
        transfer=2.0,
        day_spread=0.1,
    )


def with_counters(scenario: Scenario, counters: int) -> Scenario:
    """A one-line queue with another number of counters."""
    shift = scenario.shifts[0]
    return replace(
        scenario,
        counters=tuple(Counter(n + 1, 0, (0,)) for n in range(counters)),
        officers=tuple(Officer(f"p{n}", 0, frozenset({0})) for n in range(counters)),
        shifts=tuple(replace(shift, officer=n, counter=n) for n in range(counters)),
    )
