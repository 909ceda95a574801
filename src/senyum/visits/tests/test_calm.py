"""What somebody who waits is shown falls calmly and rises only for a reason that is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senyum.visits.calm import WHY_STAYS, Calm, LineNow, go_on, issued

NINE = datetime(2031, 1, 6, 2, 0, tzinfo=UTC)
BOTH = LineNow(frozenset({4, 5}), paused=False)
FIRST = issued(at=NINE, ahead=6, promise=(10.0, 20.0, 30.0))


def _in(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def test_a_forecast_that_comes_nearer_is_followed_calmly() -> None:
    shown = go_on(FIRST, BOTH, BOTH, now=_in(1), ahead=5, raw=(2.0, 5.0, 9.0))
    assert (shown.p50, shown.p90) == (17.0, 27.0), "one minute of the clock and two more"
    assert shown.why == "" and shown.ahead == 5


def test_a_later_forecast_is_not_shown_before_it_has_stayed() -> None:
    shown = FIRST
    for minute in range(1, 4):
        shown = go_on(shown, BOTH, BOTH, now=_in(minute), ahead=6, raw=(20.0, 35.0, 50.0))
        assert shown.p50 == 20.0 - minute and shown.why == ""
    for minute in range(4, 7):
        shown = go_on(shown, BOTH, BOTH, now=_in(minute), ahead=6, raw=(20.0, 35.0, 50.0))
    assert shown.p50 is not None and 20 < shown.p50 <= 35 and shown.why == "slower_pace"


def test_a_counter_that_closes_is_said_at_once_and_for_ten_minutes() -> None:
    one = LineNow(frozenset({5}), paused=False)
    shown = go_on(FIRST, BOTH, one, now=_in(1), ahead=6, raw=(20.0, 40.0, 60.0))
    assert (shown.p50, shown.why, shown.counter) == (40.0, "counter_closed", 4)
    later = go_on(shown, one, one, now=_in(9), ahead=5, raw=(12.0, 32.0, 52.0))
    assert (later.why, later.counter) == ("counter_closed", 4)
    after = go_on(later, one, one, now=_in(2 + WHY_STAYS), ahead=5, raw=(10.0, 30.0, 50.0))
    assert (after.why, after.counter, after.since) == ("", None, None)


def test_a_pause_of_the_hall_and_somebody_before_are_said() -> None:
    pause = go_on(FIRST, BOTH, replace(BOTH, paused=True), now=_in(1), ahead=6, raw=(30.0, 50.0, 70.0))
    assert pause.why == "hall_pause"
    before = go_on(FIRST, BOTH, BOTH, now=_in(1), ahead=8, raw=(20.0, 29.0, 40.0))
    assert (before.why, before.p50) == ("priority_ahead", 29.0)


def test_without_a_counter_there_is_no_figure_and_then_one_again() -> None:
    none = go_on(FIRST, BOTH, LineNow(frozenset(), paused=False), now=_in(1), ahead=6, raw=(None, None, None))
    assert (none.p50, none.p90) == (None, None)
    again = go_on(none, LineNow(frozenset(), paused=False), BOTH, now=_in(2), ahead=6, raw=(9.0, 15.0, 25.0))
    assert again.p50 == 15.0


def test_a_hall_whose_job_stands_still_may_rise_too() -> None:
    shown = go_on(FIRST, None, BOTH, now=_in(30), ahead=6, raw=(10.0, 25.0, 40.0))
    assert shown.p50 is not None and shown.p50 > 0 and shown.why == "slower_pace"


def test_time_does_not_go_back() -> None:
    assert go_on(FIRST, BOTH, BOTH, now=_in(-1), ahead=6, raw=(1.0, 2.0, 3.0)) is FIRST


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.2, 3), st.floats(0, 90), st.integers(0, 9)), max_size=25))
def test_what_is_stored_goes_on_as_what_was_shown(steps) -> None:
    """Through JSON, the way the database keeps it; quantiles stay in order whatever comes."""
    kept = Calm.read(NINE, FIRST.stored())
    assert kept == FIRST
    shown, now = FIRST, NINE
    for minutes, p50, ahead in steps:
        now += timedelta(minutes=minutes)
        shown = go_on(shown, BOTH, BOTH, now=now, ahead=ahead, raw=(p50 / 2, p50, p50 * 2))
        kept = Calm.read(now, shown.stored())
        assert (kept.why, kept.ahead) == (shown.why, shown.ahead)
        assert kept.p50 == pytest.approx(shown.p50, abs=0.06)
        assert shown.p10 <= shown.p50 <= shown.p90
