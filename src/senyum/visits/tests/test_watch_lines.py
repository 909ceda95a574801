"""A hall's minute: how its lines stand, what is shown, what was kept. On real tickets through the commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.engine.forecast import Calibration
from senyum.journal.actor import SYSTEM
from senyum.malls import queries as malls
from senyum.malls.models import BoothHours
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.visits import commands
from senyum.visits.hall import forget, hall_of
from senyum.visits.models import ForecastState, LineForecast, LineShown, Ticket

#: Nine in the morning in Jakarta.
NINE = datetime(2031, 1, 6, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


def _in(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def _issue(hall: SmallHall, minutes: float = 0.0, **more) -> Ticket:
    forget()
    issued = commands.issue_visit(
        mall=hall.mall, line_ids=[hall.lines["ktp"].pk], priority="regular", channel="kiosk", actor=SYSTEM,
        now=_in(minutes), **more,
    )  # fmt: skip
    return Ticket.objects.get(pk=issued.tickets[0].id)


def _sit(hall: SmallHall, number: int, user: str):
    return roster.open_session(counter=hall.counters[number], user=hall.users[user], now=NINE, actor=SYSTEM)


def _watch(hall: SmallHall, minutes: float):
    forget()
    return commands.watch_lines(mall=hall.mall, now=_in(minutes))


def _call(hall: SmallHall, minutes: float, seen: int | None = None) -> int:
    now = _in(minutes)
    called = commands.call_next(counter_id=hall.counters[1].pk, seen=seen, actor=SYSTEM, now=now, wall=now)
    assert called.ticket_id is not None
    commands.serve(counter_id=hall.counters[1].pk, seen=called.ticket_id, actor=SYSTEM, now=now, wall=now)
    return called.ticket_id


def test_a_line_is_kept_every_five_minutes_and_when_its_counters_change(small_mall: SmallHall) -> None:
    ktp = small_mall.lines["ktp"]
    _sit(small_mall, 1, "petugas1")
    tickets = [_issue(small_mall) for _ in range(3)]
    _watch(small_mall, 1)
    for minute in (2, 3, 4):
        _watch(small_mall, minute)
    _sit(small_mall, 2, "petugas2")
    _watch(small_mall, 5)
    _watch(small_mall, 6)
    rows = LineForecast.objects.filter(line=ktp).order_by("at")
    assert [(r.why, r.at, r.counters) for r in rows] == [("grid", _in(1), 1.0), ("change", _in(5), 1.5)]
    assert rows[0].minute == 541.0
    assert (rows[0].waiting, rows[0].ticket_id, rows[0].called) == (3, tickets[-1].pk, 0)
    assert rows[0].p10 <= rows[0].p50 <= rows[0].p90 and rows[0].cold_p50 is not None
    assert rows[1].p50 < rows[0].p50, "two counters"


def test_a_hall_that_is_closed_and_empty_is_left_alone(small_mall: SmallHall) -> None:
    BoothHours.objects.filter(booth__mall=small_mall.mall).delete()
    malls.forget()
    assert _watch(small_mall, 1).lines == 0 and not LineForecast.objects.exists()


def test_what_people_are_shown_is_kept_and_says_which_counter_closed(small_mall: SmallHall) -> None:
    _sit(small_mall, 1, "petugas1")
    tickets = [_issue(small_mall) for _ in range(4)]
    assert _watch(small_mall, 1).shown == 4
    row = LineShown.objects.get(line=small_mall.lines["ktp"])
    assert row.counters == [1] and set(row.waits) == {str(t.pk) for t in tickets}
    at = small_mall.counters[1]
    commands.close_counter(counter_id=at.pk, reason="Selesai", actor=SYSTEM, now=_in(1.5))
    _watch(small_mall, 2)
    row.refresh_from_db()
    assert row.counters == []
    _sit(small_mall, 1, "petugas1")
    _call(small_mall, 3)
    assert _watch(small_mall, 4).shown == 3
    row.refresh_from_db()
    assert str(tickets[0].pk) not in row.waits


def test_kept_and_broken_promises_move_the_calibration_that_all_processes_read(small_mall: SmallHall) -> None:
    ktp = small_mall.lines["ktp"]
    _sit(small_mall, 1, "petugas1")
    for _ in range(6):
        _issue(small_mall)
    _watch(small_mall, 0.5)
    before = hall_of(small_mall.mall, _in(0.5)).outlooks[ktp.pk]
    assert before.basis == "cold"
    assert _watch(small_mall, 300).outcomes == 16, "three quantiles of six promises, but two known before"
    assert _watch(small_mall, 300).outcomes == 0
    state = ForecastState.objects.get(mall=small_mall.mall)
    calibration = Calibration.from_bytes(bytes(state.calibration))
    assert calibration.line[state.lines.index(ktp.pk), 2] > 0 and state.outcomes == 16
    forget()
    after = hall_of(small_mall.mall, _in(0.5)).outlooks[ktp.pk]
    assert after.basis == "calibrated" and after.wait(9)[2] > before.wait(9)[2]
    assert _issue(small_mall, 301).wait_basis == "calibrated"


def test_at_night_waits_are_known_and_nobody_who_was_never_called_counts(small_mall: SmallHall) -> None:
    ktp = small_mall.lines["ktp"]
    _sit(small_mall, 1, "petugas1")
    _issue(small_mall)
    last = _issue(small_mall)
    _watch(small_mall, 0.5)
    gone = _issue(small_mall, 1)
    seen = _call(small_mall, 2)
    _call(small_mall, 12.5, seen)
    _watch(small_mall, 200)
    broken = Calibration.from_bytes(bytes(ForecastState.objects.get().calibration)).line[0].copy()
    commands.leave(ticket_id=gone.pk, now=_in(201))
    assert commands.end_forecasts(mall=small_mall.mall, day=last.day, now=_in(900)) == 1
    row = LineForecast.objects.get(line=ktp, at=_in(0.5))
    assert row.wait == pytest.approx(12.0)
    state = ForecastState.objects.get()
    back = Calibration.from_bytes(bytes(state.calibration)).line[0]
    assert (back < broken).all(), "three misses of whoever was never called are taken back"
    assert state.night == last.day and not LineShown.objects.exists()
    assert commands.end_forecasts(mall=small_mall.mall, day=last.day, now=_in(901)) == 0
