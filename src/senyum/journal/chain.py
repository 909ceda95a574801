"""The canonical form of a journal row and the link of its chain. docs/journal.md describes both; never change them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import NamedTuple

GENESIS = bytes(32)
"""What the first entry of a mall is chained to."""


class Row(NamedTuple):
    """The columns that the hash covers, as psycopg reads them, in the order of `SELECTED`."""

    id: int
    mall: str
    at: datetime
    kind: str
    actor_kind: str
    actor_id: str
    actor_label: str
    subject_kind: str
    subject_id: str
    subject_label: str
    reason: str
    data: str


# The data as text: Django's connections and psycopg's own read jsonb as different things.
SELECTED = ", ".join(f'"{column}"' for column in Row._fields[:-1]) + ', "data"::text'


def canonical(row: Row, seq: int) -> bytes:
    """A compact JSON array in UTF-8: seq, then the columns but `id`, the time in UTC with microseconds, keys sorted."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    values = [seq, row.mall, at, *row[3:-1], json.loads(row.data)]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def link(previous: bytes, row: Row, seq: int) -> bytes:
    """The hash of entry `seq`: SHA-256 over the 32 bytes of the hash before it and the canonical row."""
    return hashlib.sha256(previous + canonical(row, seq)).digest()
