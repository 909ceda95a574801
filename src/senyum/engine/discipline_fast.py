"""The compiled twin of `discipline.choose`, for simulations: same key, same choice (property tests compare them).

Apart from `discipline`, because importing Numba takes a second that a web worker need not spend. `choose_index` looks
at everybody who waits. `next_leg` looks at the head of each line and class only: within a class of a line the order of
turns is the order of promises, so whoever is past the promise stands in front.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from senyum.engine.kernel import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: What `choose_index` returns beside the position; the order of `discipline.Why` without BY_HAND.
EARLIEST, PAST_PROMISE, HELPING = 0, 1, 2


@kernel(kept=True)
def choose_index(
    now: float,
    queue: Ints,
    length: int,
    turn_at: Floats,
    promised_by: Floats,
    held_until: Floats,
    busy: NDArray[np.bool_],
    line: Ints,
    tiers: Ints,
) -> Any:
    """Position in `queue` of the ticket to call and why, or (-1, -1) when nobody can be called.

    `queue[:length]` holds ticket indices; the other arrays are per ticket, in minutes (`held_until` -inf: not held).
    `tiers[line]` is 1 (served first), 2 (helped out) or 0 (not served here). The ticket index is its id.
    """
    best, why = -1, -1
    best_tier, best_turn, best_ticket = 3, np.inf, -1
    for position in range(length):
        ticket = queue[position]
        tier = tiers[line[ticket]]
        if tier == 0 or busy[ticket] or held_until[ticket] > now:
            continue
        effective = 1 if tier == 1 or promised_by[ticket] < now else 2
        turn = turn_at[ticket]
        if best < 0 or effective < best_tier:
            sooner = True
        elif effective > best_tier or turn > best_turn:
            sooner = False
        else:
            sooner = turn < best_turn or ticket < best_ticket
        if sooner:
            best, best_tier, best_turn, best_ticket = position, effective, turn, ticket
            why = HELPING if effective == 2 else (EARLIEST if tier == 1 else PAST_PROMISE)
    return best, why


#: A leg that waits: its two times, line, class, and its neighbours in the list of that line and class (-1: none).
LEG = np.dtype(
    [
        ("turn", "f8"),
        ("promised", "f8"),
        ("before", "i4"),
        ("after", "i4"),
        ("line", "i4"),
        ("cls", "i4"),
    ]
)
#: A line: the leg with the earliest turn (-1: nobody waits), that turn, and how many wait.
LINE = np.dtype([("leg", "i8"), ("turn", "f8"), ("waiting", "i8")])

_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_MAGIC = np.uint64(0x03F79D71B4CB0A89)
_SHIFT = np.uint64(58)
_PLACES = np.zeros(64, dtype=np.int64)
for _bit in range(64):
    _PLACES[((1 << _bit) * 0x03F79D71B4CB0A89 & 0xFFFFFFFFFFFFFFFF) >> 58] = _bit


@kernel(inline=True)
def lowest(word: Any) -> Any:
    """The place of the lowest bit of a word that is not 0."""
    return _PLACES[np.int64(((word & (~word + _ONE)) * _MAGIC) >> _SHIFT)]


@kernel(inline=True)
def set_bit(words: Any, place: int) -> None:
    """Mark `place` in a set of places, kept as words of 64 bits."""
    words[place >> 6] |= _ONE << np.uint64(place & 63)


@kernel(inline=True)
def clear_bit(words: Any, place: int) -> None:
    """Take `place` out of a set."""
    words[place >> 6] &= _ALL ^ (_ONE << np.uint64(place & 63))


@kernel(inline=True)
def join(leg: int, legs: Any, lines: Any, ends: Ints, waiting: Any) -> None:
    """Put a leg into its line, at its turn.

    `ends`: (lines, classes, 2) first and last leg of each list, -1 where empty. `waiting`: the set of lines in which
    somebody waits.
    """
    me = legs[leg]
    line, cls, turn = me.line, me.cls, me.turn
    tail = ends[line, cls, 1]
    if tail < 0:
        before, after = -1, -1
    elif turn >= legs[tail].turn:
        before, after = tail, -1
    elif turn + turn >= legs[tail].turn + legs[ends[line, cls, 0]].turn:
        before, after = legs[tail].before, tail
        while before >= 0 and legs[before].turn > turn:
            before, after = legs[before].before, before
    else:
        before, after = -1, ends[line, cls, 0]
        while legs[after].turn <= turn:
            before, after = after, legs[after].after
    # A returning leg has a small id: among equal turns it stands in front.
    while before >= 0 and legs[before].turn == turn and before > leg:
        before, after = legs[before].before, before
    me.before, me.after = before, after
    if before >= 0:
        legs[before].after = leg
    else:
        ends[line, cls, 0] = leg
    if after >= 0:
        legs[after].before = leg
    else:
        ends[line, cls, 1] = leg
    row = lines[line]
    row.waiting += 1
    if row.leg < 0:
        set_bit(waiting, line)
    if row.leg < 0 or turn < row.turn or (turn == row.turn and leg < row.leg):
        row.leg, row.turn = leg, turn


@kernel(inline=True)
def leave(leg: int, legs: Any, lines: Any, ends: Ints, waiting: Any) -> None:
    """Take a leg out of its line."""
    me = legs[leg]
    line, cls, before, after = me.line, me.cls, me.before, me.after
    if before >= 0:
        legs[before].after = after
    else:
        ends[line, cls, 0] = after
    if after >= 0:
        legs[after].before = before
    else:
        ends[line, cls, 1] = before
    row = lines[line]
    row.waiting -= 1
    if row.waiting == 0:
        row.leg = -1
        clear_bit(waiting, line)
    elif row.leg == leg:
        best, turn = -1, np.inf
        for k in range(ends.shape[1]):
            head = ends[line, k, 0]
            if head >= 0 and (legs[head].turn < turn or (legs[head].turn == turn and head < best)):
                best, turn = head, legs[head].turn
        row.leg, row.turn = best, turn


@kernel(inline=True)
def next_leg(now: float, first: Any, helps: Any, legs: Any, lines: Any, ends: Ints, waiting: Any) -> Any:
    """The leg that a counter calls and why, or (-1, -1) when nobody waits in its lines.

    `first`, `helps`: the sets of lines that it serves first and helps out with. Whoever is held or at a counter is in
    no line: `leave` and `join` are called when that begins and ends.
    """
    best, turn, why = -1, np.inf, EARLIEST
    for w in range(len(waiting)):
        word = waiting[w] & first[w]
        while word:
            row = lines[(w << 6) + lowest(word)]
            word &= word - _ONE
            if row.turn < turn or (row.turn == turn and row.leg < best):
                best, turn = row.leg, row.turn
    helped, helped_turn, somebody = -1, np.inf, best >= 0
    for w in range(len(waiting)):
        word = waiting[w] & helps[w]
        while word:
            line = (w << 6) + lowest(word)
            word &= word - _ONE
            for k in range(ends.shape[1]):
                head = ends[line, k, 0]
                if head < 0:
                    continue
                mine = legs[head].turn
                if legs[head].promised < now:
                    if mine < turn or (mine == turn and head < best):
                        best, turn, why = head, mine, PAST_PROMISE
                elif not somebody and (mine < helped_turn or (mine == helped_turn and head < helped)):
                    helped, helped_turn = head, mine
    if best < 0:
        return helped, HELPING if helped >= 0 else -1
    return best, why
