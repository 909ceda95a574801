"""What is told of later today, and what a waiting person is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.malls import queries as malls
from senyum.malls.models import BoothHours
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.visits import commands
from senyum.visits.hall import forget
from senyum.visits.models import Ticket, Visit
from senyum.visits.queries import lines_at, visit_view

#: Nine in the morning in Jakarta.
NINE = datetime(2031, 1, 6, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


def _in(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def _sit(hall: SmallHall, number: int = 1, user: str = "petugas1", now: datetime = NINE):
    return roster.open_session(counter=hall.counters[number], user=hall.users[user], now=now, actor=SYSTEM)


def _issue(hall: SmallHall, now: datetime = NINE, priority: str = "regular") -> Visit:
    forget()
    issued = commands.issue_visit(
        mall=hall.mall, line_ids=[hall.lines["ktp"].pk], priority=priority, channel="kiosk", actor=SYSTEM, now=now
    )
    return Visit.objects.get(pk=issued.visit_id)


def _told(hall: SmallHall, minutes: float):
    forget()
    return lines_at(hall.mall, _in(minutes), NINE)[hall.lines["ktp"].pk]


def test_a_line_is_shorter_for_whoever_comes_after_it_was_served(small_mall: SmallHall) -> None:
    _sit(small_mall)
    for _ in range(12):
        _issue(small_mall, NINE - timedelta(minutes=90))
    now, soon, late = (_told(small_mall, minutes) for minutes in (0, 60, 240))
    assert now.p10 <= now.p50 <= now.p90 and now.at == NINE
    assert soon.p50 < now.p50
    assert late.p50 < 5, "nobody joins lately, and the line is worked off"


def test_those_who_come_on_that_weekday_are_expected(small_mall: SmallHall) -> None:
    _sit(small_mall)
    quiet = _told(small_mall, 120)
    for minute in range(0, 120, 3):
        _issue(small_mall, _in(minute) - timedelta(weeks=1))
    Ticket.objects.update(state="left", ended_at=NINE)
    busy = _told(small_mall, 120)
    assert busy.p90 > quiet.p90 + 30, "forty joined last week, more than one counter can serve"


def test_before_opening_nothing_is_said_without_earlier_days(small_mall: SmallHall) -> None:
    BoothHours.objects.filter(booth__mall=small_mall.mall).update(opens="10:00")
    malls.forget()
    forget()
    early = lines_at(small_mall.mall, _in(90), NINE)[small_mall.lines["ktp"].pk]
    assert (early.p50, early.takes_tickets) == (None, True)
    _issue_last_week = datetime(2030, 12, 30, 4, 0, tzinfo=UTC)
    _issue(small_mall, _issue_last_week)
    forget()
    known = lines_at(small_mall.mall, _in(90), NINE)[small_mall.lines["ktp"].pk]
    assert known.p50 is not None and known.p50 < 20


def test_another_day_and_the_past_are_refused_and_closed_hours_say_so(small_mall: SmallHall) -> None:
    for at in (NINE - timedelta(minutes=5), NINE + timedelta(days=1)):
        with pytest.raises(NotPossible) as refused:
            lines_at(small_mall.mall, at, NINE)
        assert refused.value.code == "not_today"
    BoothHours.objects.filter(booth__mall=small_mall.mall).update(opens="08:00", last_ticket="11:00", closes="12:00")
    malls.forget()
    closed = _told(small_mall, 200)
    assert (closed.p50, closed.takes_tickets) == (None, False) and closed.reason


def test_a_ticket_says_which_counter_stopped_and_keeps_calm_before(small_mall: SmallHall) -> None:
    _sit(small_mall)
    _sit(small_mall, 2, "petugas2")
    visits = [_issue(small_mall) for _ in range(6)]
    commands.watch_lines(mall=small_mall.mall, now=_in(1))
    forget()
    leg = visit_view(visits[-1], _in(2)).legs[0]
    assert leg.why == "" and leg.people_ahead == 5
    assert leg.p50 == pytest.approx(leg.promise_p50 - 2, abs=2.1)
    commands.close_counter(counter_id=small_mall.counters[1].pk, reason="Selesai", actor=SYSTEM, now=_in(2))
    forget()
    leg = visit_view(visits[-1], _in(2.5)).legs[0]
    assert (leg.why, leg.why_counter) == ("counter_closed", 1) and leg.p50 > leg.promise_p50
    commands.watch_lines(mall=small_mall.mall, now=_in(3))
    assert visit_view(visits[-1], _in(9)).legs[0].why == "counter_closed"


def test_somebody_who_is_put_before_is_said(small_mall: SmallHall) -> None:
    _sit(small_mall)
    visit = [_issue(small_mall) for _ in range(3)][-1]
    commands.watch_lines(mall=small_mall.mall, now=_in(1))
    for _ in range(2):
        _issue(small_mall, _in(2), priority="elderly")
    forget()
    leg = visit_view(visit, _in(3)).legs[0]
    assert leg.people_ahead == 4 and leg.why == "priority_ahead"
