"""Bookings through the API: free times, book, look, move, cancel, come; each refusal with its status."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from senyum.bookings.models import Booking
from senyum.bookings.tests.days import DAY, NOW, at, open_bookings
from senyum.core import clock
from senyum.rehearsal.queries import SmallHall
from senyum.surfaces.api.tests.test_api import Caller, code, token
from senyum.visits.models import Visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def kiosk(small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> Caller:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    open_bookings(small_mall, places=1)
    return Caller(token(small_mall, "kiosk"))


def wanted(hall: SmallHall, name: str, starts: datetime) -> dict[str, str]:
    return {"service": code(hall, name), "starts": starts.isoformat()}


def book(kiosk: Caller, hall: SmallHall, starts: datetime, key: str = "booking-1", **more: Any) -> tuple[int, Any]:
    body = {"mall": hall.mall.code, "legs": [wanted(hall, "ktp", starts)], "channel": "kiosk", **more}
    return kiosk.post("bookings", body, Idempotency_Key=key)


def test_from_the_free_time_to_the_visit(kiosk: Caller, small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> None:
    services = f"{code(small_mall, 'ktp')},{code(small_mall, 'skck')}"
    status, found = kiosk.get(f"malls/{small_mall.mall.code}/times?services={services}&day={DAY}")
    assert status == 200 and found["times"][0]["legs"][0]["service"] in services and found["next_free"] == []
    status, made = book(kiosk, small_mall, at(9), contact_kind="email", contact="siti@contoh.id")
    assert (status, made["state"], made["contact"]) == (201, "booked", "s…@contoh.id")
    assert book(kiosk, small_mall, at(9), contact_kind="email", contact="siti@contoh.id")[1] == made
    own = Caller()
    assert own.get(f"bookings/{made['token']}") == (200, made)
    legs = {"legs": [wanted(small_mall, "ktp", at(10))]}
    status, moved = own.post(f"bookings/{made['token']}/move", legs)
    assert (status, moved["reference"], moved["starts"][11:16]) == (200, made["reference"], "03:00")
    monkeypatch.setattr(clock, "now", lambda: at(9, 50))
    reference = made["reference"].lower().replace("-", " ")
    status, came = kiosk.post(f"malls/{small_mall.mall.code}/check-in", {"reference": reference, "channel": "kiosk"})
    assert (status, came["kept"], came["again"]) == (200, True, False)
    assert Visit.objects.get().label == came["label"]
    again = kiosk.post(f"malls/{small_mall.mall.code}/check-in", {"reference": reference, "channel": "kiosk"})[1]
    assert again == {**came, "again": True}
    assert own.post(f"bookings/{made['token']}/cancel")[0] == 409


def test_full_says_what_is_free_next(kiosk: Caller, small_mall: SmallHall) -> None:
    assert book(kiosk, small_mall, at(9))[0] == 201
    status, problem = book(kiosk, small_mall, at(9), key="booking-2")
    assert (status, problem["code"]) == (409, "full")
    assert len(problem["now"]["next_free"]) == 3


@pytest.mark.parametrize(
    ("starts", "more", "status", "code_"),
    [
        (at(9, 1), {}, 422, "no_slot"),
        (NOW, {}, 409, "not_yet"),
        (at(9), {"quantity": 6}, 422, "quantity"),
        (at(9), {"contact_kind": "email", "contact": "siti"}, 422, "contact"),
        (at(9), {"legs": []}, 422, "invalid"),
        (at(9), {"legs": [{"service": "a.b", "starts": "2026-09-10T09:00:00"}]}, 422, "invalid"),
    ],
)
def test_what_cannot_be_booked(
    kiosk: Caller, small_mall: SmallHall, starts: datetime, more: dict[str, Any], status: int, code_: str
) -> None:
    got, problem = book(kiosk, small_mall, starts, **more)
    assert (got, problem["code"]) == (status, code_)
    assert problem["detail"] and not Booking.objects.exists()


def test_the_same_key_with_another_body_is_refused(kiosk: Caller, small_mall: SmallHall) -> None:
    assert book(kiosk, small_mall, at(9))[0] == 201
    assert book(kiosk, small_mall, at(10))[1]["code"] == "key_reused"


def test_who_may_not(kiosk: Caller, small_mall: SmallHall) -> None:
    body = {"mall": small_mall.mall.code, "legs": [wanted(small_mall, "ktp", at(9))]}
    assert Caller().post("bookings", body, Idempotency_Key="booking-1")[0] == 401
    officer = Caller(token(small_mall, "officer", "petugas1"))
    assert officer.post("bookings", body, Idempotency_Key="booking-1")[0] == 403
    assert kiosk.post("bookings", {**body, "mall": "lain"}, Idempotency_Key="booking-1")[0] == 403
    assert Caller().get("bookings/aaaaaaaaaaaaaaaaaaaaaa")[0] == 404
    assert officer.post(f"malls/{small_mall.mall.code}/check-in", {"reference": "abc-defg"})[0] == 403
    assert kiosk.post(f"malls/{small_mall.mall.code}/check-in", {"reference": "abc-defg"})[0] == 404


def test_a_code_confirms(kiosk: Caller, small_mall: SmallHall) -> None:
    open_bookings(small_mall, line="ktp", places=1, contact="confirmed")
    _status, made = book(kiosk, small_mall, at(9), contact_kind="email", contact="siti@contoh.id")
    assert made["state"] == "held" and made["held_until"] is not None
    assert Caller().post(f"bookings/{made['token']}/confirm", {"code": "1"})[0] == 422
    assert datetime.fromisoformat(made["held_until"]) == NOW + timedelta(minutes=10)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bookings_booking WHERE code_tries = 1")
        assert cursor.fetchone() == (1,)
