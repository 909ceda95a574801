"""One day with the life of every leg, for tests, charts and comparisons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from senyum.engine.kernel import kernel
from senyum.engine.scenario import Floats, Ints, Scenario
from senyum.engine.simulation.draws import sub
from senyum.engine.simulation.people import arrivals, in_order
from senyum.engine.simulation.play import play
from senyum.engine.simulation.room import COMER, Room, room_for
from senyum.engine.simulation.tables import Tables, compiled


@dataclass(frozen=True, slots=True, eq=False)
class DayOfLegs:
    """A value a leg, in the order in which the legs began; minutes of the day, `inf` where it did not happen.

    `origin`: the leg from which it was forwarded, -1 for the first leg of a visit. `state`: `room.SERVED`, `LEFT` or
    `LAPSED`. `why`: index into `discipline.Why`, -1 when never called. `shown`: the wait shown on arrival.
    """

    service: Ints
    cls: Ints
    origin: Ints
    queued: Floats
    turn: Floats
    promised: Floats
    shown: Floats
    minutes: Floats
    called: Floats
    counter: Ints
    why: Ints
    ended: Floats
    state: Ints
    parked: Ints

    @property
    def wait(self) -> Floats:
        """Minutes from joining the line to the (first) call."""
        waited: Floats = self.called - self.queued
        return waited


@kernel(kept=True)
def day_key(seed: Any, day: int) -> Any:
    """The key of a day, which does not depend on how many days are played."""
    return sub(sub(seed, 0), day)


@kernel(kept=True)
def draw_and_play(tables: Any, room: Any, key: Any) -> int:
    """A whole day in `room`: how many legs, or more than `room` has places for, when it must grow."""
    comers = arrivals(tables, key, room.comers)
    if comers < 0:
        return len(room.legs) + 1
    in_order(room.comers, comers, room.order, room.buckets)
    return play(tables, room, key, 0, comers)


def first_room(tables: Tables) -> Room:
    """Room for nearly every day of these tables; whoever uses it grows it when a day does not fit."""
    expected = float(tables.expected[:, -1].sum() + np.ceil(tables.booked).sum())
    return room_for(tables, int(1.5 * expected + 6 * np.sqrt(expected) + 64))


def key_of(seed: int, day: int) -> Any:
    """`day_key` for a caller in Python."""
    return np.uint64(day_key(np.uint64(seed), day))


def one_day(scenario: Scenario, *, seed: int, day: int = 0) -> DayOfLegs:
    """Day number `day` of a seed: the same as `simulate` plays."""
    tables = compiled(scenario)
    room, key = first_room(tables), key_of(seed, day)
    while (legs := draw_and_play(tables, room, key)) > len(room.legs):
        room = room_for(tables, 2 * len(room.comers))
    return of_room(room, legs)


def played(scenario: Scenario, comers: Any, *, seed: int = 0) -> DayOfLegs:
    """The day of given people: (at, anchor, key, service) each, as `room.COMER`. Other draws come from `seed`."""
    tables = compiled(scenario)
    people = np.sort(np.asarray(comers, dtype=COMER), order="at", kind="stable")
    room = room_for(tables, len(people))
    _fill(room, people)
    while True:
        room.order[: len(people)] = np.arange(len(people))
        legs = play(tables, room, key_of(seed, 0), 0, len(people))
        if legs <= len(room.legs):
            return of_room(room, legs)
        room = room_for(tables, 2 * len(room.comers))
        _fill(room, people)


def _fill(room: Room, people: Any) -> None:
    for name in COMER.names or ():
        room.comers[name][: len(people)] = people[name]
    room.comers.minutes[: len(people)], room.comers.cls[: len(people)] = -1.0, -1


def of_room(room: Room, legs: int) -> DayOfLegs:
    """What `room` holds after a day."""
    rows = room.legs[:legs].copy()
    return DayOfLegs(
        service=rows.line.astype(np.int64),
        cls=rows.cls.astype(np.int64),
        origin=rows.origin.astype(np.int64),
        queued=rows.queued,
        turn=rows.turn,
        promised=rows.promised,
        shown=rows.shown,
        minutes=rows.minutes,
        called=rows.called,
        counter=rows.counter.astype(np.int64),
        why=rows.why.astype(np.int64),
        ended=rows.ended,
        state=rows.state.astype(np.int64),
        parked=(rows.parking == 2).astype(np.int64),
    )
