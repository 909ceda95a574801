"""When lines lapse, and when the day ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.jobs.close_day import close_days, close_mall
from senyum.journal.actor import SYSTEM
from senyum.malls import queries as malls
from senyum.malls.models import BoothHours
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.roster.models import CounterSession
from senyum.visits import commands
from senyum.visits.hall import forget
from senyum.visits.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def noon(small_mall: SmallHall) -> datetime:
    """12.00 in a hall that closes at 15.00."""
    BoothHours.objects.all().update(opens=time(8), last_ticket=time(14, 30), closes=time(15))
    malls.forget()
    forget()
    local = malls.local_time(small_mall.mall, clock.wall())
    return local.replace(hour=12, minute=0, second=0, microsecond=0)


def _issue(hall: SmallHall, now: datetime, code: str = "ktp") -> int:
    issued = commands.issue_visit(
        mall=hall.mall, line_ids=[hall.lines[code].pk], priority="regular", channel="kiosk", actor=SYSTEM, now=now
    )
    return issued.tickets[0].id


def _state(ticket_id: int) -> str:
    return Ticket.objects.get(pk=ticket_id).state


def _at(noon: datetime, hour: int, minute: int = 0) -> datetime:
    return noon.replace(hour=hour, minute=minute)


def test_before_closing_nothing_lapses(small_mall: SmallHall, noon: datetime) -> None:
    ticket = _issue(small_mall, noon)
    assert close_mall(small_mall.mall, _at(noon, 14, 59)) == 0
    assert _state(ticket) == "waiting"


def test_after_closing_the_line_lapses_once(small_mall: SmallHall, noon: datetime) -> None:
    ticket = _issue(small_mall, noon)
    assert close_mall(small_mall.mall, _at(noon, 15)) == 1
    assert _state(ticket) == "lapsed"
    assert close_mall(small_mall.mall, _at(noon, 15, 1)) == 0


def test_an_open_counter_keeps_its_own_booth_only(small_mall: SmallHall, noon: datetime) -> None:
    waits, other = _issue(small_mall, noon), _issue(small_mall, noon, "skck")
    session = roster.open_session(counter=small_mall.counters[1], user=None, now=noon, actor=SYSTEM)
    assert close_mall(small_mall.mall, _at(noon, 15, 5)) == 1
    assert (_state(waits), _state(other)) == ("waiting", "lapsed")
    roster.close_session(session_id=session.pk, reason="tutup", now=_at(noon, 15, 20), actor=SYSTEM)
    assert close_mall(small_mall.mall, _at(noon, 15, 21)) == 1
    assert _state(waits) == "lapsed"


def test_a_forgotten_counter_keeps_its_line_for_two_hours(small_mall: SmallHall, noon: datetime) -> None:
    ticket = _issue(small_mall, noon)
    roster.open_session(counter=small_mall.counters[1], user=None, now=noon, actor=SYSTEM)
    assert close_mall(small_mall.mall, _at(noon, 16, 59)) == 0
    assert close_mall(small_mall.mall, _at(noon, 17)) == 1
    assert _state(ticket) == "lapsed"


def test_midnight_ends_everything_once(small_mall: SmallHall, noon: datetime) -> None:
    counter = small_mall.counters[1]
    first, second = _issue(small_mall, noon), _issue(small_mall, noon)
    roster.open_session(counter=counter, user=None, now=noon, actor=SYSTEM)
    commands.call_next(counter_id=counter.pk, seen=None, actor=SYSTEM, now=noon, wall=clock.wall())
    commands.serve(counter_id=counter.pk, seen=first, actor=SYSTEM, now=noon, wall=clock.wall())
    before = _at(noon, 23, 59)
    close_mall(small_mall.mall, before)
    assert _state(first) == "serving"
    midnight = before + timedelta(minutes=1)
    assert close_mall(small_mall.mall, midnight) == 1
    assert (_state(first), _state(second)) == ("served", "lapsed")
    assert not CounterSession.objects.exclude(state="closed").exists()
    assert close_mall(small_mall.mall, midnight + timedelta(minutes=1)) == 0


def test_days_slept_through_end_too(small_mall: SmallHall, noon: datetime) -> None:
    ticket = _issue(small_mall, noon)
    assert close_mall(small_mall.mall, noon + timedelta(days=4)) == 1
    assert _state(ticket) == "lapsed"


def test_the_job_reads_the_hall_clock(small_mall: SmallHall, noon: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = _issue(small_mall, noon)
    monkeypatch.setattr(clock, "now", lambda: _at(noon, 15, 1))
    assert close_days(0) == 1
    assert _state(ticket) == "lapsed"


def test_the_worker_knows_the_jobs() -> None:
    from procrastinate.contrib.django import app

    due = {task.task.name for task in app.periodic_registry.periodic_tasks.values()}
    assert {
        "senyum.jobs.close_day.close_days",
        "senyum.jobs.forget_keys.forget_keys",
        "senyum.jobs.speak.sweep_clips",
    } <= due
