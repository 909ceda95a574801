"""The web process as it runs in a hall: granian, pages and streams on one address, real sockets."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from django.db import connection

from senyum.core.live import connection_parameters
from senyum.journal.sequencer import Sequencer
from senyum.journal.tests.hall import NOON, write
from senyum.malls.models import Mall

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@dataclass
class Web:
    port: int
    process: subprocess.Popen[bytes]

    def dial(self, receive_buffer: int | None = None) -> socket.socket:
        dialled = socket.socket()
        if receive_buffer:
            dialled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        dialled.settimeout(15)
        dialled.connect(("127.0.0.1", self.port))
        return dialled

    def follow(self, query: str = "", receive_buffer: int | None = None) -> socket.socket:
        """A stream whose head and first beat have arrived."""
        dialled = self.dial(receive_buffer)
        dialled.sendall(f"GET /live/smd/?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        if not receive_buffer:
            read_until(dialled, b"event: beat")
        return dialled


def read_until(dialled: socket.socket, mark: bytes) -> bytes:
    """Everything up to `mark`, or up to the end of the connection."""
    got = bytearray()
    while mark not in got[-200_000:]:
        part = dialled.recv(65536)
        if not part:
            break
        got += part
    return bytes(got)


def database_url() -> str:
    given = connection_parameters()
    return f"postgresql:///{given['dbname']}?host={given['host']}&user={given['user']}"


def start(port: int, workers: int = 1) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "senyum.settings"}
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--no-ws", "--log-level", "warning"]
    command += ["--backlog", "4096", "--backpressure", "16384", "--workers-kill-timeout", "3"]
    command += ["--port", str(port), "--workers", str(workers), "senyum.asgi:app"]
    return subprocess.Popen(command, env=environment)


def wait_for(port: int) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.fixture
def web() -> Iterator[Web]:
    Mall.objects.create(code="smd", name="MPP", short_name="MPP")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sequencer = Sequencer(connection_parameters())
    sealing = threading.Thread(target=sequencer.run, daemon=True)
    sealing.start()
    running = Web(port, start(port))
    wait_for(port)
    yield running
    running.process.terminate()
    running.process.wait(10)
    sequencer.stop.set()
    sealing.join(5)


def publish(count: int) -> None:
    """Many entries with a long list of lines, about 700 bytes each on the stream."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO journal_entry (mall, at, kind, actor_kind, actor_id, actor_label, subject_kind, subject_id, "
            "subject_label, reason, data) "
            "SELECT 'smd', %s::timestamptz, 'ticket.called', '', '', '', 'ticket', n::text, 'A-' || n, '', "
            "jsonb_build_object('lines', (SELECT jsonb_agg(100000 + k) FROM generate_series(1, 90) AS k)) "
            "FROM generate_series(1, %s) AS n",
            [NOON, count],
        )


def test_a_client_that_never_reads_is_cut_off_and_the_others_get_everything(web: Web) -> None:
    total = 24_000
    with closing(web.follow(receive_buffer=4096)) as slow, closing(web.follow("after=0")) as quick:
        reader = Reader(quick, f"id: {total}\n".encode())
        reader.start()
        for _ in range(total // 2_000):
            publish(2_000)
            time.sleep(0.1)
        reader.join(60)
        assert [int(word) for word in ids(reader.got)] == list(range(1, total + 1))
        rest = read_until(slow, b"id: 9999999")
        assert b"HTTP/1.1 200" in rest
        assert len(list(ids(rest))) < total


class Reader(threading.Thread):
    """Reads while others publish, as a browser does."""

    def __init__(self, dialled: socket.socket, mark: bytes) -> None:
        super().__init__(daemon=True)
        self.dialled, self.mark, self.got = dialled, mark, b""

    def run(self) -> None:
        self.got = read_until(self.dialled, self.mark)


def ids(got: bytes) -> list[str]:
    """Ids of the events, without those of the beats."""
    blocks = got.replace(b"\r\n", b"\n").decode(errors="replace").split("\n\n")
    lines = [block.split("id: ", 1)[1] for block in blocks if "id: " in block and "event: ticket.called" in block]
    return [line.split("\n", 1)[0] for line in lines]


def test_a_client_that_closes_its_side_or_never_asks_does_no_harm(web: Web) -> None:
    idle = [web.dial() for _ in range(20)]
    for one in idle[:10]:
        one.sendall(b"GET /live/smd/ HTTP/1.1\r\nHo")
    half = web.follow()
    half.shutdown(socket.SHUT_WR)
    gone = web.follow()
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    gone.close()
    with closing(web.follow()) as good:
        write("smd", 1, line=3)
        assert b'"label":"A-001"' in read_until(good, b"A-001")
    for one in [*idle, half]:
        one.close()


def test_a_page_comes_through_the_bridge_while_streams_are_open(web: Web) -> None:
    streams = [web.follow() for _ in range(30)]
    with closing(web.dial()) as page:
        page.sendall(b"GET /no%20such%20page/%C3%A9/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = read_until(page, b"\0never")
    assert answer.split(b"\r\n", 1)[0].split(b" ")[1] in (b"404", b"500")
    for one in streams:
        one.close()


def test_the_end_comes_quickly_with_open_streams_and_a_restart_misses_nothing(web: Web) -> None:
    streams = [web.follow() for _ in range(30)]
    write("smd", 1)
    assert read_until(streams[0], b"A-001")
    started = time.monotonic()
    web.process.send_signal(signal.SIGTERM)
    for one in streams:
        read_until(one, b"\0never")
    web.process.wait(10)
    assert time.monotonic() - started < 5
    for one in streams:
        one.close()
    write("smd", 2)
    web.process = start(web.port)
    wait_for(web.port)
    with closing(web.dial()) as back:
        back.sendall(b"GET /live/smd/ HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 1\r\n\r\n")
        assert ids(read_until(back, b"event: beat")) == ["2"]
