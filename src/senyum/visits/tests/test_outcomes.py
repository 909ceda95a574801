"""Promises kept and broken move the calibration of their line until nine of ten hold."""

from __future__ import annotations

import heapq
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from senyum.engine.forecast import Calibration, LineState, table
from senyum.visits.foretell import LEVELS
from senyum.visits.learning import Account
from senyum.visits.outcomes import Outcome, Promise, never_called, outcomes

NINE = datetime(2031, 1, 6, 2, 0, tzinfo=UTC)
FIVE = Promise(7, 3, NINE, (5.0, 10.0, 20.0), None, None)


def _in(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def _known(promise: Promise, after: float, until: float) -> list[tuple[int, bool]]:
    return [(o.quantile, o.missed) for o in outcomes([promise], _in(after), _in(until))]


def test_a_broken_promise_is_known_while_somebody_still_waits() -> None:
    assert _known(FIVE, -1, 4) == []
    assert _known(FIVE, 4, 12) == [(0, True), (1, True)]
    assert _known(FIVE, 12, 30) == [(2, True)]


def test_a_kept_promise_is_known_at_the_call_and_only_once() -> None:
    called = replace(FIVE, called=_in(12))
    assert _known(called, 11, 13) == [(2, False)]
    assert _known(called, 13, 60) == []
    assert _known(called, -1, 60) == [(0, True), (1, True), (2, False)]


def test_who_leaves_says_nothing_and_is_taken_back_if_it_was_said() -> None:
    left = replace(FIVE, ended=_in(7))
    assert _known(left, -1, 60) == [(0, True)]
    assert never_called([left]) == [Outcome(_in(5), 7, 3, 0, True)]
    assert never_called([replace(left, called=_in(6)), FIVE]) == []


def test_taking_back_leaves_the_calibration_as_it_was() -> None:
    account = Account(Calibration.none(LEVELS, 0, 0), [], [])
    for outcome in outcomes([FIVE], _in(-1), _in(60)):
        account.observe(outcome)
    assert account.lines == [7] and account.calibration.line[0, 2] > 0
    for outcome in never_called([replace(FIVE, ended=_in(60))]):
        account.observe(outcome, times=-1.0)
    assert account.calibration.line == pytest.approx(0.0) and account.calibration.hall == pytest.approx(0.0)


def _day(rng: np.random.Generator, service: float) -> list[tuple[float, int, float]]:
    """(minute of arrival, people ahead, minutes until the call) of a day with one counter that is a little too slow."""
    arrivals = np.cumsum(rng.exponential(service / 1.05, 45))
    free, queue, found = [0.0], [], []
    for at in arrivals:
        queue = [c for c in queue if c > at]
        call = max(at, heapq.heappop(free))
        heapq.heappush(free, call + rng.gamma(2.0, service / 2))
        found.append((float(at), len(queue), float(call - at)))
        if call > at:
            queue.append(call)
    return found


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_days_of_outcomes_bring_p90_to_nine_in_ten(factor: float) -> None:
    """A service whose true minutes are `factor` times its standard time, and nothing observed of them."""
    rng = np.random.default_rng(5)
    account = Account(Calibration.none(LEVELS, 0, 0), [], [])
    account.observe(Outcome(NINE, 7, 3, 2, missed=False))
    state = LineState(minute=540, people_ahead=0, standard_minutes=10, counters=1)
    kept, raw = [], []
    for _day_number in range(60):
        day, open_promises, last = _day(rng, 10 * factor), [], NINE
        for minute, ahead, wait in day:
            now = _in(minute)
            for outcome in outcomes(open_promises, last, now):
                account.observe(outcome)
            last = now
            # Whoever finds a free counter is called at once, and is not what this is about.
            if wait == 0:
                continue
            told = table(state, account.calibration).wait(ahead)
            plain = table(state).wait(ahead)
            open_promises.append(
                Promise(7, 3, now, (told.p10, told.p50, told.p90), now + timedelta(minutes=wait), None)
            )
            kept.append(wait <= told.p90)
            raw.append(wait <= plain.p90)
        for outcome in outcomes(open_promises, last, last + timedelta(days=1)):
            account.observe(outcome)
    late = len(kept) // 3
    assert np.mean(kept[late:]) == pytest.approx(0.9, abs=0.03)
    if factor != 1.0:
        assert abs(np.mean(raw[late:]) - 0.9) > 0.05, "without outcomes it would not hold"
