"""A booking as a date to keep (RFC 5545)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime


def ics(
    *,
    reference: str,
    services: Sequence[str],
    place: str,
    starts: datetime,
    ends: datetime,
    moves: int,
    now: datetime,
    method: str = "",
) -> str:
    """The iCalendar text of a booking. `moves` lets a calendar put the new time in the old one's place (SEQUENCE).

    `method`: what a mail says about it ("PUBLISH"); "" for a file.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Senyum//Bookings//ID",
        *([f"METHOD:{method}"] if method else []),
        "BEGIN:VEVENT",
        f"UID:{reference}@senyum",
        f"SEQUENCE:{moves}",
        f"DTSTAMP:{_utc(now)}",
        f"DTSTART:{_utc(starts)}",
        f"DTEND:{_utc(ends)}",
        f"SUMMARY:{_escaped(', '.join(services))}",
        f"LOCATION:{_escaped(place)}",
        f"DESCRIPTION:{reference}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) for line in lines)


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())


def _folded(line: str) -> str:
    """At most 75 octets a line; the rest begins with a blank (RFC 5545, 3.1)."""
    parts, room = [""], 75
    for sign in line:
        if len((parts[-1] + sign).encode()) > room:
            parts.append("")
            room = 74
        parts[-1] += sign
    return "\r\n ".join(parts) + "\r\n"
