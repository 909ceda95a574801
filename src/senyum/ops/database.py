"""What `senyum doctor` looks at in the database: each check yields findings and may fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg

from senyum.core import clock, postgres
from senyum.ops import upgrade
from senyum.ops.findings import Finding, Situation
from senyum.ops.words import NOTHING, Words

SEALED_WITHIN = timedelta(seconds=30)
FEWEST_CONNECTIONS = 100


def _connection(situation: Situation) -> psycopg.Connection[Any]:
    if situation.connection is None:
        raise ValueError("no database answers")
    return situation.connection


def one(situation: Situation, query: str) -> tuple[Any, ...]:
    """The first row of a query; empty when there is none."""
    with _connection(situation).transaction():
        return _connection(situation).execute(query.encode()).fetchone() or ()


def server(situation: Situation) -> Iterator[Finding]:
    """Version and number of connections."""
    version, connections = one(
        situation, "SELECT current_setting('server_version'), current_setting('max_connections')::int"
    )
    kind = Words("tertanam", "embedded") if situation.place.own_server else Words("milik Anda", "yours")
    few = connections < FEWEST_CONNECTIONS
    yield Finding(
        "server",
        "bad" if few else "ok",
        Words(
            f"PostgreSQL {version} ({kind.id}), {connections} sambungan",
            f"PostgreSQL {version} ({kind.en}), {connections} connections",
        ),
        Words("Naikkan max_connections ke 200.", "Raise max_connections to 200.") if few else NOTHING,
    )


def writing(situation: Situation) -> Iterator[Finding]:
    """Whether anything can be written: tried with a megabyte of a table that is taken back."""
    connection = _connection(situation)
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(
                "CREATE TEMPORARY TABLE doctor_trial ON COMMIT DROP AS"
                " SELECT repeat('x', 1000) AS x FROM generate_series(1, 1000)"
            )
    except (psycopg.errors.DiskFull, psycopg.errors.IoError):
        where = _directory(situation)
        yield Finding(
            "writing",
            "bad",
            Words(
                f"Tidak ada ruang untuk menulis di {where.id}: nomor tidak bisa diambil",
                f"There is no room to write in {where.en}: nobody can take a number",
            ),
            Words(
                "Kosongkan ruang di disk itu; Senyum berjalan lagi sendiri. Jangan hapus apa pun di dalam foldernya.",
                "Make room on that disk; Senyum goes on by itself. Delete nothing inside that directory.",
            ),
        )
    except psycopg.errors.ReadOnlySqlTransaction:
        yield Finding(
            "writing",
            "bad",
            Words("Basis data hanya bisa dibaca", "The database can only be read"),
            Words(
                "Tunjuk server utama di DATABASE_URL, atau matikan default_transaction_read_only.",
                "Name the primary server in DATABASE_URL, or switch default_transaction_read_only off.",
            ),
        )
    else:
        yield Finding("writing", "ok", Words("Basis data bisa ditulis", "The database can be written"))


def _directory(situation: Situation) -> Words:
    try:
        (where,) = one(situation, "SELECT current_setting('data_directory')")
    except psycopg.errors.InsufficientPrivilege:
        return Words("disk server basis data", "the disk of the database's server")
    return Words(where, where)


def durable(situation: Situation) -> Iterator[Finding]:
    """Whether a power cut may lose what was answered."""
    names = ("fsync", "synchronous_commit", "full_page_writes")
    values = one(situation, "SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
    off = [name for name, value in zip(names, values, strict=True) if value == "off"]
    yield Finding(
        "durable",
        "bad" if off else "ok",
        Words(f"Tidak tahan mati listrik: {', '.join(off)} mati", f"Not safe in a power cut: {', '.join(off)} is off")
        if off
        else Words("Yang sudah dijawab tahan mati listrik", "What was answered survives a power cut"),
        Words(f"Setel {', '.join(off)} = on.", f"Set {', '.join(off)} = on.") if off else NOTHING,
    )


def extensions(situation: Situation) -> Iterator[Finding]:
    """Whether the database has the extensions that searching and constraints need."""
    with _connection(situation).transaction():
        have = {row[0] for row in _connection(situation).execute("SELECT extname FROM pg_extension")}
    missing = [name for name in postgres.EXTENSIONS if name not in have]
    needed = [name for name in missing if name != "pg_stat_statements"]
    yield Finding(
        "extensions",
        "bad" if needed else "warn" if missing else "ok",
        Words(f"Ekstensi belum ada: {', '.join(missing)}", f"Extensions are missing: {', '.join(missing)}")
        if missing
        else Words("Ekstensi lengkap", "The extensions are there"),
        Words(
            "Jalankan `senyum upgrade`, atau minta pengelola server memasangnya.",
            "Run `senyum upgrade`, or ask the server's administrator to create them.",
        )
        if missing
        else NOTHING,
    )


def migrations(situation: Situation) -> Iterator[Finding]:
    """Whether the database is of this version."""
    waiting = upgrade.pending()
    yield Finding(
        "migrations",
        "bad" if waiting else "ok",
        Words(f"{len(waiting)} migrasi belum dijalankan", f"{len(waiting)} migrations are not applied")
        if waiting
        else Words("Basis data sesuai versi ini", "The database is of this version"),
        Words("Jalankan `senyum upgrade`.", "Run `senyum upgrade`.") if waiting else NOTHING,
    )


def rows(situation: Situation, query: str) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    with _connection(situation).transaction():
        return _connection(situation).execute(query.encode()).fetchall()


def table_exists(situation: Situation, table: str) -> bool:
    """Whether the database has that table: a new hall has none yet."""
    return bool(one(situation, f"SELECT to_regclass('{table}') IS NOT NULL")[0])


def journal(situation: Situation) -> Iterator[Finding]:
    """Whether the chain is sound, and whether somebody seals it."""
    if not table_exists(situation, "journal_entry"):
        return
    from senyum.journal.verify import verify

    report = verify()
    if report.first_bad:
        yield Finding(
            "journal",
            "bad",
            Words(f"Jurnal tidak utuh: {report.first_bad.sentence}", f"Not sound: {report.first_bad.sentence}"),
            Words(
                'Simpan basis data ini apa adanya, lalu baca docs/operation.md, "Jurnal".',
                'Keep this database as it is, and read docs/operation.md, "Journal".',
            ),
        )
    else:
        said = Words(f"Jurnal utuh, {report.sealed} entri", f"The journal is sound, {report.sealed} entries")
        yield Finding("journal", "ok", said)
    if situation.running:
        yield from _sealing(situation)


def _sealing(situation: Situation) -> Iterator[Finding]:
    (oldest,) = one(situation, "SELECT min(at) FROM journal_entry WHERE seq IS NULL") or (None,)
    stuck = oldest is not None and clock.now() - oldest > SEALED_WITHIN * max(1.0, clock.speed())
    if stuck:
        yield Finding(
            "sealing",
            "bad",
            Words(f"Entri jurnal sejak {oldest} belum disegel", f"Journal entries since {oldest} are not sealed"),
            Words("Lihat log/sequencer.log di folder data.", "See log/sequencer.log in the data directory."),
        )


def hall_clock(situation: Situation) -> Iterator[Finding]:
    """Whether the clock was set back: then the day's last entries lie in the future."""
    if not table_exists(situation, "journal_entry"):
        return
    (last,) = one(situation, "SELECT max(at) FROM journal_entry")
    ahead = last is not None and last - clock.now() > timedelta(minutes=1)
    yield Finding(
        "clock",
        "bad" if ahead else "ok",
        Words(f"Jam mundur: jurnal sudah sampai {last}", f"The clock was set back: the journal has reached {last}")
        if ahead
        else Words("Jam tidak mundur", "The clock was not set back"),
        Words("Setel jam komputer dengan benar.", "Set the machine's clock right.") if ahead else NOTHING,
    )


CHECKS: tuple[Callable[[Situation], Iterator[Finding]], ...] = (
    server,
    writing,
    durable,
    extensions,
    migrations,
    journal,
    hall_clock,
)
