"""PostgreSQL alone is stopped hard and started again while numbers are issued and called; web and worker live on.

The server is not the hall's own (`DATABASE_URL`), so nobody but the test starts it again, and the gap is as long as
the test makes it.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from senyum.core import postgres
from tests.house import PATIENCE, House, at_ten, running_house

#: Requests that are answered 2xx: before the stop, and after the start; how long (seconds) the server is away.
BEFORE, AFTER, GAP = 40, 80, 3.0
ISSUERS = 4
#: And so many calls on each side.
CALLED = 5

#: After the house is filled: two officers sit down, and a job is put in line that falls due when the test says so.
SEAT = """
from senyum.jobs.forget_keys import forget_keys
from senyum.roster.commands import open_session
print(forget_keys.configure(schedule_in={"days": 1}, queueing_lock="restart").defer(timestamp=0))
for number, name in ((1, "petugas1"), (2, "petugas2")):
    user, counter = hall.users[name], hall.counters[number]
    open_session(counter=counter, user=user, now=clock.now(), actor=SYSTEM)
    print(counter.pk, create_token(role="officer", mall=hall.mall, user=user, now=clock.wall(), actor=SYSTEM))
"""


@pytest.fixture
def server(hall_directory: Path) -> Iterator[postgres.Server]:
    server = postgres.start(hall_directory / "elsewhere")
    yield server
    postgres.start(hall_directory / "elsewhere").stop()
    server.stop()


@pytest.fixture
def house(hall_directory: Path, server: postgres.Server) -> Iterator[House]:
    with running_house(hall_directory, SEAT, DATABASE_URL=server.url, **at_ten(hall_directory)) as house:
        yield house


@dataclass
class Heard:
    """What the clients were answered."""

    issued: dict[str, tuple[str, str]] = field(default_factory=dict)  # key -> (token, label)
    called: set[int] = field(default_factory=set)
    refused: list[tuple[int, str, str, str]] = field(default_factory=list)  # status, type, Retry-After, body
    silent: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self) -> int:
        with self.lock:
            return len(self.issued)


def _post(house: House, path: str, token: str, body: dict[str, Any], key: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key}
    try:
        connection.request("POST", path, json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read().decode()
    finally:
        connection.close()


def _once(house: House, heard: Heard, path: str, token: str, body: dict[str, Any], key: str) -> tuple[int, Any]:
    """(status, what was answered), (0, None) when there was no answer at all; whatever is no 2xx is kept."""
    try:
        status, headers, said = _post(house, path, token, body, key)
    except (OSError, http.client.HTTPException) as error:
        heard.silent.append(repr(error))
        return 0, None
    if status >= 300:
        heard.refused.append((status, headers.get("content-type", ""), headers.get("retry-after", ""), said))
    return status, json.loads(said) if "json" in headers.get("content-type", "") else {}


def _issue(house: House, heard: Heard, stop: threading.Event, name: int) -> None:
    body = {"mall": "contoh", "services": [house.service], "channel": "kiosk"}
    number, until = 0, time.monotonic() + 2 * PATIENCE
    # A key is asked until it is answered, also when the test is over: what is left open says nothing.
    while not stop.is_set() and time.monotonic() < until:
        key, status = f"restart-{name}-{number:05d}", 0
        while status != 201 and time.monotonic() < until:
            status, answer = _once(house, heard, "/api/v1/visits", house.token, body, key)
            if status == 201:
                with heard.lock:
                    heard.issued[key] = (answer["token"], answer["label"])
            time.sleep(0.02 if status == 201 else 0.1)
        number += 1


def _call(house: House, heard: Heard, stop: threading.Event, counter: int, token: str) -> None:
    """An officer: calls, the person comes, calls the next."""
    ticket, state = None, ""
    while not stop.is_set():
        step = "serve" if state == "called" else "next"
        status, answer = _once(
            house, heard, f"/api/v1/counters/{counter}/{step}", token, {"seen": ticket}, "unused-key-0001"
        )
        if status == 409:
            # What was pressed before is there though its answer was lost: the refusal says what is true now.
            ticket, state = answer["now"].get("ticket"), answer["now"].get("state", "")
        elif status == 200 and step == "serve":
            state = "serving"
        elif status == 200:
            ticket, state = answer["ticket"], "called" if answer["ticket"] else ""
            if ticket is not None:
                with heard.lock:
                    heard.called.add(ticket)
        time.sleep(0.02 if status == 200 else 0.1)


def _wait(what: object, true: Any) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, str(what)[-1500:]
        time.sleep(0.05)


def _programs(house: House) -> dict[int, str]:
    """Process id -> which of the hall's programs it is."""
    names = ("granian", "senyum worker", "senyum sequencer")
    return {pid: name for pid, line in house.descendants().items() for name in names if name in line}


def _check_programs(before: dict[int, str], after: dict[int, str]) -> None:
    """Web and sequencer live on. The worker may end itself, then the supervisor starts another."""
    assert sorted(after.values()) == sorted(before.values())
    assert {pid for pid, name in before.items() if name != "senyum worker"} <= set(after)


@dataclass
class Board:
    """A stream that stays open: the last number it heard."""

    house: House
    last: int = 0
    ended: bool = False

    def follow(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=PATIENCE)
        path = "/api/v1/malls/contoh/events"
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.house.token}"})
            response = connection.getresponse()
            assert response.status == 200, response.status
            while line := response.readline():
                if line.startswith(b"id: "):
                    self.last = int(line[4:])
        self.ended = True


@pytest.mark.slow
def test_postgresql_alone_is_restarted_under_load(house: House, server: postgres.Server, hall_directory: Path) -> None:
    job, *places = house.more
    seats = list(zip(places[::2], places[1::2], strict=True))
    heard, stop, board = Heard(), threading.Event(), Board(house)
    clients = [threading.Thread(target=_issue, args=(house, heard, stop, n)) for n in range(ISSUERS)]
    clients += [threading.Thread(target=_call, args=(house, heard, stop, int(c), t)) for c, t in seats]
    threading.Thread(target=board.follow, daemon=True).start()
    try:
        programs = _programs(house)
        assert set(programs.values()) == {"granian", "senyum worker", "senyum sequencer"}
        for client in clients:
            client.start()
        _wait(heard, lambda: heard.count() >= BEFORE and len(heard.called) >= CALLED)

        os.kill(server.pid, signal.SIGQUIT)  # an immediate shutdown: no last words, recovery at the next start
        _wait("the server ends", lambda: not server.alive())
        time.sleep(GAP)
        in_gap, called = heard.count(), len(heard.called)
        assert any(status == 503 for status, *_rest in heard.refused), "somebody asked while it was away"
        again = postgres.start(hall_directory / "elsewhere")
        assert again.pid != server.pid

        _wait("numbers after the start", lambda: heard.count() >= in_gap + AFTER)
        _wait("calls after the start", lambda: len(heard.called) >= called + CALLED)
        head = _head(house.url)
        _wait("the open stream goes on", lambda: board.last >= head)
    finally:
        stop.set()
        for client in clients:
            if client.is_alive():
                client.join()
    assert not board.ended
    _check_refusals(heard)
    _check_rows(house, heard)
    _check_worker(house, int(job))
    _check_programs(programs, _programs(house))


def _head(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT seq FROM journal_head WHERE mall = 'contoh'").fetchone()
    assert row
    return int(row[0])


def _check_refusals(heard: Heard) -> None:
    """In the gap: a problem document that says what to do and when. 409: an officer is told what is true now."""
    assert heard.silent == []
    assert {status for status, *_rest in heard.refused} <= {503, 409}
    gone = [answer for answer in heard.refused if answer[0] == 503]
    assert len(gone) > ISSUERS
    for _status, kind, retry, said in gone:
        assert kind.startswith("application/problem+json"), said
        assert retry == "5"
        problem = json.loads(said)
        assert problem["code"] == "database_lost"
        assert "Sambungan ke data terputus" in problem["detail"]


def _check_rows(house: House, heard: Heard) -> None:
    with psycopg.connect(house.url, autocommit=True) as connection:

        def sealed() -> bool:
            return connection.execute("SELECT count(*) FROM journal_entry WHERE seq IS NULL").fetchone() == (0,)

        _wait("the journal seals on", sealed)
        kept: dict[str, str] = dict(connection.execute("SELECT token, label FROM visits_visit").fetchall())
        calls = {row[0] for row in connection.execute("SELECT ticket_id FROM visits_call").fetchall()}
    assert dict(heard.issued.values()).items() <= kept.items(), "what was answered is there"
    assert len(kept) == len(heard.issued), "a key that was asked again made nothing new"
    assert len(set(kept.values())) == len(kept), "no label twice"
    assert heard.called <= calls
    verified = subprocess.run(
        [sys.executable, "-m", "senyum", "journal", "verify", "--json"],
        env=house.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _check_worker(house: House, job: int) -> None:
    """The job that was put in line before the stop, and falls due now, is done."""
    with psycopg.connect(house.url, autocommit=True) as connection:
        due = connection.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE id = %s AND status = 'todo'", [job]
        )
        assert due.rowcount == 1

        def done() -> bool:
            row = connection.execute("SELECT status FROM procrastinate_jobs WHERE id = %s", [job]).fetchone()
            return row == ("succeeded",)

        _wait("the worker works on", done)
