"""People whom other agencies forward, as the simulated mall sends them: recorded once, replayed at the agency alone.

How many come and when depends on the rosters of the agencies before, on their waits and on who leaves there; a mean
does not tell. So the whole mall is played with some roster, and every leg that crosses from one agency to another is
written down with its time and its key.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from senyum.engine.kernel import kernel
from senyum.engine.scenario import Scenario
from senyum.engine.simulation.day import day_key, draw_and_play, first_room
from senyum.engine.simulation.room import KNOWN, room_for
from senyum.engine.simulation.tables import Tables, compiled

Ints = NDArray[np.int64]
#: Days of the mall that are recorded; an agency that needs more days meets the same times with other people.
DAYS = 2_000
_BATCH = 250


@dataclass(frozen=True, slots=True, eq=False)
class Visitors:
    """`rows` (`room.KNOWN`, services of the whole scenario), day after day; `starts`: where each day begins."""

    rows: Any
    starts: Ints

    @property
    def days(self) -> int:
        """How many days were recorded."""
        return len(self.starts) - 1

    def of(self, services: tuple[int, ...]) -> Visitors:
        """Those who come for these services, which are numbered as in `services`."""
        local = np.full(max(int(self.rows["service"].max(initial=0)), *services, 0) + 1, -1)
        local[list(services)] = np.arange(len(services))
        mine = local[self.rows["service"]] >= 0
        rows = self.rows[mine].copy()
        rows["service"] = local[rows["service"]]
        before = np.concatenate([[0], np.cumsum(mine)])
        return Visitors(rows, before[self.starts].astype(np.int64))


def nobody() -> Visitors:
    """No visitors at all."""
    return Visitors(np.zeros(0, KNOWN), np.zeros(1, np.int64))


def record(scenario: Scenario, *, seed: int, days: int = DAYS, threads: int = 1) -> Visitors:
    """Who crosses from one agency to another on the first `days` days of the seed, with the scenario's roster."""
    agency = [s.agency for s in scenario.services]
    if not any(agency[f.source] != agency[f.target] and f.share > 0 for f in scenario.forwards):
        return nobody()
    tables = compiled(scenario)

    def part(first: int) -> tuple[Any, Ints]:
        return _part(tables, seed, first, min(first + _BATCH, days))

    with ThreadPoolExecutor(max(1, threads)) as pool:
        parts = list(pool.map(part, range(0, days, _BATCH)))
    counts = np.concatenate([c for _, c in parts])
    return Visitors(np.concatenate([r for r, _ in parts]), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def _part(tables: Tables, seed: int, first: int, end: int) -> tuple[Any, Ints]:
    room, size = first_room(tables), 64
    while True:
        rows, counts = np.zeros(size * (end - first), KNOWN).view(np.recarray), np.zeros(end - first, np.int64)
        found = _record(tables, room, np.uint64(seed), first, end, rows, counts)
        if found >= 0:
            return rows[:found].view(np.ndarray), counts
        if found == -1:
            room = room_for(tables, 2 * len(room.comers))
        else:
            size *= 2


@kernel(kept=True, free=True)
def _record(tables: Any, room: Any, seed: Any, first: int, end: int, rows: Any, counts: Any) -> int:
    """How many legs were written; -1: the room is too small, -2: `rows` is."""
    count = 0
    for day in range(first, end):
        legs = draw_and_play(tables, room, day_key(seed, day))
        if legs > len(room.legs):
            return -1
        for i in range(legs):
            me = room.legs[i]
            if me.origin < 0:
                continue
            before = room.legs[me.origin]
            if tables.services[before.line].agency == tables.services[me.line].agency:
                continue
            if count == len(rows):
                return -2
            row = rows[count]
            row.at, row.anchor, row.key = me.queued, me.turn + tables.classes[me.cls].head_start, me.key
            row.service, row.number, row.cls, row.minutes = me.line, me.number, me.cls, me.minutes
            count += 1
            counts[day - first] += 1
    return count
