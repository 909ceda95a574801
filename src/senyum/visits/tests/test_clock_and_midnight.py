"""A clock that is set back, and midnight in each of the three zones: the order and the label's day hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.visits import commands
from senyum.visits.hall import forget
from senyum.visits.models import Ticket, Visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


def take(hall: SmallHall, now: datetime) -> Visit:
    issued = commands.issue_visit(
        mall=hall.mall,
        line_ids=[hall.lines["ktp"].pk],
        priority="regular",
        channel="kiosk",
        actor=SYSTEM,
        now=now,
        any_time=True,
    )
    return Visit.objects.get(token=issued.token)


def test_after_the_clock_was_set_back_whoever_came_first_is_called_first(small_mall, monkeypatch):
    """Over midnight, so that the day could go back, too."""
    zone = ZoneInfo(small_mall.mall.timezone)
    times = {"wall": datetime(2026, 11, 25, 0, 10, tzinfo=zone).timestamp(), "steady": 100.0}
    monkeypatch.setattr(clock, "_ahead", float("-inf"))
    monkeypatch.setattr(clock.time, "time", lambda: times["wall"])
    monkeypatch.setattr(clock.time, "monotonic", lambda: times["steady"])
    first = take(small_mall, clock.now())
    times["wall"] -= 3_600  # back to the evening before
    times["steady"] += 60
    second = take(small_mall, clock.now())
    assert (first.label, second.label) == ("A-001", "A-002")
    assert first.day == second.day == datetime(2026, 11, 25, tzinfo=zone).date()
    now = clock.now()
    roster.open_session(counter=small_mall.counters[1], user=small_mall.users["petugas1"], now=now, actor=SYSTEM)
    forget()
    called = commands.call_next(
        counter_id=small_mall.counters[1].pk, seen=None, actor=SYSTEM, now=clock.now(), wall=clock.wall()
    )
    assert Ticket.objects.get(pk=called.ticket_id).visit == first


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"])
def test_numbers_restart_at_the_malls_own_midnight(small_mall, zone):
    """WIB, WITA and WIT: 23.59 and 00.01 there, whatever the day in Jakarta or Greenwich."""
    Mall.objects.filter(pk=small_mall.mall.pk).update(timezone=zone)
    small_mall.mall.refresh_from_db()
    malls.forget()
    forget()
    midnight = datetime(2026, 11, 26, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    evening = [take(small_mall, midnight - timedelta(minutes=minutes)) for minutes in (2, 1)]
    forget()
    night = [take(small_mall, midnight + timedelta(minutes=minutes)) for minutes in (0, 1)]
    assert [visit.label for visit in evening + night] == ["A-001", "A-002", "A-001", "A-002"]
    assert {visit.day.isoformat() for visit in evening} == {"2026-11-25"}
    assert {visit.day.isoformat() for visit in night} == {"2026-11-26"}
    assert set(Ticket.objects.filter(visit__in=night).values_list("day", flat=True)) == {night[0].day}


def test_at_one_moment_three_malls_may_have_two_days(small_mall):
    """22.30 in Jakarta is 00.30 the next day in Jayapura."""
    moment = datetime(2026, 11, 25, 22, 30, tzinfo=ZoneInfo("Asia/Jakarta"))
    days = [
        malls.local_day(Mall(code=zone, timezone=f"Asia/{zone}"), moment).day
        for zone in ("Jakarta", "Makassar", "Jayapura")
    ]
    assert days == [25, 25, 26]
