"""Where a thread plays its days: people, legs, lines, counters and heaps, made once and used again."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from senyum.engine import discipline_fast
from senyum.engine.discipline_fast import LINE, Floats, Ints
from senyum.engine.simulation.tables import Tables, words

#: What became of a leg.
WAITING, SERVED, LEFT, LAPSED = range(4)

COMER = np.dtype([("at", "f8"), ("anchor", "f8"), ("key", "u8"), ("service", "i8")])
#: Beside that: which leg of the visit it is (0: the first), and class and minutes, -1 where they are still to be drawn.
KNOWN = np.dtype([*COMER.descr, ("minutes", "f8"), ("number", "i4"), ("cls", "i4")])
#: A leg: what the discipline sees, and its life. `number` is 0 for the first leg of a visit; `origin` the leg before.
LEG = np.dtype(
    [
        *discipline_fast.LEG.descr,
        ("key", "u8"),
        ("queued", "f8"),
        ("minutes", "f8"),
        ("shown", "f8"),
        ("leaves", "f8"),
        ("called", "f8"),
        ("ended", "f8"),
        ("number", "i4"),
        ("origin", "i4"),
        ("counter", "i4"),
        ("why", "i4"),
        ("state", "i4"),
        ("parking", "i4"),
    ]
)
DESK = np.dtype([("leg", "i8"), ("officer", "i8")])


class Room(NamedTuple):
    """Where a thread plays its days, one after the other.

    `desk_first`, `desk_helps`: per counter the set of lines of whoever sits there; `line_first`, `line_helps`: per line
    the set of counters; `weight`: minutes until a line moves on by one; `staffed`: counters that serve it first.
    `at_desk`, `away`: heaps of (time, counter) and (time, leg). `staffed_minutes`, `busy_minutes`: (agencies, half
    hours); `overtime`: per agency.
    """

    comers: Any
    order: Ints
    buckets: Ints
    legs: Any
    lines: Any
    ends: Ints
    waiting: NDArray[np.uint64]
    desks: Any
    desk_first: NDArray[np.uint64]
    desk_helps: NDArray[np.uint64]
    idle: NDArray[np.uint64]
    line_first: NDArray[np.uint64]
    line_helps: NDArray[np.uint64]
    weight: Floats
    staffed: Ints
    at_desk: Floats
    at_desk_of: Ints
    away: Floats
    away_of: Ints
    staffed_minutes: Floats
    busy_minutes: Floats
    overtime: Floats


def room_for(tables: Tables, people: int) -> Room:
    """Room for a day of so many people."""
    lines, counters, legs = len(tables.services), len(tables.agency_of), 2 * people + 16
    agencies, periods = len(tables.agencies), tables.booked.shape[1]

    def bits(rows: int, of: int) -> NDArray[np.uint64]:
        return np.zeros((rows, words(of)), dtype=np.uint64)

    return Room(
        comers=np.zeros(people, KNOWN).view(np.recarray),
        order=np.zeros(people, np.int64),
        buckets=np.zeros(people + 2, np.int64),
        legs=np.zeros(legs, LEG).view(np.recarray),
        lines=np.zeros(lines, LINE).view(np.recarray),
        ends=np.zeros((lines, len(tables.classes), 2), np.int64),
        waiting=bits(1, lines)[0],
        desks=np.zeros(counters, DESK).view(np.recarray),
        desk_first=bits(counters, lines),
        desk_helps=bits(counters, lines),
        idle=bits(1, counters)[0],
        line_first=bits(lines, counters),
        line_helps=bits(lines, counters),
        weight=np.zeros(lines),
        staffed=np.zeros(lines, np.int64),
        at_desk=np.zeros(counters + 1),
        at_desk_of=np.zeros(counters + 1, np.int64),
        away=np.zeros(legs),
        away_of=np.zeros(legs, np.int64),
        staffed_minutes=np.zeros((agencies, periods)),
        busy_minutes=np.zeros((agencies, periods)),
        overtime=np.zeros(agencies),
    )
