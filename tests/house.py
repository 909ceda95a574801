"""A real `senyum up` in a data directory of its own, with the tiny hall in it: for tests of the whole."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from senyum.core import postgres
from senyum.core.clock import Segment

PATIENCE = 90.0
PASSWORD = "kata-sandi-uji-coba"

FILL = """
import django; django.setup()
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.people.commands import create_token
from senyum.rehearsal.commands import put_small_hall
from senyum.rehearsal.queries import small_hall
hall = small_hall(put_small_hall(now=clock.wall(), actor=SYSTEM))
line = hall.lines["ktp"]
kiosk = hall.devices["kiosk"]
print(create_token(role="kiosk", mall=hall.mall, now=clock.wall(), actor=SYSTEM, device=kiosk))
print(f"{line.agency.code}.{line.service.code}")
from senyum.people.models import User
for user in User.objects.all():
    user.set_password("kata-sandi-uji-coba")
    user.save(update_fields=["password"])
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
    more: list[str] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def descendants(self) -> dict[int, str]:
        """Process id -> command line of everything below `senyum up`."""
        parents, lines = {}, {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                except (OSError, IndexError):
                    # It ended while we looked.
                    continue
                parents[int(entry.name)], lines[int(entry.name)] = parent, line
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
    with running_house(hall_directory) as house:
        yield house


@contextmanager
def running_house(hall_directory: Path, more: str = "", **environment: str) -> Iterator[House]:
    """`senyum up` in `hall_directory`; with `DATABASE_URL` in `environment` on a server that is not its own.

    `more`: code that runs after the tiny hall is there; the words it prints are the house's `more`.
    """
    port = _free_port()
    plain = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SENYUM_TEST_HALL")}
    environment = {**plain, "SENYUM_DATA": str(hall_directory), "SENYUM_API_RATE": "1000", **environment}
    command = [sys.executable, "-m", "senyum", "up", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = environment.get("DATABASE_URL") or postgres.expected_url(hall_directory / "postgres")
    house = House(process, port, url, environment)
    try:
        wait_for(port)
        filled = subprocess.run(
            [sys.executable, "-c", FILL + more],
            env={**environment, "DATABASE_URL": house.url, "DJANGO_SETTINGS_MODULE": "senyum.settings"},
            capture_output=True,
            text=True,
            check=True,
        )
        house.token, house.service, *house.more = filled.stdout.split()
        yield house
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def at_ten(directory: Path) -> dict[str, str]:
    """Environment of a house whose clock starts at 10.00 WIB, at the pace of the real one: whenever a test runs, it
    must not meet midnight, when labels begin anew and sessions end."""
    now = time.time()
    wib = timezone(timedelta(hours=7))
    ten = datetime.fromtimestamp(now, wib).replace(hour=10, minute=0, second=0, microsecond=0)
    segment = Segment(real=now, hall=ten.timestamp(), speed=1.0)
    (directory / "clock.json").write_text(json.dumps([asdict(segment)]))
    return {"SENYUM_CLOCK": str(directory)}


def wait_for(port: int) -> None:
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
