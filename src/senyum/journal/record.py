"""The only writer of the journal: one entry for each change, in the transaction of that change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from senyum.journal.actor import Actor
from senyum.journal.models import Entry

COLUMNS = (
    "mall",
    "at",
    "kind",
    "actor_kind",
    "actor_id",
    "actor_label",
    "subject_kind",
    "subject_id",
    "subject_label",
    "reason",
    "data",
)
"""The columns that whoever records an entry gives; `id` comes from the table, `seq` and `hash` from the sequencer."""

INSERT = "INSERT INTO journal_entry ({}) ".format(", ".join(f'"{column}"' for column in COLUMNS))
"""Start of a statement that records entries, for the two hot commands written as one SQL statement each.

To be followed by `SELECT` or `VALUES` of the columns in the order of `COLUMNS`: text, timestamptz, text x 8, jsonb.
All are NOT NULL; `reason` is '' and `data` is '{}'::jsonb when there is nothing to say.
"""

Subject = tuple[str, int | str, str]
"""Kind, id and label of what was changed: ("ticket", 4711, "A-027")."""


@dataclass(frozen=True)
class Note:
    """What one entry says, before it is written: the arguments of `record`."""

    mall: str
    at: datetime
    kind: str
    actor: Actor
    subject: Subject
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def row(self) -> Entry:
        """The unsaved row. Raises ValueError for a naive `at`."""
        if self.at.tzinfo is None:
            raise ValueError(f"the time of {self.kind} has no time zone")
        subject_kind, subject_id, subject_label = self.subject
        return Entry(
            mall=self.mall,
            at=self.at,
            kind=self.kind,
            actor_kind=self.actor.kind,
            actor_id=self.actor.id,
            actor_label=self.actor.label,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            subject_label=subject_label,
            reason=self.reason,
            data=dict(self.data),
        )


def record(
    *,
    mall: str,
    at: datetime,
    kind: str,
    actor: Actor,
    subject: Subject,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry into the journal, in the running transaction.

    `at` is aware; `kind` is a noun and a past verb ("ticket.called"); `data` holds JSON values that may be
    public (labels, ids of lines and counters, states; never a name or NIK). Raises RuntimeError outside a
    transaction: an entry without its change, or a change without its entry, must not be possible.
    """
    record_many([Note(mall, at, kind, actor, subject, reason, data or {})])


def record_many(notes: Iterable[Note]) -> None:
    """Write several entries, in their order, with one statement. Errors as `record`."""
    if not connections[DEFAULT_DB_ALIAS].in_atomic_block:
        raise RuntimeError("a journal entry is written in the transaction of its change")
    rows = [note.row() for note in notes]
    if len(rows) == 1:
        rows[0].save(force_insert=True)
    elif rows:
        Entry.objects.bulk_create(rows)
