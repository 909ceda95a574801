"""Sums and histograms of many days, compiled. A batch of days is one thread's, so the sums do not depend on threads."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from senyum.engine.discipline_fast import Floats
from senyum.engine.kernel import kernel
from senyum.engine.simulation.day import day_key, draw_and_play
from senyum.engine.simulation.room import LEFT, SERVED
from senyum.engine.simulation.tables import Tables

#: What is summed for a group. People are first legs; forwarded legs count as `forwarded`, and in all that follows.
#: `promised`: first legs whose promise is known to be kept or not; `waiting`: minutes of all who wait, by half hour.
SUMS = ("people", "forwarded", "served", "left", "lapsed", "called", "wait", "kept", "promised", "waiting")
PEOPLE, FORWARDED, SERVED_SUM, LEFT_SUM, LAPSED_SUM, CALLED, WAIT, KEPT, PROMISED, WAITING_SUM = range(10)
#: Waits are counted in bins of half a minute; the first bin is of those who did not wait at all, the last is open.
BIN = 0.5
BINS = 722


class Tally(NamedTuple):
    """Per batch of days. `sums`: (services, half hours, SUMS); `classes`: (classes, SUMS); `bins`: the waits of whoever
    was called, (services + classes + half hours, BINS); `minutes`: (agencies, half hours, staffed and busy);
    `overtime`: per agency. A leg belongs to the half hour in which it joined its line.
    """

    sums: Floats
    classes: Floats
    bins: NDArray[np.int32]
    minutes: Floats
    overtime: Floats


def tally_for(tables: Tables, batches: int) -> Tally:
    """An empty tally, with the batch as first axis of every array."""
    services, periods = tables.booked.shape
    classes, agencies = len(tables.classes), len(tables.agencies)
    return Tally(
        sums=np.zeros((batches, services, periods, len(SUMS))),
        classes=np.zeros((batches, classes, len(SUMS))),
        bins=np.zeros((batches, services + classes + periods, BINS), dtype=np.int32),
        minutes=np.zeros((batches, agencies, periods, 2)),
        overtime=np.zeros((batches, agencies)),
    )


@kernel(inline=True)
def _count(me: Any, row: Floats, of_class: Floats) -> None:
    """Add one leg to the sums of its service and half hour, and of its class."""
    what = FORWARDED if me.origin >= 0 else PEOPLE
    row[what] += 1
    of_class[what] += 1
    end = SERVED_SUM if me.state == SERVED else LEFT_SUM if me.state == LEFT else LAPSED_SUM
    row[end] += 1
    of_class[end] += 1
    until = me.called if me.called < np.inf else me.ended
    if me.called < np.inf:
        row[CALLED] += 1
        row[WAIT] += until - me.queued
        of_class[CALLED] += 1
        of_class[WAIT] += until - me.queued
    if me.origin < 0 and (me.called < np.inf or until > me.promised):
        row[PROMISED] += 1
        of_class[PROMISED] += 1
        if me.called <= me.promised:
            row[KEPT] += 1
            of_class[KEPT] += 1


@kernel(inline=True)
def _add_day(legs: int, tables: Any, room: Any, tally: Any, batch: int) -> None:
    """Add the day that `room` holds."""
    hall = tables.hall[0]
    services, periods = tables.booked.shape
    classes = len(tables.classes)
    for i in range(legs):
        me = room.legs[i]
        p = min(max(np.int64((me.queued - hall.opens) / hall.period), 0), periods - 1)
        _count(me, tally.sums[batch, me.line, p], tally.classes[batch, me.cls])
        until = me.called if me.called < np.inf else me.ended
        if until > me.queued:
            start, end = me.queued, min(until, hall.opens + periods * hall.period)
            q = p
            while start < end and q < periods:
                stop = min(end, hall.opens + (q + 1) * hall.period)
                tally.sums[batch, me.line, q, WAITING_SUM] += stop - start
                start, q = stop, q + 1
        if me.called < np.inf:
            wait = me.called - me.queued
            b = 0 if wait <= 1e-9 else min(1 + np.int64(wait / BIN), BINS - 1)
            tally.bins[batch, me.line, b] += 1
            tally.bins[batch, services + me.cls, b] += 1
            tally.bins[batch, services + classes + p, b] += 1
    for agency in range(len(room.overtime)):
        tally.overtime[batch, agency] += room.overtime[agency]
        for p in range(periods):
            tally.minutes[batch, agency, p, 0] += room.staffed_minutes[agency, p]
            tally.minutes[batch, agency, p, 1] += room.busy_minutes[agency, p]


@kernel(kept=True, free=True)
def add_days(tables: Any, room: Any, tally: Any, batch: int, seed: Any, day: int, end: int) -> int:
    """Play days `day` to `end` into a batch; returns the first one that did not fit into `room`, or `end`."""
    while day < end:
        legs = draw_and_play(tables, room, day_key(seed, day))
        if legs > len(room.legs):
            break
        _add_day(legs, tables, room, tally, batch)
        day += 1
    return day
