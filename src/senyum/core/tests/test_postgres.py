"""The embedded server: it is found again, it survives being killed, and it leaves nobody behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import psycopg
import pytest

from senyum import cli
from senyum.core import postgres

pytestmark = pytest.mark.xdist_group("postgres")


def _gone(pid: int, seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def _setting(server: postgres.Server, name: str) -> str:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row
    return str(row[0])


def test_what_was_committed_is_there_after_the_server_was_killed(durable_postgres, hall_directory):
    with psycopg.connect(durable_postgres.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 500)")
    os.kill(durable_postgres.pid, signal.SIGKILL)

    again = postgres.start(hall_directory / "postgres")

    assert again.pid != durable_postgres.pid
    with psycopg.connect(again.url) as connection:
        assert connection.execute("SELECT count(*), sum(n) FROM kept").fetchone() == (500, 125250)


def test_a_second_start_finds_the_running_server_and_does_not_end_it(durable_postgres, hall_directory):
    found = postgres.start(hall_directory / "postgres")

    assert (found.pid, found.owned) == (durable_postgres.pid, False)
    found.stop()
    assert durable_postgres.alive()


def test_after_a_clean_stop_nothing_runs_and_the_data_is_found_again(hall_directory):
    server = postgres.start(hall_directory / "postgres")
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 6
    assert _gone(server.pid, 0.5)

    again = postgres.start(hall_directory / "postgres")
    with psycopg.connect(again.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
    again.stop()


def test_a_lock_file_with_the_number_of_a_stranger_does_not_block_the_start(hall_directory):
    server = postgres.start(hall_directory / "postgres", durable=False)
    lock = hall_directory / "postgres/cluster/postmaster.pid"
    text = lock.read_text()
    server.stop()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    lock.write_text(text.replace(str(server.pid), str(stranger.pid), 1))

    again = postgres.start(hall_directory / "postgres", durable=False)

    assert again.owned
    assert stranger.poll() is None
    again.stop()
    stranger.kill()
    stranger.wait()


def test_a_half_made_cluster_is_thrown_away(hall_directory):
    draft = hall_directory / "postgres/cluster.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18")

    server = postgres.start(hall_directory / "postgres", durable=False)

    assert server.alive()
    assert not draft.exists()
    server.stop()


def test_data_of_another_version_is_refused_with_a_sentence(hall_directory):
    cluster = hall_directory / "postgres/cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("12\n")
    with pytest.raises(postgres.PostgresError, match=r"is of PostgreSQL 12.*senyum restore"):
        postgres.start(hall_directory / "postgres")


def test_the_server_is_durable_and_listens_on_its_own_socket_only(durable_postgres):
    wanted = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": "200"}
    assert {name: _setting(durable_postgres, name) for name in wanted} == wanted
    assert _setting(durable_postgres, "listen_addresses") == ""


def test_the_extensions_are_there(durable_postgres):
    with psycopg.connect(durable_postgres.url, autocommit=True) as connection:
        have = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
        assert set(postgres.EXTENSIONS) <= have
        assert postgres.create_extensions(connection) == []


def test_only_its_own_directory_belongs_to_the_server(durable_postgres, hall_directory):
    directory = hall_directory / "postgres"
    assert directory.stat().st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        assert directory.stat().st_uid == 65534
        assert hall_directory.stat().st_uid == 0
        assert Path(f"/proc/{durable_postgres.pid}").stat().st_uid == 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up its rights")
def test_root_with_a_closed_home_keeps_the_cluster_where_the_server_may_walk(hall_directory, monkeypatch):
    monkeypatch.setattr(postgres, "_SHARED_ROOT", hall_directory / "shared")
    home = hall_directory / "home"
    home.mkdir(mode=0o700)

    server = postgres.start(home / "data/postgres", durable=False)

    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "data/postgres").is_symlink()
    assert server.directory.parent == hall_directory / "shared"
    assert postgres.expected_url(home / "data/postgres") == server.url
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up its rights")
def test_programs_that_the_server_may_not_read_are_copied_beside_the_data(hall_directory, monkeypatch):
    monkeypatch.setattr(postgres, "_runs", lambda programs: False)

    server = postgres.start(hall_directory / "postgres", durable=False)

    running = Path(f"/proc/{server.pid}/exe").resolve()
    assert running.is_relative_to(server.directory)
    server.stop()


def test_a_long_path_gets_a_short_socket_directory(hall_directory):
    deep = hall_directory / ("x" * 90)
    deep.mkdir(mode=0o711)
    server = postgres.start(deep / "postgres", durable=False)
    assert len(str(server.socket)) < 85
    assert server.socket.stat().st_mode & 0o777 == 0o700
    server.stop()
    server.socket.rmdir()


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
def test_the_server_does_not_outlive_a_killed_parent(hall_directory):
    code = (
        "import sys, time; from pathlib import Path; from senyum.core import postgres; "
        "print(postgres.start(Path(sys.argv[1]), durable=False).pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(hall_directory / "postgres")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert _gone(pid)


def test_without_the_wheel_the_system_programs_are_taken(monkeypatch, tmp_path):
    real = postgres.installed_programs() / "postgres"
    monkeypatch.setattr(postgres.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(postgres.shutil, "which", lambda name: str(real))
    assert (postgres.installed_programs() / "initdb").exists()


def test_without_any_programs_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(postgres.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(postgres.shutil, "which", lambda name: None)
    monkeypatch.setattr(postgres.Path, "glob", lambda self, pattern: iter(()))
    with pytest.raises(postgres.PostgresError, match=r"make setup.*DATABASE_URL"):
        postgres.installed_programs()


def test_who_needs_the_database_asks_until_it_answers_and_not_once_more():
    asked: list[str] = []

    def connect(url: str, **_more: object) -> nullcontext[None]:
        asked.append(url)
        if len(asked) < 5:
            raise psycopg.OperationalError("the database system is starting up")
        return nullcontext()

    assert postgres.wait_until_it_answers("postgresql:///x", connect=connect, pause=0.0) == 5
    assert len(asked) == 5


def test_the_worker_begins_only_when_the_database_answers(monkeypatch):
    """Else it ends, and the supervisor's pauses grow to ten seconds while the database is away."""
    done: list[str] = []
    monkeypatch.setenv("DATABASE_URL", "postgresql:///x")
    monkeypatch.setattr(cli.hall, "connect", lambda: done.append("connect"))
    monkeypatch.setattr(postgres, "wait_until_it_answers", lambda url: done.append(url))
    monkeypatch.setattr("django.core.management.call_command", lambda *words: done.append(words[1]))
    cli.worker()
    assert done == ["connect", "postgresql:///x", "worker"]
