"""One process tree: what dies is started again, and at the end nobody is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from senyum.core import supervisor
from senyum.core.postgres import PostgresError
from senyum.core.supervisor import AlreadyRunning, Child, Lock, Supervisor

# A parent that ignores SIGTERM, with a child of its own that does so too.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "a").write(f"{__import__('os').getpid()}\\n")
if sys.argv[2] == "parent":
    subprocess.Popen([sys.executable, "-c", open(sys.argv[3]).read(), sys.argv[1], "child", sys.argv[3]])
time.sleep(120)
"""
TREE = """
import sys
from senyum.core.supervisor import Child, Supervisor
script, pids = sys.argv[1:]
code = open(script).read()
tree = Supervisor([Child(n, [sys.executable, "-c", code, pids, "parent", script]) for n in "ab"], logs=None, tell=print)
tree.listen()
tree.run()
"""


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False


def _until(condition, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def tree(tmp_path):
    script, pids = tmp_path / "stubborn.py", tmp_path / "pids"
    script.write_text(STUBBORN)
    process = subprocess.Popen([sys.executable, "-c", TREE, str(script), str(pids)])
    assert _until(lambda: pids.exists() and len(pids.read_text().split()) == 4)
    numbers = [int(n) for n in pids.read_text().split()]
    yield process, numbers
    for pid in [process.pid, *numbers]:
        if _alive(pid):
            os.kill(pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_even_stubborn_children_and_grandchildren_within_ten_seconds(tree, sign):
    process, numbers = tree
    began = time.monotonic()
    process.send_signal(sign)
    assert process.wait(10) == 0
    assert time.monotonic() - began < 10
    assert not [n for n in numbers if _alive(n)]


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
def test_children_are_told_when_the_supervisor_is_killed(tmp_path):
    pids = tmp_path / "pids"
    code = "import os,sys,time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(120)"
    script = tmp_path / "plain.py"
    script.write_text(code)
    process = subprocess.Popen([sys.executable, "-c", TREE, str(script), str(pids)])
    assert _until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    numbers = [int(n) for n in pids.read_text().split()]
    process.kill()
    process.wait()
    assert _until(lambda: not [n for n in numbers if _alive(n)])


def test_a_child_that_dies_is_started_again_and_what_it_started_is_ended(tmp_path):
    said: list[str] = []
    child = Child("web", [sys.executable, "-c", "print('no room', flush=True); raise SystemExit(3)"])
    tree = Supervisor([child], logs=tmp_path, tell=said.append)

    def enough() -> bool:
        if child.deaths >= 3:
            tree.ask_to_end()
        return False

    class Watching:
        def alive(self) -> bool:
            return not enough()

        def stop(self) -> None:
            said.append("database stopped")

    tree.database = Watching()
    tree.restart_database = Watching
    tree.run()

    assert said[0] == "web has ended (exit code 3); it is started again. Last words: no room"
    assert child.backoff > supervisor._FIRST_BACKOFF
    assert said[-1] == "database stopped"


def test_a_database_that_ended_is_started_again():
    said: list[str] = []
    starts: list[int] = []

    class Database:
        def __init__(self, lives: bool) -> None:
            self.lives = lives

        def alive(self) -> bool:
            return self.lives

        def stop(self) -> None:
            starts.append(-1)

    def restart() -> Database:
        starts.append(1)
        tree.ask_to_end()
        return Database(True)

    tree = Supervisor([], logs=None, tell=said.append, database=Database(False), restart_database=restart)
    tree.run()

    assert starts == [1, -1]
    assert said == ["PostgreSQL has ended; it is started again."]


def test_a_database_that_does_not_start_is_tried_until_it_does(monkeypatch):
    monkeypatch.setattr(supervisor, "_NEXT_DATABASE", 0.0)
    said: list[str] = []
    tries: list[int] = []

    class Database:
        def __init__(self, lives: bool) -> None:
            self.lives = lives

        def alive(self) -> bool:
            return self.lives

        def stop(self) -> None:
            tries.append(-1)

    def restart() -> Database:
        tries.append(len(tries))
        if len(tries) < 4:
            raise (PostgresError("No space left on device"), OSError(28, "full"), psycopg.OperationalError())[
                len(tries) - 1
            ]
        tree.ask_to_end()
        return Database(True)

    tree = Supervisor([], logs=None, tell=said.append, database=Database(False), restart_database=restart)
    tree.run()

    assert tries == [0, 1, 2, 3, -1]
    assert said[1] == "PostgreSQL does not start yet, it is tried again: No space left on device"


def test_a_long_log_is_cut_and_kept_once(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "_LARGEST_LOG", 100)
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * 101)
    Supervisor([], logs=tmp_path, tell=print)._shorten_logs()
    assert log.read_bytes() == b""
    assert (tmp_path / "web.log.1").read_bytes() == b"x" * 101


def test_a_lock_says_who_holds_it_and_can_be_taken_after_it_was_released(tmp_path):
    first, second = Lock(tmp_path / "up.lock"), Lock(tmp_path / "up.lock")
    first.take("123 http://localhost:8000")
    with pytest.raises(AlreadyRunning, match="123 http://localhost:8000"):
        second.take("456")
    first.release()
    second.take("456")
    assert (tmp_path / "up.lock").read_text() == "456"
    second.release()
