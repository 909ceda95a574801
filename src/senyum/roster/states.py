"""The lives of a counter session and of a shift, a table each."""

from __future__ import annotations

OPEN, PAUSED, CLOSED = "open", "paused", "closed"
STATES = (OPEN, PAUSED, CLOSED)

#: (state, command) -> state after. A pair that is not here is refused.
TRANSITIONS: dict[tuple[str, str], str] = {
    (OPEN, "pause"): PAUSED,
    (PAUSED, "resume"): OPEN,
    (OPEN, "close"): CLOSED,
    (PAUSED, "close"): CLOSED,
}
COMMANDS = ("pause", "resume", "close")

PLANNED, CANCELLED = "planned", "cancelled"
SHIFT_STATES = (PLANNED, CANCELLED)
SHIFT_TRANSITIONS: dict[tuple[str, str], str] = {(PLANNED, "cancel"): CANCELLED}
SHIFT_COMMANDS = ("cancel",)
