"""The lives of a booking and of a place in the waiting list, a table each (domain.md, "booking")."""

from __future__ import annotations

HELD, BOOKED, ARRIVED, CANCELLED, RELEASED, EXPIRED = "held", "booked", "arrived", "cancelled", "released", "expired"
STATES = (HELD, BOOKED, ARRIVED, CANCELLED, RELEASED, EXPIRED)
#: Those that keep their places: nobody else gets them.
KEEPING = (HELD, BOOKED, ARRIVED)
#: Those that are still to come.
COMING = (HELD, BOOKED)

#: (state, command) -> state after. A pair that is not here is refused.
TRANSITIONS: dict[tuple[str, str], str] = {
    # A contact to be confirmed, or a place offered to the next of the waiting list: kept for a set time.
    (HELD, "confirm"): BOOKED,
    (HELD, "expire"): EXPIRED,
    (HELD, "cancel"): CANCELLED,
    (BOOKED, "move"): BOOKED,
    (BOOKED, "cancel"): CANCELLED,
    (BOOKED, "arrive"): ARRIVED,
    # Did not come in time: the places are free again, with an explanation and no penalty.
    (BOOKED, "release"): RELEASED,
    # Came all the same: takes part as somebody who came without a booking.
    (RELEASED, "arrive"): ARRIVED,
}
COMMANDS = tuple(dict.fromkeys(command for _, command in TRANSITIONS))

WAITING, OFFERED, TAKEN, PASSED, LEFT, LAPSED = "waiting", "offered", "taken", "passed", "left", "lapsed"
WAIT_STATES = (WAITING, OFFERED, TAKEN, PASSED, LEFT, LAPSED)
WAIT_TRANSITIONS: dict[tuple[str, str], str] = {
    (WAITING, "offer"): OFFERED,
    (OFFERED, "accept"): TAKEN,
    # Declined, or not answered in time: the place goes on to the next.
    (OFFERED, "pass"): PASSED,
    (WAITING, "leave"): LEFT,
    (WAITING, "lapse"): LAPSED,
}
WAIT_COMMANDS = tuple(dict.fromkeys(command for _, command in WAIT_TRANSITIONS))


def after(state: str, command: str) -> str | None:
    """The state of a booking after `command`, or None where the table does not allow it."""
    return TRANSITIONS.get((state, command))


def before(command: str) -> tuple[str, ...]:
    """The states of a booking in which `command` is allowed."""
    return tuple(state for (state, c) in TRANSITIONS if c == command)


def wait_after(state: str, command: str) -> str | None:
    """The state of a place in the waiting list after `command`, or None where the table does not allow it."""
    return WAIT_TRANSITIONS.get((state, command))
