"""The next hour: what is read of the hall, which moves are found, and when nothing helps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from senyum.bookings import commands as bookings
from senyum.bookings.tests.days import open_bookings
from senyum.journal.actor import SYSTEM
from senyum.planning.next_hour import HELP, LUNCH, OPEN, NextHour, next_hour
from senyum.planning.tests.small import DAY, NOW, at, eight_to_three
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.roster.queries import shifts_of
from senyum.visits import commands
from senyum.visits.hall import forget
from senyum.visits.models import Ticket

pytestmark = pytest.mark.django_db
NINE = at(9)


@pytest.fixture
def hall(small_mall: SmallHall) -> SmallHall:
    return eight_to_three(small_mall)


def sit(hall: SmallHall, number: int, user: str) -> int:
    return roster.open_session(counter=hall.counters[number], user=hall.users[user], now=at(8), actor=SYSTEM).pk


def come(hall: SmallHall, line: str, count: int, now=NINE) -> None:
    for n in range(count):
        commands.issue_visit(
            mall=hall.mall,
            line_ids=[hall.lines[line].pk],
            priority="regular",
            channel="kiosk",
            actor=SYSTEM,
            now=now - timedelta(minutes=n),
            any_time=True,
        )


def ask(hall: SmallHall, *codes: str, now=NINE) -> NextHour:
    return next_hour(hall.mall, now, [hall.agencies[c].pk for c in codes or ("dukcapil", "polres", "bank")])


def test_a_counter_that_should_be_open_is_opened_with_who_is_planned(hall: SmallHall) -> None:
    sit(hall, 1, "petugas1")
    come(hall, "ktp", 12)
    found = ask(hall)
    best = found.moves[0]
    assert (best.kind, best.counter, best.agency, best.officer) == (OPEN, 2, "Disdukcapil", "Petugas2 (contoh)")
    assert best.low > 0 and best.low <= best.saved <= best.high <= best.late + 1
    assert best.wait_after < best.wait_before
    assert found.waiting == 12 == best.waiting and found.open
    assert ask(hall) == found


def test_an_idle_colleague_helps_a_line_that_is_not_theirs(hall: SmallHall) -> None:
    sit(hall, 1, "petugas1")
    sit(hall, 2, "petugas2")
    come(hall, "ambil", 25)
    moves = ask(hall).moves
    assert (HELP, 1, "Pengambilan dokumen") in {(m.kind, m.counter, m.line) for m in moves}


def test_a_lunch_in_the_middle_of_a_crowd_is_moved(hall: SmallHall) -> None:
    sit(hall, 3, "petugas3")
    noon = at(11, 50)
    come(hall, "skck", 3, now=noon - timedelta(minutes=8))
    moves = [m for m in ask(hall, "polres", now=noon).moves if m.kind == LUNCH]
    assert moves and moves[0].counter == 3 and moves[0].lunch_at == at(12, 30)


def test_nothing_is_suggested_where_nothing_helps(hall: SmallHall) -> None:
    sit(hall, 3, "petugas3")
    come(hall, "skck", 1)
    found = ask(hall, "polres")
    assert found.moves == () and found.waiting == 1 and found.open


def test_nobody_is_planned_whom_the_roster_does_not_have_there(hall: SmallHall) -> None:
    sit(hall, 1, "petugas1")
    come(hall, "ktp", 12)
    (second,) = [s for s in shifts_of(mall=hall.mall, day=DAY) if s.number == 2]
    roster.cancel_shift(shift_id=second.id, reason="sakit", now=NOW, actor=SYSTEM)
    assert OPEN not in {m.kind for m in ask(hall).moves}


def test_a_pause_without_an_end_counts_as_nobody_and_one_with_an_end_as_soon(hall: SmallHall) -> None:
    session = sit(hall, 3, "petugas3")
    come(hall, "skck", 2)
    roster.pause_session(session_id=session, reason="lunch", back_at=None, now=at(8, 50), actor=SYSTEM)
    assert ask(hall, "polres").open
    roster.resume_session(session_id=session, now=at(8, 55), actor=SYSTEM)
    roster.pause_session(session_id=session, reason="lunch", back_at=at(9, 10), now=at(8, 56), actor=SYSTEM)
    assert ask(hall, "polres").waiting == 2


def test_other_agencies_are_left_out_and_a_closed_hall_says_so(hall: SmallHall) -> None:
    come(hall, "ktp", 5)
    assert ask(hall, "polres").waiting == 0
    assert not ask(hall, now=at(20)).open
    assert next_hour(hall.mall, NINE, []).open is False


def test_services_seen_lately_and_the_booked_who_are_expected_count(hall: SmallHall) -> None:
    sit(hall, 1, "petugas1")
    come(hall, "ktp", 12)
    forget()
    plain = ask(hall, "dukcapil").moves[0]
    open_bookings(hall, places=8)
    legs = [(hall.lines["ktp"].pk, at(9) + timedelta(minutes=60))]
    for _ in range(8):
        bookings.book(mall=hall.mall, legs=legs, quantity=1, channel="phone", now=at(8))
    forget()
    expected = ask(hall, "dukcapil").moves[0]
    assert expected.late > plain.late, "eight booked for ten o'clock are expected"
    come(hall, "ktp", 8, now=at(8))
    served = Ticket._base_manager.filter(queued_at__lte=at(8))
    served.update(state="served", called_at=at(8, 10), ended_at=at(8, 50), queued_at=at(7, 50))
    forget()
    slow = ask(hall, "dukcapil").moves[0]
    assert slow.wait_before > expected.wait_before * 1.2, "each took forty minutes"
