"""The life of a notice, as one table: from the outbox to whoever it is for.

Only a *claim* starts an attempt. What was claimed by a worker that died is claimed again when its lease is over.
"""

from __future__ import annotations

from datetime import timedelta

PENDING, SENDING, SENT, FAILED, DEAD = "pending", "sending", "sent", "failed", "dead"

STATES = (PENDING, SENDING, SENT, FAILED, DEAD)
#: What a worker looks for; a sending one only after its lease.
OPEN = (PENDING, SENDING, FAILED)

#: (state, command) -> state after. A pair that is not here is refused.
TRANSITIONS: dict[tuple[str, str], str] = {
    (PENDING, "claim"): SENDING,
    (FAILED, "claim"): SENDING,
    (SENDING, "claim"): SENDING,
    (SENDING, "send"): SENT,
    (SENDING, "fail"): FAILED,
    (SENDING, "give_up"): DEAD,
    # Too late to be of use.
    (PENDING, "expire"): DEAD,
    (FAILED, "expire"): DEAD,
    # What it was about is over.
    (PENDING, "withdraw"): DEAD,
    (FAILED, "withdraw"): DEAD,
    # The operator mended what was wrong.
    (DEAD, "retry"): PENDING,
    (FAILED, "retry"): PENDING,
}
COMMANDS = tuple(dict.fromkeys(command for _, command in TRANSITIONS))

#: A worker that has not settled a notice after this long has died. Longer than any channel may take.
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 8
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


def after(state: str, command: str) -> str | None:
    """The state after `command`, or None where the table does not allow it."""
    return TRANSITIONS.get((state, command))


def before(command: str) -> tuple[str, ...]:
    """The states in which `command` is allowed."""
    return tuple(state for (state, c) in TRANSITIONS if c == command)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after that many failed attempts (1 or more): 30 s, doubled each time, at most an hour."""
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 20)), _LONGEST_PAUSE)
