"""E-mail, through a real conversation with a mail server on this machine."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail

from senyum.notices import channels
from senyum.notices.channels import Refused, Unreachable
from senyum.notices.channels.email import SMTP
from senyum.notices.tests.stubs import MailServer, letter, serving


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    server = MailServer()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", server.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "Senyum <senyum@mpp.example>"
    with serving(server):
        yield server


def test_a_letter_arrives_whole_and_names_itself(server: MailServer) -> None:
    channels.send("email", letter("kepala@mpp.example"))
    (raw,) = server.mails
    got = email.message_from_string(raw, policy=email.policy.default)
    assert (got["Subject"], got["To"]) == ("Bantuan: loket 3", "kepala@mpp.example")
    assert got["Message-ID"] == "<0b9c2f0e-0000-4000-8000-000000000001@mpp.example>"
    assert got["Auto-Submitted"] == "auto-generated"
    # A line with nothing but a dot would end the mail; SMTP doubles it on the way.
    assert got.get_content().strip() == "Mohon datang.\n..\nSenyum"


def test_a_date_for_the_calendar_is_attached(server: MailServer) -> None:
    calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:PUBLISH\r\nSUMMARY:Perékaman KTP\r\nEND:VCALENDAR\r\n"
    channels.send("email", letter("warga@mpp.example", calendar=calendar))
    # The part goes as 8 bits: read as bytes, as a mail program does.
    got = email.message_from_bytes(server.mails[0].encode(), policy=email.policy.default)
    text, date = got.iter_parts()
    assert text.get_content_type() == "text/plain" and "Mohon datang." in text.get_content()
    assert (date.get_content_type(), date.get_filename()) == ("text/calendar", "mpp.ics")
    assert date["Content-Type"].params["method"] == "PUBLISH"
    assert server.mails[0].count("charset=") == 2
    assert date.get_content().split() == calendar.split()


def test_a_second_attempt_has_the_same_message_id(server: MailServer) -> None:
    for _ in range(2):
        channels.send("email", letter("kepala@mpp.example"))
    ids = {email.message_from_string(raw)["Message-ID"] for raw in server.mails}
    assert len(server.mails) == 2 and len(ids) == 1


@pytest.mark.parametrize(
    ("refuse", "error", "whole"),
    [
        ({"RCPT": "550 kepala@mpp.example: no such user"}, Refused, None),
        ({"RCPT": "450 mailbox busy"}, Unreachable, False),
        ({"TEXT": "554 looks like spam"}, Refused, None),
        ({"TEXT": "451 try again"}, Unreachable, False),
        ({"MAIL": "530 log in first"}, Unreachable, True),
    ],
)
def test_what_the_server_refuses(server: MailServer, refuse: dict[str, str], error: type, whole: bool | None) -> None:
    server.refuse = refuse
    with pytest.raises(error) as caught:
        channels.send("email", letter("kepala@mpp.example"))
    assert getattr(caught.value, "whole", None) is whole
    assert "kepala" not in str(caught.value) and str(caught.value)


def test_a_server_that_is_gone_is_tried_later(server: MailServer, settings: Any) -> None:
    settings.EMAIL_PORT = 1
    with pytest.raises(Unreachable, match="does not answer: ConnectionRefusedError"):
        channels.send("email", letter("kepala@mpp.example"))


def test_a_hall_without_a_mail_server_says_so(settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, ""
    with pytest.raises(Unreachable, match="SENYUM_SMTP_HOST is empty"):
        channels.send("email", letter("kepala@mpp.example"))


@pytest.mark.parametrize("address", ["kepala", "a@x.id\nBcc: b@x.id", ""])
def test_no_address_no_mail(address: str) -> None:
    with pytest.raises(Refused, match="no e-mail address"):
        channels.send("email", letter(address))
    assert mail.outbox == []


def test_a_subject_cannot_begin_another_header() -> None:
    with pytest.raises(Refused, match="line break"):
        channels.send("email", letter("a@x.id", subject="Halo\nBcc: b@x.id"))


def test_an_unknown_channel_is_refused() -> None:
    with pytest.raises(Refused, match="no channel 'pigeon'"):
        channels.send("pigeon", letter("a@x.id"))


@pytest.mark.parametrize("channel", ["email", "webhook"])
def test_in_a_demo_every_letter_ends_in_a_file(channel: str, settings: Any, tmp_path: Any) -> None:
    settings.DEMO, settings.DATA_DIR = True, tmp_path
    channels.send(channel, letter("kepala@mpp.example"))
    row = json.loads((tmp_path / "log" / "notices.jsonl").read_text())
    assert (row["channel"], row["to"]) == (channel, "kepala@mpp.example") and "calendar" not in row
    channels.send(channel, letter("kepala@mpp.example", calendar="BEGIN:VCALENDAR"))
    assert '"calendar": "BEGIN:VCALENDAR"' in (tmp_path / "log" / "notices.jsonl").read_text()
    assert mail.outbox == []


def test_a_file_that_cannot_be_written_is_tried_later(settings: Any, tmp_path: Any) -> None:
    settings.DEMO, settings.DATA_DIR = True, tmp_path / "a-file"
    settings.DATA_DIR.write_text("")
    with pytest.raises(Unreachable, match="cannot be written"):
        channels.send("email", letter("kepala@mpp.example"))
