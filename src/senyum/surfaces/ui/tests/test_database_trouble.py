"""The disk is full, the database is read-only, the connection is gone: every surface says so, nothing is half done.

*Read-only* is PostgreSQL's own (`default_transaction_read_only`). *Full* is its own error 53100 raised at the last
write of a command, the journal: whatever the command wrote before must go with it. No real disk is filled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.core.live import connection_parameters
from senyum.journal.actor import SYSTEM
from senyum.people import tokens
from senyum.people.commands import create_token
from senyum.rehearsal.queries import SmallHall
from senyum.surfaces.citizen.tests.phones import opens, take
from senyum.surfaces.counter.tests import desk
from senyum.surfaces.kiosk.tests import stand
from senyum.surfaces.ui.testing import PageClient

pytestmark = pytest.mark.django_db(transaction=True)
#: What a refused request may still change: who is logged in, what was put into the cache.
ASIDE = {"django_session", "core_cache"}
#: One ready press of a surface: (name, send it and give the answer).
Press = tuple[str, Callable[[], Any]]


def everything() -> dict[str, int]:
    """Rows of every table, by a number that changes with any of them."""
    counts = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if table not in ASIDE:
                cursor.execute(f'SELECT coalesce(sum(hashtext(t::text)), 0) FROM "{table}" t')
                counts[table] = cursor.fetchone()[0]
    return counts


@pytest.fixture
def presses(small_mall: SmallHall) -> list[Press]:
    """A number from the kiosk, the door, the phone and the API; a call; a leave: all ready to be pressed."""
    kiosk, officer, greeter = stand.kiosk(small_mall), desk.client(small_mall, "petugas1"), PageClient()
    greeter.force_login(small_mall.users["penyambut"])
    opens(small_mall, 1)
    waiting = take(small_mall, "ktp")
    desk.come(small_mall, "ktp")
    secret = create_token(
        role="kiosk", mall=small_mall.mall, device=small_mall.devices["kiosk"], now=clock.wall(), actor=SYSTEM
    )
    tokens.forget()
    line = small_mall.lines["ktp"]
    address = stand.answer_url(small_mall, "ktp")
    form = {**kiosk.page(address, max_queries=40).form(address), "priority": "regular"}
    door = greeter.page("/greeter/contoh/", max_queries=60)
    arrival = next(f for f in door.find("form") if "arriv" in str(f.get("action")))
    body = json.dumps({"mall": "contoh", "services": [f"{line.agency.code}.{line.service.code}"], "channel": "kiosk"})
    api = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "gangguan-0001", "Accept-Language": "id"}
    return [
        ("kiosk", lambda: kiosk.post(address, form)),
        ("greeter", lambda: greeter.post(str(arrival.get("action")), door.form(str(arrival.get("action"))))),
        ("counter", lambda: officer.post(desk.url(1, "next/"), {"seen": ""})),
        ("counter by htmx", lambda: officer.post(desk.url(1, "next/"), {"seen": ""}, headers={"HX-Request": "true"})),
        ("phone", lambda: Client().post(f"/t/{waiting.token}/leave", {"ticket": waiting.tickets[0].id})),
        ("api", lambda: Client().post("/api/v1/visits", body, content_type="application/json", headers=api)),
    ]


@contextmanager
def read_only() -> Iterator[None]:
    """PostgreSQL refuses every write, as on a standby."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")


@contextmanager
def full() -> Iterator[None]:
    """No room for one more row in the journal, which every command writes last."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
        )
        cursor.execute("CREATE TRIGGER full_disk BEFORE INSERT ON journal_entry EXECUTE FUNCTION full_disk()")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION full_disk CASCADE")


@pytest.mark.parametrize("fault", [read_only, full])
def test_nothing_can_be_written(
    presses: list[Press], small_mall: SmallHall, fault: Callable[[], Any], capfd: pytest.CaptureFixture[str]
) -> None:
    before = everything()
    with fault(), scopes_disabled():
        for name, press in presses:
            answer = press()
            said = answer.content.decode()
            assert answer.status_code == 503, (name, answer.status_code, said[:400])
            assert answer["Retry-After"] == "30", name
            if name == "api":
                assert answer["Content-Type"] == "application/problem+json"
                problem = answer.json()
                assert (problem["code"], problem["status"]) == ("database_full", 503)
                said = problem["detail"]
            assert "Data sedang tidak bisa disimpan, dan tidak ada yang berubah." in said, name
        # What is there can still be read, and the hall knows it.
        assert Client().get("/m/contoh/").status_code == 200
        assert Client().get("/m/contoh/counters/").status_code == 200
    assert everything() == before
    assert '"trouble": "full"' in capfd.readouterr().err
    # Room again: the same presses work, once each (the counter's second one is a repetition that is told).
    for name, press in presses:
        assert press().status_code in ((200, 201, 302) if name != "counter by htmx" else (200, 409)), name
    assert everything()["visits_visit"] != before["visits_visit"]


def _cut() -> None:
    """End this connection from the server's side, as a restart of PostgreSQL does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    with psycopg.connect(**connection_parameters(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_lost_connection_is_told_on_every_surface_and_the_next_request_has_a_new_one(presses: list[Press]) -> None:
    before = everything()
    for name, press in presses:
        _cut()
        answer = press()
        assert answer.status_code == 503, (name, answer.content[:400])
        assert answer["Retry-After"] == "5", name
        said = answer.json()["detail"] if name == "api" else answer.content.decode()
        # With the head of a page nobody could be asked who is logged in: then the page that asks nothing.
        assert "Sambungan ke data terputus" in said or "Ada gangguan di pihak kami" in said, name
        # A real request ends like this; the test client leaves the connection to the test.
        connection.close()
    assert everything() == before
    assert presses[0][1]().status_code == 302
