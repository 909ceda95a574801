"""Reads of the journal."""

from __future__ import annotations

from collections.abc import Sequence

from senyum.journal.models import Entry, Head


def head_seq(mall: str) -> int:
    """The last sealed `seq` of a mall; 0 when nothing is sealed. What `data-live-after` of a page says."""
    return Head.objects.filter(mall=mall).values_list("seq", flat=True).first() or 0


def unsealed_count(mall: str | None = None) -> int:
    """How many committed entries wait for the sequencer."""
    rows = Entry.objects.filter(seq=None)
    return (rows.filter(mall=mall) if mall is not None else rows).count()


def of_subject(mall: str, kind: str, subject_id: int | str) -> Sequence[Entry]:
    """Everything that happened to one thing of a mall, oldest first, the unsealed tail included."""
    return list(Entry.objects.filter(mall=mall, subject_kind=kind, subject_id=str(subject_id)).order_by("id"))


def latest(mall: str, limit: int = 50, before: int | None = None) -> Sequence[Entry]:
    """The newest sealed entries of a mall, newest first; `before` (a seq, exclusive) pages back."""
    rows = Entry.objects.filter(mall=mall, seq__isnull=False)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    return list(rows.order_by("-seq")[:limit])
