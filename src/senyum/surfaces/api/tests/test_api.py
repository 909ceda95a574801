"""The API: who may, the same key, stale is 409, problem documents, and every documented status under schemathesis."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, settings

from senyum.core import clock
from senyum.core.wsgi import application
from senyum.journal.actor import SYSTEM
from senyum.people.commands import create_token
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.visits import hall
from senyum.visits.hall import forget
from senyum.visits.models import Ticket, Visit


class Caller:
    """A bearer: `post` and `get` answer (status, body)."""

    def __init__(self, secret: str = "") -> None:
        self.secret = secret
        self.client = Client()

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {**({"Authorization": f"Bearer {self.secret}"} if self.secret else {}), **more}

    def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        response = self.client.post(
            f"/api/v1/{path}",
            json.dumps(body if body is not None else {}),
            content_type="application/json",
            headers=self._headers({name.replace("_", "-"): value for name, value in headers.items()}),
        )
        return response.status_code, response.json()

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        response = self.client.get(f"/api/v1/{path}", headers=self._headers(headers))
        return response.status_code, response.json()


def token(hall: SmallHall, role: str, user: str = "") -> str:
    return create_token(
        role=role, mall=hall.mall, now=clock.wall(), actor=SYSTEM, user=hall.users[user] if user else None
    )


def code(hall: SmallHall, name: str) -> str:
    line = hall.lines[name]
    return f"{line.agency.code}.{line.service.code}"


@pytest.fixture
def kiosk(small_mall: SmallHall) -> Caller:
    return Caller(token(small_mall, "kiosk"))


@pytest.fixture
def officer(small_mall: SmallHall) -> Caller:
    return Caller(token(small_mall, "officer", "petugas1"))


@pytest.fixture
def nine(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """A Monday at nine in Jakarta, on the hall's clock."""
    moment = datetime(2031, 1, 6, 2, 0, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    return moment


def issue(kiosk: Caller, hall: SmallHall, *names: str, key: str | None = None) -> tuple[int, Any]:
    body = {"mall": hall.mall.code, "services": [code(hall, name) for name in names], "channel": "kiosk"}
    return kiosk.post("visits", body, Idempotency_Key=key or secrets.token_hex(8))


def test_a_visit_from_issue_to_smile(kiosk: Caller, officer: Caller, small_mall: SmallHall) -> None:
    counter = small_mall.counters[1].pk
    assert officer.post(f"counters/{counter}/open", Idempotency_Key="open-0001")[0] == 200
    hall.forget()  # the snapshot from before the counter opened lives for three seconds
    status, visit = issue(kiosk, small_mall, "ktp")
    assert status == 201
    assert visit["people_ahead"] == 0 and 0 < visit["wait"]["p50"] <= visit["wait"]["p90"]
    assert set(visit) == {"token", "label", "tickets", "people_ahead", "wait"}
    status, called = officer.post(f"counters/{counter}/next", {"seen": None})
    ticket = visit["tickets"][0]["id"]
    assert (status, called["ticket"], called["why"]) == (200, ticket, "earliest")
    assert officer.post(f"counters/{counter}/recall", {"seen": ticket})[1]["ticket_state"] == "called"
    assert officer.post(f"counters/{counter}/serve", {"seen": ticket})[1]["ticket_state"] == "serving"
    assert officer.post(f"counters/{counter}/finish", {"seen": ticket})[1]["ticket"] is None
    phone = Caller()
    seen = phone.get(f"visits/{visit['token']}")[1]
    assert seen["tickets"][0]["state"] == "served" and seen["tickets"][0]["may"] == ["smile"]
    smile = {"ticket": ticket, "score": 4}
    assert phone.post(f"visits/{visit['token']}/smile", smile, Idempotency_Key="smile-0001")[0] == 200
    assert phone.post(f"visits/{visit['token']}/smile", smile, Idempotency_Key="smile-0001")[0] == 200
    assert phone.post(f"visits/{visit['token']}/smile", smile, Idempotency_Key="smile-0002")[0] == 409


def test_the_same_key_gives_the_same_answer_and_another_body_is_refused(kiosk: Caller, small_mall: SmallHall) -> None:
    first, again = issue(kiosk, small_mall, "ktp", key="same-key-1"), issue(kiosk, small_mall, "ktp", key="same-key-1")
    assert first == again and first[0] == 201
    status, problem = issue(kiosk, small_mall, "kk", key="same-key-1")
    assert (status, problem["code"]) == (422, "key_reused")
    assert Visit.objects.count() == 1


def test_stale_is_409_and_says_what_is_true_now(kiosk: Caller, officer: Caller, small_mall: SmallHall) -> None:
    counter = small_mall.counters[1].pk
    officer.post(f"counters/{counter}/open", Idempotency_Key="open-0001")
    ticket = issue(kiosk, small_mall, "ktp")[1]["tickets"][0]["id"]
    officer.post(f"counters/{counter}/next", {"seen": None})
    status, problem = officer.post(f"counters/{counter}/next", {"seen": None})
    assert (status, problem["code"], problem["now"]["ticket"]) == (409, "stale", ticket)
    assert officer.post(f"counters/{counter}/undo")[0] == 200
    assert Ticket._base_manager.get(pk=ticket).state == "waiting"


@pytest.mark.parametrize("action", ["pause", "park", "forward", "absent", "unpark", "close", "resume"])
def test_every_counter_action_answers_with_the_counter_or_a_problem(
    action: str, kiosk: Caller, officer: Caller, small_mall: SmallHall
) -> None:
    counter = small_mall.counters[1].pk
    officer.post(f"counters/{counter}/open", Idempotency_Key="open-0001")
    ticket = issue(kiosk, small_mall, "ktp")[1]["tickets"][0]["id"]
    officer.post(f"counters/{counter}/next", {"seen": None})
    if action != "absent":
        officer.post(f"counters/{counter}/serve", {"seen": ticket})
    bodies: dict[str, tuple[Any, int]] = {
        "pause": ({"reason": "lunch"}, 200),
        "park": ({"seen": ticket, "note": "fotokopi"}, 200),
        "forward": ({"seen": ticket, "service": code(small_mall, "kasir")}, 200),
        "absent": ({"seen": ticket}, 200),
        "unpark": ({"ticket": ticket}, 409),
        "close": ({"reason": "selesai"}, 409),
        "resume": ({}, 409),
    }
    body, expected = bodies[action]
    status, answer = officer.post(f"counters/{counter}/{action}", body)
    assert status == expected, answer
    assert answer["counter"] == counter if status == 200 else answer["detail"]


def test_who_may(kiosk: Caller, officer: Caller, small_mall: SmallHall) -> None:
    foreign = small_mall.counters[3].pk
    assert Caller().get("malls")[0] == 401
    assert Caller("sny_00000000_wrong").get("malls")[0] == 401
    assert issue(officer, small_mall, "ktp")[0] == 403
    assert kiosk.post(f"counters/{foreign}/next", {"seen": None})[0] == 403
    assert officer.post(f"counters/{foreign}/next", {"seen": None})[0] == 404
    assert officer.post("counters/999999/next", {"seen": None})[0] == 404
    assert Caller().get("visits/AAAAAAAAAAAAAAAAAAAAAA")[0] == 404


def test_problems_speak_the_asked_language(kiosk: Caller, small_mall: SmallHall) -> None:
    status, problem = kiosk.get("malls/nowhere", **{"Accept-Language": "en"})
    assert status == 404 and problem["status"] == 404
    assert problem["detail"] != kiosk.get("malls/nowhere")[1]["detail"]


def test_the_hall_is_told(kiosk: Caller, small_mall: SmallHall) -> None:
    mall = small_mall.mall.code
    issue(kiosk, small_mall, "ktp")
    assert kiosk.get("malls")[1]["malls"][0]["code"] == mall
    assert kiosk.get(f"malls/{mall}")[1]["priorities"]
    services = kiosk.get(f"malls/{mall}/services")[1]["services"]
    assert code(small_mall, "ktp") in {service["code"] for service in services}
    lines = {line["code"]: line for line in kiosk.get(f"malls/{mall}/lines")[1]["lines"]}
    assert lines[code(small_mall, "ktp")]["waiting"] == 1
    assert kiosk.get(f"malls/{mall}/board")[1]["waiting"] == 1
    later = (clock.now() + timedelta(seconds=30)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    coming = kiosk.get(f"malls/{mall}/lines?at={later}")[1]["lines"]
    assert {line["at"] for line in coming} == {later} and set(coming[0]["wait"]) == {"p10", "p50", "p90"}
    assert kiosk.get(f"malls/{mall}/lines?at=2001-01-01T10:00:00Z")[1]["code"] == "not_today"
    assert kiosk.get(f"malls/{mall}/lines?at=nanti")[0] == 422


def test_if_i_came_at(kiosk: Caller, small_mall: SmallHall, nine: datetime) -> None:
    """People ahead and the wait of somebody who comes later today, by the hall's clock or with a zone."""
    mall, ktp = small_mall.mall.code, code(small_mall, "ktp")
    roster.open_session(counter=small_mall.counters[1], user=small_mall.users["petugas1"], now=nine, actor=SYSTEM)
    for _ in range(8):
        issue(kiosk, small_mall, "ktp")
    forget()
    services = {s["code"]: s for s in kiosk.get(f"malls/{mall}/services?at=09:15")[1]["services"]}
    told = services[ktp]["if_i_came"]
    assert told["at"] == "2031-01-06T09:15:00+07:00" and told["takes_tickets"] and told["reason"] == ""
    assert 5 <= told["people_ahead"] <= 8 and told["p10"] < told["p50"] < told["p90"]
    assert all(s["if_i_came"] is None for s in kiosk.get(f"malls/{mall}/services")[1]["services"])
    for same in ("9.15", "2031-01-06T09:15:00%2B07:00", "2031-01-06T02:15:00Z"):
        lines = {line["code"]: line for line in kiosk.get(f"malls/{mall}/lines?at={same}")[1]["lines"]}
        assert lines[ktp]["people_ahead"] == told["people_ahead"] and lines[ktp]["wait"]["p50"] == told["p50"]
    for wrong in ("nanti", "25:00", "9:60", "", "2031-01-06T09:15:00", "0001-01-01T00:00:00%2B23:59"):
        for path in ("services", "lines"):
            status, problem = kiosk.get(f"malls/{mall}/{path}?at={wrong}", **{"Accept-Language": "en"})
            assert (status, problem["code"]) == (422, "bad_time") and "10:30" in problem["detail"], wrong
    assert kiosk.get(f"malls/{mall}/services?at=08:00")[1]["code"] == "not_today"


def test_leave_and_delay_by_the_visits_own_token(kiosk: Caller, small_mall: SmallHall) -> None:
    visit = issue(kiosk, small_mall, "ktp")[1]
    other = issue(kiosk, small_mall, "ktp")[1]
    phone, ticket = Caller(), visit["tickets"][0]["id"]
    assert phone.post(f"visits/{visit['token']}/delay", {"ticket": ticket, "minutes": 5})[0] == 200
    assert phone.post(f"visits/{other['token']}/delay", {"ticket": ticket, "minutes": 5})[0] == 404
    assert phone.post(f"visits/{visit['token']}/leave")[0] == 200
    assert phone.post(f"visits/{visit['token']}/leave")[0] == 409


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """A WSGI call ends with closing what it used; here it uses the connection of the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def everyone(small_mall: SmallHall) -> str:
    return token(small_mall, "manager", "pengelola")


@schema.parametrize()
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.django_db
def test_every_status_is_documented(case: schemathesis.Case, everyone: str) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {everyone}"})


def test_a_services_standard_is_told_whole(kiosk: Caller, small_mall: SmallHall) -> None:
    ktp = code(small_mall, "ktp")
    status, told = kiosk.get(f"services/{ktp}/standard", **{"Accept-Language": "en"})
    assert status == 200 and told["service"] == ktp and len(told["components"]) == 14
    services = {s["code"]: s for s in kiosk.get(f"malls/{small_mall.mall.code}/services")[1]["services"]}
    assert services[ktp]["version"] == told["version"] == 1
    by_code = {one["code"]: one for one in told["components"]}
    assert by_code["requirements"]["filled"] == bool(told["requirements"])
    assert by_code["requirements"]["text"] == "\n".join(row["text"] for row in told["requirements"])
    assert not by_code["legal_basis"]["filled"] and by_code["legal_basis"]["text"] == ""
    assert {one["group"] for one in told["components"]} == {"delivery", "manufacturing"}


def test_a_standard_that_is_not_there_or_not_yet_is_said(kiosk: Caller, small_mall: SmallHall) -> None:
    ktp = code(small_mall, "ktp")
    assert kiosk.get("services/nobody.nothing/standard")[1]["code"] == "no_service"
    status, problem = kiosk.get(f"services/{ktp}/standard?at=nanti")
    assert (status, problem["code"]) == (422, "bad_time")
    for wrong in ("2026-11-24", "2026-11-24T10:30:00", "0001-01-01T00:00:00%2B23:59"):
        assert kiosk.get(f"services/{ktp}/standard?at={wrong}")[0] == 422, wrong
