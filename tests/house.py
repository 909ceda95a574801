"""A real `senyum up` in a data directory of its own, with the tiny hall in it: for tests of the whole."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from senyum.core import postgres

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
        wait_for(port)
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
