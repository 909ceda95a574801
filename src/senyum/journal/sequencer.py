"""Seals the journal: gives each committed entry the next `seq` of its mall and its link of the hash chain.

One leader by an advisory lock of PostgreSQL; everybody else stands by. The lock and the sealing share one
connection, so a leader that lost its lock has lost its transaction as well. No command waits for the chain.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import psycopg
import structlog
from psycopg.rows import args_row

from senyum.core.live import CHANNEL, connection_parameters
from senyum.journal.chain import GENESIS, SELECTED, Row, link

LOCK = 0x53454E59554D  # "SENYUM"
BATCH = 2_000
BUSY_SECONDS = 0.025
IDLE_SECONDS = 0.050
SLACKENING = 1.02  # a hall with an event a second keeps the short pause, a sleeping one reaches the long one
STANDBY_SECONDS = 0.5
_LONGEST_PAYLOAD = 7_000  # PostgreSQL refuses 8,000 bytes

log = structlog.get_logger(__name__)

_UNSEALED = f"SELECT {SELECTED} FROM journal_entry WHERE seq IS NULL ORDER BY id LIMIT {BATCH}"
_HEADS = "SELECT mall, seq, hash FROM journal_head WHERE mall = ANY(%s)"
_SEAL = """
    UPDATE journal_entry AS e SET seq = u.seq, hash = u.hash
    FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[]) AS u (id, seq, hash)
    WHERE e.id = u.id AND e.seq IS NULL
"""
# The condition refuses a head that another sealer moved; the unique (mall, seq) stands behind it.
_MOVE_HEAD = """
    INSERT INTO journal_head AS h (mall, seq, hash) VALUES (%s, %s, %s)
    ON CONFLICT (mall) DO UPDATE SET seq = excluded.seq, hash = excluded.hash WHERE h.seq = %s
"""


class NotLeading(RuntimeError):
    """Another process sealed meanwhile; this one must not go on."""


def seal(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Seal up to `BATCH` entries in one transaction; returns the new head of each mall that grew.

    A row that commits late with a lower id simply gets a later `seq`.
    Raises NotLeading, and changes nothing, if somebody else sealed the same entries.
    """
    with connection.transaction():
        with connection.cursor(row_factory=args_row(Row)) as cursor:
            rows = cursor.execute(_UNSEALED).fetchall()
        if not rows:
            return {}
        return _seal_rows(connection, rows)


def _seal_rows(connection: psycopg.Connection[Any], rows: list[Row]) -> dict[str, int]:
    by_mall: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_mall[row.mall].append(row)
    known = connection.execute(_HEADS, [list(by_mall)]).fetchall()
    before = {mall: (seq, bytes(value)) for mall, seq, value in known}
    ids, numbers, hashes = [], [], []
    heads: dict[str, tuple[int, bytes]] = {}
    for mall, entries in by_mall.items():
        seq, value = before.get(mall, (0, GENESIS))
        for row in entries:
            seq += 1
            value = link(value, row, seq)
            ids.append(row.id)
            numbers.append(seq)
            hashes.append(value)
        heads[mall] = (seq, value)
    sealed = connection.execute(_SEAL, [ids, numbers, hashes]).rowcount
    moved = [
        connection.execute(_MOVE_HEAD, [mall, seq, value, before.get(mall, (0, b""))[0]]).rowcount
        for mall, (seq, value) in heads.items()
    ]
    if sealed != len(rows) or any(count != 1 for count in moved):
        raise NotLeading(f"sealed {sealed} of {len(rows)} entries")
    grown = {mall: seq for mall, (seq, _) in heads.items()}
    for payload in payloads(grown.items()):
        connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
    return grown


def payloads(grown: Iterable[tuple[str, int]]) -> list[str]:
    """Notifications that say how far each mall is sealed: "smd-01:412 smd-02:7", each short enough for NOTIFY."""
    texts: list[str] = []
    for mall, seq in grown:
        word = f"{mall}:{seq}"
        if texts and len(texts[-1].encode()) + len(word.encode()) < _LONGEST_PAYLOAD:
            texts[-1] += f" {word}"
        else:
            texts.append(word)
    return texts


class Sequencer:
    """The loop of one candidate for the lead: stands by, leads, and starts again when PostgreSQL was away.

    `parameters` are those of `psycopg.connect`; `stop` ends `run` within a batch.
    """

    def __init__(self, parameters: dict[str, Any], stop: threading.Event | None = None) -> None:
        self.parameters = parameters
        self.stop = stop or threading.Event()
        self.leading = threading.Event()

    def run(self) -> None:
        """Work until `stop` is set. No error ends it: it says what went wrong and tries again."""
        patience = 0.1
        while not self.stop.is_set():
            try:
                with psycopg.connect(**self.parameters, autocommit=True) as connection:
                    if not self._wait_for_lead(connection):
                        continue
                    patience = 0.1
                    self._lead(connection)
            except (psycopg.Error, NotLeading) as error:
                log.warning(
                    "journal.sequencer.again",
                    error=type(error).__name__,
                    seconds=patience,
                )
                self.stop.wait(patience)
                patience = min(patience * 2, 2.0)
            finally:
                self.leading.clear()

    def _wait_for_lead(self, connection: psycopg.Connection[Any]) -> bool:
        while not self.stop.is_set():
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
            if row and row[0]:
                return True
            self.stop.wait(STANDBY_SECONDS)
        return False

    def _lead(self, connection: psycopg.Connection[Any]) -> None:
        log.info("journal.sequencer.leads")
        self.leading.set()
        pause = BUSY_SECONDS
        while not self.stop.is_set():
            started = time.monotonic()
            pause = BUSY_SECONDS if seal(connection) else min(pause * SLACKENING, IDLE_SECONDS)
            self.stop.wait(max(0.0, pause - (time.monotonic() - started)))


def start_standby(stop: threading.Event | None = None) -> Sequencer:
    """A sequencer in a daemon thread of this process, for the worker: it takes over when the leader is gone."""
    sequencer = Sequencer(connection_parameters(), stop)
    threading.Thread(target=sequencer.run, name="sequencer", daemon=True).start()
    return sequencer


def main() -> None:
    """`senyum sequencer`: seal until SIGTERM or SIGINT. Django is set up by the caller."""
    sequencer = Sequencer(connection_parameters())
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: sequencer.stop.set())
    sequencer.run()
