"""The life of a ticket, as one table (domain.md, "Ticket").

Every change of a ticket's state in the product is one of these moves; `docs/ticket-life.md` is
generated from this file and a test tries every state with every command.
"""

from __future__ import annotations

WAITING, CALLED, SERVING, PARKED = "waiting", "called", "serving", "parked"
ABSENT, SERVED, LEFT, LAPSED, CANCELLED = "absent", "served", "left", "lapsed", "cancelled"

STATES = (WAITING, CALLED, SERVING, PARKED, ABSENT, SERVED, LEFT, LAPSED, CANCELLED)
AT_COUNTER = (CALLED, SERVING)
OPEN = (WAITING, CALLED, SERVING, PARKED, ABSENT)
ENDED = (SERVED, LEFT, LAPSED, CANCELLED)

#: (state, command) -> state after. A pair that is not here is refused.
TRANSITIONS: dict[tuple[str, str], str] = {
    (WAITING, "call"): CALLED,
    (CALLED, "recall"): CALLED,
    (CALLED, "serve"): SERVING,
    (CALLED, "absent"): ABSENT,
    (ABSENT, "rejoin"): WAITING,
    (SERVING, "park"): PARKED,
    (PARKED, "unpark"): SERVING,
    (PARKED, "requeue"): WAITING,
    (SERVING, "finish"): SERVED,
    (SERVING, "forward"): SERVED,
    (WAITING, "redirect"): WAITING,
    (WAITING, "delay"): WAITING,
    (WAITING, "leave"): LEFT,
    (CALLED, "leave"): LEFT,
    (PARKED, "leave"): LEFT,
    (ABSENT, "leave"): LEFT,
    (WAITING, "lapse"): LAPSED,
    (ABSENT, "lapse"): LAPSED,
    (PARKED, "lapse"): LAPSED,
    # What midnight does to those still at a counter.
    (CALLED, "midnight"): LAPSED,
    (SERVING, "midnight"): SERVED,
    # Undo, within ten seconds of wall-clock time.
    (CALLED, "undo_call"): WAITING,
    (ABSENT, "undo_absent"): CALLED,
    (SERVING, "undo_serve"): CALLED,
    (SERVED, "undo_finish"): SERVING,
    (SERVED, "undo_forward"): SERVING,
    (PARKED, "undo_park"): SERVING,
    # The new leg of a forward that is undone; only before it was called.
    (WAITING, "cancel"): CANCELLED,
}
COMMANDS = tuple(dict.fromkeys(command for _, command in TRANSITIONS))

DONE, INCOMPLETE, FORWARDED, CASE_OPENED = "done", "incomplete", "forwarded", "case_opened"
OUTCOMES = (DONE, INCOMPLETE, FORWARDED, CASE_OPENED)

MAX_REJOINS = 2
MAX_DELAYS = 3
UNDO_SECONDS = 10


def after(state: str, command: str) -> str | None:
    """The state after `command`, or None where the table does not allow it."""
    return TRANSITIONS.get((state, command))


def before(command: str) -> tuple[str, ...]:
    """The states in which `command` is allowed."""
    return tuple(state for (state, c) in TRANSITIONS if c == command)
