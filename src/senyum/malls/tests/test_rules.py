"""Days, hours and the calendar, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from django.utils import translation

from senyum.malls.rules import (
    Decision,
    HallPlan,
    Hours,
    booth_day,
    holiday_name,
    local_day,
    local_time,
    moment,
    next_open,
)

OFFICE = Hours(time(8), time(14, 30), time(15))
EVERY_WORKDAY = dict.fromkeys(range(5), OFFICE)
MONDAY, TUESDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 27)
WEST = "Asia/Jakarta"


def plan(hours=None, **decisions):
    return HallPlan(WEST, {1: EVERY_WORKDAY if hours is None else hours}, decisions.get("decisions", {}))


@pytest.mark.parametrize(
    ("zone", "last_second", "first_second"),
    [
        (
            "Asia/Jakarta",
            datetime(2026, 11, 24, 16, 59, 59, tzinfo=UTC),
            datetime(2026, 11, 24, 17, tzinfo=UTC),
        ),
        (
            "Asia/Makassar",
            datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC),
            datetime(2026, 11, 24, 16, tzinfo=UTC),
        ),
        (
            "Asia/Jayapura",
            datetime(2026, 11, 24, 14, 59, 59, tzinfo=UTC),
            datetime(2026, 11, 24, 15, tzinfo=UTC),
        ),
    ],
)
def test_midnight_belongs_to_the_mall(zone, last_second, first_second):
    assert local_day(zone, last_second) == date(2026, 11, 24)
    assert local_day(zone, first_second) == date(2026, 11, 25)
    assert local_time(zone, first_second).time() == time(0)
    assert moment(zone, date(2026, 11, 25), time(0)) == first_second


def test_an_office_day_in_utc():
    day = booth_day(plan(), 1, TUESDAY)
    assert day.is_open and day.reason == "" and day.note == ""
    assert day.opens == datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert day.last_ticket == datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
    assert day.closes == datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "minute", "second", "takes", "receives"),
    [
        (0, 59, 59, False, False),
        (1, 0, 0, True, True),
        (7, 29, 59, True, True),
        (7, 30, 0, False, True),
        (7, 59, 59, False, True),
        (8, 0, 0, False, False),
    ],
)
def test_boundaries_of_the_hours(hour, minute, second, takes, receives):
    day = booth_day(plan(), 1, TUESDAY)
    now = datetime(2026, 11, 24, hour, minute, second, tzinfo=UTC)
    assert day.takes_tickets(now) is takes
    assert day.receives(now) is receives


def test_a_closed_day_takes_nobody():
    day = booth_day(plan(), 1, date(2026, 11, 28))
    noon = datetime(2026, 11, 28, 5, tzinfo=UTC)
    assert not day.is_open and not day.takes_tickets(noon) and not day.receives(noon)
    assert (day.opens, day.last_ticket, day.closes) == (None, None, None)


def test_weekend_names_the_next_weekday():
    day = booth_day(plan(), 1, date(2026, 11, 28))
    assert day.next_open == date(2026, 11, 30)
    assert day.reason == "Tidak melayani pada hari Sabtu. Melayani lagi hari Senin"


def test_a_tenant_of_some_weekdays():
    tenant = plan({1: OFFICE, 3: OFFICE})
    assert booth_day(tenant, 1, TUESDAY).is_open
    wednesday = booth_day(tenant, 1, date(2026, 11, 25))
    assert not wednesday.is_open
    assert wednesday.next_open == date(2026, 11, 26)
    assert "Rabu" in wednesday.reason and "Kamis" in wednesday.reason


def test_a_booth_without_hours_never_opens():
    empty = booth_day(plan({}), 1, TUESDAY)
    assert not empty.is_open and empty.next_open is None and empty.reason == "Belum ada hari layanan"
    assert next_open(plan(), 2, TUESDAY) is None


def test_public_holiday_by_name():
    day = booth_day(plan(), 1, date(2026, 8, 17))
    assert not day.is_open
    assert day.reason == "Libur: Hari Kemerdekaan Republik Indonesia"
    assert day.next_open == date(2026, 8, 18)


def test_joint_leave_is_a_day_off():
    christmas_eve = booth_day(plan(), 1, date(2026, 12, 24))
    assert not christmas_eve.is_open
    assert "Cuti Bersama" in christmas_eve.reason
    assert christmas_eve.next_open == date(2026, 12, 28), "over Christmas and the weekend"


def test_holiday_names_follow_the_language():
    with translation.override("en"):
        assert holiday_name(date(2026, 8, 17)) == "Independence Day"
    with translation.override("su"):
        assert holiday_name(date(2026, 8, 17)) == "Hari Kemerdekaan Republik Indonesia"
    assert holiday_name(TUESDAY) is None


def test_a_decision_closes_an_ordinary_day():
    decided = plan(decisions={TUESDAY: Decision(False, "Pemilihan kepala daerah")})
    day = booth_day(decided, 1, TUESDAY)
    assert not day.is_open and day.reason == "Pemilihan kepala daerah"
    assert day.next_open == date(2026, 11, 25)


def test_a_decision_opens_a_holiday():
    opened = plan(decisions={date(2026, 12, 24): Decision(True, "Layanan cuti bersama")})
    day = booth_day(opened, 1, date(2026, 12, 24))
    assert day.is_open and day.note == "" and day.reason == ""


def test_a_decision_to_open_brings_no_absent_tenant():
    opened = plan({0: OFFICE}, decisions={TUESDAY: Decision(True, "Hari tambahan")})
    day = booth_day(opened, 1, TUESDAY)
    assert not day.is_open
    assert "Selasa" in day.reason and "Senin" in day.reason


def test_early_closing_keeps_the_lead_of_the_last_ticket():
    early = plan(decisions={FRIDAY: Decision(True, "Rapat evaluasi", time(11))})
    day = booth_day(early, 1, FRIDAY)
    assert day.closes == datetime(2026, 11, 27, 4, tzinfo=UTC)
    assert day.last_ticket == datetime(2026, 11, 27, 3, 30, tzinfo=UTC)
    assert day.note == "Tutup lebih awal: Rapat evaluasi"


def test_a_later_closing_than_usual_changes_nothing():
    late = plan(decisions={FRIDAY: Decision(True, "Layanan malam", time(18))})
    assert booth_day(late, 1, FRIDAY).closes == datetime(2026, 11, 27, 8, tzinfo=UTC)


def test_closing_before_opening_is_a_closed_day():
    gone = plan(decisions={FRIDAY: Decision(True, "Listrik padam", time(8, 20))})
    day = booth_day(gone, 1, FRIDAY)
    assert not day.is_open and day.reason == "Listrik padam"
    assert day.next_open == date(2026, 11, 30)


def test_next_open_skips_decisions_and_holidays():
    closed = plan(decisions={date(2026, 12, 28): Decision(False, "Pindah gedung")})
    assert next_open(closed, 1, date(2026, 12, 23)) == date(2026, 12, 29)
