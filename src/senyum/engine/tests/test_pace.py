"""The wait at issue: what must always hold, and how often a p90 is kept in a line whose truth is known."""

from __future__ import annotations

import heapq
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senyum.engine.pace import (
    EXTRA_SHARE,
    LONGEST_IN_TYPICAL,
    Basis,
    Coefficients,
    coefficients,
    estimate,
    people_to_wait_for,
)

gap_lists = st.lists(st.floats(0, 300), max_size=40)
standards = st.floats(0.5, 120)


def told(line: Coefficients, k: float) -> tuple[float, float]:
    p50, p90 = estimate(line, k)
    assert p50 is not None and p90 is not None
    return p50, p90


@given(gap_lists, standards, st.integers(1, 10), st.integers(0, 10), st.integers(0, 500))
def test_a_range_is_finite_ordered_and_grows_with_the_people_ahead(
    gaps: list[float], standard: float, first: int, helping: int, ahead: int
) -> None:
    line = coefficients(gaps, standard_minutes=standard, open_counters_first=first, open_counters_help=helping)
    p50, p90 = told(line, ahead)
    assert 0 <= p50 <= p90 < math.inf
    further50, further90 = told(line, ahead + 1)
    assert further50 > p50 and further90 > p90
    assert (p90 > p50) == (ahead > 0)


def test_nothing_is_told_when_no_counter_is_open() -> None:
    line = coefficients([5, 5], standard_minutes=10, open_counters_first=0)
    assert line == Coefficients(None, None, None, Basis.NO_COUNTER)
    assert estimate(line, 3) == (None, None)


@pytest.mark.parametrize(("gaps", "standard"), [([-1.0], 10.0), ([float("nan")], 10.0), ([], 0.0), ([], float("nan"))])
def test_impossible_figures_are_refused(gaps: list[float], standard: float) -> None:
    with pytest.raises(ValueError, match="standard time"):
        coefficients(gaps, standard_minutes=standard, open_counters_first=1)


def test_a_line_without_calls_starts_from_its_standard_time() -> None:
    line = coefficients([], standard_minutes=12, open_counters_first=2, open_counters_help=2)
    assert line.a == pytest.approx(12 / 3) and line.basis == Basis.STANDARD_TIME


def test_a_few_gaps_are_pulled_towards_the_standard_and_many_speak_for_themselves() -> None:
    few = coefficients([2.0, 2.0], standard_minutes=10, open_counters_first=1)
    many = coefficients([2.0] * 30, standard_minutes=10, open_counters_first=1)
    assert few.a and many.a and 2 < many.a < few.a < 10
    assert (few.basis, many.basis) == (Basis.STANDARD_TIME, Basis.RECENT_PACE)


def test_a_recent_gap_counts_more_than_an_old_one() -> None:
    slowing = coefficients([2.0] * 15 + [8.0] * 15, standard_minutes=5, open_counters_first=1)
    speeding = coefficients([8.0] * 15 + [2.0] * 15, standard_minutes=5, open_counters_first=1)
    assert slowing.a and speeding.a and slowing.a > speeding.a


def test_a_counter_that_stood_still_once_does_not_spoil_the_pace() -> None:
    once = coefficients([5.0] * 10 + [200.0], standard_minutes=5, open_counters_first=1)
    cut = coefficients([5.0] * 10 + [5.0 * LONGEST_IN_TYPICAL], standard_minutes=5, open_counters_first=1)
    assert once == cut


def test_an_idle_counter_means_no_wait_and_a_bundle_counts_for_more() -> None:
    assert people_to_wait_for(people_ahead=0, counter_idle=True) == 0
    assert people_to_wait_for(people_ahead=4) == 5
    assert people_to_wait_for(people_ahead=4, extra_documents=6) == 5 + 6 * EXTRA_SHARE
    line = coefficients([], standard_minutes=10, open_counters_first=1)
    assert estimate(line, 0) == (0, 0)


def line_day(seed: int, *, counters: int, mean_minutes: float, load: float, standard: float) -> np.ndarray:
    """An M/M/c line of 600 minutes: per person who found all counters busy (p50, p90, real wait)."""
    rng = np.random.default_rng(seed)
    arrivals = np.cumsum(rng.exponential(mean_minutes / counters / load, size=2000))
    arrivals = arrivals[arrivals < 600]
    free_at = [0.0] * counters
    called: list[float] = []
    rows = []
    for arrival in arrivals:
        starts = np.asarray(called)
        ahead = int((starts > arrival).sum())
        if free_at[0] > arrival:
            past = starts[starts <= arrival]
            line = coefficients(
                busy_gaps(past, arrivals[: len(past)])[-40:], standard_minutes=standard, open_counters_first=counters
            )
            p50, p90 = told(line, people_to_wait_for(people_ahead=ahead))
            rows.append((p50, p90, free_at[0] - arrival))
        start = max(arrival, heapq.heappop(free_at))
        called.append(start)
        heapq.heappush(free_at, start + rng.exponential(mean_minutes))
    return np.array(rows).reshape(-1, 3)


def busy_gaps(called: np.ndarray, arrived: np.ndarray) -> list[float]:
    """Gaps between calls of those who were already waiting at the call before."""
    pairs = itertools.pairwise(zip(called, arrived, strict=True))
    return [float(later - earlier) for (earlier, _), (later, came) in pairs if came <= earlier]


@pytest.mark.parametrize(
    ("counters", "load", "standard"), [(1, 0.9, 8.0), (3, 1.1, 8.0), (3, 1.1, 12.0), (3, 1.1, 5.0), (8, 1.2, 8.0)]
)
def test_nine_in_ten_are_called_within_p90_in_a_simulated_line(counters: int, load: float, standard: float) -> None:
    days = [line_day(s, counters=counters, mean_minutes=8.0, load=load, standard=standard) for s in range(20)]
    p50, p90, waited = np.concatenate(days).T
    assert len(waited) > 300
    assert 0.80 <= np.mean(waited <= p90) <= 0.97
    assert 0.30 <= np.mean(waited <= p50) <= 0.75
