"""Who is next, defined once: two times per ticket, two tiers per counter, one key (domain.md, "Who is next").

Pure. A time is an aware `datetime` (the product) or a float in minutes (the simulation), never mixed.
The hot command *call next* orders by the same key in SQL; `visits/tests/test_discipline_sql.py` shows that both
choose alike. `discipline_fast` holds the compiled twin for simulations.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

Time = TypeVar("Time", datetime, float)

#: Tiers of a line at a counter: those it serves first, and those it helps out with.
FIRST, HELP = 1, 2


class Why(StrEnum):
    """Why this ticket was called: the code that the ledger of calls keeps."""

    EARLIEST = "earliest"  # the earliest turn in the lines served first
    PAST_PROMISE = "past_promise"  # waits in a helped-out line, its promise has passed: it joined the first tier
    HELPING = "helping"  # nobody can be called in the lines served first
    BY_HAND = "by_hand"  # an officer chose, with a reason


class Times(NamedTuple):
    """The two times of a ticket, set once: the order, and what was said."""

    turn_at: datetime
    promised_by: datetime


@dataclass(frozen=True, slots=True)
class Waiting(Generic[Time]):
    """A waiting ticket as the discipline sees it.

    `busy`: another leg of its visit is called or serving. `held_until`: the citizen asked to be passed over until then.
    """

    ticket: int
    line: int
    turn_at: Time
    promised_by: Time
    held_until: Time | None = None
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The ticket to call, why, and the tickets with an earlier turn that were passed over, earliest first."""

    ticket: int
    why: Why
    passed_over: tuple[int, ...]


def times(*, anchor: datetime, head_start_minutes: int, promise_minutes: int) -> Times:
    """The two times of a ticket from its anchor and the policy row of its class."""
    return Times(anchor - timedelta(minutes=head_start_minutes), anchor + timedelta(minutes=promise_minutes))


def after_pause(*, promised_by: datetime, queued_at: datetime, started_at: datetime, ended_at: datetime) -> datetime:
    """`promised_by` once a hall pause has ended: later by that part of the pause in which this ticket existed."""
    return promised_by + max(ended_at - max(started_at, queued_at), timedelta(0))


def effective_tier(*, tier: int, promised_by: Time, now: Time) -> int:
    """`FIRST` for a line served first, and for a helped-out line's ticket whose promise has passed; else `HELP`."""
    return FIRST if tier == FIRST or promised_by < now else HELP


def turn_key(*, turn_at: Time, promised_by: Time, now: Time, tier: int, ticket_id: int) -> tuple[int, Time, int]:
    """The order in which a counter calls: effective tier, then `turn_at`, then id. The smallest is next."""
    return (effective_tier(tier=tier, promised_by=promised_by, now=now), turn_at, ticket_id)


def may_be_called(ticket: Waiting[Time], now: Time) -> bool:
    """No leg of the visit is at a counter, and the turn is not held."""
    return not ticket.busy and (ticket.held_until is None or ticket.held_until <= now)


def choose(
    waiting: Iterable[Waiting[Time]], *, first: Collection[int], helps: Collection[int], now: Time
) -> Choice | None:
    """The next ticket for a counter that serves `first` and helps out with `helps`; None: nobody can be called.

    A line in both counts as served first. Tickets of other lines are ignored.
    """
    served = [ticket for ticket in waiting if ticket.line in first or ticket.line in helps]
    callable_now = [ticket for ticket in served if may_be_called(ticket, now)]
    if not callable_now:
        return None

    def key(ticket: Waiting[Time]) -> tuple[int, Time, int]:
        return turn_key(
            turn_at=ticket.turn_at,
            promised_by=ticket.promised_by,
            now=now,
            tier=FIRST if ticket.line in first else HELP,
            ticket_id=ticket.ticket,
        )

    chosen = min(callable_now, key=key)
    if chosen.line in first:
        why = Why.EARLIEST
    elif key(chosen)[0] == FIRST:
        why = Why.PAST_PROMISE
    else:
        why = Why.HELPING
    return Choice(chosen.ticket, why, _earlier(served, chosen))


def choose_by_hand(
    waiting: Iterable[Waiting[Time]], *, wanted: int, first: Collection[int], helps: Collection[int]
) -> Choice | None:
    """The ticket `wanted` by an officer; a held turn may be called, a visit at a counter may not (None)."""
    everyone = list(waiting)
    chosen = next((ticket for ticket in everyone if ticket.ticket == wanted and not ticket.busy), None)
    if chosen is None:
        return None
    served = [ticket for ticket in everyone if ticket.line in first or ticket.line in helps]
    return Choice(chosen.ticket, Why.BY_HAND, _earlier(served, chosen))


def _earlier(served: list[Waiting[Time]], chosen: Waiting[Time]) -> tuple[int, ...]:
    """Those in the counter's lines with an earlier turn than `chosen`: held, busy, or behind it by tier."""
    before = [t for t in served if (t.turn_at, t.ticket) < (chosen.turn_at, chosen.ticket)]
    return tuple(t.ticket for t in sorted(before, key=lambda t: (t.turn_at, t.ticket)))
