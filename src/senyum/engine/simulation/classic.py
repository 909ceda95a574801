"""A hall's day, compiled: arrivals wait in lines, counters call by the discipline. No Django, no clock.

Small on purpose: one leg a visit, no absence, counters open until everyone inside was served.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from senyum.engine.discipline_fast import Floats, Ints, choose_index
from senyum.engine.kernel import kernel


class DayOfCalls(NamedTuple):
    """Per person, in order of arrival: when called (minutes), at which counter, why (index into `discipline.Why`)."""

    called_at: Floats
    counter: Ints
    why: Ints


def run_day(
    *, arrived_at: Floats, line: Ints, turn_at: Floats, promised_by: Floats, service_minutes: Floats, tiers: Ints
) -> DayOfCalls:
    """Play one day. The first five: a value a person, sorted by `arrived_at`; `tiers`: (counters, lines) of 1, 2 or 0.

    Raises ValueError when somebody waits in a line that no counter serves (they would never be called).
    """
    served = np.asarray(tiers).max(axis=0) > 0
    if not served[line].all():
        raise ValueError("somebody waits in a line that no counter serves")
    return DayOfCalls(*_run(arrived_at, line, turn_at, promised_by, service_minutes, tiers))


@kernel(kept=True, allocates=True)
def _run(
    arrived_at: Floats, line: Ints, turn_at: Floats, promised_by: Floats, service_minutes: Floats, tiers: Ints
) -> tuple[Floats, Ints, Ints]:
    people, counters = len(arrived_at), len(tiers)
    held_until = np.full(people, -np.inf)
    busy = np.zeros(people, dtype=np.bool_)
    called_at, at_counter, reasons = np.full(people, np.inf), np.full(people, -1), np.full(people, -1)
    free_at = np.zeros(counters)
    queue = np.zeros(people, dtype=np.int64)
    length, arrived, called, now = 0, 0, 0, 0.0
    while called < people:
        while arrived < people and arrived_at[arrived] <= now:
            queue[length] = arrived
            length, arrived = length + 1, arrived + 1
        for counter in range(counters):
            if length == 0 or free_at[counter] > now:
                continue
            position, why = choose_index(
                now, queue, length, turn_at, promised_by, held_until, busy, line, tiers[counter]
            )
            if position < 0:
                continue
            person = queue[position]
            length -= 1
            queue[position] = queue[length]
            called_at[person], at_counter[person], reasons[person] = now, counter, why
            free_at[counter] = now + service_minutes[person]
            called += 1
        soonest = arrived_at[arrived] if arrived < people else np.inf
        for counter in range(counters):
            if now < free_at[counter] < soonest:
                soonest = free_at[counter]
        now = soonest
    return called_at, at_counter, reasons
