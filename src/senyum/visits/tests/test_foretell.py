"""What a hall knows of a line becomes a table of waits, and the ticket is promised what the table says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.engine.forecast.line_state import EXTRA_SHARE
from senyum.engine.forecast.table import PLACES, between
from senyum.journal.actor import SYSTEM
from senyum.malls.models import HallPause
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.visits import commands, sql
from senyum.visits.foretell import Basis, Desk, HallFacts, LineFacts, Seat, line_state, outlook_of, services_seen
from senyum.visits.hall import forget, hall_of
from senyum.visits.models import Ticket

#: Nine in the morning in Jakarta.
NINE = datetime(2031, 1, 6, 2, 0, tzinfo=UTC)
A, B = 1, 2
HALL = HallFacts(
    minute=600.0,
    lines={A: LineFacts(10.0, (), 3), B: LineFacts(5.0, (), 0)},
    desks=[Desk(1, 1, (A,), (B,)), Desk(2, 2, (A,), ()), Desk(3, 3, (B,), (A,))],
    seats={1: Seat(True, True, None), 3: Seat(True, True, None)},
    changes={},
)


def test_counters_open_now_and_the_share_of_help() -> None:
    assert line_state(HALL, A).counters == 1.5, "one of its own, and half of one whose own line is empty"
    busy = replace(HALL, lines={**HALL.lines, B: LineFacts(5.0, (), 4)})
    assert line_state(busy, A).counters == 1.25
    assert line_state(HALL, B).counters == 1.25, "counter 1 has people of its own"
    assert line_state(HALL, A, planned=True).counters == 2.5


def test_a_pause_that_says_when_it_ends_and_the_roster_are_foreseen() -> None:
    paused = replace(HALL, seats={**HALL.seats, 2: Seat(False, False, 620.0)})
    assert line_state(paused, A).roster == ((620.0, 2.5),)
    late = replace(HALL, seats={**HALL.seats, 2: Seat(False, False, 580.0)})
    assert line_state(late, A).roster == ((601.0, 2.5),), "overdue: any moment"
    lunch = replace(HALL, changes={1: [(720.0, -1.0), (780.0, 1.0)], 2: [(610.0, 1.0)]})
    assert line_state(lunch, A).roster == ((610.0, 2.5), (720.0, 1.5), (780.0, 2.5))
    assert line_state(replace(lunch, minute=730.0), A).roster == (), "still at the counter: lunch is not begun again"
    stands = replace(lunch, pause=615.0)
    assert line_state(stands, A).roster == ((600.0, 0.0), (615.0, 2.5), (720.0, 1.5), (780.0, 2.5))


def test_a_counter_that_comes_later_gives_a_figure_and_none_at_all_gives_none() -> None:
    nobody = replace(HALL, seats={})
    assert outlook_of(nobody, A, agency_id=1).wait(2) == (None, None, None)
    assert outlook_of(nobody, A, agency_id=1).basis == Basis.NO_COUNTER
    later = outlook_of(replace(nobody, changes={2: [(630.0, 1.0)]}), A, agency_id=1)
    _p10, p50, p90 = later.wait(0)
    assert p50 is not None and 30 < p50 < p90
    before = outlook_of(nobody, A, agency_id=1, start_minutes=25.0)
    assert before.wait(0)[1] > 25


def test_people_of_other_lines_at_the_same_counters_are_waited_for() -> None:
    shared = HallFacts(
        600.0,
        {A: LineFacts(10.0, (), 1), B: LineFacts(5.0, (), 6)},
        [Desk(1, 1, (A, B), ())],
        {1: Seat(True, True, None)},
        {},
    )
    state = line_state(shared, A)
    assert (state.others, state.among) == (3.0, 1.0), "six services of five minutes are three of ten"
    alone = outlook_of(replace(shared, lines={A: LineFacts(10.0, (), 1)}), A, agency_id=1)
    assert outlook_of(shared, A, agency_id=1).wait(1)[1] > alone.wait(1)[1] + 20


def test_what_was_seen_of_services() -> None:
    assert services_seen([], 10) == (0.0, 0.0, 1.0)
    assert services_seen([4.0], 10) == (1.0, 4.0, 1.0)
    n, mean, cv = services_seen([4.0, 6.0, 5.0, 900.0], 10)
    assert n == 4 and mean == pytest.approx((4 + 6 + 5 + 40) / 4) and cv > 1
    slow = replace(HALL, lines={**HALL.lines, A: LineFacts(10.0, tuple([30.0] * 20), 3)})
    assert outlook_of(slow, A, agency_id=1).wait(3)[1] > outlook_of(HALL, A, agency_id=1).wait(3)[1] * 2


def test_the_statement_knows_the_places_of_the_table() -> None:
    assert sql.PLACES == PLACES and sql.EXTRA_SHARE == EXTRA_SHARE


@pytest.mark.parametrize("documents", [1, 4])
def test_every_ticket_is_promised_what_the_table_says_at_its_place(small_mall: SmallHall, documents: int) -> None:
    with scopes_disabled():
        roster.open_session(counter=small_mall.counters[1], user=small_mall.users["petugas1"], now=NINE, actor=SYSTEM)
        forget()
        outlook = hall_of(small_mall.mall, NINE).outlooks[small_mall.lines["ktp"].pk]
        extra = 0
        for ahead in range(8):
            ticket = _issue(small_mall, quantity=documents)
            assert ticket.people_ahead == ahead
            said = outlook.wait(ahead, extra)
            assert (ticket.wait_p10, ticket.wait_p50, ticket.wait_p90) == pytest.approx(said)
            assert ticket.wait_basis == "cold"
            extra += documents - 1


def test_the_last_row_of_the_table_stands_for_every_longer_line() -> None:
    values = tuple(float(place) for place in PLACES)
    assert between(values, 5000) == 1000.0 and between(values, 7) == 7.0
    broken = (*values[:-1], None)
    assert between(broken, 400) == 400.0 and between(broken, 500) is None


def test_a_pause_of_the_hall_is_waited_for(small_mall: SmallHall) -> None:
    with scopes_disabled():
        roster.open_session(counter=small_mall.counters[1], user=small_mall.users["petugas1"], now=NINE, actor=SYSTEM)
        HallPause.objects.create(
            mall=small_mall.mall, reason="Salat Jumat", started_at=NINE, back_at=NINE + timedelta(minutes=40)
        )
        forget()
        paused = _issue(small_mall)
        assert paused.wait_p50 is not None and paused.wait_p50 > 40


def test_somebody_with_a_head_start_who_comes_often_makes_a_line_longer(small_mall: SmallHall) -> None:
    with scopes_disabled():
        roster.open_session(counter=small_mall.counters[1], user=small_mall.users["petugas1"], now=NINE, actor=SYSTEM)
        for minute in range(10):
            _issue(small_mall, now=NINE - timedelta(minutes=minute), priority="elderly")
        forget()
        state = hall_of(small_mall.mall, NINE).outlooks[small_mall.lines["ktp"].pk].state
        assert state is not None and state.priority_a_minute == pytest.approx(10 / 60)


def _issue(hall: SmallHall, now: datetime = NINE, priority: str = "regular", quantity: int = 1) -> Ticket:
    issued = commands.issue_visit(
        mall=hall.mall, line_ids=[hall.lines["ktp"].pk], priority=priority, channel="kiosk", actor=SYSTEM, now=now,
        quantity=quantity,
    )  # fmt: skip
    return Ticket.objects.get(pk=issued.tickets[0].id)
