"""Moments as addresses name them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

#: The zones of this world lie between them: a moment near the end of time has no hour in one of them.
_EDGES = (timezone(timedelta(hours=-14)), timezone(timedelta(hours=14)))


def zoned(text: str) -> datetime | None:
    """A moment with its zone (ISO 8601), or None: no moment, no zone, or one that another zone cannot name."""
    try:
        # A sum sign in an address arrives as a space.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
        if moment.tzinfo is None:
            return None
        for edge in _EDGES:
            moment.astimezone(edge)
    except (ValueError, OverflowError):
        return None
    return moment
