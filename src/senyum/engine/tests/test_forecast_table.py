"""The table of a line says what the forecast says, place by place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senyum.engine.forecast import PLACES, Booked, Calibration, LineState, forecast, table
from senyum.engine.forecast.line_state import IDLE
from senyum.engine.forecast.model import QUANTILES

LINE = LineState(
    minute=690, people_ahead=0, standard_minutes=9, counters=2, observed=7, observed_mean=6, observed_cv=0.8
)
CALIBRATION = Calibration(
    np.array(QUANTILES),
    np.array([0.01, -0.02, 0.03]),
    np.array([[0.0, 0.1, 0.2]]),
    np.array([[0.3, -0.2, 0.1], [0.0, 0.0, 0.0]]),
    np.zeros((3, 3)),
    np.ones(1),
)


@settings(deadline=None)
@given(
    st.integers(0, len(PLACES) - 2),
    st.floats(0, 6),
    st.sampled_from([(), ((720.0, 0.0), (780.0, 3.0)), ((700.0, 1.0),)]),
    st.sampled_from([0.0, 0.05]),
    st.sampled_from(
        [(), (Booked(700.0), Booked(730.0, services=0.5)), (Booked(500.0, turn=500.0, services=0.8, variance=0.16),)]
    ),
)
def test_the_table_says_what_the_forecast_says(row, others, roster, priority, bookings) -> None:
    line = replace(
        LINE, people_ahead=others, roster=roster, priority_a_minute=priority, head_start=20.0, bookings=bookings
    )
    said = table(line, CALIBRATION).wait(PLACES[row])
    wait = forecast(replace(line, people_ahead=others + PLACES[row]), None, CALIBRATION)
    if not np.isfinite(wait.p90):
        assert said is None
    else:
        assert (said.p10, said.p50, said.p90) == pytest.approx((wait.p10, wait.p50, wait.p90), abs=0.02)


def test_people_of_other_lines_stand_before_those_who_come_after_them() -> None:
    """Two wait here and six elsewhere for the same counters: in the order of time they are mixed."""
    shared = table(replace(LINE, others=6, among=2))
    alone = table(LINE)
    assert shared.wait(2).p50 == pytest.approx(alone.wait(8).p50)
    assert shared.wait(0).p50 == pytest.approx(alone.wait(2).p50)
    assert shared.wait(6).p50 == pytest.approx(alone.wait(12).p50), "whoever comes later has no more than those six"
    assert forecast(replace(LINE, others=6, among=2, people_ahead=2)).p50 == pytest.approx(shared.wait(2).p50, abs=0.01)


def test_between_two_rows_the_wait_is_drawn_straight_and_nearly_right() -> None:
    made = table(LINE)
    for place in (0.5, 1.5, 5, 7, 10, 14, 20, 28, 40, 56, 80):
        right, said = forecast(replace(LINE, people_ahead=place)), made.wait(place)
        assert said.p50 == pytest.approx(right.p50, abs=0.1) and said.p90 == pytest.approx(right.p90, rel=0.02)
    assert made.wait(5000) == made.wait(1000)


def test_an_idle_counter_calls_after_a_moment_and_takes_one_off() -> None:
    made = table(replace(LINE, idle_counter=True))
    assert made.wait(0) == IDLE
    assert made.wait(1).p50 == table(LINE).wait(0).p50
    assert made.wait(0).p50 < made.wait(0.5).p50 < made.wait(1).p50


def test_a_place_beyond_the_counters_of_the_day_has_no_figure() -> None:
    ends = table(replace(LINE, roster=((720.0, 0.0),)))
    assert ends.wait(1).p50 < 30 and ends.wait(64) is None and ends.wait(50) is None


def test_what_a_model_found_stretches_the_cold_figures() -> None:
    longer = table(LINE, None, np.array([0.2, 0.2, 0.2]))
    assert longer.wait(8).p50 + 2 == pytest.approx((table(LINE).wait(8).p50 + 2) * np.exp(0.2), abs=0.05)
