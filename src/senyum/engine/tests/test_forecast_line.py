"""The forecast of one place in line without history, and what a waiting person is shown of it."""

from __future__ import annotations

import heapq
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senyum.engine.forecast import Booked, Calibration, LineState, Wait, Why, cold, forecast, smooth
from senyum.engine.forecast.line_state import IDLE
from senyum.engine.forecast.model import QUANTILES
from senyum.engine.forecast.smoother import FALL, Shown

states = st.builds(
    LineState,
    minute=st.floats(480, 900),
    people_ahead=st.integers(0, 60),
    standard_minutes=st.floats(1, 60),
    counters=st.integers(1, 10),
    documents_ahead=st.integers(0, 20),
    observed=st.integers(0, 50),
    observed_mean=st.floats(1, 60),
    observed_cv=st.floats(0, 2),
    priority_a_minute=st.floats(0, 0.2),
)


@given(states)
def test_quantiles_rise_with_the_people_ahead(state: LineState) -> None:
    wait, more = forecast(state), forecast(replace(state, people_ahead=state.people_ahead + 1))
    assert 0 <= wait.p10 <= wait.p50 <= wait.p90
    assert more.p50 >= wait.p50 and more.p90 >= wait.p90


@given(states, st.integers(1, 5))
def test_more_counters_and_fewer_documents_never_lengthen_a_wait(state: LineState, extra: int) -> None:
    assert cold(replace(state, counters=state.counters + extra)).p90 <= cold(state).p90 + 1e-9
    assert cold(replace(state, documents_ahead=state.documents_ahead + extra)).p50 >= cold(state).p50


def test_what_the_roster_and_the_bookings_do() -> None:
    plain = LineState(minute=690, people_ahead=5, standard_minutes=10, counters=1)
    lunch = LineState(
        minute=690, people_ahead=5, standard_minutes=10, counters=1, roster=((720, 0), (780, 1)), priority_a_minute=0.0
    )
    assert cold(lunch).p50 == pytest.approx(cold(plain).p50 + 60)
    ends = LineState(minute=690, people_ahead=5, standard_minutes=10, counters=1, roster=((700, 0),))
    assert not cold(ends).today and cold(ends).p90 == math.inf
    booked = LineState(
        minute=690, people_ahead=5, standard_minutes=10, counters=1, bookings=(Booked(700), Booked(1200))
    )
    assert cold(booked).p50 == pytest.approx(cold(plain).p50 + 10)
    priority = LineState(minute=690, people_ahead=5, standard_minutes=10, counters=1, priority_a_minute=0.05)
    assert cold(priority).p50 == pytest.approx(2 * cold(plain).p50)
    # Five join with a head start in the first fifty minutes; who comes later than that passes nobody.
    passed = LineState(
        minute=690, people_ahead=20, standard_minutes=10, counters=1, priority_a_minute=0.05, head_start=50
    )
    assert cold(passed).p50 == pytest.approx(cold(replace(passed, priority_a_minute=0.0)).p50 + 25)
    idle = LineState(minute=690, people_ahead=0, standard_minutes=10, counters=1, idle_counter=True)
    assert forecast(idle) == IDLE
    for wrong in ({"standard_minutes": 0}, {"people_ahead": -1}, {"counters": -1}):
        with pytest.raises(ValueError, match="standard time"):
            cold(LineState(**{"minute": 0, "people_ahead": 1, "standard_minutes": 5, "counters": 1, **wrong}))


def test_if_i_came_later() -> None:
    line = LineState(
        minute=540, people_ahead=12, standard_minutes=10, counters=2, joins_a_minute=0.1,
        bookings=(Booked(560), Booked(700)), roster=((600, 4),),
    )  # fmt: skip
    later = line.at(630)
    # 60 minutes of two counters and 30 of four serve 24; 12 + 9 + one booking had come.
    assert later.people_ahead == 0 and later.idle_counter and later.counters == 4
    soon = line.at(570)
    assert soon.people_ahead == pytest.approx(12 + 3 + 1 - 6) and soon.bookings == (Booked(700),)
    assert soon.ahead_variance > 0 and cold(soon).p90 - cold(soon).p50 > 0
    assert line.at(630, people_ahead=2).people_ahead == 2
    with pytest.raises(ValueError, match="ahead"):
        line.at(500)


def test_who_is_booked_goes_before_those_whose_turn_is_later() -> None:
    line = LineState(minute=600, people_ahead=4, standard_minutes=10, counters=1)
    early = Booked(595, turn=595)  # nine fifty-five has passed, and they may come at any moment
    later = Booked(620, turn=620)
    helped = Booked(620, turn=590)  # a head start of half an hour
    assert cold(replace(line, bookings=(later,))) == cold(line), "their turn is after mine"
    assert cold(replace(line, bookings=(early,))).p50 == pytest.approx(cold(replace(line, people_ahead=5)).p50)
    assert cold(replace(line, bookings=(helped,))).p50 == pytest.approx(cold(line).p50 + 10, abs=0.2)
    half = replace(line, bookings=(replace(early, services=0.5, variance=0.25),))
    assert cold(line).p50 < cold(half).p50 < cold(replace(line, people_ahead=5)).p50
    assert cold(half).p90 > cold(replace(line, people_ahead=4.5)).p90, "whether they come is not sure"
    # At 10.20 two booked people come, one of them with the same time as the person asked about.
    full = replace(line, bookings=(Booked(620, turn=610), Booked(620, turn=620)))
    assert full.at(620).people_ahead == pytest.approx(4 - 2 + 1 + 0.5)
    assert full.at(620, turn=605).people_ahead == pytest.approx(4 - 2)
    assert full.at(625, turn=600).bookings == ()


def test_a_line_that_was_empty_serves_nobody_in_advance() -> None:
    """Ten booked for 12.00 are all there at 12.01, however long the counters stood idle before."""
    line = LineState(
        minute=540,
        people_ahead=0,
        standard_minutes=10,
        counters=2,
        joins_a_minute=0.1,
        bookings=tuple(Booked(720, turn=720) for _ in range(10)),
    )
    assert line.at(721).people_ahead == pytest.approx(10, abs=0.3)
    assert line.at(719).people_ahead == 0
    # Walk-ins that join after a booked time do not go before it.
    crowd = replace(line, joins_a_minute=1.0, bookings=())
    assert crowd.at(720, turn=700).people_ahead == pytest.approx(crowd.at(720).people_ahead - 20)


def _calls(rng: np.random.Generator, people: int, counters: int, mean: float) -> np.ndarray:
    """Minutes at which people who wait since 0 are called, all counters busy then (exponential services)."""
    free = rng.exponential(mean, counters).tolist()
    heapq.heapify(free)
    called = []
    for _ in range(people):
        at = heapq.heappop(free)
        called.append(at)
        heapq.heappush(free, at + rng.exponential(mean))
    return np.array(called)


@pytest.mark.parametrize("counters", [1, 4])
def test_cold_quantiles_hold_when_the_standard_time_is_about_right(counters: int) -> None:
    """Lines whose true mean is the standard time within what STANDARD_ERROR says."""
    rng = np.random.default_rng(11)
    kept = []
    for _ in range(1500):
        true = 8 * rng.lognormal(0, 0.35)
        people = int(rng.integers(0, 15))
        wait = cold(LineState(minute=480, people_ahead=people, standard_minutes=8, counters=counters))
        called = _calls(rng, people + 1, counters, true)[-1]
        kept.append((called <= wait.p10, called <= wait.p50, called <= wait.p90))
    p10, p50, p90 = np.mean(kept, axis=0)
    assert 0.05 <= p10 <= 0.17 and 0.42 <= p50 <= 0.58 and 0.87 <= p90 <= 0.95


def test_a_new_service_is_calibrated_without_a_model() -> None:
    calibration = Calibration.none(QUANTILES, 1, 1)
    state = LineState(minute=480, people_ahead=6, standard_minutes=5, counters=1)
    before = forecast(state, None, calibration)
    for _ in range(100):
        calibration.observe(2, 1.0, 0, 0)
    assert forecast(state, None, calibration).p90 > before.p90


@given(st.lists(st.tuples(st.floats(0.1, 5), st.floats(0, 120), st.booleans()), min_size=1, max_size=40))
def test_what_is_shown_is_calm_and_a_rise_says_why(steps: list[tuple[float, float, bool]]) -> None:
    minute, shown = 0.0, smooth(None, 0.0, Wait(10, 30, 50))
    for passed, p50, closed in steps:
        minute += passed
        raw = Wait(p50 / 2, p50, p50 * 1.6)
        after = smooth(shown, minute, raw, Why.COUNTER_CLOSED if closed else None)
        left = max(0.0, shown.wait.p50 - passed)
        assert after.wait.p10 <= after.wait.p50 <= after.wait.p90
        assert after.wait.p50 >= left - FALL * passed - 1e-9
        if after.wait.p50 > left + 1e-9:
            assert after.why is not None
        shown = after


def test_reasons() -> None:
    shown = smooth(None, 0, Wait(10, 20, 30))
    assert shown.why is None
    held = smooth(shown, 1, Wait(20, 40, 60))
    assert held.wait.p50 == 19 and held.why is None and held.beyond_since == 1
    risen = smooth(held, 5, Wait(20, 40, 60))
    assert risen.why is Why.SLOWER_PACE and 15 < risen.wait.p50 < 40
    paused = smooth(shown, 1, Wait(40, 50, 60), Why.HALL_PAUSE)
    assert paused.wait == Wait(40, 50, 60) and paused.why is Why.HALL_PAUSE
    none = smooth(shown, 1, Wait(math.inf, math.inf, math.inf), Why.COUNTER_CLOSED)
    assert not none.wait.today and none.why is Why.COUNTER_CLOSED
    with pytest.raises(ValueError, match="forward"):
        smooth(shown, -1, Wait(1, 2, 3))


def test_the_shown_promise_is_kept_nearly_as_often_as_the_raw_one() -> None:
    """A line whose true pace is unknown; each minute a new raw forecast from what was observed of it."""
    rng = np.random.default_rng(5)
    kept: list[tuple[bool, bool]] = []
    for _ in range(150):
        mean, people = 6 * rng.lognormal(0, 0.3), int(rng.integers(6, 25))
        called = _calls(rng, people + 1, 2, mean)
        shown: Shown | None = None
        for minute in range(0, int(called[-1]), 2):
            done = int((called <= minute).sum())
            pace = minute * 2 / done if done else 0.0
            state = LineState(
                minute=480 + minute, people_ahead=people - done, standard_minutes=6, counters=2, observed=done,
                observed_mean=pace,
            )  # fmt: skip
            raw = forecast(state)
            shown = smooth(shown, minute, raw)
            left = called[-1] - minute
            kept.append((left <= raw.p90, left <= shown.wait.p90))
    raw_kept, shown_kept = np.mean(kept, axis=0)
    assert abs(raw_kept - 0.9) < 0.06 and abs(shown_kept - raw_kept) < 0.05
