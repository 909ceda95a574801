"""One process tree: children that are started again when they die, and that all end together.

Each child has its own process group, so that ending it ends what it started; on Linux each asks to be
told when the supervisor dies, so that `kill -9` of the supervisor leaves nobody behind.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Protocol

import psycopg

from senyum.core import postgres

GRACE_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_FIRST_BACKOFF, _LONGEST_BACKOFF, _STEADY_AFTER = 0.2, 10.0, 30.0
_NEXT_DATABASE = 2.0
_LARGEST_LOG = 20 * 1024 * 1024


class AlreadyRunning(RuntimeError):
    """Another supervisor holds this data directory; the message says which."""


class Database(Protocol):
    """What the supervisor needs of the embedded PostgreSQL."""

    def alive(self) -> bool: ...

    def stop(self) -> None: ...


@dataclass
class Child:
    """One program of the tree; `environment` is added to the supervisor's own."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    started: float = 0.0
    backoff: float = _FIRST_BACKOFF
    due: float = 0.0
    deaths: int = 0


class Lock:
    """The right to run a data directory: a locked file that also says who holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def take(self, about: str) -> None:
        """Take the lock or raise AlreadyRunning with what its holder wrote."""
        file = open(self.path, "a+")  # noqa: SIM115 -- open as long as the lock is held
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise AlreadyRunning(holder) from error
        file.truncate(0)
        file.write(about)
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let another supervisor start."""
        if self._file:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def ask_for_death_signal(parent: int) -> Callable[[], None]:
    """For `preexec_fn`: SIGTERM when the process `parent` dies (Linux)."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def ask() -> None:
        if libc is not None:
            libc.prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
            if os.getppid() != parent:
                os._exit(1)

    return ask


class Supervisor:
    """Runs `children` until SIGINT or SIGTERM.

    `logs`: directory of one log file a child, or None to let them write to the terminal. `database`, if given,
    is watched too and started again with `restart_database`, which may fail and is called again then. `tell` gets a
    sentence when a child has died.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        logs: Path | None,
        tell: Callable[[str], None],
        database: Database | None = None,
        restart_database: Callable[[], Database] | None = None,
    ) -> None:
        self.children = list(children)
        self.logs = logs
        self.tell = tell
        self.database = database
        self.restart_database = restart_database
        self._ending = False
        self._logs_due = 0.0
        self._database_due = 0.0

    def ask_to_end(self, _sign: int = 0, _frame: FrameType | None = None) -> None:
        """End at the next look; as a signal handler, too."""
        self._ending = True

    @property
    def ending(self) -> bool:
        return self._ending

    def listen(self) -> None:
        """Let SIGINT, SIGTERM and SIGHUP end the tree."""
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, self.ask_to_end)

    def run(self) -> None:
        """Start the children, watch them, end them. Returns after at most 10 seconds when asked to end."""
        try:
            while not self._ending:
                self._watch_database()
                for child in self.children:
                    self._watch(child)
                self._shorten_logs()
                time.sleep(_LOOK_SECONDS)
        finally:
            self.end()

    def _watch_database(self) -> None:
        if self.database is None or self.restart_database is None or self.database.alive():
            return
        if time.monotonic() < self._database_due:
            return
        self.tell("PostgreSQL has ended; it is started again.")
        try:
            self.database = self.restart_database()
        except (postgres.PostgresError, psycopg.Error, OSError) as error:
            # A full disk, most likely: the pages go on saying so, and it is tried until there is room.
            self.tell(f"PostgreSQL does not start yet, it is tried again: {error}")
            self._database_due = time.monotonic() + _NEXT_DATABASE

    def _watch(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.due:
                self._start(child)
            return
        code = child.process.poll()
        if code is None:
            if now - child.started > _STEADY_AFTER:
                child.backoff = _FIRST_BACKOFF
            return
        # What it started must not live on beside its successor.
        _signal(child, signal.SIGKILL)
        child.process = None
        child.deaths += 1
        child.due = now + child.backoff
        child.backoff = min(child.backoff * 2, _LONGEST_BACKOFF)
        self.tell(f"{child.name} has ended ({_why(code)}); it is started again.{self._hint(child)}")

    def _hint(self, child: Child) -> str:
        if self.logs is None:
            return ""
        with suppress(OSError):
            lines = (self.logs / f"{child.name}.log").read_text(errors="replace").strip().splitlines()
            if lines:
                return f" Last words: {lines[-1][:300]}"
        return ""

    def _start(self, child: Child) -> None:
        with open(self.logs / f"{child.name}.log", "ab") if self.logs else nullcontext() as log:
            child.process = subprocess.Popen(
                list(child.command),
                env={**os.environ, **child.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=ask_for_death_signal(os.getpid()),
            )
        child.started = time.monotonic()

    def _shorten_logs(self) -> None:
        if self.logs is None or time.monotonic() < self._logs_due:
            return
        self._logs_due = time.monotonic() + 60
        for path in self.logs.glob("*.log"):
            if path.stat().st_size > _LARGEST_LOG:
                # Children append, so a file cut to nothing goes on from its beginning.
                path.with_suffix(".log.1").write_bytes(path.read_bytes())
                os.truncate(path, 0)

    def end(self) -> None:
        """SIGTERM to all, SIGKILL to those that stay, then the database."""
        running = [c for c in self.children if c.process and c.process.poll() is None]
        for child in running:
            _signal(child, signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < until and any(c.process and c.process.poll() is None for c in running):
            time.sleep(0.02)
        for child in self.children:
            if child.process:
                _signal(child, signal.SIGKILL)
                child.process.wait()
                child.process = None
        if self.database is not None:
            self.database.stop()


def _signal(child: Child, sign: signal.Signals) -> None:
    if child.process:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, sign)


def _why(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
