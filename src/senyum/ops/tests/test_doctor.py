"""The doctor speaks plainly, in both languages, and ends with 1 when something must be done."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection as django_connection

from senyum.core import tls
from senyum.core.supervisor import Lock
from senyum.ops import database, doctor, machine
from senyum.ops.findings import Finding, Situation
from senyum.ops.hall import Hall

NOW = datetime.now(UTC)
ROOT = Path(__file__).resolve().parents[4]


def situation(data: Path, **more) -> Situation:
    given = {"place": Hall(data, True), "now": NOW, "port": 8000, "running": False, "connection": None}
    return Situation(**{**given, **more})


def one(findings) -> Finding:
    (found,) = list(findings)
    return found


@pytest.fixture
def raw(db):
    """A connection of psycopg to the test database."""
    parameters = django_connection.get_connection_params()
    parameters.pop("cursor_factory"), parameters.pop("context")
    with psycopg.connect(**parameters) as connection:
        yield connection


def test_little_room_on_the_disk_is_bad(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 9, 100_000_000))
    found = one(machine.disk(situation(tmp_path)))
    assert found.state == "bad"
    assert found.line("en").startswith("✗ 0.1 GB free at") and "→ Make room" in found.line("en")
    assert "Ruang kosong 0.1 GB" in found.line("id")


def test_a_port_in_use_is_named_with_the_way_out(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        found = one(machine.port(situation(tmp_path, port=number)))
    assert found.state == "bad"
    assert f"senyum up --port {number + 1}" in found.todo["id"]


def test_a_running_hall_may_use_the_port(tmp_path):
    assert one(machine.port(situation(tmp_path, running=True))).state == "ok"


def test_keys_that_others_can_read_are_bad(tmp_path):
    key = tmp_path / "secret.key"
    key.write_text("x")
    key.chmod(0o644)
    assert "secret.key" in one(machine.keys(situation(tmp_path))).said["en"]
    key.chmod(0o600)
    assert one(machine.keys(situation(tmp_path))).state == "ok"


@pytest.mark.parametrize(("age", "state"), [(None, "warn"), (timedelta(hours=3), "ok"), (timedelta(days=3), "warn")])
def test_an_old_or_missing_backup_is_a_warning(tmp_path, age, state):
    if age is not None:
        noted = {"at": (NOW - age).isoformat(), "file": "x.senyum"}
        (tmp_path / "last-backup.json").write_text(json.dumps(noted))
    found = one(machine.backups(situation(tmp_path)))
    assert found.state == state
    assert bool(found.todo["en"]) == (state == "warn")


def test_a_certificate_that_has_ended_is_bad(tmp_path):
    tls.ensure(tmp_path, ["localhost"], NOW - timedelta(days=tls.SERVER_DAYS + 10))
    found = one(machine.secure(situation(tmp_path)))
    assert found.state == "bad" and "--tls" in found.todo["en"]


def test_missing_front_end_files_are_bad(tmp_path, monkeypatch):
    monkeypatch.setattr("senyum.__file__", str(tmp_path / "__init__.py"))
    found = one(machine.front_end(situation(tmp_path)))
    assert found.state == "bad" and "make setup" in found.todo["id"]


def test_the_test_database_is_not_durable_and_the_doctor_says_so(raw, tmp_path):
    found = one(database.durable(situation(tmp_path, connection=raw)))
    assert found.state == "bad"
    assert "fsync" in found.said["en"] and "Not safe in a power cut" in found.said["en"]


@pytest.mark.parametrize("check", [database.server, database.migrations, database.hall_clock])
def test_a_sound_database_is_all_right(raw, tmp_path, check):
    assert one(check(situation(tmp_path, connection=raw))).state == "ok"


def test_a_clock_that_was_set_back_is_noticed(raw, tmp_path, monkeypatch):
    monkeypatch.setattr(database, "one", lambda situation, query: (NOW + timedelta(hours=1),))
    monkeypatch.setattr(database, "table_exists", lambda situation, table: True)
    assert one(database.hall_clock(situation(tmp_path, connection=raw))).state == "bad"


def test_a_check_that_fails_is_itself_a_finding(tmp_path):
    def ill(_):
        raise RuntimeError("no")
        yield

    found = one(doctor._carefully(ill, situation(tmp_path)))
    assert found.state == "bad" and "RuntimeError" in found.said["en"]


def _run(data: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SENYUM_EMBEDDED")}
    command = [sys.executable, "-m", "senyum", "doctor", *arguments]
    environment = {**kept, "SENYUM_DATA": str(data), **more}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.xdist_group("halls")
def test_without_a_database_it_says_what_to_do_and_ends_with_1(hall_directory):
    done = _run(hall_directory, "--lang", "en", DATABASE_URL="postgresql:///x?host=/nowhere&user=x")
    assert done.returncode == 1
    assert "✗ The database does not answer" in done.stdout and "Check DATABASE_URL" in done.stdout


@pytest.mark.xdist_group("halls")
def test_a_new_hall_needs_an_upgrade_and_json_says_so(hall_directory):
    done = _run(hall_directory, "--json", "--lang", "en")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"]) == (1, False)
    rows = {row["check"]: row for row in answer["findings"]}
    assert rows["migrations"]["todo"] == "Run `senyum upgrade`."
    assert rows["durable"]["state"] == "ok"
    assert set(rows["migrations"]) == {"check", "state", "sentence", "todo"}


def test_every_check_is_documented():
    text = (ROOT / "docs/operation.md").read_text()
    named = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    source = "".join(
        (Path(machine.__file__).parent / f).read_text()
        for f in ("machine.py", "database.py", "background.py", "doctor.py")
    )
    assert set(re.findall(r'Finding\(\s*"(\w+)"', source)) <= named


@pytest.mark.parametrize(
    ("running", "reached", "state", "said", "todo"),
    [
        (True, "http://localhost:8000", "warn", "on this machine only", "--host 0.0.0.0"),
        (True, "http://192.168.1.5:8000", "ok", "http://192.168.1.5:8000", "--public-url"),
        (True, "https://mpp.example.id", "ok", "https://mpp.example.id", ""),
        (False, "", "ok", "at the start", ""),
    ],
)
def test_links_that_no_phone_can_open_are_named(tmp_path, monkeypatch, running, reached, state, said, todo):
    monkeypatch.delenv("SENYUM_PUBLIC_URL", raising=False)
    found = one(machine.links(situation(tmp_path, running=running, address=reached)))
    assert (found.state, said in found.said["en"]) == (state, True)
    assert todo in found.todo["en"] and bool(found.todo["en"]) == bool(todo)


def test_the_doctor_learns_the_address_from_the_running_hall(tmp_path):
    lock = Lock(tmp_path / "up.lock")
    assert doctor.running_address(tmp_path) is None
    lock.take("123 https://mpp.example.id")
    assert doctor.running_address(tmp_path) == "https://mpp.example.id"
    lock.release()
