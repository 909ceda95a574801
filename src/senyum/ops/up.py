"""`senyum up` and `senyum demo`: the database, the web, the worker and the sequencer in one process tree."""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from senyum.core import address, clock, postgres, tls
from senyum.core.supervisor import AlreadyRunning, Child, Lock, Supervisor, ask_for_death_signal
from senyum.ops import hall
from senyum.ops.words import Words

console = Console(highlight=False)

PAGES = (
    ("/", Words("Warga", "Citizen")),
    ("/greeter/sumedang/", Words("Penyambut", "Greeter")),
    ("/kiosk/sumedang/", Words("Kios", "Kiosk")),
    ("/display/sumedang/", Words("Papan panggilan", "Display")),
    ("/counter/", Words("Loket", "Counter")),
    ("/console/sumedang/floor/", Words("Lantai", "Floor")),
    ("/m/sumedang/counters/", Words("Loket yang buka", "Open counters")),
    ("/api/v1/docs", Words("API", "API")),
)


class CannotStart(RuntimeError):
    """Why the hall cannot be started; a sentence for the terminal."""


@dataclass(frozen=True)
class Plan:
    """How to run: `speed` is None outside a demo; `plain_port` serves `/trust/` without TLS."""

    host: str
    port: int
    workers: int
    tls: bool = False
    plain_port: int = 8080
    speed: float | None = None
    to_terminal: bool = False
    language: str = "id"
    public_url: str = ""

    @property
    def listens(self) -> str:
        """Where the pages are served, `http(s)://host:port`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    @property
    def outward(self) -> str:
        """Base of links for other devices; "" when they cannot get in."""
        return address.base_of_hall(public=self.public_url, listens=self.listens)

    @property
    def demo(self) -> bool:
        return self.speed is not None


def run(plan: Plan) -> None:
    """Run the hall until SIGINT or SIGTERM. Raises CannotStart before anything is changed."""
    place = hall.here()
    lock = Lock(place.data / "up.lock")
    try:
        lock.take(f"{os.getpid()} {plan.outward or _address(plan)}")
    except AlreadyRunning as error:
        pid, _, address = str(error).partition(" ")
        raise CannotStart(
            Words(
                f"Senyum sudah berjalan untuk {place.data} (proses {pid}, {address}). Hentikan dulu yang itu.",
                f"Senyum already runs for {place.data} (process {pid}, {address}). Stop that one first.",
            )[plan.language]
        ) from error
    try:
        _check_ports(plan)
        _run_locked(plan, place)
    finally:
        hall.stop_database()
        lock.release()


def _run_locked(plan: Plan, place: hall.Hall) -> None:
    _raise_file_limit()
    logs = None if plan.to_terminal else _folder(place.data / "log")
    supervisor = Supervisor([], logs=logs, tell=lambda sentence: console.print(f"[yellow]{sentence}[/]"))
    supervisor.listen()
    with console.status(Words("Menyiapkan PostgreSQL", "Starting PostgreSQL")[plan.language]):
        supervisor.database = hall.start_database()
    if supervisor.database is not None:
        supervisor.restart_database = _restart_database
    environment = {"SENYUM_LISTENS": plan.listens, **({"SENYUM_TLS": "1"} if plan.tls else {})}
    if plan.public_url:
        environment["SENYUM_PUBLIC_URL"] = plan.public_url
    try:
        with console.status(Words("Menyiapkan data dan halaman", "Preparing data and pages")[plan.language]):
            _prepare(plan, supervisor, environment)
    except BaseException:
        supervisor.end()
        raise
    supervisor.children = children(plan, place.data, environment)
    if not supervisor.ending:
        _print_pages(plan, place.data)
    supervisor.run()


def _restart_database() -> postgres.Server:
    # One try a look: between two the supervisor watches its children and may be asked to end.
    server = hall.start_database(patience=0.0)
    if server is None:
        raise CannotStart("DATABASE_URL names a server; it is not ours to start.")
    return server


def _prepare(plan: Plan, supervisor: Supervisor, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "senyum", "prepare", *(["--demo-data"] if plan.demo else [])]
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=ask_for_death_signal(os.getpid()),
    )
    while True:
        try:
            said, _ = process.communicate(timeout=0.1)
            break
        except subprocess.TimeoutExpired:
            if supervisor.ending:
                process.terminate()
    if process.returncode != 0 and not supervisor.ending:
        raise CannotStart(f"{said.strip()[-2000:]}\n`senyum doctor` says more.")


def children(plan: Plan, data: Path, environment: dict[str, str]) -> list[Child]:
    """The programs of the tree, the database aside."""
    python = [sys.executable, "-m", "senyum"]
    found = [
        Child("web", web_command(plan, data), environment),
        Child("sequencer", [*python, "sequencer"], environment),
        Child("worker", [*python, "worker"], environment),
    ]
    if plan.tls:
        found.append(Child("trust", trust_command(plan), {**environment, "SENYUM_TLS_PORT": str(plan.port)}))
    if plan.demo and importlib.util.find_spec("senyum.rehearsal.player") is not None:
        found.append(Child("play", [*python, "play", "--speed", str(plan.speed)], environment))
    return found


def web_command(plan: Plan, data: Path) -> list[str]:
    """granian with the whole house: pages, API and streams on one address."""
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--no-ws", "--loop", "auto"]
    command += ["--host", plan.host, "--port", str(plan.port), "--workers", str(plan.workers)]
    # A stream holds its place all day, so places are counted in thousands.
    command += ["--backlog", "4096", "--backpressure", "16384"]
    command += ["--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "3"]
    command += ["--log-level", "warning", "--no-access-log"]
    if plan.tls:
        paths = tls.ensure(data, tls.names_of_this_machine(), clock.wall())
        command += ["--ssl-certificate", str(paths.certificate), "--ssl-keyfile", str(paths.key)]
        command += ["--ssl-protocol-min", "tls1.2"]
    return [*command, "senyum.asgi:app"]


def trust_command(plan: Plan) -> list[str]:
    """A second, plain listener: `/trust/` only, everything else is sent to the secure address."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--workers", "1"]
    command += ["--host", plan.host, "--port", str(plan.plain_port), "--log-level", "warning"]
    return [*command, "--blocking-threads", "4", "--workers-kill-timeout", "3", "senyum.ops.plain:app"]


def _check_ports(plan: Plan) -> None:
    for port in [plan.port, *([plan.plain_port] if plan.tls else [])]:
        try:
            family = socket.AF_INET6 if ":" in plan.host else socket.AF_INET
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((plan.host, port))
        except OSError as error:
            raise CannotStart(
                Words(
                    f"Porta {port} di {plan.host} tidak bisa dipakai ({error.strerror}). "
                    f"Pilih yang lain: --port {port + 1}.",
                    f"Port {port} on {plan.host} cannot be used ({error.strerror}). Choose another: --port {port + 1}.",
                )[plan.language]
            ) from error


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else 65536
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, 65536), hard))


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _address(plan: Plan) -> str:
    host = plan.host
    if host in ("0.0.0.0", "::"):  # nosec B104
        host = address.lan_address() or "localhost"
    if host in ("127.0.0.1", "::1"):
        host = "localhost"
    return f"{'https' if plan.tls else 'http'}://{host}:{plan.port}"


def _print_pages(plan: Plan, data: Path) -> None:
    base = _address(plan)
    table = Table(title=f"Senyum {base}", title_justify="left", box=None, show_header=False, pad_edge=False)
    for path, title in PAGES:
        table.add_row(title[plan.language], f"[cyan]{base}{path}[/]")
    console.print(table)
    console.print(f"  {links_sentence(plan.outward)[plan.language]}", soft_wrap=True)
    for person in demo_people(data) if plan.demo else []:
        console.print(f"  {person['role']}: [bold]{person['user']}[/] / {person['password']}")
    if plan.tls:
        paths = tls.at(data)
        plain = base.replace("https://", "http://").rsplit(":", 1)[0] + f":{plan.plain_port}/trust/"
        console.print(
            Words("Percayakan perangkat di", "Let devices trust it at")[plan.language],
            f"[cyan]{plain}[/]",
            soft_wrap=True,
        )
        console.print(f"SHA-256 {paths.fingerprint}", soft_wrap=True)
    console.print(Words("Ctrl-C menghentikan semuanya.", "Ctrl-C ends everything.")[plan.language])


def links_sentence(outward: str) -> Words:
    """What the links on slips and in messages start with; `outward` as in `Plan`."""
    if not outward:
        return Words(
            "Tautan tiket hanya terbuka di komputer ini (untuk ponsel: --host 0.0.0.0, atau --public-url ALAMAT).",
            "Ticket links open on this machine only (for phones: --host 0.0.0.0, or --public-url ADDRESS).",
        )
    return Words(f"Tautan tiket: {outward}/t/...", f"Ticket links: {outward}/t/...")


def demo_people(data: Path) -> list[dict[str, str]]:
    """Demo log-ins (`role`, `user`, `password`) that the seed wrote into `demo-people.json`; empty without it."""
    try:
        return list(json.loads((data / "demo-people.json").read_text()))
    except (OSError, ValueError):
        return []
