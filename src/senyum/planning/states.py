"""The life of a staffing proposal, as one table."""

from __future__ import annotations

QUEUED, COMPUTING, READY, FAILED = "queued", "computing", "ready", "failed"
ACCEPTED, REJECTED, EXPIRED, WITHDRAWN = "accepted", "rejected", "expired", "withdrawn"
STATES = (QUEUED, COMPUTING, READY, FAILED, ACCEPTED, REJECTED, EXPIRED, WITHDRAWN)

#: (state, command) -> state after. A pair that is not here is refused.
TRANSITIONS: dict[tuple[str, str], str] = {
    (QUEUED, "start"): COMPUTING,
    (COMPUTING, "ready"): READY,
    (COMPUTING, "fail"): FAILED,
    (QUEUED, "withdraw"): WITHDRAWN,
    (COMPUTING, "withdraw"): WITHDRAWN,
    (READY, "accept"): ACCEPTED,
    (READY, "reject"): REJECTED,
    (READY, "expire"): EXPIRED,
    (QUEUED, "expire"): EXPIRED,
}
COMMANDS = ("start", "ready", "fail", "withdraw", "accept", "reject", "expire")
#: Nothing more happens to it.
OVER = (FAILED, ACCEPTED, REJECTED, EXPIRED, WITHDRAWN)
