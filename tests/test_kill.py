"""`kill -9` of web, worker, sequencer and PostgreSQL in the middle of 500 issuing requests, against a real `senyum up`.

What was answered 2xx is still there, no label is given twice, a repeated key changes nothing, the journal seals on
and verifies.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from senyum.core import postgres

REQUESTS, CLIENTS = 500, 8
#: After so many answers, kill what this names.
KILLS = {60: "granian", 160: "senyum worker", 240: "senyum sequencer", 340: "postgres"}
PATIENCE = 90.0

FILL = """
import django; django.setup()
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.people.commands import create_token
from senyum.rehearsal.commands import put_small_hall
from senyum.rehearsal.queries import small_hall
hall = small_hall(put_small_hall(now=clock.wall(), actor=SYSTEM))
line = hall.lines["ktp"]
print(create_token(role="kiosk", mall=hall.mall, now=clock.wall(), actor=SYSTEM))
print(f"{line.agency.code}.{line.service.code}")
"""


@dataclass
class House:
    """A running `senyum up`, its address and what a kiosk needs."""

    process: subprocess.Popen[bytes]
    port: int
    url: str
    environment: dict[str, str]
    token: str = ""
    service: str = ""
    killed: list[str] = field(default_factory=list)

    def descendants(self) -> dict[int, str]:
        """Process id -> command line of everything below `senyum up`."""
        parents, lines = {}, {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                    lines[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                except (OSError, IndexError):
                    continue
        family, found = {self.process.pid}, {}
        for _depth in range(4):
            family |= {pid for pid, parent in parents.items() if parent in family}
        for pid in family - {self.process.pid}:
            found[pid] = lines[pid]
        return found

    def kill(self, what: str) -> None:
        """SIGKILL every process of that program: for PostgreSQL the server itself and its backends."""
        victims = [pid for pid, line in self.descendants().items() if what in line]
        assert victims, f"no process of {what}"
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.killed.append(what)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def house(hall_directory: Path) -> Iterator[House]:
    port = _free_port()
    plain = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SENYUM_TEST_HALL")}
    environment = {**plain, "SENYUM_DATA": str(hall_directory), "SENYUM_API_RATE": "1000"}
    command = [sys.executable, "-m", "senyum", "up", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    house = House(process, port, postgres.expected_url(hall_directory / "postgres"), environment)
    try:
        _wait(port)
        filled = subprocess.run(
            [sys.executable, "-c", FILL],
            env={**environment, "DATABASE_URL": house.url, "DJANGO_SETTINGS_MODULE": "senyum.settings"},
            capture_output=True,
            text=True,
            check=True,
        )
        house.token, house.service = filled.stdout.split()
        yield house
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _wait(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/api/v1/openapi.json")
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
    raise AssertionError("the hall did not come up")


def _ask(house: House, key: str) -> dict[str, str]:
    """Ask for a ticket, with the same key, until it is answered 201."""
    body = json.dumps({"mall": "contoh", "services": [house.service], "channel": "kiosk"})
    headers = {
        "Authorization": f"Bearer {house.token}",
        "Content-Type": "application/json",
        "Idempotency-Key": key,
    }
    until = time.monotonic() + PATIENCE
    said = ""
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
            connection.request("POST", "/api/v1/visits", body, headers)
            response = connection.getresponse()
            said = response.read().decode()
            if response.status == 201:
                answer: dict[str, str] = json.loads(said)
                return answer
        except (OSError, http.client.HTTPException) as error:
            said = repr(error)
        time.sleep(0.1)
    raise AssertionError(f"never answered: {said[:300]}")


@pytest.mark.slow
def test_what_was_answered_is_there_after_kill_9_of_everything(house: House) -> None:
    answers: list[dict[str, str]] = []
    errors: list[BaseException] = []
    keys = iter(range(REQUESTS))
    lock = threading.Lock()
    due = dict(KILLS)

    def client() -> None:
        while True:
            with lock:
                key = next(keys, None)
            if key is None:
                return
            try:
                answer = _ask(house, f"kill-test-{key:04d}")
            except BaseException as error:
                errors.append(error)
                return
            with lock:
                answers.append(answer)
                victim = due.pop(len(answers), None)
            if victim:
                house.kill(victim)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert house.killed == list(KILLS.values())
    assert len(answers) == REQUESTS
    _check(house, answers)


def _check(house: House, answers: list[dict[str, str]]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with psycopg.connect(house.url, autocommit=True) as connection:
                kept = dict(connection.execute("SELECT token, label FROM visits_visit").fetchall())
                unsealed = connection.execute("SELECT count(*) FROM journal_entry WHERE seq IS NULL").fetchone()
        except psycopg.OperationalError:
            unsealed = None
        if unsealed == (0,) or time.monotonic() > until:
            break
        time.sleep(0.3)
    assert unsealed == (0,), "the journal seals on"
    assert {answer["token"]: answer["label"] for answer in answers} == kept
    assert len(set(kept.values())) == REQUESTS
    verified = subprocess.run(
        [sys.executable, "-m", "senyum", "journal", "verify", "--json"],
        env={**house.environment, "DATABASE_URL": house.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
