"""What the journal's tests write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from senyum.journal.actor import Actor
from senyum.journal.record import record

NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
BUDI = Actor("user", "7", "Budi Santoso")


def write(mall: str, number: int, kind: str = "ticket.called", **data: Any) -> None:
    """One committed entry about ticket `number` of a mall."""
    with transaction.atomic():
        record(
            mall=mall,
            at=NOON + timedelta(seconds=number),
            kind=kind,
            actor=BUDI,
            subject=("ticket", number, f"A-{number:03}"),
            data=data,
        )
