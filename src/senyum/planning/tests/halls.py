"""Small agencies for the tests of planning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from senyum.engine import scenario as parts
from senyum.engine.scenario import Scenario


def hall(
    people: Sequence[float],
    *,
    minutes: float = 12.0,
    officers: Sequence[tuple[frozenset[int], float]] = ((frozenset({0}), 10.0),) * 3,
    counters: Sequence[tuple[tuple[int, ...], tuple[int, ...]]] = (((0,), ()),) * 3,
    services: int = 1,
    lengths: tuple[float, ...] = (120.0, 180.0, 240.0),
    promise: float = 15.0,
) -> Scenario:
    """One agency from 08.00: people a half hour of each service, officers (skills, cost), counters (first, helps)."""
    periods = len(people)
    closes = 480.0 + 30 * periods
    return Scenario(
        name="small",
        weekday=0,
        opens=480.0,
        closes=closes,
        agencies=(parts.Agency("a", "A", 480.0, closes, closes),),
        services=tuple(
            parts.Service(f"s{i}", f"S{i}", 0, parts.lognormal(minutes), np.array(people), np.zeros(periods))
            for i in range(services)
        ),
        classes=(parts.PriorityClass("regular", 0.0, promise, 1.0),),
        counters=tuple(parts.Counter(n + 1, 0, first, helps) for n, (first, helps) in enumerate(counters)),
        officers=tuple(parts.Officer(f"o{n}", 0, skills, cost=cost) for n, (skills, cost) in enumerate(officers)),
        shifts=(),
        rules=parts.ShiftRules(
            lengths=lengths, earliest=480.0, latest=closes, step=60.0, lunch_earliest=570.0, lunch_latest=660.0,
            lunch_from_length=240.0,
        ),
    )  # fmt: skip
