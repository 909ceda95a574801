"""One line, first come, first served, the same counters all day: what the general day becomes without its features.

Somebody starts when they have come and the first counter is free (Kiefer and Wolfowitz 1955), so neither events nor
lines are needed. It draws the numbers of `people`, and a test shows that every wait is that of the general day.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from senyum.engine.discipline_fast import Floats
from senyum.engine.kernel import kernel
from senyum.engine.scenario import Scenario
from senyum.engine.simulation import draws
from senyum.engine.simulation.day import key_of
from senyum.engine.simulation.draws import sub, uniform
from senyum.engine.simulation.people import minutes_of
from senyum.engine.simulation.tables import Tables, compiled

_GAP = draws.GAP


def plain_day(scenario: Scenario, *, seed: int, day: int = 0) -> tuple[Floats, Floats]:
    """(queued, called) of everybody, in minutes. Raises ValueError for a scenario that is not plain."""
    tables = compiled(scenario)
    if reason := not_plain(scenario):
        raise ValueError(reason)
    expected = float(tables.expected[0, -1])
    queued = np.empty(int(expected + 10 * np.sqrt(expected) + 50))
    called, free_at = np.empty(len(queued)), np.empty(len(scenario.counters))
    many = play_plain(tables, key_of(seed, day), queued, called, free_at)
    return queued[:many], called[:many]


def not_plain(scenario: Scenario) -> str:
    """Why the scenario needs the general day; empty when it is plain."""
    service, leave = scenario.services[0], scenario.abandonment
    shift = scenario.shifts[0]
    reasons = {
        "one service": len(scenario.services) == 1 and len(scenario.agencies) == 1,
        "one class": len(scenario.classes) == 1,
        "an even rate and no bookings": not service.booked.any() and np.count_nonzero(service.people) == 1,
        "an even day": scenario.day_spread == 0,
        "nobody set aside or forwarded": service.parks == 0 and not scenario.forwards,
        "nobody who leaves": np.isinf([leave.accepts, leave.patience, leave.patience_after]).all(),
        "every counter open from the beginning": len(scenario.shifts) == len(scenario.counters)
        and all((s.start, s.end, s.lunch) == (shift.start, shift.end, None) for s in scenario.shifts)
        and shift.start <= scenario.opens
        and not any(officer.absent for officer in scenario.officers),
    }
    missing = [name for name, holds in reasons.items() if not holds]
    return f"a plain day has {', '.join(missing)}" if missing else ""


@kernel(kept=True, free=True)
def play_plain(tables: Tables, day: Any, queued: Floats, called: Floats, free_at: Floats) -> int:
    """Fill `queued` and `called`; how many came. `free_at`: one place a counter."""
    hall, service, last = tables.hall[0], tables.services[0], tables.agencies[0].last_ticket
    stream = sub(day, 0) ^ service.stream
    counters, total = len(free_at), tables.expected[0, 1]
    pace = hall.period / total
    for c in range(counters):
        free_at[c] = hall.opens
    reached, person = 0.0, 0
    while person < len(queued):
        key = sub(stream, person)
        reached -= np.log(uniform(key, _GAP))
        if reached >= total:
            break
        at = hall.opens + reached * pace
        if at > last:
            break
        start = max(at, free_at[0])
        queued[person], called[person] = at, start
        person += 1
        until = start + (hall.walk + minutes_of(key, 0, service, tables.parts, tables.values, tables.documents))
        place, child = 0, 1
        while child < counters:
            if child + 1 < counters and free_at[child + 1] < free_at[child]:
                child += 1
            if free_at[child] >= until:
                break
            free_at[place] = free_at[child]
            place, child = child, 2 * child + 1
        free_at[place] = until
    return person
