"""What may stand in a log, and what may not."""

from __future__ import annotations

import json
import logging
import socket

import pytest
import structlog
from django.conf import settings

from senyum.core import log


@pytest.fixture
def lines(capsys):
    """The JSON lines written so far; the level is put back afterwards."""
    log.configure({"level": "debug"})

    def read():
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    yield read
    log.configure(settings.LOGGING)


def test_an_event_is_one_line_of_json(lines):
    structlog.get_logger("senyum.test").warning("notice.failed", notice=12, channel="email")
    (line,) = lines()
    assert line["event"] == "notice.failed"
    assert (line["notice"], line["channel"], line["level"], line["logger"]) == (12, "email", "warning", "senyum.test")
    assert line["at"].endswith("Z")


def test_the_standard_library_logs_the_same_way(lines):
    logging.getLogger("procrastinate").info("Job %s done", 7)
    (line,) = lines()
    assert (line["event"], line["level"]) == ("Job 7 done", "info")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("NIK 3211010101900001 salah", "NIK [nik] salah"),
        ("3211 0101 0190 0001", "[nik]"),
        ("telepon 0812-3456-7890", "telepon [phone]"),
        ("wa +62 812 3456 7890", "wa [phone]"),
        ("GET /m/sumedang/?q=bikin+ktp HTTP/1.1", "GET /m/sumedang/?[query] HTTP/1.1"),
        ("Not Found: /t/AbCdEfGhIjKlMnOpQr/", "Not Found: /t/[token]/"),
        ("Not Found: /b/AbCdEfGhIjKlMnOpQr/move", "Not Found: /b/[token]/move"),
        ("sny_0a1b2c3d_abcDEF-_9", "[token]"),
        ("Authorization: Bearer abcdefghijkl", "Authorization: Bearer [token]"),
        ("a@contoh.go.id", "[email]"),
        ("A-027 di loket 3, 1732421796123 ms, pukul 09.42", "A-027 di loket 3, 1732421796123 ms, pukul 09.42"),
    ],
)
def test_personal_data_and_secrets_are_taken_out(text, kept):
    assert log.redact(text) == kept


def test_the_row_that_postgresql_repeats_is_taken_out():
    assert "Siti" not in log.redact("duplicate key\nDETAIL:  Key (name)=(Siti) already exists.")


def test_the_text_that_postgresql_could_not_read_is_taken_out():
    said = log.redact('psycopg.errors.InvalidTextRepresentation: invalid input syntax for type integer: "Siti Aminah"')
    assert "Siti" not in said and said.startswith("psycopg.errors.InvalidTextRepresentation: invalid input syntax")


def test_keys_that_hold_secrets_are_never_written(lines):
    structlog.get_logger("t").info("x", password="p", headers={"Cookie": "c", "accept": "html"}, token=5)
    (line,) = lines()
    assert (line["password"], line["token"]) == ("[secret]", "[secret]")
    assert line["headers"] == {"Cookie": "[secret]", "accept": "html"}


def test_a_text_cannot_forge_a_line(lines):
    structlog.get_logger("t").info('masuk\n{"event": "forged"}\r\x1b[2J\u2028\u202e', path="a\x00b")
    (line,) = lines()
    assert "\n" not in line["event"]
    assert "\\u000a" in line["event"]
    assert "\\u202e" in line["event"]
    assert line["path"] == "a\\u0000b"


def test_a_trace_is_kept_and_cleaned(lines):
    try:
        raise ValueError("NIK 3211010101900001\x1b[2J")
    except ValueError:
        structlog.get_logger("t").exception("failed")
    (line,) = lines()
    assert "ValueError: NIK [nik]" in line["exception"]
    assert "\x1b" not in line["exception"]


def test_a_long_text_is_cut():
    assert len(log.redact("x" * 10_000)) == log.LONGEST + 1


def test_a_second_configuration_does_not_double_the_lines(lines):
    log.configure({"level": "info"})
    structlog.get_logger("t2").info("once")
    assert len(lines()) == 1


@pytest.fixture
def daemon(tmp_path):
    """A syslog daemon on a socket of this machine."""
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(5)
        yield path, listening
    log.configure(settings.LOGGING)


def test_every_line_goes_to_the_collector_too(daemon, capsys):
    path, listening = daemon
    log.configure({"level": "info", "collector": str(path)})
    structlog.get_logger("senyum.test").warning("notice.failed", notice=12, trouble="mail to siti@example.com")
    sent = listening.recv(65_536).decode()
    (kept,) = capsys.readouterr().err.splitlines()
    # <PRI> of a warning of a user's program, then who speaks, then the very line of this machine's log.
    assert sent == f"<12>senyum: {kept}"
    assert "siti@example.com" not in sent and "[email]" in sent


def test_a_collector_that_goes_stops_nothing(daemon, capsys):
    path, listening = daemon
    log.configure({"level": "info", "collector": str(path)})
    listening.close()
    path.unlink()
    structlog.get_logger("senyum.test").info("hall.opened")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["hall.opened"]


def test_a_collector_that_comes_later_gets_the_lines_from_then_on(tmp_path, capsys):
    path = tmp_path / "log"
    log.configure({"level": "info", "collector": str(path)})
    structlog.get_logger("senyum.test").info("hall.opened")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(5)
        structlog.get_logger("senyum.test").info("hall.closed")
        assert '"event": "hall.closed"' in listening.recv(65_536).decode()
    log.configure(settings.LOGGING)


def test_a_collector_may_have_a_number_and_a_port(capsys):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(5)
        log.configure({"level": "info", "collector": f"127.0.0.1:{listening.getsockname()[1]}"})
        structlog.get_logger("senyum.test").info("hall.opened")
        assert '"event": "hall.opened"' in listening.recv(65_536).decode()
    log.configure(settings.LOGGING)


@pytest.mark.parametrize("address", ["logs.example", "logs.example:514", "127.0.0.1:x", ":514"])
def test_a_wrong_collector_is_told_and_done_without(address, capsys):
    log.configure({"level": "info", "collector": address})
    (line,) = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert line["event"] == "log.no_collector" and "SENYUM_LOG_COLLECTOR" in line["trouble"]
    log.configure(settings.LOGGING)
