"""`senyum up`: one process tree that serves, heals, ends and comes back."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
import pytest

from senyum.core import postgres, tls
from senyum.ops import plain, up

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("halls")]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(data: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "SENYUM_EMBEDDED")}
    return {**kept, "SENYUM_DATA": str(data), "SENYUM_LANG": "en"}


def _up(data: Path, port: int, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "senyum", "up", "--port", str(port), "--workers", "1", *more]
    return subprocess.Popen(
        command, env=_environment(data), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _answers(port: int, seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    return False


def _processes(data: Path) -> dict[int, str]:
    """Every living process of the hall, by the data directory in its environment or its arguments."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            mark = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rsplit(") ", 1)[1][0]
        except OSError:
            continue
        if str(data).encode() in mark and state != "Z":
            found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
    return found


def test_a_hall_serves_heals_ends_without_orphans_and_finds_its_data_again(hall_directory):
    port = _free_port()
    first = _up(hall_directory, port)
    try:
        assert _answers(port)
        server = postgres.expected_url(hall_directory / "postgres")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")

        second = _up(hall_directory, _free_port())
        said, _ = second.communicate(timeout=30)
        assert second.returncode == 1
        assert "Senyum already runs" in said and str(first.pid) in said

        web = next(
            pid for pid, words in _processes(hall_directory).items() if f"--port {port}" in words and "granian" in words
        )
        os.kill(web, signal.SIGKILL)
        time.sleep(0.5)
        assert _answers(port)

        (database,) = [p for p, words in _processes(hall_directory).items() if "postgres -D" in words]
        os.kill(database, signal.SIGKILL)
        time.sleep(0.5)
        assert _answers(port)
    finally:
        began = time.monotonic()
        first.send_signal(signal.SIGTERM)
        said, _ = first.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert first.returncode == 0, said
    assert f"http://localhost:{port}/kiosk/sumedang/" in said
    assert "is started again" in said
    assert _processes(hall_directory) == {}

    again = postgres.start(hall_directory / "postgres")
    with psycopg.connect(again.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
    again.stop()


def test_a_port_in_use_is_said_before_anything_is_started(hall_directory):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        said, _ = (process := _up(hall_directory, number)).communicate(timeout=30)
    assert process.returncode == 1
    assert f"Port {number} on 127.0.0.1 cannot be used" in said and f"--port {number + 1}" in said
    assert not (hall_directory / "postgres").exists()


def test_with_tls_the_pages_are_secure_and_the_plain_listener_shows_the_way(hall_directory):
    secure, plain_port = _free_port(), _free_port()
    process = _up(hall_directory, secure, "--host", "0.0.0.0", "--tls", "--plain-port", str(plain_port))
    try:
        until = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{plain_port}/trust/", timeout=5) as answer:
                    trust = answer.read().decode()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.2)
        with urllib.request.urlopen(f"http://127.0.0.1:{plain_port}/trust/senyum-ca.crt") as answer:
            (hall_directory / "downloaded.crt").write_bytes(answer.read())
        assert tls.fingerprint(hall_directory / "downloaded.crt") in trust
        context = ssl.create_default_context(cafile=str(hall_directory / "downloaded.crt"))
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"https://localhost:{secure}/trust/", context=context) as answer:
                    assert answer.status == 200
                break
            except OSError:
                time.sleep(0.2)
        # A plain address of a page leads to the secure one, which the device now trusts.
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
        with opener.open(f"http://localhost:{plain_port}/") as answer:
            assert answer.geturl() == f"https://localhost:{secure}/"
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_a_demo_has_a_player_and_a_real_hall_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(up.importlib.util, "find_spec", lambda name: object())
    real = up.children(up.Plan("127.0.0.1", 8000, 2), tmp_path, {})
    demo = up.children(up.Plan("127.0.0.1", 8000, 2, speed=30.0), tmp_path, {})
    assert [c.name for c in real] == ["web", "sequencer", "worker"]
    assert [c.name for c in demo] == ["web", "sequencer", "worker", "play"]
    assert demo[-1].command[-2:] == ["--speed", "30.0"]


def test_with_tls_the_web_gets_a_certificate_and_a_plain_listener_stands_beside(tmp_path):
    children = up.children(up.Plan("127.0.0.1", 8443, 2, tls=True), tmp_path, {"SENYUM_TLS": "1"})
    web, trust = children[0], children[-1]
    certificate = Path(web.command[web.command.index("--ssl-certificate") + 1])
    assert certificate.exists()
    assert trust.environment == {"SENYUM_TLS": "1", "SENYUM_TLS_PORT": "8443"}


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("mpp.local:8080", "8443", "https://mpp.local:8443/a?b=1"),
        ("mpp.local", "443", "https://mpp.local/a?b=1"),
        ("[::1]:8080", "8443", "https://[::1]:8443/a?b=1"),
        ("[::1]", "443", "https://[::1]/a?b=1"),
    ],
)
def test_plain_addresses_are_sent_to_the_secure_one(host, port, expected):
    assert plain.secure_address(host, port, "/a", "b=1") == expected


def test_the_plain_listener_answers_trust_only():
    answers = []
    environ = {"PATH_INFO": "/counter/", "HTTP_HOST": "mpp.local:8080", "QUERY_STRING": ""}
    plain.app(environ, lambda status, headers: answers.append((status, dict(headers))))
    assert answers[0][0].startswith("307")
    assert answers[0][1]["Location"].startswith("https://mpp.local")


def test_the_plain_listener_refuses_the_api_instead_of_sending_it_on():
    answers = []
    environ = {"PATH_INFO": "/api/v1/malls", "HTTP_HOST": "mpp.local:8080", "QUERY_STRING": ""}
    (body,) = plain.app(environ, lambda status, headers: answers.append((status, dict(headers))))
    assert answers[0][0].startswith("403")
    assert "Location" not in answers[0][1]
    assert json.loads(body)["status"] == 403


def test_it_says_what_ticket_links_start_with(monkeypatch):
    monkeypatch.setattr(up.address, "lan_address", lambda: "192.168.1.5")
    assert up.Plan("0.0.0.0", 8000, 2).outward == "http://192.168.1.5:8000"
    assert up.Plan("0.0.0.0", 8443, 2, tls=True).outward == "https://192.168.1.5:8443"
    assert up.Plan("127.0.0.1", 8000, 2, public_url="https://mpp.example").outward == "https://mpp.example"
    assert up.Plan("127.0.0.1", 8000, 2).outward == ""
    assert "on this machine only" in up.links_sentence("")["en"]
    assert "https://mpp.example/t/" in up.links_sentence("https://mpp.example")["id"]


def test_an_address_that_is_none_is_refused_before_anything_starts(hall_directory):
    for command, variables in (
        (["up", "--public-url", "mpp.example"], {}),
        (["token", "list"], {"SENYUM_PUBLIC_URL": "mpp.example"}),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "senyum", "--data", str(hall_directory), *command],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
        )
        assert done.returncode in (1, 2) and "no http(s)://host" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
