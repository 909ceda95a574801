"""The life of a counter session, as one table."""

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
