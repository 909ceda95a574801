"""The short way of *issue* and *next*: the same answers as the full API, and everything else handed on untouched."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from senyum.core import clock
from senyum.core.bridge import Bridge
from senyum.core.wsgi import application
from senyum.journal.actor import SYSTEM
from senyum.people import tokens
from senyum.people.commands import create_token
from senyum.people.models import ApiToken
from senyum.rehearsal.queries import SmallHall
from senyum.roster.commands import open_session
from senyum.surfaces.api import auth
from senyum.surfaces.api.hot import HotDoor
from senyum.visits import hall
from senyum.visits.hall import hall_of
from senyum.visits.models import Ticket, Visit

pytestmark = pytest.mark.django_db(transaction=True)


class Door:
    """The door in front of the real bridge, asked from a loop of the test's own."""

    def __init__(self, hall: SmallHall) -> None:
        self.hall = hall
        self.threads = ThreadPoolExecutor(2)
        self.door = HotDoor(Bridge(application, self.threads))
        self.tokens: dict[str, str] = {}

    def token(self, role: str, user: str = "") -> str:
        if role + user not in self.tokens:
            owner = self.hall.users[user] if user else None
            self.tokens[role + user] = create_token(
                role=role, mall=self.hall.mall, now=clock.wall(), actor=SYSTEM, user=owner
            )
        return self.tokens[role + user]

    def ask(self, requests: list[tuple[str, str, Any, str]]) -> list[tuple[int, Any]]:
        """(path, token, body, key) each, all at once; (status, answer) each."""

        async def everything() -> list[tuple[int, Any]]:
            return list(await asyncio.gather(*(self._one(*request) for request in requests)))

        return asyncio.run(everything())

    async def _one(self, path: str, token: str, body: Any, key: str) -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        headers += [(b"content-length", str(len(raw)).encode())]
        headers += [(b"authorization", f"Bearer {token}".encode())] if token else []
        headers += [(b"idempotency-key", key.encode())] if key else []
        scope = {
            "type": "http",
            "method": "POST",
            "path": f"/api/v1/{path}",
            "query_string": b"",
            "headers": headers,
            "http_version": "1.1",
            "scheme": "http",
        }
        told: list[dict[str, Any]] = []

        # granian says that more comes even when all is here.
        pieces = [{"type": "http.request", "body": raw, "more_body": True}]
        pieces += [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, Any]:
            return pieces.pop(0)

        async def send(message: dict[str, Any]) -> None:
            told.append(message)

        await self.door(scope, receive, send)
        return told[0]["status"], json.loads(b"".join(m.get("body", b"") for m in told[1:]))

    def close(self) -> None:
        door = self.door
        for pool in (
            self.threads,
            door.issues.thread,
            door.presses.thread,
            door.bookings.sales.thread,
            door.desk,
        ):
            pool.submit(connections.close_all).result()
            pool.shutdown()


@pytest.fixture
def door(small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setattr(auth, "_pace", auth.Pace(1_000.0, 1_000.0))
    opened = Door(small_mall)
    yield opened
    # Two threads, each with a connection of its own.
    opened.threads.submit(connections.close_all).result()
    opened.close()


def service(hall: SmallHall, name: str = "ktp") -> str:
    return f"{hall.lines[name].agency.code}.{hall.lines[name].service.code}"


def wish(hall: SmallHall, *names: str) -> dict[str, Any]:
    return {"mall": hall.mall.code, "services": [service(hall, name) for name in names], "channel": "kiosk"}


def warm(door: Door, *tokens: str) -> None:
    """What the full API would have looked up for the requests before."""
    from senyum.people.tokens import look_up

    hall_of(door.hall.mall, clock.now())
    for token in tokens:
        assert look_up(token, clock.wall())


def test_a_door_that_was_warmed_takes_the_first_issue_with_what_is_there(
    door: Door, small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is: the snapshot of the start is still fresh.
    monkeypatch.setattr(hall, "KEEP_SECONDS", 600.0)
    hall.forget()
    kiosk = door.token("kiosk")
    door.door.warm()
    threads = (door.door.issues.thread, door.door.presses.thread, door.door.desk)
    before = [thread.submit(lambda: connection.connection).result() for thread in threads]
    assert None not in before
    snapshot = hall.peek(small_mall.mall.pk, clock.now())
    assert snapshot is not None

    [(status, _answer)] = door.ask([("visits", kiosk, wish(small_mall, "ktp"), "first-of-all-1")])
    assert (status, door.door.served) == (201, 1)
    assert [thread.submit(lambda: connection.connection).result() for thread in threads] == before
    assert hall.peek(small_mall.mall.pk, clock.now()) is snapshot


def test_both_ways_give_the_same_shape(door: Door, small_mall: SmallHall) -> None:
    kiosk = door.token("kiosk")
    (status, slow), *_rest = door.ask([("visits", kiosk, wish(small_mall, "ktp", "skck"), "slow-way-1")])
    assert (status, door.door.served) == (201, 0)
    warm(door, kiosk)
    (status, fast), *_rest = door.ask([("visits", kiosk, wish(small_mall, "ktp", "skck"), "fast-way-1")])
    assert (status, door.door.served) == (201, 1)
    assert fast.keys() == slow.keys() and fast["tickets"][0].keys() == slow["tickets"][0].keys()
    assert [t["service"] for t in fast["tickets"]] == [t["service"] for t in slow["tickets"]]
    assert fast["label"] != slow["label"]


def test_a_bearer_that_is_not_in_memory_is_looked_up_and_a_revoked_one_refused(
    door: Door, small_mall: SmallHall
) -> None:
    kiosk = door.token("kiosk")
    warm(door, kiosk)
    tokens.forget()
    (status, _answer), *_rest = door.ask([("visits", kiosk, wish(small_mall, "ktp"), "looked-up-1")])
    assert (status, door.door.served) == (201, 1)
    ApiToken.objects.update(revoked_at=clock.wall())
    tokens.forget()
    (status, _answer), *_rest = door.ask([("visits", kiosk, wish(small_mall, "ktp"), "looked-up-2")])
    assert (status, door.door.served) == (401, 1)


def test_forty_at_once_get_forty_labels_and_a_repeated_key_its_first(door: Door, small_mall: SmallHall) -> None:
    kiosk = door.token("kiosk")
    warm(door, kiosk)
    keys = [f"together-{place % 40:03d}" for place in range(80)]
    answers = door.ask([("visits", kiosk, wish(small_mall, "ktp"), key) for key in keys])
    assert {status for status, _answer in answers} == {201}
    assert len({answer["label"] for _status, answer in answers}) == 40
    for place in range(40):
        assert answers[place] == answers[place + 40]
    assert Visit.objects.count() == 40
    assert door.door.served == 40


def test_next_calls_and_everything_else_is_refused_by_the_full_api(door: Door, small_mall: SmallHall) -> None:
    kiosk, officer = door.token("kiosk"), door.token("officer", "petugas1")
    counter = small_mall.counters[1]
    open_session(counter=counter, user=small_mall.users["petugas1"], now=clock.now(), actor=SYSTEM)
    warm(door, kiosk, officer)
    door.ask([("visits", kiosk, wish(small_mall, "ktp"), secrets.token_hex(6))])
    path = f"counters/{counter.pk}/next"
    ((status, called),) = door.ask([(path, officer, {"seen": None}, "")])
    assert (status, called["why"]) == (200, "earliest")
    served = door.door.served
    ((stale, problem),) = door.ask([(path, officer, {"seen": None}, "")])
    assert (stale, problem["code"]) == (409, "stale")
    Ticket._base_manager.filter(pk=called["ticket"]).update(state="serving")
    ((status, empty),) = door.ask([(path, officer, {"seen": called["ticket"]}, "")])
    assert (status, empty["ticket"], empty["finished"]) == (200, None, called["ticket"])
    assert door.door.served == served + 1


@pytest.mark.parametrize(
    ("path", "role", "body", "key", "status"),
    [
        ("visits", "", {}, "no-token-1", 401),
        ("visits", "wrong", {}, "no-token-1", 401),
        ("visits", "kiosk", b"{", "broken-body", 400),
        ("visits", "kiosk", {}, "empty-body-1", 422),
        ("visits", "kiosk", "wish", "", 422),
        ("visits", "kiosk", "wish", "short", 422),
        ("visits", "officer", "wish", "not-allowed-1", 403),
        ("counters/999999999/next", "officer", {"seen": None}, "", 404),
        ("counters/foreign/next", "officer", {"seen": None}, "", 404),
        ("counters/closed/next", "officer", {"seen": None}, "", 409),
    ],
)
def test_what_is_refused_is_refused_by_the_full_api(
    door: Door, small_mall: SmallHall, path: str, role: str, body: Any, key: str, status: int
) -> None:
    tokens = {"": "", "wrong": "sny_00000000_x", "kiosk": door.token("kiosk")}
    tokens["officer"] = door.token("officer", "petugas1")
    warm(door, tokens["kiosk"], tokens["officer"])
    path = path.replace("foreign", str(small_mall.counters[3].pk)).replace("closed", str(small_mall.counters[1].pk))
    body = wish(small_mall, "ktp") if body == "wish" else body
    ((said, problem),) = door.ask([(path, tokens[role], body, key)])
    assert (said, problem["status"], door.door.served) == (status, status, 0)
    assert not Visit.objects.exists()


def test_a_broken_connection_is_replaced_and_nothing_is_lost(door: Door, small_mall: SmallHall) -> None:
    from django.db import connection

    kiosk = door.token("kiosk")
    warm(door, kiosk)
    door.ask([("visits", kiosk, wish(small_mall, "ktp"), "before-it-broke")])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    answers = [
        door.ask([("visits", kiosk, wish(small_mall, "ktp"), f"after-it-broke-{place}")])[0] for place in range(4)
    ]
    assert answers[-1][0] == 201
    issued = [answer["label"] for status, answer in answers if status == 201]
    assert Visit.objects.count() == 1 + len(issued)
