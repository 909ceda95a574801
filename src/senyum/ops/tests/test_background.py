"""The doctor looks behind the pages: worker, jobs, messages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as django_connection

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.notices import states
from senyum.notices.channels.email import SMTP
from senyum.notices.models import Notice
from senyum.ops import background
from senyum.ops.findings import Finding, Situation
from senyum.ops.hall import Hall
from senyum.people.commands import create_token
from senyum.rehearsal.queries import SmallHall

pytestmark = pytest.mark.django_db
TASK = "senyum.jobs.close_day.close_days"


class Here:
    """Django's own connection in the shape of psycopg's, so that what the test wrote is seen."""

    def transaction(self) -> Any:
        from django.db import transaction

        return transaction.atomic()

    def execute(self, query: bytes) -> Any:
        cursor = django_connection.cursor()
        cursor.execute(query.decode().replace("%", "%%"))
        return cursor


def look(check: Any, *, running: bool = True) -> Finding:
    place = Hall(Path("/nowhere"), True)
    (found,) = check(Situation(place, clock.wall(), 8000, running, Here()))  # type: ignore[arg-type]  # as much of a hall as is asked
    return found


def write(sql: str, *values: Any) -> None:
    with django_connection.cursor() as cursor:
        cursor.execute(sql, values)


def notice(once: str, **more: Any) -> None:
    given = {"channel": "email", "address": "a@x.id", "template": "test", "queued_at": clock.now(), "once": once}
    Notice.objects.create(subject_kind="x", subject_id="1", subject_label="", **{**given, **more})


@pytest.mark.parametrize(("age", "state"), [(None, "bad"), ("5 seconds", "ok"), ("5 minutes", "bad")])
def test_the_worker_is_known_by_its_heartbeat(age: str | None, state: str) -> None:
    write("DELETE FROM procrastinate_workers")
    if age:
        write("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s::interval)", age)
    found = look(background.worker)
    assert found.state == state
    assert ("worker.log" in found.todo["en"]) == (state == "bad")


def test_a_hall_that_does_not_run_needs_no_worker() -> None:
    assert list(background.worker(Situation(Hall(Path("/x"), True), clock.wall(), 1, False, None))) == []


@pytest.mark.parametrize(
    ("ends", "state"),
    [([], "ok"), (["succeeded"], "ok"), (["succeeded", "failed"], "bad"), (["failed", "succeeded"], "ok")],
)
def test_a_job_whose_last_run_failed_is_named(ends: list[str], state: str) -> None:
    write("DELETE FROM procrastinate_jobs")
    for end in ends:
        write("INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('q', %s, 'todo')", TASK)
        write("DELETE FROM procrastinate_events WHERE job_id = currval('procrastinate_jobs_id_seq')")
        write(
            "INSERT INTO procrastinate_events (job_id, type) VALUES (currval('procrastinate_jobs_id_seq'), %s)",
            end,
        )
    found = look(background.jobs)
    assert found.state == state
    assert ("close_days" in found.said["id"]) == (state == "bad")


def test_no_message_is_stuck() -> None:
    notice("young")
    notice("sent", state=states.SENT, sent_at=clock.wall(), queued_at=clock.now() - timedelta(days=1))
    assert look(background.notices).state == "ok"


def test_stuck_and_dead_messages_are_counted_with_their_trouble_and_no_address() -> None:
    long_ago = clock.now() - timedelta(hours=1)
    notice("old", queued_at=long_ago)
    notice("lease", queued_at=long_ago, state=states.SENDING, leased_until=clock.wall())
    notice("failed", state=states.FAILED, failed_at=clock.wall() - timedelta(minutes=1), trouble="first")
    notice("dead", state=states.DEAD, failed_at=clock.wall(), trouble="no such person")
    notice("buried", state=states.DEAD, failed_at=clock.wall() - timedelta(days=8), trouble="long ago")
    found = look(background.notices)
    assert found.state == "warn"
    assert found.said["en"] == "Messages: 3 stuck, 1 given up in 7 days (no such person)"
    assert "senyum notices retry" in found.todo["id"] and "a@x.id" not in found.line("id")


class TestWays:
    def test_a_hall_without_a_mail_server(self, settings: Any) -> None:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, ""
        found = look(background.email)
        assert found.state == "warn" and "SENYUM_SMTP_HOST" in found.todo["id"]

    def test_a_mail_server_and_nobody_to_write_to(self, small_mall: Any) -> None:
        assert "No hall manager" in look(background.email).said["en"]
        small_mall.users["pengelola"].email = "kepala@mpp.example"
        small_mall.users["pengelola"].save(update_fields=["email"])
        assert look(background.email).state == "ok"

    def test_a_demo_writes_to_a_file(self, settings: Any) -> None:
        settings.DEMO = True
        assert "notices.jsonl" in look(background.email).said["en"]

    @pytest.mark.parametrize(
        ("url", "secret", "state"),
        [("https://hook.example/", "x", "ok"), ("https://hook.example/", "", "bad"), ("http://h.example/", "x", "bad")],
    )
    def test_a_webhook_needs_https_and_a_secret(self, settings: Any, url: str, secret: str, state: str) -> None:
        settings.NOTICE_WEBHOOK_URL, settings.NOTICE_WEBHOOK_SECRET = url, secret
        assert look(background.webhook).state == state

    def test_no_webhook_no_finding(self) -> None:
        assert list(background.webhook(Situation(Hall(Path("/x"), True), clock.wall(), 1, True, None))) == []


@pytest.mark.parametrize(
    ("paired", "seen", "state"),
    [(None, None, "ok"), ("20 days", "1 hour", "ok"), ("1 day", None, "ok"), ("20 days", "15 days", "warn")],
)
def test_devices_long_unused_are_named(small_mall: SmallHall, paired: str | None, seen: str | None, state: str) -> None:
    kiosk = small_mall.devices["kiosk"]
    if paired:
        create_token(role="kiosk", mall=small_mall.mall, device=kiosk, now=clock.wall(), actor=SYSTEM)
        write("UPDATE people_apitoken SET created_at = now() - %s::interval", paired)
    if seen:
        write("UPDATE people_device SET last_seen_at = now() - %s::interval WHERE id = %s", seen, kiosk.pk)
    found = look(background.devices)
    assert found.state == state
    assert (kiosk.name in found.said.en) == (state == "warn")


def test_whatsapp_wants_all_or_nothing(settings: Any) -> None:
    settings.WHATSAPP_URL = settings.WHATSAPP_PHONE_ID = settings.WHATSAPP_TOKEN = ""
    assert list(background.whatsapp(Situation(Hall(Path("/x"), True), clock.wall(), 1, False, None))) == []
    settings.WHATSAPP_URL = "https://graph.facebook.com/v23.0"
    found = look(background.whatsapp)
    assert found.state == "bad" and "SENYUM_WHATSAPP_TOKEN" in found.todo["id"]
    settings.WHATSAPP_PHONE_ID, settings.WHATSAPP_TOKEN = "1060", "x"
    assert look(background.whatsapp).state == "ok"
    settings.WHATSAPP_URL = "http://graph.facebook.com"
    assert look(background.whatsapp).state == "bad"
