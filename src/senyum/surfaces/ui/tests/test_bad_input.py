"""What people, broken devices and attackers may send: NUL, full-width digits, marks that turn text, megabytes."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.people import tokens
from senyum.people.commands import create_token
from senyum.rehearsal.queries import SmallHall
from senyum.surfaces.counter.tests import desk
from senyum.surfaces.kiosk.tests import stand
from senyum.visits.models import Ticket, Visit

pytestmark = pytest.mark.django_db

NUL, TURN, WIDE, BIG = "a\x00b", "\u202ednes\u202c\u2066x\u200f", "１２", "x" * 10_000_000
ODD = {"nul": NUL, "turn": TURN, "wide": WIDE, "surrogate": "\ud800", "big": BIG}


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


def bearer(hall: SmallHall, role: str = "kiosk") -> str:
    secret = create_token(role=role, mall=hall.mall, device=hall.devices.get(role), now=clock.wall(), actor=SYSTEM)
    tokens.forget()
    return secret


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text[:500].encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize(
    "address",
    [
        "/m/contoh/?q={}",
        "/m/contoh/take/?line={}",
        "/m/{}/",
        "/t/{}/",
        "/kiosk/contoh/search/?q={}",
        "/kiosk/contoh/check/?line={}&quantity={}",
        "/greeter/contoh/find/?label={}",
        "/console/contoh/floor/?agency={}&state={}",
        "/counter/contoh/1/now/?seen={}",
        "/counter/contoh/1/panel/ticket/?ticket={}",
        "/live/contoh/?visit={}",
        "/?lang={}",
    ],
)
def test_an_address_with_odd_signs_is_answered(small_mall, address, odd):
    """As somebody who may open all of them; a paired kiosk for its own screens."""
    client = stand.kiosk(small_mall) if "kiosk" in address else desk.client(small_mall, "pengelola")
    client.raise_request_exception = True
    response = client.get(address.format(*[_quoted(odd)] * 2))
    assert response.status_code in (200, 204, 302, 400, 404), response.status_code


@pytest.mark.parametrize("odd", [NUL, TURN, WIDE, BIG], ids=["nul", "turn", "wide", "big"])
@pytest.mark.parametrize(
    ("action", "field"),
    [
        ("priority", "reason"),
        ("priority", "ticket"),
        ("park", "note"),
        ("pause", "reason"),
        ("pause", "back"),
        ("case", "case"),
        ("forward", "note"),
        ("forward", "line"),
        ("take-over", "reason"),
        ("next", "seen"),
    ],
)
def test_a_press_with_odd_signs_is_answered(small_mall, action, field, odd):
    desk.sit(small_mall)
    desk.come(small_mall, "ktp")
    ticket = desk.serve(small_mall)
    answers = {
        "seen": ticket,
        "ticket": ticket,
        "reason": "lunch",
        "priority": "elderly",
        "line": small_mall.lines["kk"].pk,
        field: odd,
    }
    response = desk.client(small_mall, "petugas1").post(desk.url(1, f"{action}/"), answers)
    assert response.status_code in (200, 302, 400, 404, 409, 413, 422), response.status_code


def test_marks_that_turn_the_reading_are_not_kept(small_mall):
    """A note with U+202E would turn the sentence after it, on a colleague's screen too."""
    desk.sit(small_mall)
    desk.come(small_mall, "ktp")
    ticket = desk.serve(small_mall)
    officer = desk.client(small_mall, "petugas1")
    officer.post(desk.url(1, "park/"), {"seen": ticket, "note": f"fotokopi{TURN}\x07 KK"})
    assert Ticket.objects.get(pk=ticket).note == "fotokopidnesx KK"
    assert "\u202e" not in officer.page(desk.url(1), max_queries=28).html
    assert not Entry.objects.filter(reason__contains="\u202e").exists()


@pytest.mark.parametrize("field", ["mall", "services", "priority", "channel", "language"])
@pytest.mark.parametrize("odd", [NUL, TURN, WIDE, "x" * 100_000], ids=["nul", "turn", "wide", "long"])
def test_the_api_says_that_a_field_is_wrong(small_mall, field, odd):
    line = small_mall.lines["ktp"]
    body = {"mall": "contoh", "services": [f"{line.agency.code}.{line.service.code}"], "channel": "kiosk"}
    body[field] = [odd] if field == "services" else odd
    response = Client().post(
        "/api/v1/visits",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {bearer(small_mall)}", "Idempotency-Key": "tanda-aneh-1"},
    )
    assert response.status_code in (400, 403, 404, 422), response.content[:300]
    assert response["Content-Type"] == "application/problem+json"
    assert not Visit.objects.exists()


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "key", "authorization", "bearer"])
@pytest.mark.parametrize("path", ["malls", "malls/contoh", "malls/contoh/lines", "malls/contoh/board"])
def test_a_key_in_the_address_opens_nothing(small_mall, path, name):
    """Addresses stand in histories and logs of others; only the header is read."""
    secret = bearer(small_mall)
    refused = Client().get(f"/api/v1/{path}", {name: secret})
    assert refused.status_code == 401
    assert secret not in refused.content.decode()
    assert Client().get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
