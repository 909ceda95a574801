"""`senyum doctor`: what is missing or wrong, in plain words, and what to do about it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from senyum.core import postgres
from senyum.core.supervisor import AlreadyRunning, Lock
from senyum.ops import background, database, hall, machine
from senyum.ops.findings import Finding, Situation
from senyum.ops.words import Words


def examine(*, port: int, now: datetime) -> list[Finding]:
    """Every finding, in the order in which they should be read."""
    place = hall.here()
    reached = running_address(place.data)
    running = reached is not None
    connection, trouble = _connect()
    situation = Situation(place, now, port, running, connection, reached or "")
    findings = [trouble] if trouble else []
    try:
        for check in [*machine.CHECKS, *((*database.CHECKS, *background.CHECKS) if connection else ())]:
            findings.extend(_carefully(check, situation))
    finally:
        if connection:
            connection.close()
    return findings


def _carefully(check: Callable[[Situation], Iterator[Finding]], situation: Situation) -> list[Finding]:
    try:
        return list(check(situation))
    except Exception as error:
        # A doctor that falls ill helps nobody: what a check could not find out is itself a finding.
        if situation.connection and not situation.connection.closed:
            situation.connection.rollback()
        name = check.__name__
        said = Words(
            f"Pemeriksaan {name} gagal: {type(error).__name__}: {error}",
            f"The check {name} failed: {type(error).__name__}: {error}",
        )
        return [Finding(name, "bad", said, Words("Jalankan `make setup`.", "Run `make setup`."))]


def _connect() -> tuple[psycopg.Connection[Any] | None, Finding | None]:
    try:
        hall.start_database()
        return psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5), None
    except (postgres.PostgresError, psycopg.Error, OSError) as error:
        if os.strerror(errno.ENOSPC) in str(error):
            return None, _no_room(error)
        return None, Finding(
            "database",
            "bad",
            Words(f"Basis data tidak menjawab: {error}", f"The database does not answer: {error}"),
            Words(
                "Periksa DATABASE_URL; tanpa itu lihat catatan di folder data, postgres/log.",
                "Check DATABASE_URL; without one see postgres/log in the data directory.",
            ),
        )


def _no_room(error: Exception) -> Finding:
    return Finding(
        "database",
        "bad",
        Words(
            f"Basis data tidak bisa jalan karena disk penuh: {error}",
            f"The database cannot run because the disk is full: {error}",
        ),
        Words(
            "Kosongkan ruang di disk itu; Senyum berjalan lagi sendiri. Jangan hapus apa pun di folder postgres.",
            "Make room on that disk; Senyum goes on by itself. Delete nothing in the directory postgres.",
        ),
    )


def running_address(data: Path) -> str | None:
    """Where others reach the hall of this data directory, as its `senyum up` wrote it down; None when none runs."""
    lock = Lock(data / "up.lock")
    try:
        lock.take("doctor")
    except AlreadyRunning as error:
        return str(error).partition(" ")[2]
    lock.release()
    return None


def is_running(data: Path) -> bool:
    """Whether `senyum up` holds this data directory."""
    return running_address(data) is not None
