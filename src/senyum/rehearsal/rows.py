"""Reads the YAML files of a sample hall and refuses what is not as it should be, naming file and row.

Every row carries a `source`: [V] read in the place named, [C] in a public transcription, [M] an estimate to check.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib import resources
from typing import Any

import yaml

from senyum.malls.rules import Hours

HALLS = ("sumedang",)
_SOURCE = re.compile(r"^\[[VCM]\]")
_WORKDAYS = (0, 1, 2, 3, 4)
Row = Mapping[str, Any]

# file -> (keys a row must have, keys it may have); `source` is always needed.
_SHAPES: Mapping[str, tuple[str, str]] = {
    "malls": ("code name short_name timezone address languages", ""),
    "agencies": ("code name short_name prefix booths", ""),
    "booths": ("mall hours", "days last_ticket quota zone"),
    "papers": ("key text su en", "reason basis"),
    "services": (
        "agency code name su en say minutes time fee needs",
        "fee_text pays kind prefix at basis",
    ),
    "counters": ("mall agency numbers first", "help"),
    "people": ("username name role malls", "agency email"),
    "calendar": ("mall date is_open reason", "closes"),
    "priority_classes": ("code head_start promise", ""),
    "line_groups": ("prefix name", ""),
    "devices": ("mall kind name", "speaks"),
    "bookings": ("mall slot walkin days opens", "early late offer"),
}


class SeedError(ValueError):
    """A row of a sample hall is not as it should be; the text names file and row."""


@dataclass(frozen=True)
class Rows:
    """A sample hall as read, row by row in the order of its files."""

    malls: Sequence[Row]
    agencies: Sequence[Row]
    papers: Mapping[str, Row]
    services: Sequence[Row]
    counters: Sequence[Row]
    people: Sequence[Row]
    calendar: Sequence[Row]
    priority_classes: Sequence[Row]
    line_groups: Sequence[Row]
    devices: Sequence[Row]
    bookings: Sequence[Row]
    districts: Sequence[str]
    last_ticket: timedelta


def _checked(kind: str, rows: Sequence[Row]) -> Sequence[Row]:
    needed, allowed = (set(words.split()) for words in _SHAPES[kind])
    for row in rows:
        name = row.get("code") or row.get("key") or row.get("username") or row.get("name") or row
        missing = (needed | {"source"}) - row.keys()
        unknown = row.keys() - needed - allowed - {"source"}
        if missing or unknown:
            raise SeedError(f"{kind}, {name}: missing {sorted(missing)}, unknown {sorted(unknown)}")
        if not _SOURCE.match(str(row["source"])):
            raise SeedError(f"{kind}, {name}: the source must begin with [V], [C] or [M]")
    return rows


def _file(hall: str, name: str) -> Any:
    text = resources.files("senyum.rehearsal").joinpath(hall, f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def clock_time(text: str) -> time:
    """A time of day the Indonesian way: "08.00"."""
    return datetime.strptime(text, "%H.%M").time()  # noqa: DTZ007 - a time of day has no zone


def booth_hours(booth: Row, lead: timedelta) -> dict[int, Hours]:
    """The weekday hours of a booth row: `hours` "08.00-15.00" on `days` (Monday to Friday when not given).

    Intake stops `lead` before closing unless the row says `last_ticket`.
    """
    opens, closes = (clock_time(text.strip()) for text in booth["hours"].split("-"))
    anchor = date(2000, 1, 1)
    last = (datetime.combine(anchor, closes) - lead).time()
    if "last_ticket" in booth:
        last = clock_time(booth["last_ticket"])
    return dict.fromkeys(booth.get("days", _WORKDAYS), Hours(opens, last, closes))


def read(hall: str) -> Rows:
    """All rows of a sample hall. Raises SeedError for an unknown hall or a row that is not as it should be."""
    if hall not in HALLS:
        raise SeedError(f"there is no sample hall {hall!r}; known: {', '.join(HALLS)}")
    policy = _file(hall, "policy")
    for name in ("last_ticket_minutes", "districts"):
        if not _SOURCE.match(str(policy[name].get("source"))):
            raise SeedError(f"policy, {name}: the source must begin with [V], [C] or [M]")
    agencies = _checked("agencies", _file(hall, "agencies"))
    for agency in agencies:
        _checked("booths", agency["booths"])
    return Rows(
        malls=_checked("malls", _file(hall, "malls")),
        agencies=agencies,
        papers={row["key"]: row for row in _checked("papers", _file(hall, "papers"))},
        services=_checked("services", _file(hall, "services")),
        counters=_checked("counters", _file(hall, "counters")),
        people=_checked("people", _file(hall, "people")),
        calendar=_checked("calendar", _file(hall, "calendar")),
        priority_classes=_checked("priority_classes", policy["priority_classes"]),
        line_groups=_checked("line_groups", policy["line_groups"]),
        devices=_checked("devices", policy["devices"]),
        bookings=_checked("bookings", policy["bookings"]),
        districts=policy["districts"]["value"],
        last_ticket=timedelta(minutes=policy["last_ticket_minutes"]["value"]),
    )
