"""The compiled twin of `discipline.choose`, for simulations: same key, same choice (a property test compares them).

Apart from `discipline`, because importing Numba takes a second that a web worker need not spend.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: What `choose_index` returns beside the position; the order of `discipline.Why` without BY_HAND.
EARLIEST, PAST_PROMISE, HELPING = 0, 1, 2


@njit(cache=True)
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
