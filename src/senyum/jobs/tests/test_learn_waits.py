"""The night of forecasts: days are taken in once, and a model is only used when it was better on days kept aside."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.db import connection
from django_scopes import scopes_disabled

from senyum.engine.forecast import Calibration, Learning, LineState, cold
from senyum.engine.forecast.trees import Settings
from senyum.jobs.learn_waits import learn_mall
from senyum.jobs.watch_lines import watch_lines
from senyum.journal.actor import SYSTEM
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.visits import commands, lessons
from senyum.visits.foretell import LEVELS
from senyum.visits.hall import forget, hall_of
from senyum.visits.models import ForecastState, LineForecast, Ticket

FIRST = date(2031, 1, 6)
NIGHT = datetime(2031, 1, 24, 18, 20, tzinfo=UTC)


def _state(hall: SmallHall) -> ForecastState:
    lines = [hall.lines["ktp"].pk, hall.lines["kk"].pk]
    return ForecastState.objects.create(
        mall=hall.mall,
        settled_to=datetime(2031, 1, 6, tzinfo=UTC),
        calibration=Calibration.none(LEVELS, 1, 2).to_bytes(),
        lines=lines,
        offices=[hall.agencies["dukcapil"].pk],
        night=FIRST + timedelta(days=17),
    )


def _history(hall: SmallHall, days: int, true_minutes: float) -> None:
    """Lines with one counter, where a service takes `true_minutes` and the standard time says ten."""
    rng = np.random.default_rng(3)
    rows = []
    for n in range(days):
        day = FIRST + timedelta(days=n)
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=7)
        for line in (hall.lines["ktp"], hall.lines["kk"]):
            called = 0.0
            for minute in range(480, 900, 5):
                called += 5 / true_minutes
                waiting = int(rng.integers(1, 9))
                wait = waiting * true_minutes * rng.lognormal(0, 0.25)
                told = cold(LineState(minute=minute, people_ahead=waiting - 1, standard_minutes=10, counters=1))
                rows.append(
                    LineForecast(
                        mall=hall.mall, line=line, day=day, at=midnight + timedelta(minutes=minute), minute=minute,
                        why="grid", counters=1, waiting=waiting, called=int(called), cold_p10=told.p10,
                        cold_p50=told.p50, cold_p90=told.p90, p10=told.p10, p50=told.p50, p90=told.p90, basis="cold",
                        wait=wait if minute + wait < 960 else None,
                    )
                )  # fmt: skip
    LineForecast.objects.bulk_create(rows)


@pytest.fixture(autouse=True)
def _patient(small_mall: SmallHall) -> None:
    """A test is one transaction, and the first learning on a machine compiles for longer than one may idle."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


@pytest.fixture
def _little_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "LEAST_DAYS", 8)
    monkeypatch.setattr(lessons, "LEAST_WAITS", 600)
    monkeypatch.setattr(lessons, "TRIAL_DAYS", 3)
    few = Settings(trees=12, leaves=6)
    monkeypatch.setattr(lessons, "_learning", lambda: Learning(middle=few, outer=few, bags=1, folds=2))


def test_with_little_history_the_cold_start_stays_and_it_is_said_how_much_is_missing(small_mall: SmallHall) -> None:
    state = _state(small_mall)
    _history(small_mall, 4, 10)
    learn_mall(small_mall.mall, NIGHT)
    state.refresh_from_db()
    assert bytes(state.model) == b"" and state.night == date(2031, 1, 24)
    assert (state.trial["chosen"], state.trial["days"], state.trial["least_days"]) == ("cold", 4, 15)


@pytest.mark.usefixtures("_little_is_enough")
def test_a_model_is_used_where_it_was_better_on_days_it_had_not_seen(small_mall: SmallHall) -> None:
    """Services take half an hour here; by the standard time they would take ten minutes."""
    state = _state(small_mall)
    _history(small_mall, 12, 30)
    learn_mall(small_mall.mall, NIGHT)
    state.refresh_from_db()
    trial = state.trial
    assert trial["chosen"] == "learned" and trial["learned"]["pinball"] < trial["cold"]["pinball"]
    assert len(state.model) and len(state.memory)
    version = state.version
    assert learn_mall(small_mall.mall, NIGHT + timedelta(minutes=1)) == 0
    state.refresh_from_db()
    assert state.version == version, "a night is taken in once"
    state.memory = b""
    state.save(update_fields=["memory"])
    learn_mall(small_mall.mall, NIGHT + timedelta(days=1))
    state.refresh_from_db()
    assert bytes(state.memory) and state.trial == trial, "the next nights only the memory grows"


@pytest.mark.usefixtures("_little_is_enough")
def test_what_the_model_finds_is_what_the_next_ticket_is_promised(small_mall: SmallHall) -> None:
    _state(small_mall)
    _history(small_mall, 12, 30)
    learn_mall(small_mall.mall, NIGHT)
    ktp, nine = small_mall.lines["ktp"], datetime(2031, 1, 27, 2, 0, tzinfo=UTC)
    roster.open_session(counter=small_mall.counters[1], user=small_mall.users["petugas1"], now=nine, actor=SYSTEM)
    for _ in range(5):
        _issue(small_mall, nine)
    forget()
    cold_p50 = hall_of(small_mall.mall, nine).outlooks[ktp.pk].cold_wait(5)[1]
    commands.watch_lines(mall=small_mall.mall, now=nine + timedelta(minutes=1))
    looks = ForecastState.objects.get().learned[str(ktp.pk)]
    assert looks[1] > 0.3, "three times the standard time is learned"
    forget()
    ticket = _issue(small_mall, nine + timedelta(minutes=1))
    assert ticket.wait_basis == "learned" and ticket.wait_p50 > 1.3 * cold_p50


def _issue(hall: SmallHall, now: datetime) -> Ticket:
    issued = commands.issue_visit(
        mall=hall.mall, line_ids=[hall.lines["ktp"].pk], priority="regular", channel="kiosk", actor=SYSTEM, now=now
    )
    with scopes_disabled():
        return Ticket.objects.get(pk=issued.tickets[0].id)


@pytest.mark.usefixtures("_little_is_enough")
def test_a_model_that_is_no_better_is_not_used(small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> None:
    state = _state(small_mall)
    monkeypatch.setattr(lessons, "AT_MOST", 0.0)
    _history(small_mall, 9, 30)
    learn_mall(small_mall.mall, NIGHT)
    state.refresh_from_db()
    assert state.trial["chosen"] == "cold" and bytes(state.model) == b""


def test_a_hall_that_has_foretold_nothing_has_no_night(small_mall: SmallHall) -> None:
    assert learn_mall(small_mall.mall, NIGHT) == 0
    assert not ForecastState.objects.exists()


def test_each_minute_the_lines_of_all_halls_are_kept(small_mall: SmallHall) -> None:
    forget()
    kept = watch_lines(timestamp=0)
    assert kept == LineForecast.objects.count() == len(hall_of(small_mall.mall, LineForecast.objects.first().at).lines)
