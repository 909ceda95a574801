"""What of a journal entry the public may see, as the source of the live streams.

A key that is not on the list does not leave the house, nor do the actor and the reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from senyum.core.live import Event, Page, encode

_EVERYWHERE = frozenset({"line", "lines", "counter", "counter_number", "state", "agency"})
_TICKET = _EVERYWHERE | {
    "label",
    "position",
    "service",
    "people_ahead",
    "outcome",
    "withdrawn",
    "call",
    "promised_by",
    "quantity",
    "p50",
    "p90",
}
PUBLIC: Mapping[str, frozenset[str]] = {
    "ticket": _TICKET,
    "call": _TICKET,
    "visit": _EVERYWHERE | {"label"},
    "session": _EVERYWHERE | {"back_at", "closing"},
    "counter": _EVERYWHERE,
    "readiness": _EVERYWHERE,
    "booth": _EVERYWHERE,
    "agency": _EVERYWHERE | {"intake"},
    "mall": _EVERYWHERE | {"intake", "minutes", "until"},
    "hall": _EVERYWHERE | {"intake", "minutes", "until"},
    "calendar": _EVERYWHERE | {"day"},
    "service": _EVERYWHERE | {"service"},
    "line": _EVERYWHERE,
    "line_group": _EVERYWHERE,
    "booking": _EVERYWHERE,
    "policy": _EVERYWHERE,
    "arrival": frozenset(),
    # That it happened is enough for a page to ask again, with its own permission.
    "emergency": frozenset(),
    "smile": frozenset(),
}
"""First word of an entry's kind -> the keys of its data that are public. A kind that is missing is not streamed."""

# A ticket that changes lines concerns both.
_CONCERNED = {"line": "line", "from_line": "line", "to_line": "line", "counter": "counter", "visit": "visit"}
_LABELLED = frozenset({"ticket", "call", "visit"})
# Only what looks like a label, an id, a number, a state or a time passes; a sentence or a name does not.
_PLAIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.:+-]{0,39}$")
_READ = """
    SELECT seq, kind, subject_kind, subject_id, subject_label, data FROM journal_entry
    WHERE mall = %s AND seq > %s ORDER BY seq LIMIT %s
"""


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= 100 and all(not isinstance(v, list) and _plain(v) for v in value)
    if isinstance(value, str):
        return _PLAIN.match(value) is not None
    return value is None or isinstance(value, bool | int | float)


def project(
    seq: int,
    kind: str,
    subject_kind: str,
    subject_id: str,
    subject_label: str,
    data: Mapping[str, Any],
) -> Event | None:
    """The public event of an entry, None when its kind is not public."""
    family = kind.partition(".")[0]
    allowed = PUBLIC.get(family)
    if allowed is None:
        return None
    shown = {key: value for key, value in data.items() if key in allowed and _plain(value)}
    if subject_kind in _LABELLED and family in _LABELLED and _plain(subject_label):
        shown.setdefault("label", subject_label)
    if subject_kind == "counter" and _plain(subject_id):
        shown.setdefault("counter", subject_id)
    return Event(seq, kind, _about(subject_kind, subject_id, data), encode(kind, shown, seq))


def _about(subject_kind: str, subject_id: str, data: Mapping[str, Any]) -> frozenset[str]:
    names = {f"line:{line}" for line in data.get("lines") or []}
    for key, kind in _CONCERNED.items():
        if data.get(key) is not None:
            names.add(f"{kind}:{data[key]}")
    if subject_kind in ("line", "counter", "visit"):
        names.add(f"{subject_kind}:{subject_id}")
    return frozenset(names)


class JournalSource:
    """The sealed journal as a `senyum.core.live.Source`."""

    async def read(
        self,
        connection: psycopg.AsyncConnection[Any],
        mall: str,
        after: int,
        limit: int,
    ) -> Page:
        cursor = await connection.execute(_READ, [mall, after, limit])
        rows = await cursor.fetchall()
        events = [event for row in rows if (event := project(*row)) is not None]
        return Page(events, rows[-1][0] if rows else after, len(rows) == limit)

    async def heads(self, connection: psycopg.AsyncConnection[Any], malls: Sequence[str]) -> dict[str, int]:
        cursor = await connection.execute("SELECT mall, seq FROM journal_head WHERE mall = ANY(%s)", [list(malls)])
        return dict(await cursor.fetchall())

    async def tail(self, connection: psycopg.AsyncConnection[Any]) -> int | None:
        cursor = await connection.execute("SELECT min(id) FROM journal_entry WHERE seq IS NULL")
        row = await cursor.fetchone()
        return row[0] if row else None
