"""Many days of a scenario at once, on threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from senyum.engine.scenario import Scenario
from senyum.engine.simulation.day import first_room
from senyum.engine.simulation.report import Report, report_of
from senyum.engine.simulation.room import Room, room_for
from senyum.engine.simulation.tables import Tables, compiled
from senyum.engine.simulation.tally import Tally, add_days, tally_for

#: Days are gathered into at most so many batches, from which the intervals come.
BATCHES = 40


def simulate(scenario: Scenario, *, days: int, seed: int = 0, threads: int = 1) -> Report:
    """Play `days` days. The report depends on scenario, days and seed only, not on `threads`.

    Raises ValueError for fewer than one day.
    """
    if days < 1:
        raise ValueError("at least one day must be played")
    tables = compiled(scenario)
    batches = min(days, BATCHES)
    tally = tally_for(tables, batches)
    play_batches(tables, tally, days=days, seed=seed, threads=threads)
    return report_of(scenario, tally, days)


def play_batches(tables: Tables, tally: Tally, *, days: int, seed: int, threads: int) -> None:
    """Fill `tally`: batch b holds the days from b x days / batches on."""
    batches = len(tally.overtime)
    bounds = [b * days // batches for b in range(batches + 1)]

    def work(mine: range) -> None:
        room = first_room(tables)
        for batch in mine:
            room = _play(tables, room, tally, batch, seed, bounds[batch], bounds[batch + 1])

    shares = [range(first, batches, max(1, threads)) for first in range(min(max(1, threads), batches))]
    if len(shares) == 1:
        work(shares[0])
        return
    with ThreadPoolExecutor(len(shares)) as pool:
        for done in [pool.submit(work, share) for share in shares]:
            done.result()


def _play(tables: Tables, room: Room, tally: Tally, batch: int, seed: int, day: int, end: int) -> Room:
    while (day := add_days(tables, room, tally, batch, np.uint64(seed), day, end)) < end:
        room = room_for(tables, 2 * len(room.comers))
    return room
