"""What is read of a hall, and how often the database is asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.malls import commands, queries
from senyum.malls.models import BoothHours, Counter, HallPause
from senyum.malls.rules import Hours

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
BY = {"now": NOW, "actor": SYSTEM}
TUESDAY = date(2026, 11, 24)
OFFICE = Hours(time(8), time(14, 30), time(15))


@pytest.fixture
def hall():
    """A hall in the east with one tenant of every workday and one of Wednesdays."""
    mall = commands.put_mall(code="uji", name="MPP Uji", short_name="Uji", timezone="Asia/Jayapura", **BY)
    booths = []
    for sort, (code, weekdays) in enumerate({"tetap": range(5), "rabu": [2]}.items()):
        agency = commands.put_agency(code=code, name=code, short_name=code, **BY)
        booths.append(
            commands.put_booth(mall=mall, agency=agency, hours=dict.fromkeys(weekdays, OFFICE), sort=sort, **BY)
        )
    queries.forget()
    return mall, *booths


def test_the_day_is_the_malls_own(hall):
    mall, *_ = hall
    late = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
    assert queries.local_day(mall, late) == date(2026, 11, 25)
    assert queries.local_day("Asia/Jakarta", late) == TUESDAY
    assert queries.local_time(mall, late).time() == time(0, 30)


def test_all_booths_in_three_queries(hall, django_assert_max_num_queries):
    mall, always, wednesdays = hall
    with django_assert_max_num_queries(3):
        days = queries.hours_of(mall, TUESDAY)
    assert list(days) == [always.id, wednesdays.id]
    assert days[always.id].opens == datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert days[wednesdays.id].next_open == date(2026, 11, 25)


def test_a_kept_plan_asks_nothing(hall, django_assert_num_queries):
    mall, always, _ = hall
    queries.booth_day(always, TUESDAY)
    with django_assert_num_queries(0):
        assert queries.booth_day(always, TUESDAY).is_open
        assert queries.booth_id_day(mall, always.id, TUESDAY).is_open


def test_a_kept_plan_grows_old(hall, monkeypatch):
    _, always, _ = hall
    assert queries.booth_day(always, TUESDAY).is_open
    BoothHours.objects.filter(booth=always).delete()
    assert queries.booth_day(always, TUESDAY).is_open, "another process has not looked again yet"
    monkeypatch.setattr(queries, "KEEP_SECONDS", 0)
    assert not queries.booth_day(always, TUESDAY).is_open


def test_mall_by_code(hall):
    assert queries.mall_by_code("uji") == hall[0]
    with pytest.raises(NotPossible) as refused:
        queries.mall_by_code("tiada")
    assert refused.value.code == "no_mall"
    assert hall[0] in queries.malls()


def test_booths_and_active_counters_in_order(hall):
    mall, always, wednesdays = hall
    commands.put_counter(booth=wednesdays, number=2, **BY)
    commands.put_counter(booth=always, number=1, **BY)
    commands.put_counter(booth=always, number=3, active=False, **BY)
    assert [c.number for c in queries.counters(mall)] == [1, 2]
    assert [b.agency.code for b in queries.booths(mall)] == ["tetap", "rabu"]
    assert str(Counter.objects.get(mall=mall, number=2)) == "Loket 2"


def test_the_pause_that_runs(hall):
    mall, *_ = hall
    assert queries.hall_pause(mall) is None
    HallPause.objects.create(mall=mall, reason="Listrik padam", started_at=NOW, ended_at=NOW)
    assert queries.hall_pause(mall) is None
    pause = HallPause.objects.create(mall=mall, reason="Salat Jumat", started_at=NOW)
    assert queries.hall_pause(mall) == pause
