"""The disk under PostgreSQL is really full: its data, or its write-ahead log, lie on a small disk that is filled.

What was answered 2xx is there afterwards, all others were told to come again, `senyum doctor` says what is wrong; with
room again the hall goes on by itself. Wants to mount a file system (Linux, root); skipped where it may not.
The trigger test in `surfaces/ui/tests/test_database_trouble.py` stands for every surface and needs no mount.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from senyum.core import postgres
from tests.house import PATIENCE, House, at_ten, running_house
from tests.test_database_restart import Heard, _check_rows, _issue

ISSUERS = 4
#: Numbers that are answered before the disk is full, refusals while it is, numbers with room again.
BEFORE, REFUSED, AFTER = 20, 40, 40


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """An empty file system of that size at `place`, in memory."""
    place.mkdir(mode=0o755, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(place)]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        pytest.skip(f"no real disk can be filled here: {error}")
    if made.returncode != 0:
        pytest.skip(f"no real disk can be filled here: {made.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


class Filler:
    """A file that takes all room there is, again and again until `end`: what PostgreSQL gives back it takes, too."""

    def __init__(self, place: Path) -> None:
        self.path, self.stop = place / "filler", threading.Event()
        self._take()
        self.thread = threading.Thread(target=self._keep)
        self.thread.start()

    def _take(self) -> None:
        with suppress(OSError), self.path.open("ab", buffering=0) as file:
            while True:
                file.write(b"\0" * 4096)

    def _keep(self) -> None:
        while not self.stop.wait(0.02):
            self._take()

    def end(self) -> None:
        self.stop.set()
        self.thread.join()
        self.path.unlink(missing_ok=True)


@pytest.fixture
def data_disk(hall_directory: Path) -> Iterator[Path]:
    with small_disk(hall_directory / "elsewhere", 256) as place:
        yield place


@pytest.fixture
def own_server(hall_directory: Path, data_disk: Path) -> Iterator[postgres.Server]:
    """A server with its data on the small disk and its write-ahead log beside it."""
    server = postgres.start(data_disk)
    server.stop()
    log = data_disk / "cluster" / "pg_wal"
    shutil.move(log, hall_directory / "wal")
    postgres._give(hall_directory / "wal")
    log.symlink_to(hall_directory / "wal")
    server = postgres.start(data_disk)
    yield server
    server.stop()


def doctor(house: House, **environment: str) -> dict[str, dict[str, Any]]:
    """What `senyum doctor --json` finds, by check."""
    done = subprocess.run(
        [sys.executable, "-m", "senyum", "doctor", "--json"],
        env={**house.environment, "SENYUM_LANG": "en", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return {found["check"]: found for found in json.loads(done.stdout)["findings"]}


def doctor_who_got_in(house: House) -> dict[str, dict[str, Any]]:
    """As `doctor`, again where it found no connection: a new one needs a little room, too."""
    for _ in range(10):
        found = doctor(house)
        if "writing" in found:
            break
    return found


def refusals(heard: Heard) -> list[tuple[int, str, str, str]]:
    with heard.lock:
        return [answer for answer in heard.refused if answer[0] == 503]


@contextmanager
def people_come(house: House) -> Iterator[Heard]:
    """Ask for numbers all the time; a key is asked until it is answered."""
    heard, stop = Heard(), threading.Event()
    clients = [threading.Thread(target=_issue, args=(house, heard, stop, n)) for n in range(ISSUERS)]
    for client in clients:
        client.start()
    try:
        yield heard
    finally:
        stop.set()
        for client in clients:
            client.join()


def check_told(heard: Heard, codes: set[str]) -> None:
    """Everybody who got no number got a problem document: what is the matter, and when to come again."""
    assert heard.silent == []
    assert {status for status, *_rest in heard.refused} == {503}
    for _status, kind, retry, said in heard.refused:
        assert kind.startswith("application/problem+json"), said
        problem = json.loads(said)
        assert problem["code"] in codes, said
        assert retry == {"database_full": "30", "database_lost": "5"}[problem["code"]]
        assert problem["detail"].endswith("."), said


def wait_then(what: str, true: Callable[[], bool], heard: Heard) -> None:
    until = time.monotonic() + 2 * PATIENCE
    while not true():
        assert time.monotonic() < until, f"{what}: {heard.refused[-3:]}"
        time.sleep(0.05)


@pytest.mark.slow
def test_no_room_for_the_data(hall_directory: Path, data_disk: Path, own_server: postgres.Server) -> None:
    with running_house(hall_directory, DATABASE_URL=own_server.url, **at_ten(hall_directory)) as house:
        assert doctor(house)["writing"]["state"] == "ok"
        with people_come(house) as heard:
            wait_then("numbers before", lambda: heard.count() >= BEFORE, heard)
            filler = Filler(data_disk)
            try:
                wait_then("refusals", lambda: len(refusals(heard)) >= REFUSED, heard)
                found = doctor_who_got_in(house)
            finally:
                filler.end()
            there = heard.count()
            wait_then("numbers with room again", lambda: heard.count() >= there + AFTER, heard)
        assert own_server.alive()
        # A connection that is new in this minute may be refused as such: then nobody can say more than "lost".
        check_told(heard, {"database_full", "database_lost"})
        assert any("database_full" in said for *_rest, said in heard.refused)
        assert "writing" in found, found
        assert found["writing"]["state"] == "bad"
        assert "no room" in found["writing"]["sentence"] and "cluster" in found["writing"]["sentence"]
        assert doctor(house)["writing"]["state"] == "ok"
        _check_rows(house, heard)


@pytest.mark.slow
def test_no_room_for_anything(hall_directory: Path) -> None:
    """The whole hall on one full disk: logs, keys, data and write-ahead log, as on a small machine.

    PostgreSQL ends itself rather than answer what it could not write; the hall starts it again until it can.
    """
    with (
        small_disk(hall_directory, 500) as disk,
        running_house(hall_directory, **at_ten(hall_directory)) as house,
    ):
        with people_come(house) as heard:
            wait_then("numbers before", lambda: heard.count() >= BEFORE, heard)
            filler = Filler(disk)
            try:
                with suppress(psycopg.Error), psycopg.connect(house.url, autocommit=True) as connection:
                    # Each takes a new file of the log, until there is none.
                    for _ in range(100):
                        connection.execute("SELECT pg_logical_emit_message(false, 'full', 'x'), pg_switch_wal()")
                wait_then("refusals", lambda: len(refusals(heard)) >= REFUSED, heard)
                found = doctor(house)
            finally:
                filler.end()
            assert house.process.poll() is None, "the hall waits for room and does not end"
            there = heard.count()
            wait_then("numbers with room again", lambda: heard.count() >= there + AFTER, heard)
        check_told(heard, {"database_full", "database_lost"})
        assert found["disk"]["state"] == "bad" and found["disk"]["sentence"].startswith("0.0 GB free")
        assert found["database"]["state"] == "bad" and "disk is full" in found["database"]["sentence"]
        assert doctor(house)["writing"]["state"] == "ok"
        _check_rows(house, heard)
