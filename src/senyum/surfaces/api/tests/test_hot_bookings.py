"""Booking by the short way: the same answers as by the full API, many at once, and every odd case handed on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from senyum.bookings.commands.letters import JOB
from senyum.bookings.models import Booking, Place
from senyum.bookings.tests.days import NOW, at, open_bookings
from senyum.core import clock
from senyum.notices.models import Notice
from senyum.surfaces.api import hot_bookings
from senyum.surfaces.api.tests.test_hot import Door, door, service

__all__ = ["door"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _open(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    open_bookings(door.hall, places=4)


def wish(door: Door, starts: datetime, **more: Any) -> dict[str, Any]:
    legs = [{"service": service(door.hall), "starts": starts.isoformat()}]
    return {"mall": door.hall.mall.code, "legs": legs, "channel": "kiosk", **more}


def test_both_ways_say_the_same(door: Door) -> None:
    secret = door.token("kiosk")
    # The first asks as a stranger: the full API answers; the second is known.
    first = door.ask([("bookings", secret, wish(door, at(9)), "booking-1")])[0]
    served = door.door.served
    second = door.ask([("bookings", secret, wish(door, at(9), contact_kind="email", contact="a@b.id"), "booking-2")])[0]
    assert (first[0], second[0], door.door.served) == (201, 201, served + 1)
    same = ("state", "day", "starts", "quantity", "held_until", "legs", "may")
    assert {name: first[1][name] for name in same} == {name: second[1][name] for name in same}
    assert set(first[1]) == set(second[1]) and second[1]["contact"] == "a…@b.id"
    assert Booking.objects.filter(reference=second[1]["reference"], token=second[1]["token"]).count() == 1
    # The same key again is not the plain case.
    assert door.ask([("bookings", secret, wish(door, at(9)), "booking-1")])[0] == first


def test_a_rush_is_told_the_truth(door: Door) -> None:
    secret = door.token("kiosk")
    door.ask([("bookings", secret, wish(door, at(8)), "booking-0")])
    requests = [("bookings", secret, wish(door, at(9 + n % 3)), f"booking-1{n:03d}") for n in range(60)]
    answers = door.ask(requests)
    assert sorted(status for status, _body in answers) == [201] * 12 + [409] * 48
    assert Place.objects.filter(slot__starts__in=[at(9), at(10), at(11)]).count() == 12
    problems = [body for status, body in answers if status == 409]
    assert {body["code"] for body in problems} == {"full"} and all(body["now"]["next_free"] for body in problems)
    slow = door.ask([("bookings", door.token("greeter"), wish(door, at(9)), "booking-9999")])[0]
    assert slow[0] == 409 and set(slow[1]) == set(problems[0]) and slow[1]["detail"] == problems[0]["detail"]


def test_who_repeats_a_key_gets_their_booking_though_it_is_full(door: Door) -> None:
    secret = door.token("kiosk")
    made = door.ask([("bookings", secret, wish(door, at(9)), f"booking-1{n}") for n in range(5)])
    mine = next(n for n, (status, _body) in enumerate(made) if status == 201)
    assert sorted(status for status, _body in made) == [201] * 4 + [409]
    assert door.ask([("bookings", secret, wish(door, at(9)), f"booking-1{mine}")])[0] == made[mine]


@pytest.mark.parametrize(
    ("body", "key", "status"),
    [
        ({"legs": []}, "booking-5", 422),
        ({"mall": "lain"}, "booking-5", 403),
        ({"quantity": 9}, "booking-5", 422),
        ({}, "short", 422),
        ({"surprise": 1}, "booking-5", 422),
    ],
)
def test_the_odd_case_is_handed_on(door: Door, body: dict[str, Any], key: str, status: int) -> None:
    secret = door.token("kiosk")
    door.ask([("bookings", secret, wish(door, at(8)), "booking-0")])
    served = door.door.served
    found, answer = door.ask([("bookings", secret, {**wish(door, at(9)), **body}, key)])[0]
    assert (found, door.door.served) == (status, served) and answer["detail"]
    assert Booking.objects.count() == 1


def test_letters_of_the_rush_are_asked_for_once_and_by_who_gave_a_contact(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_bookings, "WAKE_SECONDS", 0.0)
    jobs = ProcrastinateJob.objects.filter(task_name=JOB, status="todo")
    with connection.cursor() as cursor:
        # No test takes jobs away behind it: they are not Django's tables.
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = %s", [JOB])
    secret = door.token("kiosk")
    door.ask([("bookings", secret, wish(door, at(8)), "booking-0")])
    door.ask([("bookings", secret, wish(door, at(9)), "booking-1")])
    door.door.desk.submit(int).result()
    assert not jobs.exists()
    mails = [wish(door, at(9), contact_kind="email", contact=f"w{n}@b.id") for n in range(3)]
    served = door.door.served
    door.ask([("bookings", secret, mail, f"booking-2{n}") for n, mail in enumerate(mails)])
    door.door.desk.submit(int).result()
    assert door.door.served == served + 3 and jobs.count() == 1 and not Notice.objects.exists()
