"""Pure choices about bookings: what can be sold, when, one service after the other, and what a contact is."""

from __future__ import annotations

import itertools
import math
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from senyum.notices.phone import mobile
from senyum.notices.ways import EMAIL

#: Digits and letters that nobody confuses, read aloud or on paper.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
REFERENCE_LENGTH = 7
MAX_LEGS = 5
MAX_MOVES = 3
CODE_TRIES = 5
#: From one counter to the next, in minutes.
WALK_MINUTES = 5
#: Bookings to come that one browser may hold.
DEVICE_LIMIT = 5
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True)
class Supply:
    """What a line can draw on: `counters` that serve it first (ids), minutes a person; `override`: places a slot."""

    minutes: int
    counters: frozenset[int]
    override: int | None = None


def places(lines: Mapping[int, Supply], *, slot_minutes: int, walkin_percent: int, slots: int) -> dict[int, list[int]]:
    """Bookable places of each line in each of the day's `slots`.

    A counter's minutes that are not kept for walk-ins are shared evenly among the lines it serves first; what is left
    of a place in one slot counts in the next, so that over the day nothing is lost and nothing is sold that the
    counters cannot do. An override stands for itself.
    """
    shared: dict[int, int] = {}
    for supply in lines.values():
        for counter in supply.counters:
            shared[counter] = shared.get(counter, 0) + 1
    found = {}
    for line, supply in lines.items():
        if supply.override is not None:
            found[line] = [supply.override] * slots
            continue
        counters = sum((Fraction(1, shared[counter]) for counter in supply.counters), Fraction(0))
        rate = counters * slot_minutes * Fraction(100 - walkin_percent, 100) / max(1, supply.minutes)
        found[line] = [math.floor(rate * (n + 1)) - math.floor(rate * n) for n in range(slots)]
    return found


def quota_share(quota: int, walkin_percent: int) -> int:
    """How many of a day's quota may be booked."""
    return quota * (100 - walkin_percent) // 100


def slot_starts(opens: datetime, last_ticket: datetime, slot_minutes: int) -> list[datetime]:
    """The beginnings of the day's slots: from opening, each whole before or at the last ticket's time."""
    step = timedelta(minutes=slot_minutes)
    count = max(0, int((last_ticket - opens) / step))
    return [opens + n * step for n in range(count)]


@dataclass(frozen=True)
class Window:
    """When a day's slots can be booked."""

    from_: datetime
    closes_minutes: int

    def open_for(self, starts: datetime, now: datetime) -> bool:
        """Whether the slot that `starts` then can be booked `now`."""
        return self.from_ <= now <= starts - timedelta(minutes=self.closes_minutes)


@dataclass(frozen=True)
class Step:
    """One service to be placed: its line, minutes at the counter for this booking, and the slots with room."""

    line: int
    minutes: int
    free: tuple[datetime, ...]


def arrange(steps: Sequence[Step], *, earliest: datetime) -> tuple[tuple[int, datetime], ...] | None:
    """(line, slot) of each step, one after another without overlap, with walking time between; None: no room.

    Of all orders the one that is done first, of those the one that begins last (the least waiting).
    """
    best: tuple[datetime, timedelta, tuple[tuple[int, datetime], ...]] | None = None
    for order in itertools.permutations(steps):
        found = _in_order(order, earliest)
        if found is None:
            continue
        ends = found[-1][1] + timedelta(minutes=order[-1].minutes)
        key = (ends, ends - found[0][1])
        if best is None or key < best[:2]:
            best = (*key, found)
    return best[2] if best else None


def _in_order(order: Sequence[Step], earliest: datetime) -> tuple[tuple[int, datetime], ...] | None:
    chosen: list[tuple[int, datetime]] = []
    ready = earliest
    for step in order:
        starts = next((at for at in step.free if at >= ready), None)
        if starts is None:
            return None
        chosen.append((step.line, starts))
        ready = starts + timedelta(minutes=step.minutes + WALK_MINUTES)
    return tuple(chosen)


def free_numbers(capacity: int, taken: Iterable[int], count: int) -> list[int] | None:
    """The lowest `count` free place numbers of 1..capacity, or None when there are not so many."""
    used = set(taken)
    free = [n for n in range(1, capacity + 1) if n not in used]
    return free[:count] if len(free) >= count else None


def counter_minutes(standard: int, quantity: int) -> int:
    """Minutes at the counter: a further document takes about half as long (`engine/forecast/line_state.py`)."""
    return math.ceil(standard * (1 + 0.5 * (quantity - 1)))


def new_reference() -> str:
    """A reference to say or type: "7K3-F2QA", 31^7 of them."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(REFERENCE_LENGTH))
    return f"{letters[:3]}-{letters[3:]}"


def tidy_reference(text: str) -> str:
    """What somebody typed as a reference, as it is kept: without blanks, in capitals."""
    found = re.sub(r"[^A-Z0-9]", "", text.upper()[:40])
    if len(found) != REFERENCE_LENGTH:
        return ""
    return f"{found[:3]}-{found[3:]}"


def normal_contact(kind: str, text: str) -> str | None:
    """An e-mail address or an Indonesian mobile number (628...) in its one form; None when it is neither."""
    text = text.strip()
    if kind == EMAIL:
        return text.lower() if len(text) <= 254 and _EMAIL.fullmatch(text) else None
    try:
        return mobile(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class CheckIn:
    """`kept`: in time, so that the booked time counts. `early`: too early to be checked in. `late`: as a walk-in.

    `before`: so long before the booked time it begins to count.
    """

    kept: bool
    early: bool
    late: bool
    before: timedelta


def check_in(starts: datetime, now: datetime, *, early_minutes: int, late_minutes: int) -> CheckIn:
    """How an arrival `now` stands to the booked time."""
    early = now < starts - timedelta(minutes=early_minutes)
    late = now > starts + timedelta(minutes=late_minutes)
    return CheckIn(not early and not late, early, late, timedelta(minutes=early_minutes))


def bookable_days(today: date, days_ahead: int) -> list[date]:
    """Today and so many days after it."""
    return [today + timedelta(days=n) for n in range(days_ahead + 1)]
