"""The counters of one agency through many sampled days, compiled: what the search asks thousands of times.

Every staffing is tried on the same people (common random numbers: same arrivals, classes, minutes at the counter,
patience, absences of the n-th officer), so that two staffings differ only by what they are. Whoever is free calls by
`discipline_fast.choose_index`, which is the discipline of the live hall. Small where the whole simulation is large: no
parking, no second leg; a plan that was found here is judged afresh by the simulation of the whole mall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from senyum.engine.discipline_fast import choose_index
from senyum.engine.kernel import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Sampled days of people, sorted by day and arrival; minutes after midnight, a value a person.

    `starts`: where each day begins (days + 1). `slot`: a number for each line and class, in which the order is that of
    arrival (a booked person who comes late stands behind walk-ins of their class). `anchor`: arrival, or the booked
    time of whoever came in time. `promised_by`: inf for whoever is on a second leg and does not count. `accepts`:
    longest shown wait with which somebody stays; `leaves_early`, `leaves_late`: unit exponential draws. `chance`:
    (days, officers) uniform; the n-th officer of a kind is absent when it is below their probability.
    """

    starts: Ints
    arrived_at: Floats
    anchor: Floats
    line: Ints
    slot: Ints
    turn_at: Floats
    promised_by: Floats
    minutes: Floats
    accepts: Floats
    leaves_early: Floats
    leaves_late: Floats
    chance: Floats

    @property
    def days(self) -> int:
        """How many days were sampled."""
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """What does not change between staffings of one agency.

    `tiers`: (kinds, lines) of 1 (first), 2 (helps) or 0; `absent`: per kind. `line_minutes`: mean per line.
    `patience`, `patience_after`: mean minutes before and after the shown wait has passed (inf: never). Whoever is never
    called goes home at `lapses`.
    """

    opens: float
    closes: float
    period: float
    tiers: Ints
    absent: Floats
    line_minutes: Floats
    patience: float = np.inf
    patience_after: float = np.inf
    lapses: float = np.inf


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """`called_at`: minutes after midnight, inf for whoever left or lapsed; `kept`, `promised`: people a day.

    `promised`: whose promise was met or had passed. Whoever leaves before is no proof of either.
    """

    called_at: Floats
    kept: Floats
    promised: Floats

    def share(self) -> float:
        """Called within the promise, of those whose promise was met or had passed; 1 when there are none."""
        return float(self.kept.sum() / self.promised.sum()) if self.promised.sum() > 0 else 1.0

    def error(self) -> float:
        """Standard error of `share` with the day as the unit (people of one day wait together): ratio estimator."""
        days = len(self.promised)
        if days < 2 or self.promised.sum() == 0:
            return 0.0
        residual = self.kept - self.share() * self.promised
        return float(residual.std(ddof=1) / (np.sqrt(days) * self.promised.mean()))


def play(people: People, desk: Desk, staffing: Ints) -> Played:
    """Play all days with `staffing`, officers per (kind, half hour of the day).

    The n-th officer of a kind is there in each half hour that has at least n. After closing, whoever was there in the
    last half hour stays until nobody waits.
    """
    tiers, on, present = _officers(people, desk, staffing)
    called_at, leaves_at = _play(
        people.starts,
        people.arrived_at,
        people.line,
        people.slot,
        int(people.slot.max(initial=0)) + 1,
        people.turn_at,
        people.promised_by,
        people.minutes,
        people.accepts,
        people.leaves_early * desk.patience,
        people.leaves_late * desk.patience_after,
        desk.line_minutes,
        tiers,
        on,
        present,
        desk.opens,
        desk.closes,
        desk.period,
    )
    counts = np.isfinite(people.promised_by)
    kept = counts & (called_at <= people.promised_by + 1e-9)
    passed = np.minimum(np.minimum(called_at, leaves_at), desk.lapses) > people.promised_by
    passed |= counts & np.isfinite(called_at)
    return Played(called_at, _per_day(kept, people.starts), _per_day(passed, people.starts))


def join(parts: Sequence[People]) -> People:
    """Several samples as one, days in the order given."""
    offsets = np.cumsum([0, *(len(p.arrived_at) for p in parts)])
    starts = [p.starts[:-1] + o for p, o in zip(parts, offsets, strict=False)]
    names = [n for n in People.__slots__ if n != "starts"]
    columns = {name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
    return People(starts=np.concatenate([*starts, offsets[-1:]]).astype(np.int64), **columns)


def _officers(people: People, desk: Desk, staffing: Ints) -> tuple[Ints, Bools, Bools]:
    """(tiers a server, there in each half hour, present each day)."""
    rows, on, absent = [], [], []
    for kind, counts in enumerate(staffing):
        for n in range(int(counts.max(initial=0))):
            rows.append(desk.tiers[kind])
            on.append(counts > n)
            absent.append(desk.absent[kind])
    if not rows:
        return np.zeros((0, desk.tiers.shape[1]), np.int64), np.zeros((0, 1), np.bool_), np.zeros((0, 0), np.bool_)
    present = people.chance[:, : len(rows)] >= np.array(absent)
    return np.array(rows, dtype=np.int64), np.array(on), present


def _per_day(values: Bools, starts: Ints) -> Floats:
    total = np.concatenate([[0], np.cumsum(values)]).astype(np.float64)
    per_day: Floats = total[starts[1:]] - total[starts[:-1]]
    return per_day


@kernel(kept=True, free=True, allocates=True)
def _play(
    starts: Ints,
    arrived_at: Floats,
    line: Ints,
    slot: Ints,
    slots: int,
    turn_at: Floats,
    promised_by: Floats,
    minutes: Floats,
    accepts: Floats,
    leaves_early: Floats,
    leaves_late: Floats,
    line_minutes: Floats,
    tiers: Ints,
    on: Bools,
    present: Bools,
    opens: float,
    closes: float,
    period: float,
) -> tuple[Floats, Floats]:
    """When each person was called, and when they would leave (inf: never)."""
    people, servers = len(arrived_at), len(tiers)
    called_at = np.full(people, np.inf)
    if servers == 0:
        return called_at, np.full(people, np.inf)
    held_until = np.full(people, -np.inf)
    busy = np.zeros(people, dtype=np.bool_)
    leaves_at = arrived_at.copy()
    # Whoever waits stands in a list of their line and class; `heads` holds the first of each list that is not empty.
    after = np.full(people, -1)
    tail = np.full(slots, -1)
    heads = np.zeros(slots, dtype=np.int64)
    free_at = np.zeros(servers)
    last_period = int(np.ceil((closes - opens) / period)) - 1
    for day in range(len(starts) - 1):
        arrived, end = starts[day], starts[day + 1]
        free_at[:] = 0.0
        tail[:] = -1
        length, waiting_minutes, now = 0, 0.0, opens
        while True:
            half_hour = min(int((now - opens) / period), last_period)
            while arrived < end and arrived_at[arrived] <= now:
                there = 0
                for server in range(servers):
                    if present[day, server] and on[server, half_hour]:
                        there += 1
                shown = waiting_minutes / max(there, 1)
                if shown <= accepts[arrived]:
                    leaves = leaves_early[arrived]
                    if leaves > shown:
                        leaves = shown + leaves_late[arrived]
                    leaves_at[arrived] = arrived_at[arrived] + leaves
                    waiting_minutes += line_minutes[line[arrived]]
                    at = slot[arrived]
                    if tail[at] < 0:
                        heads[length] = arrived
                        length += 1
                    else:
                        after[tail[at]] = arrived
                    tail[at] = arrived
                arrived += 1
            for server in range(servers):
                if free_at[server] > now or not present[day, server] or not on[server, half_hour]:
                    continue
                while length > 0:
                    position, _ = choose_index(
                        now, heads, length, turn_at, promised_by, held_until, busy, line, tiers[server]
                    )
                    if position < 0:
                        break
                    person = heads[position]
                    waiting_minutes -= line_minutes[line[person]]
                    if after[person] >= 0:
                        heads[position] = after[person]
                    else:
                        tail[slot[person]] = -1
                        length -= 1
                        heads[position] = heads[length]
                    if leaves_at[person] >= now:
                        called_at[person] = now
                        free_at[server] = now + minutes[person]
                        break
            soonest = arrived_at[arrived] if arrived < end else np.inf
            if length > 0:
                for server in range(servers):
                    if now < free_at[server] < soonest:
                        soonest = free_at[server]
                if half_hour < last_period:
                    soonest = min(soonest, opens + (half_hour + 1) * period)
            if soonest == np.inf:
                break
            now = soonest
    return called_at, leaves_at
