"""Writes sample halls through the commands: the Sumedang seed from its YAML files, and the tiny hall for tests."""

from __future__ import annotations

from datetime import datetime

from senyum.journal.actor import SYSTEM
from senyum.malls.models import Mall
from senyum.rehearsal.commands import put_small_hall


def seed_small(now: datetime) -> Mall:
    """The hall `contoh`, always open: see `rehearsal.commands.put_small_hall`."""
    return put_small_hall(now=now, actor=SYSTEM)
