"""`kill -9` of web, worker, sequencer and PostgreSQL in the middle of 500 issuing requests, against a real `senyum up`.

What was answered 2xx is still there, no label is given twice, a repeated key changes nothing, the journal seals on
and verifies.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from tests.house import PATIENCE, House

REQUESTS, CLIENTS = 500, 8
#: After so many answers, kill what this names.
KILLS = {60: "granian", 160: "senyum worker", 240: "senyum sequencer", 340: "postgres"}


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
