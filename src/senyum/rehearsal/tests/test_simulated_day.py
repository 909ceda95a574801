"""The simulation against recorded days: the same people, the same open counters, one pace a line.

What is compared: the waits of everybody who was called, as the file implies them, with those of 20 simulated days. The
pace is taken from the same day, so this is no forecast: it asks whether lines build up and empty as in a real hall.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from senyum.engine.simulation.room import LAPSED, SERVED
from senyum.rehearsal.replay_data import LineDay, Snapshot, day_of, line_day, read_day
from senyum.rehearsal.simulated_day import pace, play_recorded, recorded_waits, scenario_of

WARSAW = Path(__file__).parents[5] / "shared/data/warsaw/queues.parquet"
DAYS = 20


def made_day() -> list[LineDay]:
    """Two lines with snapshots every five minutes: two counters at 10 minutes each, one counter at 5."""
    lines = []
    for queue, counters, minutes in ((1, 2, 10.0), (2, 1, 5.0)):
        came, served, shots = 0.0, 0.0, []
        for step in range(80):
            came += (2.2 if step < 30 else 0.9 if step < 60 else 0.0) * 10 / minutes * counters / 2 / 2
            served = min(came, served + 5 * counters / minutes)
            number = int(served)
            shots.append(Snapshot(480 + 5 * step, counters, int(came) - number, number, None))
        lines.append(line_day(queue, f"line {queue}", shots))
    return lines


def simulated(days: list[LineDay], minutes: dict[int, float]) -> tuple[np.ndarray, float]:
    """All waits of the simulated days, and how many people were called in one."""
    waits = [d.wait[np.isfinite(d.wait)] for d in (play_recorded(days, minutes, seed) for seed in range(DAYS))]
    return np.concatenate(waits), sum(map(len, waits)) / DAYS


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference of the two distribution functions (Kolmogorov and Smirnov)."""
    grid = np.linspace(0, 300, 601)
    a, b = np.sort(a), np.sort(b)
    below = [np.searchsorted(x, grid, side="right") / len(x) for x in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def test_the_pace_of_a_made_day_is_found_and_its_lines_build_up_alike() -> None:
    days = made_day()
    found = pace(days)
    assert found[1] == pytest.approx(10, rel=0.1) and found[2] == pytest.approx(5, rel=0.1)
    real = recorded_waits(days)
    waits, called = simulated(days, found)
    assert called == pytest.approx(len(real), rel=0.05)
    # The made counters take exactly their minutes; the simulated ones vary, so people wait longer.
    assert 1 < waits.mean() / real.mean() < 2


def test_people_and_counters_are_those_of_the_file() -> None:
    days = made_day()
    day = play_recorded(days, pace(days), 1)
    assert np.array_equal(np.sort(day.queued), np.sort([at for line in days for at in line.issued]))
    assert ((day.state == SERVED) | (day.state == LAPSED)).all()
    assert len(scenario_of(days, pace(days)).counters) == 3


@pytest.mark.skipif(not WARSAW.exists(), reason="the data of Warsaw's offices is not beside the checkout")
@pytest.mark.parametrize(
    ("office", "when", "apart"),
    [
        ("UD_Wola", date(2020, 1, 9), 0.21),
        ("UD_Ochota", date(2020, 1, 13), 0.19),
        ("UD_Praga_Poludnie", date(2020, 1, 7), 0.24),
    ],
)
def test_real_days(office: str, when: date, apart: float) -> None:
    days = day_of(read_day(WARSAW, office, when))
    real, minutes = recorded_waits(days), pace(days)
    waits, called = simulated(days, minutes)
    print(
        f"{office} {when}: called {len(real)} / {called:.0f}, mean {real.mean():.1f} / {waits.mean():.1f}, "
        f"p50 {np.quantile(real, 0.5):.1f} / {np.quantile(waits, 0.5):.1f}, "
        f"p90 {np.quantile(real, 0.9):.1f} / {np.quantile(waits, 0.9):.1f}, distance {distance(real, waits):.3f}"
    )
    assert called == pytest.approx(len(real), rel=0.03)
    assert 0.7 < waits.mean() / real.mean() < 1.9
    assert distance(real, waits) < apart
    slower, _ = simulated(days, {queue: 1.3 * m for queue, m in minutes.items()})
    faster, _ = simulated(days, {queue: 0.7 * m for queue, m in minutes.items()})
    assert min(distance(real, slower), distance(real, faster)) > distance(real, waits), "another pace would fit worse"
