"""A recorded day as a scenario: its people come when they came, its counters are open as they were.

The file does not say how long anybody was at a counter. `pace` takes the mean from how fast the number moved while
people waited (open counters x minutes / calls), people who had gone included; the spread is an assumption. One pace for
a whole day is the weak point: officers are faster when the line is long, and lines of one group share counters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from senyum.engine.scenario import Agency, Counter, Floats, Officer, PriorityClass, Scenario, Service, Shift, lognormal
from senyum.engine.simulation.day import DayOfLegs, played
from senyum.engine.simulation.room import COMER
from senyum.rehearsal.replay_data import LineDay

#: Standard deviation / mean of the minutes at a counter.
SPREAD = 0.8
#: With fewer calls while people waited, a line takes the pace of all lines.
ENOUGH = 8
#: Between snapshots further apart than this, nobody knows what happened.
LONGEST = 20.0


def pace(days: Sequence[LineDay]) -> dict[int, float]:
    """Minutes of one counter per call, by queue."""
    worked: dict[int, float] = {}
    calls: dict[int, int] = {}
    for line in days:
        both = [
            (a, b)
            for a, b in pairwise(line.snapshots)
            if a.waiting > 0 and b.waiting > 0 and b.minute - a.minute < LONGEST
        ]
        worked[line.queue] = sum(max(1, a.open) * (b.minute - a.minute) for a, b in both)
        calls[line.queue] = sum(b.number - a.number for a, b in both)
    usual = sum(worked.values()) / max(1, sum(calls.values()))
    return {q: worked[q] / calls[q] if calls[q] >= ENOUGH else usual for q in worked}


def scenario_of(days: Sequence[LineDay], minutes: Mapping[int, float]) -> Scenario:
    """One agency and one line for each line of the office; counters sit as `open` says."""
    start = min(line.snapshots[0].minute for line in days) - 10
    end = max(line.snapshots[-1].minute for line in days) + 60
    nobody = np.zeros(1)
    counters: list[Counter] = []
    officers: list[Officer] = []
    shifts: list[Shift] = []
    for place, line in enumerate(days):
        for j in range(max(many for _, many in line.opens)):
            n = len(counters)
            counters.append(Counter(n + 1, place, (place,)))
            officers.append(Officer(f"p{n}", place, frozenset({place})))
            shifts += [Shift(n, n, a, b) for a, b in _open(line, j, end)]
    return Scenario(
        name="recorded day",
        weekday=0,
        opens=start,
        closes=end,
        period=end - start,
        agencies=tuple(Agency(f"a{line.queue}", line.service, start, end, end) for line in days),
        services=tuple(
            Service(f"q{line.queue}", line.service, place, lognormal(minutes[line.queue], SPREAD), nobody, nobody)
            for place, line in enumerate(days)
        ),
        classes=(PriorityClass("regular", 0, 30, 1.0),),
        counters=tuple(counters),
        officers=tuple(officers),
        shifts=tuple(shifts),
    )


def _open(line: LineDay, j: int, end: float) -> list[tuple[float, float]]:
    """When counter j of a line (from 0) was open: while more than j were."""
    times = [*line.opens, (end, 0)]
    found: list[tuple[float, float]] = []
    for (at, many), (until, _) in pairwise(times):
        if many > j:
            if found and found[-1][1] == at:
                at = found.pop()[0]
            found.append((at, until))
    return found


def play_recorded(days: Sequence[LineDay], minutes: Mapping[int, float], seed: int) -> DayOfLegs:
    """The day played once, with the people of the file in their order of arrival."""
    scenario = scenario_of(days, minutes)
    keys = np.random.default_rng(seed).integers(1, 2**63, sum(line.people for line in days), dtype=np.uint64)
    rows = [(at, at, 0, place) for place, line in enumerate(days) for at in line.issued]
    people = np.array(rows, dtype=COMER)
    people["key"] = keys
    return played(scenario, people, seed=seed)


def recorded_waits(days: Sequence[LineDay]) -> Floats:
    """Minutes from number to call of everybody who was called, as the file implies them."""
    return np.array(
        [
            called - issued
            for line in days
            for issued, called in zip(line.issued, line.called, strict=True)
            if called is not None
        ]
    )
