"""One agency by itself through many sampled days, compiled: what the search asks thousands of times.

The people are those of the simulated mall (same keys: same arrivals, classes, minutes, patience), drawn once and played
with one staffing after the other by the code that plays the mall. Two staffings differ only by what they are, and an
agency that is played alone keeps what it keeps in the mall with the same visitors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from senyum.engine.kernel import kernel
from senyum.engine.scenario import Scenario, Shift
from senyum.engine.simulation.day import day_key, first_room
from senyum.engine.simulation.draws import PER_LEG, stream_of, sub
from senyum.engine.simulation.people import arrivals, class_of, in_order, minutes_of
from senyum.engine.simulation.play import play
from senyum.engine.simulation.room import KNOWN, Room, room_for
from senyum.engine.simulation.tables import CLOSES, MOMENT, SITS_DOWN, STANDS_UP, Tables, compiled, words
from senyum.engine.staffing.agency_day import AgencyDay, Desk
from senyum.engine.staffing.visitors import Visitors, nobody

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """A value a day: `kept`, `promised` (people whose promise was met or had passed); `missed`: in all, a half hour."""

    kept: Floats
    promised: Floats
    missed: Floats

    def share(self) -> float:
        """Called within the promise; 1 when nobody came."""
        return float(self.kept.sum() / self.promised.sum()) if self.promised.sum() > 0 else 1.0


class Crowd:
    """The people of an agency's day on `days` days of a seed; drawn when first asked for. Belongs to one thread."""

    def __init__(self, day: AgencyDay, *, seed: int, visitors: Visitors | None = None) -> None:
        self.day, self._seed = day, np.uint64(seed)
        self._tables = compiled(only(day.scenario, day.agency))
        self._visitors = (visitors or nobody()).of(day.services)
        self._rows = np.zeros(0, KNOWN).view(np.recarray)
        self._starts = np.zeros(1, np.int64)
        self._room: Room | None = None

    @property
    def days(self) -> int:
        """Days drawn so far."""
        return len(self._starts) - 1

    def load(self, days: int) -> tuple[Floats, Floats]:
        """People and their minutes at the counter, on each of the first `days` days."""
        self._draw(days)
        starts = self._starts[: days + 1]
        before = np.concatenate([[0.0], np.cumsum(self._rows["minutes"])])
        return np.diff(starts).astype(np.float64), np.diff(before[starts])

    def play(self, desk: Desk, staffing: Ints, *, first: int, end: int) -> Played:
        """Days `first` to `end` with `staffing`, officers per (kind, half hour).

        The n-th officer of a kind is there in each half hour that has at least n.
        """
        there = self._all_open(desk, staffing) if len(desk.full) else self._by_kind(desk, staffing)
        return self._play(desk, there, max((p.counter for p in there), default=-1) + 1, first, end)

    def _by_kind(self, desk: Desk, staffing: Ints) -> list[_Presence]:
        there, counters = [], 0
        for kind, counts in enumerate(staffing):
            for n in range(int(counts.max(initial=0))):
                for start, end in self._stretches(counts > n):
                    there.append(_Presence(counters, counters, start, end, float(desk.absent[kind]), kind))
                counters += 1
        return there

    def _all_open(self, desk: Desk, staffing: Ints) -> list[_Presence]:
        """One kind that serves everything, except where everybody is there: then the counters are what they are."""
        counts, absent, there = staffing[0], float(desk.absent[0]), []
        everybody = counts >= len(desk.full)
        for n in range(int(counts.max(initial=0))):
            there += [_Presence(n, n, *part, absent, 0) for part in self._stretches((counts > n) & ~everybody)]
            if n < len(desk.full):
                there += [_Presence(n, n, *part, absent, n + 1) for part in self._stretches(everybody)]
        return there

    def play_shifts(self, shifts: Sequence[Shift], *, first: int, end: int) -> Played:
        """The same days with a roster as it is, of officers of this agency; what no kind can do counts for nothing."""
        day, there = self.day, []
        at = day.scenario.agencies[day.agency]
        counters = sorted(c for place in day.places for c in place.counters)
        officers = [o for group in day.groups for o in group.officers]
        for shift in shifts:
            kind = day.kind_of(shift)
            if kind < 0:
                continue
            for start, end_ in shift.presences():
                start, end_ = max(start, at.opens), min(end_, at.closes)
                if start < end_:
                    who = counters.index(shift.counter), officers.index(shift.officer)
                    there.append(_Presence(*who, start, end_, float(day.desk.absent[kind]), kind))
        return self._play(day.desk, there, max(len(counters), len(officers)), first, end)

    def _play(self, desk: Desk, there: Sequence[_Presence], counters: int, first: int, end: int) -> Played:
        self._draw(end)
        tables = self._staffed(desk, there, counters)
        kept, promised = np.zeros(end - first), np.zeros(end - first)
        missed, day = np.zeros(self.day.scenario.periods), first
        room = self._room_for(counters)
        while day < end:
            day = _play_days(tables, room, self._seed, self._starts, day, end, first, kept, promised, missed)
            if day < end:
                room = self._room_for(counters, larger=True)
        return Played(kept, promised, missed)

    def _draw(self, end: int) -> None:
        if end <= self.days:
            return
        first, visitors = self.days, self._visitors
        room = first_room(self._tables)
        most = int(np.diff(visitors.starts).max(initial=0))
        room = room_for(self._tables, len(room.comers) + most)
        a_day = int(self.day.expected.sum() * 1.3) + most + 16
        while True:
            rows, counts = np.zeros(a_day * (end - first), KNOWN).view(np.recarray), np.zeros(end - first, np.int64)
            sent = visitors.rows.view(np.recarray), visitors.starts
            found = _draw_days(self._tables, room, self._seed, first, end, *sent, rows, counts)
            if found >= 0:
                break
            room, a_day = room_for(self._tables, 2 * len(room.comers)), 2 * a_day
        self._rows = np.concatenate([self._rows, rows[:found]]).view(np.recarray)
        self._starts = np.concatenate([self._starts, self._starts[-1] + np.cumsum(counts)])
        self._room = None

    def _room_for(self, counters: int, *, larger: bool = False) -> Room:
        """A place to play in that holds all people drawn; its counters are those of the largest staffing so far."""
        old = self._room
        if old is None or len(old.desks) < counters or larger:
            people = int(np.diff(self._starts).max(initial=0))
            if old is not None and larger:
                people = len(old.legs)
            room = room_for(self._tables._replace(agency_of=np.zeros(max(counters, 1), np.int64)), people)
            order = np.arange(len(self._rows), dtype=np.int64)
            self._room = old = room._replace(comers=self._rows, order=order)
        return old

    def _stretches(self, there: NDArray[np.bool_]) -> list[tuple[float, float]]:
        """From when to when, for half hours in which somebody is there, within the agency's hours."""
        scenario, at = self.day.scenario, self.day.scenario.agencies[self.day.agency]
        edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
        times = scenario.opens + edges.reshape(-1, 2) * scenario.period
        found = [(max(float(a), at.opens), min(float(b), at.closes)) for a, b in times]
        return [(a, b) for a, b in found if a < b]

    def _staffed(self, desk: Desk, there: Sequence[_Presence], counters: int) -> Tables:
        """The tables with these officers at these counters."""
        day, lines = self.day, len(self.day.services)
        closes = day.scenario.agencies[day.agency].closes
        sets = [[_bits(row, tier) for tier in (1, 2)] for row in (*desk.tiers, *desk.full)]
        rows: list[tuple[tuple[Any, ...], list[int]]] = [((closes, CLOSES, 0, -1, closes, 0.0), [0, 0])]
        for p in there:
            who = (p.counter, p.officer, p.end, p.absent)
            rows += [((p.start, SITS_DOWN, *who), sets[p.kind]), ((p.end, STANDS_UP, *who), sets[p.kind])]
        rows.sort(key=lambda row: row[0][:3])
        first, helps = (np.array([_words(mine[tier], lines) for _, mine in rows], dtype=np.uint64) for tier in (0, 1))
        return self._tables._replace(
            moments=np.array([row for row, _ in rows], dtype=MOMENT).view(np.recarray),
            first=first,
            helps=helps,
            officers=_streams(day, counters),
            agency_of=np.zeros(counters, np.int64),
        )


@dataclass(frozen=True, slots=True)
class _Presence:
    """Somebody of a kind at a counter from `start` to `end`; whether they come is drawn for the `officer`-th one."""

    counter: int
    officer: int
    start: float
    end: float
    absent: float
    kind: int


def only(scenario: Scenario, agency: int) -> Scenario:
    """The scenario without the other agencies and with nobody at the counters; who is forwarded within it still is."""
    services = [i for i, s in enumerate(scenario.services) if s.agency == agency]
    local = {s: n for n, s in enumerate(services)}
    return replace(
        scenario,
        agencies=(scenario.agencies[agency],),
        services=tuple(replace(scenario.services[s], agency=0) for s in services),
        counters=(),
        officers=(),
        shifts=(),
        forwards=tuple(
            replace(f, source=local[f.source], target=local[f.target])
            for f in scenario.forwards
            if f.source in local and f.target in local
        ),
    )


def _bits(tiers: Ints, tier: int) -> int:
    return sum(1 << int(line) for line in np.flatnonzero(tiers == tier))


def _words(places: int, size: int) -> list[int]:
    return [places >> (64 * w) & (1 << 64) - 1 for w in range(words(size))]


def _streams(day: AgencyDay, counters: int) -> NDArray[np.uint64]:
    """Whether the n-th officer comes is drawn as for the agency's n-th officer in the mall."""
    codes = [day.scenario.officers[o].code for g in day.groups for o in g.officers]
    codes += [f"{day.scenario.agencies[day.agency].code} {n}" for n in range(len(codes), counters)]
    return np.array([stream_of(f"officer {code}") for code in codes], dtype=np.uint64)


@kernel(kept=True, free=True)
def _draw_days(
    tables: Any, room: Any, seed: Any, first: int, end: int, visitors: Any, starts: Any, rows: Any, counts: Any
) -> int:
    """Write the people of some days in order of time; how many, or -1: there is no room."""
    total, recorded = 0, len(starts) - 1
    for day in range(first, end):
        count = arrivals(tables, day_key(seed, day), room.comers)
        if count < 0:
            return -1
        for i in range(count):
            comer = room.comers[i]
            service = tables.services[comer.service]
            comer.cls = class_of(comer.key, tables.classes)
            comer.minutes = minutes_of(comer.key, 0, service, tables.parts, tables.values, tables.documents)
        if recorded > 0:
            again = day // recorded
            for v in range(starts[day % recorded], starts[day % recorded + 1]):
                if count == len(room.comers):
                    return -1
                comer, row = room.comers[count], visitors[v]
                comer.at, comer.anchor, comer.service, comer.number = row.at, row.anchor, row.service, row.number
                comer.key, comer.cls, comer.minutes = row.key, row.cls, row.minutes
                if again > 0:
                    # The recording starts anew: the same times, other people.
                    comer.key = sub(row.key, again)
                    comer.minutes = minutes_of(
                        comer.key,
                        row.number * PER_LEG,
                        tables.services[row.service],
                        tables.parts,
                        tables.values,
                        tables.documents,
                    )
                count += 1
        if total + count > len(rows):
            return -1
        in_order(room.comers, count, room.order, room.buckets)
        for i in range(count):
            rows[total + i] = room.comers[room.order[i]]
        total += count
        counts[day - first] = count
    return total


@kernel(kept=True, free=True)
def _play_days(
    tables: Any,
    room: Any,
    seed: Any,
    starts: Any,
    day: int,
    end: int,
    first: int,
    kept: Any,
    promised: Any,
    missed: Any,
) -> int:
    """Play days `day` to `end`; returns the first one that did not fit into `room`, or `end`."""
    hall = tables.hall[0]
    while day < end:
        legs = play(tables, room, day_key(seed, day), starts[day], starts[day + 1])
        if legs > len(room.legs):
            break
        for i in range(legs):
            me = room.legs[i]
            if me.origin >= 0:
                continue
            if me.called <= me.promised:
                kept[day - first] += 1
                promised[day - first] += 1
            elif me.called < np.inf or me.ended > me.promised:
                promised[day - first] += 1
                p = np.int64((me.queued - hall.opens) / hall.period)
                missed[min(max(p, 0), len(missed) - 1)] += 1
        day += 1
    return day
