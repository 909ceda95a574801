"""People who have booked and are not here yet stand in the forecast, and are told how long they will wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.bookings import commands as bookings
from senyum.bookings import queries as booked
from senyum.bookings import states
from senyum.bookings.models import Booking
from senyum.bookings.queries import BookingView, Coming, Shows
from senyum.bookings.tests.days import DAY, NOW, at, open_bookings
from senyum.journal.actor import SYSTEM
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.visits import commands, expected
from senyum.visits.hall import forget, hall_of
from senyum.visits.queries import BookedWait, booked_waits, lines_at

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def hall(small_mall: SmallHall) -> SmallHall:
    open_bookings(small_mall, places=8)
    roster.open_session(counter=small_mall.counters[1], user=small_mall.users["petugas1"], now=at(8), actor=SYSTEM)
    return small_mall


def book(hall: SmallHall, hour: int, minute: int = 0, count: int = 1, quantity: int = 1) -> list[BookingView]:
    legs = [(hall.lines["ktp"].pk, at(hour, minute))]
    return [bookings.book(mall=hall.mall, legs=legs, quantity=quantity, channel="phone", now=NOW) for _ in range(count)]


def told(hall: SmallHall, when: datetime, now: datetime):
    forget()
    return lines_at(hall.mall, when, now)[hall.lines["ktp"].pk]


def wait_of(hall: SmallHall, view: BookingView, now: datetime) -> BookedWait:
    forget()
    (found,) = booked_waits(hall.mall, booked.booking_by_token(view.token), now)
    return found


def test_who_is_booked_before_me_makes_my_wait_longer_and_who_is_booked_after_me_does_not(hall: SmallHall) -> None:
    without = {hour: told(hall, at(hour, 5), at(8, 30)) for hour in (9, 10)}
    book(hall, 10, count=6)
    assert told(hall, at(9, 5), at(8, 30)).p50 == without[9].p50, "ten o'clock is after five past nine"
    behind = told(hall, at(10, 5), at(8, 30))
    assert behind.people_ahead == 5, "six booked, of whom 17 in 20 come, less half a service since ten"
    assert behind.p50 > without[10].p50 + 5 * 5


def test_who_joins_now_is_before_the_booked_of_later_and_behind_those_who_are_late(hall: SmallHall) -> None:
    line = hall.lines["ktp"].pk
    forget()
    plain = hall_of(hall.mall, at(9, 4)).outlooks[line].wait(0)
    book(hall, 10, count=6)
    forget()
    assert hall_of(hall.mall, at(9, 4)).outlooks[line].wait(0) == plain
    busy = commands.issue_visit(
        mall=hall.mall, line_ids=[line], priority="regular", channel="kiosk", actor=SYSTEM, now=at(9)
    )
    assert busy.tickets
    commands.call_next(counter_id=hall.counters[1].pk, seen=None, actor=SYSTEM, now=at(9), wall=at(9))
    forget()
    alone = hall_of(hall.mall, at(10, 4)).outlooks[line]
    assert alone.state is not None and len(alone.state.bookings) == 6
    Booking.objects.all().delete()
    forget()
    assert hall_of(hall.mall, at(10, 4)).outlooks[line].wait(0)[1] < alone.wait(0)[1], (
        "four minutes late, and before me"
    )


def test_who_came_stands_in_the_line_and_not_among_those_to_come(hall: SmallHall) -> None:
    view = book(hall, 9)[0]
    forget()
    state = hall_of(hall.mall, at(8, 50)).outlooks[hall.lines["ktp"].pk].state
    assert state is not None and len(state.bookings) == 1
    commands.check_in(mall=hall.mall, token=view.token, channel="kiosk", now=at(8, 50), actor=SYSTEM)
    forget()
    state = hall_of(hall.mall, at(8, 50)).outlooks[hall.lines["ktp"].pk].state
    assert state is not None and state.bookings == () and state.among == 1.0


def test_a_booking_is_told_its_wait_from_its_time_on(hall: SmallHall) -> None:
    mine = book(hall, 10)[0]
    alone = wait_of(hall, mine, at(8, 30))
    assert (alone.people_ahead, alone.starts) == (0, at(10)) and alone.p50 is not None and alone.p50 < 6
    book(hall, 10, count=4)
    shared = wait_of(hall, mine, at(8, 30))
    assert shared.people_ahead == 2 and shared.p50 > alone.p50, "half of four with the same time, of whom not all come"
    book(hall, 11, count=8)
    assert wait_of(hall, mine, at(8, 30)) == shared, "they come after"


def test_nothing_is_told_of_another_day_or_of_a_booking_that_ended(hall: SmallHall) -> None:
    view = book(hall, 10)[0]
    assert booked_waits(hall.mall, booked.booking_by_token(view.token), at(8) - timedelta(days=1)) == []
    bookings.cancel(token=view.token, now=at(8, 10), actor=None)
    assert booked_waits(hall.mall, booked.booking_by_token(view.token), at(8, 30)) == []


def test_the_share_who_come_is_learned_from_past_days(hall: SmallHall) -> None:
    assert booked.shows(hall.mall.pk, DAY) == Shows(0, 0, 0)
    views = book(hall, 9, count=3)
    Booking.objects.filter(pk=views[0].id).update(state=states.ARRIVED, ended_at=at(8, 50))
    Booking.objects.filter(pk=views[1].id).update(state=states.ARRIVED, ended_at=at(9, 5))
    Booking.objects.filter(pk=views[2].id).update(state=states.RELEASED, ended_at=at(9, 20))
    assert booked.shows(hall.mall.pk, DAY) == Shows(0, 0, 0), "a day that is not over"
    assert booked.shows(hall.mall.pk, DAY + timedelta(days=1)) == Shows(1, 1, 1)


def test_how_likely_somebody_still_comes() -> None:
    nothing = Shows(0, 0, 0)
    assert expected.still_comes(nothing, -10, 15) == pytest.approx(0.85)
    assert expected.still_comes(nothing, 0, 15) == pytest.approx(0.5)
    assert expected.still_comes(nothing, 15, 15) == 0 == expected.still_comes(nothing, 1, 0)
    faithful = Shows(900, 90, 0)
    assert expected.still_comes(faithful, -1, 15) > 0.99
    (one,) = expected.booked(
        [(600.0, 20.0, Coming(1, at(10), 3, "elderly"))], now=610.0, seen=nothing, grace=20.0, extra=0.5
    )
    assert (one.comes, one.turn) == (610.0, 580.0), "late: at any moment, ordered by the booked time"
    assert one.services == pytest.approx(2 * 1.5 / 4.5)
