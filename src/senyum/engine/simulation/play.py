"""One day, compiled: an event at a time, from the first arrival until everyone inside has gone.

Four things happen: somebody comes; a counter finishes; somebody comes back from being set aside or from another agency;
a planned moment (an officer sits down or stands up, an agency closes). A counter that is free calls at once, by
`discipline_fast.next_leg`. Hence whoever comes while a counter of theirs is idle is the only one it can call.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from senyum.engine.discipline_fast import (
    EARLIEST,
    HELPING,
    PAST_PROMISE,
    Floats,
    Ints,
    clear_bit,
    join,
    leave,
    lowest,
    next_leg,
    set_bit,
)
from senyum.engine.kernel import kernel
from senyum.engine.simulation import draws
from senyum.engine.simulation.draws import sub, uniform
from senyum.engine.simulation.people import class_of, minutes_of
from senyum.engine.simulation.room import LAPSED, LEFT, SERVED, WAITING
from senyum.engine.simulation.tables import CLOSES, SITS_DOWN

#: Whether a leg is to be set aside: not asked yet, is being served before it is set aside, has been, or will not be.
_UNASKED, _BEFORE, _AFTER, _NEVER = range(4)

#: What is at a counter when it is no leg: free, or waiting for somebody who was called and has left.
_FREE, _NOBODY = -1, -2

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_ACCEPTS, _PATIENCE, _PARKS, _PARKED, _ONWARD = draws.ACCEPTS, draws.PATIENCE, draws.PARKS, draws.PARKED, draws.ONWARD
_PER_LEG = draws.PER_LEG


@kernel(inline=True)
def _up(times: Floats, of: Ints, place: int, at: float, what: int) -> None:
    """Let (`at`, `what`) rise from `place` of a heap."""
    while place > 0:
        parent = (place - 1) >> 1
        if times[parent] < at or (times[parent] == at and of[parent] <= what):
            break
        times[place], of[place] = times[parent], of[parent]
        place = parent
    times[place], of[place] = at, what


@kernel(inline=True)
def _down(times: Floats, of: Ints, size: int, at: float, what: int) -> None:
    """Put (`at`, `what`) in the place of the first of a heap and let it sink."""
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        other = child + 1
        if other < size and (times[other] < times[child] or (times[other] == times[child] and of[other] < of[child])):
            child = other
        if at < times[child] or (at == times[child] and what < of[child]):
            break
        times[place], of[place] = times[child], of[child]
        place = child
    times[place], of[place] = at, what


@kernel(inline=True)
def spread(row: Floats, start: float, end: float, opens: float, period: float, share: float) -> None:
    """Add `share` of the minutes from `start` to `end` to the half hours in which they lie; none outside the day."""
    start, end = max(start, opens), min(end, opens + period * len(row))
    if end <= start:
        return
    p = np.int64((start - opens) / period)
    while start < end and p < len(row):
        until = min(end, opens + (p + 1) * period)
        row[p] += share * (until - start)
        start, p = until, p + 1


@kernel(inline=True)
def _begin(room: Any) -> None:
    """Nobody waits, nobody sits anywhere, no minutes are counted."""
    for line in range(len(room.lines)):
        room.lines[line].leg = -1
        room.lines[line].waiting = 0
        room.staffed[line] = 0
        for k in range(room.ends.shape[1]):
            room.ends[line, k, 0] = -1
            room.ends[line, k, 1] = -1
        for w in range(len(room.idle)):
            room.line_first[line, w] = _ZERO
            room.line_helps[line, w] = _ZERO
    for counter in range(len(room.desks)):
        room.desks[counter].leg = _FREE
        room.desks[counter].officer = -1
        for w in range(len(room.waiting)):
            room.desk_first[counter, w] = _ZERO
            room.desk_helps[counter, w] = _ZERO
    for w in range(len(room.waiting)):
        room.waiting[w] = _ZERO
    for w in range(len(room.idle)):
        room.idle[w] = _ZERO
    for agency in range(len(room.overtime)):
        room.overtime[agency] = 0.0
        for p in range(room.busy_minutes.shape[1]):
            room.busy_minutes[agency, p] = 0.0
            room.staffed_minutes[agency, p] = 0.0


@kernel(inline=True)
def _serve(now: float, counter: int, leg: int, why: int, tables: Any, room: Any) -> Any:
    """Call a leg to a counter; returns until when the counter is busy."""
    hall, me = tables.hall[0], room.legs[leg]
    service = tables.services[me.line]
    minutes = me.minutes
    if me.parking == _UNASKED:
        me.called, me.counter, me.why, me.leaves = now, counter, why, np.inf
        parks = service.parks > 0 and uniform(me.key, me.number * _PER_LEG + _PARKS) < service.parks
        me.parking = _BEFORE if parks else _NEVER
        if parks:
            minutes *= service.parks_at
    else:
        minutes *= 1.0 - service.parks_at
    until = now + hall.walk + minutes
    room.desks[counter].leg = leg
    agency = tables.agency_of[counter]
    spread(room.busy_minutes[agency], now, until, hall.opens, hall.period, 1.0)
    room.overtime[agency] += max(0.0, until - max(now, tables.agencies[agency].closes))
    return until


@kernel(inline=True)
def _call(now: float, counter: int, tables: Any, room: Any) -> Any:
    """Let a free counter call; returns until when it is busy, or -1: nobody waits for it."""
    while True:
        leg, why = next_leg(
            now, room.desk_first[counter], room.desk_helps[counter], room.legs, room.lines, room.ends, room.waiting
        )
        if leg < 0:
            return -1.0
        leave(leg, room.legs, room.lines, room.ends, room.waiting)
        me = room.legs[leg]
        if me.leaves > now:
            return _serve(now, counter, leg, why, tables, room)
        me.state, me.ended = LEFT, me.leaves
        if tables.hall[0].missed > 0:
            room.desks[counter].leg = _NOBODY
            return now + tables.hall[0].missed


@kernel(inline=True)
def _shown(now: float, line: int, tables: Any, room: Any) -> Any:
    """The wait that is shown: the least backlog of the counters that serve the line first, and one step more."""
    least = np.inf
    for w in range(room.line_first.shape[1]):
        word = room.line_first[line, w]
        while word:
            counter = (w << 6) + lowest(word)
            word &= word - _ONE
            backlog = 0.0
            for v in range(len(room.waiting)):
                bits = room.waiting[v] & room.desk_first[counter, v]
                while bits:
                    other = (v << 6) + lowest(bits)
                    bits &= bits - _ONE
                    backlog += room.lines[other].waiting * room.weight[other]
            least = min(least, backlog)
    service = tables.services[line]
    if least == np.inf:
        opens_in = max(0.0, tables.agencies[service.agency].opens - now)
        return opens_in + (room.lines[line].waiting + 1) * service.minutes
    return least + room.weight[line]


@kernel(inline=True)
def _stays(now: float, leg: int, tables: Any, room: Any) -> bool:
    """Show the wait; whether the person joins the line, and when they would leave it."""
    hall, me = tables.hall[0], room.legs[leg]
    at = me.number * _PER_LEG
    me.shown = _shown(now, me.line, tables, room)
    if hall.accepts < np.inf and -np.log(uniform(me.key, at + _ACCEPTS)) * hall.accepts < me.shown:
        me.state, me.ended = LEFT, now
        return False
    if hall.patience < np.inf or hall.patience_after < np.inf:
        bears = -np.log(uniform(me.key, at + _PATIENCE))
        if bears * hall.patience <= me.shown:
            me.leaves = now + bears * hall.patience
        else:
            me.leaves = now + me.shown + (bears - me.shown / hall.patience) * hall.patience_after
    return True


@kernel(inline=True)
def _enter(now: float, leg: int, tables: Any, room: Any, busy: int) -> int:
    """A leg comes to its line: it is called at once or waits. Returns how many counters are busy afterwards."""
    me = room.legs[leg]
    line = me.line
    for tier in range(2):
        of_line = room.line_first if tier == 0 else room.line_helps
        for w in range(len(room.idle)):
            word = room.idle[w] & of_line[line, w]
            if word:
                counter = (w << 6) + lowest(word)
                why = EARLIEST if tier == 0 else (PAST_PROMISE if me.promised < now else HELPING)
                until = _serve(now, counter, leg, why, tables, room)
                clear_bit(room.idle, counter)
                _up(room.at_desk, room.at_desk_of, busy, until, counter)
                return busy + 1
    if me.parking != _UNASKED or tables.hall[0].reacts == 0 or _stays(now, leg, tables, room):
        join(leg, room.legs, room.lines, room.ends, room.waiting)
    return busy


@kernel(inline=True)
def _new_leg(now: float, leg: int, line: int, minutes: float, tables: Any, room: Any) -> Any:
    """Fill in what all legs have; the caller gives the two times, class and visit. Minutes below 0 are drawn."""
    me = room.legs[leg]
    service = tables.services[line]
    me.line, me.queued, me.called, me.ended, me.leaves = line, now, np.inf, np.inf, np.inf
    me.shown, me.counter, me.why, me.state, me.parking = 0.0, -1, -1, WAITING, _UNASKED
    if minutes < 0:
        minutes = minutes_of(me.key, me.number * _PER_LEG, service, tables.parts, tables.values, tables.documents)
    me.minutes = minutes
    return me


@kernel(inline=True)
def _arrive(comer: Any, leg: int, tables: Any, room: Any) -> None:
    """The first leg of a visit, or one that comes from an agency that is not played (its origin is unknown: 0)."""
    me = room.legs[leg]
    me.key, me.number, me.origin = comer.key, comer.number, 0 if comer.number else -1
    _new_leg(comer.at, leg, comer.service, comer.minutes, tables, room)
    me.cls = comer.cls if comer.cls >= 0 else class_of(comer.key, tables.classes)
    cls = tables.classes[me.cls]
    me.turn, me.promised = comer.anchor - cls.head_start, comer.anchor + cls.promise


@kernel(inline=True)
def _onward(now: float, leg: int, tables: Any, room: Any) -> int:
    """The line to which a served person is forwarded, or -1. Nobody is forwarded into a closed agency."""
    me = room.legs[leg]
    service = tables.services[me.line]
    u, at = uniform(me.key, me.number * _PER_LEG + _ONWARD), service.onward_from
    while at < service.onward_to and u >= tables.onward[at].until:
        at += 1
    if at == service.onward_to:
        return -1
    target = tables.onward[at].target
    closes = tables.agencies[tables.services[target].agency].closes
    return target if now + tables.hall[0].transfer < closes else -1


@kernel(inline=True)
def _sit_down(moment: Any, first: Any, helps: Any, tables: Any, room: Any) -> None:
    """Somebody sits at a counter: from now on it serves what this officer and this counter can do."""
    counter = moment.place
    room.desks[counter].officer = moment.officer
    for w in range(len(first)):
        room.desk_first[counter, w] = first[w]
        room.desk_helps[counter, w] = helps[w]
        word = first[w]
        while word:
            line = (w << 6) + lowest(word)
            word &= word - _ONE
            set_bit(room.line_first[line], counter)
            room.staffed[line] += 1
            room.weight[line] = tables.services[line].minutes / room.staffed[line]
        word = helps[w]
        while word:
            set_bit(room.line_helps[(w << 6) + lowest(word)], counter)
            word &= word - _ONE
    hall, agency = tables.hall[0], tables.agency_of[counter]
    spread(room.staffed_minutes[agency], moment.at, moment.until, hall.opens, hall.period, 1.0)


@kernel(inline=True)
def _stand_up(counter: int, tables: Any, room: Any) -> None:
    """Nobody sits at a counter any more; who is being served there is served to the end."""
    room.desks[counter].officer = -1
    clear_bit(room.idle, counter)
    for w in range(room.desk_first.shape[1]):
        word = room.desk_first[counter, w]
        while word:
            line = (w << 6) + lowest(word)
            word &= word - _ONE
            clear_bit(room.line_first[line], counter)
            room.staffed[line] -= 1
            if room.staffed[line] > 0:
                room.weight[line] = tables.services[line].minutes / room.staffed[line]
        word = room.desk_helps[counter, w]
        while word:
            clear_bit(room.line_helps[(w << 6) + lowest(word)], counter)
            word &= word - _ONE
        room.desk_first[counter, w] = _ZERO
        room.desk_helps[counter, w] = _ZERO


@kernel(inline=True)
def _close(now: float, agency: int, tables: Any, room: Any) -> None:
    """Whoever still waits in the lines of an agency lapses, unless they had left."""
    for line in range(len(room.lines)):
        if tables.services[line].agency != agency:
            continue
        while room.lines[line].leg >= 0:
            leg = room.lines[line].leg
            leave(leg, room.legs, room.lines, room.ends, room.waiting)
            me = room.legs[leg]
            gone = me.leaves <= now
            me.state, me.ended = (LEFT, me.leaves) if gone else (LAPSED, now)


@kernel(inline=True)
def _moment(moment: Any, at: int, tables: Any, room: Any, day: Any, busy: int) -> int:
    """A planned moment. Returns how many counters are busy afterwards."""
    now = moment.at
    if moment.kind == CLOSES:
        _close(now, moment.place, tables, room)
        return busy
    counter = moment.place
    if moment.kind == SITS_DOWN:
        absent = moment.absent > 0 and uniform(sub(day, 1) ^ tables.officers[moment.officer], 0) < moment.absent
        if absent:
            return busy
        working = room.desks[counter].leg != _FREE
        _sit_down(moment, tables.first[at], tables.helps[at], tables, room)
        if working:
            return busy
        until = _call(now, counter, tables, room)
        if until < 0:
            set_bit(room.idle, counter)
            return busy
        _up(room.at_desk, room.at_desk_of, busy, until, counter)
        return busy + 1
    if room.desks[counter].officer == moment.officer:
        _stand_up(counter, tables, room)
    return busy


@kernel(inline=True)
def _finish(now: float, made: int, away: int, tables: Any, room: Any) -> Any:
    """The first counter of the heap has finished its leg. Returns how many legs there are, and how many are away."""
    me_at = room.desks[room.at_desk_of[0]].leg
    if me_at == _NOBODY:
        return made, away
    me = room.legs[me_at]
    if me.parking == _BEFORE:
        me.parking = _AFTER
        minutes = -np.log(uniform(me.key, me.number * _PER_LEG + _PARKED)) * tables.services[me.line].parked_minutes
        _up(room.away, room.away_of, away, now + minutes, me_at)
        return made, away + 1
    me.state, me.ended = SERVED, now
    if tables.services[me.line].onward_to == tables.services[me.line].onward_from:
        return made, away
    target = _onward(now, me_at, tables, room)
    if target < 0:
        return made, away
    if made < len(room.legs):
        new = room.legs[made]
        new.key, new.number, new.origin = me.key, me.number + 1, me_at
        new.cls, new.turn, new.promised = me.cls, me.turn, me.promised
        _new_leg(now + tables.hall[0].transfer, made, target, -1.0, tables, room)
        _up(room.away, room.away_of, away, now + tables.hall[0].transfer, made)
        away += 1
    return made + 1, away


@kernel(inline=True)
def _return(now: float, away: int, tables: Any, room: Any, busy: int) -> int:
    """The first leg of those that are away is back. Returns how many counters are busy afterwards."""
    leg = room.away_of[0]
    _down(room.away, room.away_of, away - 1, room.away[away - 1], room.away_of[away - 1])
    me = room.legs[leg]
    closes = tables.agencies[tables.services[me.line].agency].closes
    if now >= closes:
        me.state, me.ended = LAPSED, closes
        return busy
    return _enter(now, leg, tables, room, busy)


@kernel(kept=True)
def play(tables: Any, room: Any, day: Any, come: int, comers: int) -> int:
    """Play a day of `room.comers` in the order `room.order[come:comers]`; how many legs, more than fit if it broke off.

    At equal times counters finish before officers sit down or stand up, then people return, then people arrive.
    """
    _begin(room)
    planned, busy, away, made = 0, 0, 0, 0
    while made <= len(room.legs):
        arrives = room.comers[room.order[come]].at if come < comers else np.inf
        finishes = room.at_desk[0] if busy > 0 else np.inf
        moment = tables.moments[planned].at if planned < len(tables.moments) else np.inf
        returns = room.away[0] if away > 0 else np.inf
        if finishes <= arrives and finishes <= moment and finishes <= returns:
            if finishes == np.inf:
                break
            made, away = _finish(finishes, made, away, tables, room)
            counter = room.at_desk_of[0]
            room.desks[counter].leg = _FREE
            until = -1.0
            if room.desks[counter].officer >= 0:
                until = _call(finishes, counter, tables, room)
                if until < 0:
                    set_bit(room.idle, counter)
            if until < 0:
                busy -= 1
                until, counter = room.at_desk[busy], room.at_desk_of[busy]
            _down(room.at_desk, room.at_desk_of, busy, until, counter)
        elif moment <= arrives and moment <= returns:
            busy = _moment(tables.moments[planned], planned, tables, room, day, busy)
            planned += 1
        elif returns <= arrives:
            busy = _return(returns, away, tables, room, busy)
            away -= 1
        else:
            if made == len(room.legs):
                return made + 1
            _arrive(room.comers[room.order[come]], made, tables, room)
            busy = _enter(arrives, made, tables, room, busy)
            made += 1
            come += 1
    return made
