"""The clock of a process never goes back, whatever is done to the machine's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from senyum.core import clock


class Machine:
    """A machine whose two clocks are set by hand (seconds)."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_764_000_000.0, 500.0

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    set_by_hand = Machine()
    monkeypatch.setattr(clock, "_ahead", float("-inf"))
    monkeypatch.setattr(clock.time, "time", lambda: set_by_hand.wall)
    monkeypatch.setattr(clock.time, "monotonic", lambda: set_by_hand.steady)
    return set_by_hand


def test_it_runs_with_the_machine(machine):
    start = clock.now()
    machine.passes(90)
    assert clock.now() - start == timedelta(seconds=90) == clock.wall() - start


def test_set_back_it_runs_on(machine):
    start = clock.now()
    machine.passes(60)
    machine.wall -= 7_200
    assert clock.now() - start == timedelta(seconds=60)
    machine.passes(60)
    assert clock.now() - start == timedelta(seconds=120)


def test_set_forward_it_follows_and_a_clock_put_right_again_does_not_turn_it_back(machine):
    start = clock.now()
    machine.wall += 3_600
    assert clock.now() - start == timedelta(hours=1)
    machine.wall -= 3_600
    machine.passes(1)
    assert clock.now() - start == timedelta(hours=1, seconds=1)


def test_a_machine_that_slept_is_set_forward(machine):
    """The monotonic clock stands still meanwhile."""
    start = clock.now()
    machine.wall += 8 * 3_600
    assert clock.now() - start == timedelta(hours=8)
