"""A booking's code at the door."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from senyum.bookings import commands
from senyum.bookings.tests.days import NOW, at, open_bookings
from senyum.core import clock
from senyum.surfaces.greeter.tests.door import client, url
from senyum.visits.models import Visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


@pytest.fixture
def code(small_mall, monkeypatch) -> str:
    open_bookings(small_mall, places=2)
    legs = [(small_mall.lines["ktp"].pk, at(9))]
    view = commands.book(mall=small_mall.mall, legs=legs, quantity=1, channel="phone", now=NOW)
    monkeypatch.setattr(clock, "now", lambda: at(8, 50))
    return view.reference


def test_the_code_becomes_a_ticket_once(small_mall, code):
    greeter = client(small_mall)
    for typed in (code, code.lower().replace("-", " ")):
        answer = greeter.post(url("check-in/"), {"reference": typed})
        visit = Visit.objects.get()
        assert answer["Location"] == f"/greeter/contoh/visit/{visit.pk}/"
    assert (visit.channel, visit.booking.reference) == ("greeter", code)
    assert visit.label in greeter.get(answer["Location"]).content.decode()


def test_what_is_refused_says_what_to_do(small_mall, code, monkeypatch):
    greeter = client(small_mall)
    unknown = greeter.post(url("check-in/"), {"reference": "222-2222"})
    assert unknown.status_code == 409 and "tujuh huruf" in unknown.content.decode()
    monkeypatch.setattr(clock, "now", lambda: at(8, 0))
    early = greeter.post(url("check-in/"), {"reference": code})
    assert early.status_code == 409 and "08.30" in early.content.decode()
    page = greeter.send(url("check-in/"), {"reference": code}, status=409)
    (field,) = page.find("input", name="reference")
    assert field.get("value") == code and url() in [a.get("href") for a in page.find("a", class_="now")]
    assert not Visit.objects.exists()


def test_who_may_check_in(small_mall, code, page_client):
    assert page_client.post(url("check-in/"), {"reference": code})["Location"].startswith("/accounts/login/")
    assert client(small_mall, "pengelola").post(url("check-in/"), {"reference": code}).status_code == 302
    for name in ("petugas1", "petugas3", "koordinator", "sekda", "admin"):
        assert client(small_mall, name).post(url("check-in/"), {"reference": code}).status_code == 403
