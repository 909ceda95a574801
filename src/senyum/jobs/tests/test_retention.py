"""What identifies people goes in time; what was measured stays, to the minute."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled

from senyum.jobs import retention
from senyum.jobs.retention import MODELS, PACKAGES, RULES, STAYS, erase
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.notices import outbox, states
from senyum.notices.models import Notice
from senyum.people.commands import create_token, revoke_token
from senyum.people.models import ApiToken
from senyum.rehearsal.queries import SmallHall
from senyum.roster.models import CounterSession
from senyum.visits.commands import forget as erasing
from senyum.visits.commands import issue_visit, leave_visit
from senyum.visits.models import LabelBlock, Ticket, Visit

DAY = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
KEPT = timedelta(days=30)
DUE = DAY + KEPT + timedelta(hours=1)
ERASED = {"token", "age_band", "district", "has_phone", "note", "case_number"}


@pytest.fixture(autouse=True)
def _unscoped() -> Iterator[None]:
    with scopes_disabled():
        yield


def visit(hall: SmallHall, *lines: str) -> Visit:
    """A visit that left the line, with everything about its person filled in."""
    issued = issue_visit(
        mall=hall.mall,
        line_ids=[hall.lines[line].pk for line in lines or ["ktp"]],
        priority="elderly",
        channel="kiosk",
        actor=SYSTEM,
        now=DAY,
    )
    Visit.objects.filter(pk=issued.visit_id).update(age_band="60+", district="Cimalaka", has_phone=False)
    leave_visit(visit_id=issued.visit_id, now=DAY + timedelta(minutes=9), actor=SYSTEM)
    Ticket.objects.filter(visit=issued.visit_id).update(note="Bu Siti", case_number="P-12")
    return Visit.objects.get(pk=issued.visit_id)


def rows(model: type[models.Model]) -> list[dict[str, Any]]:
    kept = [f.attname for f in model._meta.concrete_fields if f.attname not in ERASED]
    return list(model._default_manager.order_by("pk").values(*kept))


def certificates() -> list[dict[str, Any]]:
    return list(Entry.objects.filter(kind="retention.erased").order_by("id").values("mall", "data", "subject_label"))


@pytest.mark.django_db
class TestVisits:
    def test_identity_goes_and_every_time_and_count_stays(self, small_mall: SmallHall) -> None:
        mine = visit(small_mall, "ktp", "skck")
        before = rows(Visit), rows(Ticket)
        done = erase(now=DUE, wall=DUE)
        assert done == {
            "Visit.token": 1,
            "Visit.age_band": 1,
            "Visit.district": 1,
            "Visit.has_phone": 1,
            "Ticket.note": 2,
            "Ticket.case_number": 2,
        }
        assert (rows(Visit), rows(Ticket)) == before
        now = Visit.objects.get()
        assert now.token != mine.token and re.fullmatch(r"erased\.[0-9a-f]{25}", now.token)
        assert (now.age_band, now.district, now.has_phone) == ("", "", None)
        assert set(Ticket.objects.values_list("note", "case_number")) == {("", "")}
        assert erase(now=DUE, wall=DUE) == {}

    def test_the_journal_certifies_what_went(self, small_mall: SmallHall) -> None:
        visit(small_mall)
        erase(now=DUE, wall=DUE)
        (entry,) = certificates()
        assert (entry["mall"], entry["subject_label"]) == ("contoh", "visits")
        assert entry["data"]["until"] == (DUE - KEPT).isoformat()
        assert entry["data"]["counts"]["Visit.district"] == 1
        assert "Cimalaka" not in str(entry) and "Siti" not in str(entry)

    def test_a_young_or_an_open_visit_keeps_everything(self, small_mall: SmallHall) -> None:
        mine = visit(small_mall)
        assert erase(now=DAY + KEPT, wall=DUE) == {}
        Ticket.objects.update(state="parked", ended_at=None)
        assert erase(now=DUE + KEPT, wall=DUE) == {}
        assert Visit.objects.get().token == mine.token

    def test_the_hall_may_keep_longer(self, small_mall: SmallHall, settings: Any) -> None:
        visit(small_mall)
        settings.KEEP_DAYS = 90
        assert erase(now=DUE, wall=DUE) == {}
        assert erase(now=DUE + timedelta(days=60), wall=DUE)["Visit.token"] == 1

    def test_many_visits_go_in_several_transactions(
        self, small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(3):
            visit(small_mall)
        monkeypatch.setattr(erasing, "BATCH", 2)
        assert erase(now=DUE, wall=DUE)["Visit.token"] == 3
        assert [c["data"]["counts"]["Visit.token"] for c in certificates()] == [2, 1]
        assert len(set(Visit.objects.values_list("token", flat=True))) == 3

    def test_an_old_link_is_answered_politely(self, small_mall: SmallHall, client: Any) -> None:
        mine = visit(small_mall)
        erase(now=DUE, wall=DUE)
        answer = client.get(f"/t/{mine.token}/")
        assert answer.status_code == 404
        assert "masa simpannya sudah habis" in answer.content.decode()

    def test_words_about_a_block_of_numbers_go_too(self, small_mall: SmallHall) -> None:
        LabelBlock.objects.create(
            mall=small_mall.mall,
            day=DAY.date(),
            group=small_mall.lines["ktp"].group,
            first=1,
            last=9,
            note="Pak Asep",
            granted_at=DAY,
        )
        assert erase(now=DUE + timedelta(days=1), wall=DUE) == {"LabelBlock.note": 1}


@pytest.mark.django_db
class TestTheRest:
    def test_the_note_of_an_old_undo(self, small_mall: SmallHall) -> None:
        counter = small_mall.counters[1]
        CounterSession.objects.create(
            mall=small_mall.mall,
            agency=small_mall.agencies["dukcapil"],
            counter=counter,
            state="closed",
            opened_at=DAY,
            closed_at=DAY,
            last_note="Bu Siti",
        )
        assert erase(now=DAY + timedelta(days=1), wall=DAY) == {}
        assert erase(now=DAY + timedelta(days=2), wall=DAY) == {"CounterSession.last_note": 1}
        assert CounterSession.objects.get().last_note == ""

    def test_notices_go_with_their_addresses(self) -> None:
        with transaction.atomic():
            outbox.tell(
                mall="contoh", template="test", data={}, subject=("x", 1, ""), once="x", addresses=["a@x.id"], now=DAY
            )
        assert erase(now=DUE, wall=DUE) == {}
        Notice.objects.update(state=states.DEAD)
        assert erase(now=DUE, wall=DUE) == {"Notice": 1}
        assert certificates()[0]["data"]["counts"] == {"Notice": 1}

    def test_log_ins_and_tokens_that_have_ended(self, small_mall: SmallHall) -> None:
        def token() -> str:
            return create_token(role="kiosk", mall=small_mall.mall, now=DAY, actor=SYSTEM).split("_")[1]

        old, living = token(), token()
        revoke_token(prefix=old, now=DAY, actor=SYSTEM)
        for name, expires in (("old", DAY), ("young", DUE + KEPT)):
            Session.objects.create(session_key=name, session_data="x", expire_date=expires)
        cache.set("a", 1)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE core_cache SET expires = %s WHERE cache_key LIKE '%%a'", [DAY])
        assert erase(now=DAY, wall=DUE) == {"Session": 1, "cache": 1, "ApiToken": 1}
        assert list(ApiToken.objects.values_list("prefix", flat=True)) == [living]
        assert Session.objects.get().session_key == "young"

    def test_the_job_also_clears_jobs_done_long_ago(self) -> None:
        from procrastinate.contrib.django.models import ProcrastinateJob

        assert retention.retention(0) == {}
        (job,) = ProcrastinateJob.objects.filter(task_name__endswith="remove_old_jobs")
        assert job.args["max_hours"] == 168


TEXT = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.GenericIPAddressField)


def _texts() -> set[str]:
    found = set()
    packages = [model for package in PACKAGES for model in apps.get_app_config(package).get_models()]
    for model in (*packages, *(apps.get_model(name) for name in MODELS)):
        for field in model._meta.concrete_fields:
            if isinstance(field, TEXT) and f"{model.__name__}.*" not in {rule.field for rule in RULES}:
                found.add(f"{model.__name__}.{field.name}")
    return found


def test_somebody_has_decided_about_every_text_of_a_person() -> None:
    decided = set(STAYS) | {rule.field for rule in RULES if not rule.field.endswith("*")} - {"Visit.has_phone"}
    assert _texts() == decided, "add a new field to RULES or STAYS in jobs/retention.py, and to docs/privacy.md"


def test_what_is_erased_is_what_the_rules_say() -> None:
    named = {rule.field.split(".")[1] for rule in RULES if rule.field.split(".")[0] in ("Visit", "Ticket")}
    assert named == ERASED


def test_the_page_says_what_the_tables_say() -> None:
    page = (Path(settings.BASE_DIR).parents[1] / "docs" / "privacy.md").read_text()
    for rule in RULES:
        assert f"| `{rule.field}` | {rule.kept} | {rule.why} |" in page
    for field, why in STAYS.items():
        assert f"`{field}`" in page and why in page


@pytest.mark.django_db
def test_the_nightly_look_reads_what_is_still_to_be_erased_and_no_more(small_mall: SmallHall) -> None:
    """By the partial index, whose condition PostgreSQL must recognise in the command's own statement."""
    visit(small_mall)
    with CaptureQueriesContext(connection) as asked:
        erase(now=DUE, wall=DUE)
    (look,) = [q["sql"] for q in asked if "EXISTS" in q["sql"] and q["sql"].startswith('SELECT "visits_visit"')][:1]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {look}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "visit_to_erase" in plan, plan
