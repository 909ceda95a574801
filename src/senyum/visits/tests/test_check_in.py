"""Somebody with a booking comes: once, ordered by the booked time, and counted once in the quota."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.bookings import commands as bookings
from senyum.bookings import states as booking_states
from senyum.bookings.models import Booking, DayQuota
from senyum.bookings.tests.days import NOW, at, open_bookings
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.malls import queries as malls
from senyum.malls.models import Booth
from senyum.rehearsal.queries import SmallHall
from senyum.visits import commands, hall
from senyum.visits.models import Ticket, Visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def booked(small_mall: SmallHall) -> tuple[SmallHall, str]:
    """A booking of ktp at nine and skck at ten."""
    open_bookings(small_mall, places=4)
    legs = [(small_mall.lines["ktp"].pk, at(9)), (small_mall.lines["skck"].pk, at(10))]
    view = bookings.book(mall=small_mall.mall, legs=legs, quantity=1, channel="phone", now=NOW)
    return small_mall, view.token


def come(hall_: SmallHall, token: str, now: datetime) -> commands.CheckedIn:
    return commands.check_in(mall=hall_.mall, token=token, channel="kiosk", now=now, actor=SYSTEM)


def walk_in(hall_: SmallHall, line: str, now: datetime) -> commands.Issued:
    return commands.issue_visit(
        mall=hall_.mall, line_ids=[hall_.lines[line].pk], priority="regular", channel="kiosk", actor=SYSTEM, now=now
    )


def test_the_booked_time_is_the_anchor(booked: tuple[SmallHall, str]) -> None:
    hall_, token = booked
    found = come(hall_, token, at(8, 50))
    assert found.kept and not found.again
    first, second = Ticket.objects.filter(visit__token=found.token).order_by("leg")
    policy = hall.hall_of(hall_.mall, at(8, 50)).policies["regular"]
    promise, head = timedelta(minutes=policy.promise_minutes), timedelta(minutes=policy.head_start_minutes)
    assert (first.turn_at, first.promised_by) == (at(9) - head, at(9) + promise)
    assert (second.turn_at, second.promised_by) == (at(10) - head, at(10) + promise)
    assert Visit.objects.get(token=found.token).booking_id == Booking.objects.get().pk


def test_who_came_before_the_booked_time_is_called_before(booked: tuple[SmallHall, str]) -> None:
    hall_, token = booked
    early = walk_in(hall_, "ktp", at(8, 55))
    come(hall_, token, at(8, 50))
    late = walk_in(hall_, "ktp", at(9, 5))
    order = Ticket.objects.filter(line=hall_.lines["ktp"]).order_by("turn_at").values_list("visit__label", flat=True)
    booked_label = Visit.objects.exclude(booking=None).get().label
    assert list(order) == [early.label, booked_label, late.label]


def test_scanning_twice_gives_the_same_visit(booked: tuple[SmallHall, str]) -> None:
    hall_, token = booked
    first = come(hall_, token, at(8, 50))
    again = come(hall_, token, at(8, 51))
    assert again.again and (again.token, again.label) == (first.token, first.label)
    assert Visit.objects.count() == 1


def test_who_comes_late_is_served_as_anybody_who_comes(booked: tuple[SmallHall, str]) -> None:
    hall_, token = booked
    found = come(hall_, token, at(9, 40))
    assert not found.kept
    assert {t.queued_at for t in Ticket.objects.all()} == {at(9, 40)}
    assert all(t.turn_at <= at(9, 40) < t.promised_by for t in Ticket.objects.all())


def test_a_released_place_is_no_closed_door(booked: tuple[SmallHall, str]) -> None:
    hall_, token = booked
    assert bookings.release_missed(now=at(9, 30)) == 1
    assert not come(hall_, token, at(9, 40)).kept
    assert Booking.objects.get().state == booking_states.ARRIVED


def test_another_hall_knows_nothing_of_it(booked: tuple[SmallHall, str]) -> None:
    hall_, token = booked
    Booking.objects.update(mall=_other_mall(hall_))
    with pytest.raises(NotPossible, match=r"^no_booking:"):
        come(hall_, token, at(8, 50))
    assert Booking.objects.get().state == booking_states.BOOKED


def _other_mall(hall_: SmallHall) -> int:
    from senyum.malls.commands import put_mall

    return put_mall(code="lain", name="Lain", short_name="Lain", timezone="Asia/Jakarta", now=NOW, actor=SYSTEM).pk


def test_a_booked_place_counts_once_in_the_quota(small_mall: SmallHall) -> None:
    Booth.objects.filter(pk=small_mall.booths["dukcapil"].pk).update(quota_per_day=2)
    for forget in (malls.forget, hall.forget):
        forget()
    open_bookings(small_mall, places=4, walkin_percent=50)
    legs = [(small_mall.lines["ktp"].pk, at(9))]
    token = bookings.book(mall=small_mall.mall, legs=legs, quantity=1, channel="phone", now=NOW).token
    walk_in(small_mall, "kk", at(8, 30))
    with pytest.raises(NotPossible, match=r"^quota_full:"):
        walk_in(small_mall, "kk", at(8, 31))
    assert come(small_mall, token, at(8, 50)).kept
    with pytest.raises(NotPossible, match=r"^quota_full:"):
        walk_in(small_mall, "kk", at(8, 55))
    assert DayQuota.objects.get().issued == 1
