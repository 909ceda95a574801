"""`senyum notices` shows what is stuck, sends it again, and tries the ways out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core import mail
from typer.testing import CliRunner

from senyum.notices import outbox, states
from senyum.notices.channels.email import SMTP
from senyum.notices.cli import app
from senyum.notices.models import Notice
from senyum.notices.tests.test_outbox import LATER, NOW, claim, queue

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_the_list_shows_the_trouble_and_no_address() -> None:
    assert "Nothing is waiting" in run("list").stdout
    queue("kepala@x.id", "b@x.id")
    dead, sent = claim(), claim()
    assert dead is not None and sent is not None
    outbox.mark_failed(notice=dead, trouble="no such person", wall=NOW, final=True)
    outbox.mark_sent(notice=sent, wall=NOW)
    (row,) = json.loads(run("list", "--json").stdout)
    assert (row["id"], row["state"], row["trouble"]) == (dead.pk, "dead", "no such person")
    assert "kepala" not in run("list").stdout
    assert len(json.loads(run("list", "--all", "--json").stdout)) == 2


def test_the_dead_are_sent_again(capsys: pytest.CaptureFixture[str]) -> None:
    queue("a@x.id", useful_until=NOW)
    claim(now=LATER)
    assert "1 notices" in run("retry").stdout
    assert Notice.objects.get().state == states.PENDING
    assert "0 notices" in run("retry").stdout
    assert "procrastinate" not in capsys.readouterr().err


def test_a_test_message_says_whether_it_left(settings: Any) -> None:
    assert run("test", "a@x.id").stdout == "Sent.\n"
    assert mail.outbox[0].to == ["a@x.id"]
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, ""
    failed = run("test", "a@x.id")
    assert failed.exit_code == 1 and "SENYUM_SMTP_HOST is empty" in failed.output
    assert "WhatsApp is not set up" in run("test", "0812-3456-7890").output
    settings.NOTICE_WEBHOOK_SECRET = "x"
    assert "private network" in run("test", "https://127.0.0.1/").output


def test_the_templates_to_register_are_printed_with_an_example() -> None:
    rows = json.loads(run("templates", "--json").stdout)
    assert len(rows) == len({(row["name"], row["language"]) for row in rows})
    assert {row["language"] for row in rows} == {"id", "en"}
    made = next(row for row in rows if (row["name"], row["language"]) == ("senyum_booking_made", "id"))
    assert made["category"] == "UTILITY" and "{{1}}\n{{2}}, pukul {{3}}" in made["body"]
    assert made["example"][:3] == ["Perekaman KTP elektronik", "Senin, 2 Maret 2026", "10.00 WIB"]
    assert all(row["body"].count("{{") == len(row["example"]) for row in rows)
    assert not any(row["name"] == "senyum_emergency" for row in rows)
    assert "{{2}} Senin, 2 Maret 2026" in run("templates").stdout
