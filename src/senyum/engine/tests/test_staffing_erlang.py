"""Closed forms against known values, each other and a simulated queue."""

from __future__ import annotations

import math

import numpy as np
import pytest

from senyum.engine.staffing import erlang, requirement
from senyum.engine.staffing.erlang import Work


def test_erlang_b_and_c_give_the_textbook_values() -> None:
    assert erlang.erlang_b(10, 7.0) == pytest.approx(0.078741, abs=1e-6)
    assert erlang.erlang_c(10, 8.0) == pytest.approx(0.409180, abs=1e-6)
    assert erlang.erlang_c(2, 2.0) == 1.0
    with pytest.raises(ValueError, match="negative"):
        erlang.erlang_b(-1, 1.0)


def test_one_officer_is_the_mm1_queue() -> None:
    work = Work(rate=0.08, service=10.0)
    assert erlang.called_within(1, work, 15.0) == pytest.approx(1 - 0.8 * math.exp(-0.02 * 15))
    assert erlang.mean_wait(1, work) == pytest.approx(40.0)
    assert erlang.mean_wait(1, Work(rate=0.08, service=10.0, cv=0.0)) == pytest.approx(20.0)  # Pollaczek-Khinchine
    assert erlang.mean_wait(1, Work(rate=0.2, service=10.0)) == math.inf


def test_nobody_comes_and_nobody_serves() -> None:
    assert erlang.called_within(0, Work(0.0, 5.0), 10.0) == 1.0
    assert erlang.called_within(0, Work(0.1, 5.0), 10.0) == 0.0
    assert erlang.called_within(1, Work(0.3, 5.0), 10.0) == 0.0
    assert erlang.officers_for(Work(0.0, 5.0), minutes=10, share=0.9) == 0


def test_endless_patience_is_no_leaving() -> None:
    patient = Work(0.25, 10.0, patience=1e7)
    assert erlang.called_within(3, patient, 15.0) == pytest.approx(
        erlang.called_within(3, Work(0.25, 10.0), 15.0), abs=2e-3
    )


def test_leaving_agrees_with_a_simulated_queue() -> None:
    work = Work(rate=0.45, service=10.0, patience=20.0)
    rng = np.random.default_rng(5)
    people, officers = 60_000, 4
    arrived = np.cumsum(rng.exponential(1 / work.rate, people))
    service, patience = rng.exponential(work.service, people), rng.exponential(20.0, people)
    free = np.zeros(officers)
    kept = 0
    for i in range(people):
        j = int(free.argmin())
        wait = max(0.0, free[j] - arrived[i])
        if wait <= patience[i]:
            kept += wait <= 8.0
            free[j] = arrived[i] + wait + service[i]
    assert erlang.called_within(officers, work, 8.0) == pytest.approx(kept / people, abs=0.01)


def test_fewest_officers_keep_the_promise_and_one_fewer_do_not() -> None:
    for rate in (0.02, 0.1, 0.4, 1.5):
        for patience in (None, 30.0):
            work = Work(rate, 8.0, 0.8, patience)
            n = erlang.officers_for(work, minutes=15, share=0.9)
            assert erlang.called_within(n, work, 15) >= 0.9
            assert n == 1 or erlang.called_within(n - 1, work, 15) < 0.9
    with pytest.raises(ValueError, match="not enough"):
        erlang.officers_for(Work(10.0, 8.0), minutes=15, share=0.9, at_most=20)


def test_modified_load_settles_at_the_offered_load_and_lags_behind_a_jump() -> None:
    load = requirement.modified_load([0.2] * 16, period=30, service=10, cv=1.0)
    assert load[-1] == pytest.approx(2.0, rel=0.01)
    # Exponential services: m(t) = a (1 - exp(-t / service)).
    assert load[9] == pytest.approx(2.0 * (1 - math.exp(-1)), rel=0.02)
    constant = requirement.modified_load([0.2] * 4, period=30, service=10, cv=0.0)
    assert constant[20] == pytest.approx(2.0)


def test_modified_load_keeps_officers_after_the_last_arrivals() -> None:
    rates = [0.1, 0.5, 0.1, 0.0]
    sipp = requirement.by_period(rates, service=25, cv=1, minutes=10, share=0.9)
    mol = requirement.by_modified_load(rates, period=30, service=25, cv=1, minutes=10, share=0.9)
    assert sipp[3] == 0
    assert mol[3] > 0
    assert mol[0] <= sipp[0]
    assert requirement.square_root([0.0, 4.0], 1.0) == [0, 6]
