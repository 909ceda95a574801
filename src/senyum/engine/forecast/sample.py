"""Made-up days of made-up offices, of the shape that real lines have: for tests and for trying things out."""

from __future__ import annotations

import heapq
from dataclasses import replace

import numpy as np

from senyum.engine.forecast.model import waits_of
from senyum.engine.forecast.snapshots import Floats, Snapshots

OPENS, CLOSES, STEP = 480, 960, 5


def sample(*, offices: int = 3, lines: int = 4, days: int = 6, seed: int = 1) -> Snapshots:
    """Snapshots every five minutes of `lines` lines in each office, with own paces, rush hours, lunch and slow days.

    Some people leave; whoever still waits at closing was never called, so their wait is NaN.
    """
    rng = np.random.default_rng(seed)
    parts: list[Floats] = []
    for line in range(offices * lines):
        mean, counters = rng.uniform(4, 12), int(rng.integers(1, 5))
        load, leaving = rng.uniform(0.55, 0.95), rng.uniform(0, 0.1)
        for day in range(days):
            slow = mean * rng.lognormal(0, 0.2)
            seen = _day(rng, slow, counters, load * counters / mean, leaving)
            head = np.tile((line, line // lines, day), (len(seen), 1))
            tail = np.full((len(seen), 1), round(mean))
            parts.append(np.hstack((head, seen, tail)))
    rows = np.concatenate(parts)
    found = Snapshots.sorted(
        line=rows[:, 0], office=rows[:, 1], day=rows[:, 2], minute=rows[:, 3], open=rows[:, 4], waiting=rows[:, 5],
        number=rows[:, 6], announced=rows[:, 7],
    )  # fmt: skip
    every = np.arange(len(found))
    return replace(found, wait=np.where(found.waiting > 0, waits_of(found, every, found.waiting), 0.0))


def _day(rng: np.random.Generator, mean: float, counters: int, rate: float, leaving: float) -> Floats:
    """(minute, open, waiting, number) of one line-day; the numbers of those who left are passed over in their turn."""
    minutes = np.arange(OPENS, CLOSES)
    rush = 1 + 0.8 * np.exp(-(((minutes - 580) / 60) ** 2)) - 0.5 * (minutes > 840)
    came = rng.poisson(rate * rush)
    issued = called = 0
    busy: list[float] = []
    gone: set[int] = set()
    seen = []
    for minute, newcomers in zip(minutes, came, strict=True):
        for _ in range(newcomers):
            issued += 1
            if rng.random() < leaving:
                gone.add(issued)
        opened = max(1, counters - 1) if 720 <= minute < 780 else counters
        while busy and busy[0] <= minute:
            heapq.heappop(busy)
        while len(busy) < opened and called < issued:
            called += 1
            if called not in gone:
                heapq.heappush(busy, minute + rng.gamma(2.0, mean / 2))
        if (minute - OPENS) % STEP == 0:
            seen.append((minute, opened, issued - called, called))
    return np.array(seen, dtype=np.float64)
