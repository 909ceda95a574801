"""Whether a mall's own history foretells better than what its lines know of themselves, tried on days kept aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from senyum.malls.models import Mall
from senyum.visits.foretell import LEVELS
from senyum.visits.learning import numbers_of, snapshots_of
from senyum.visits.models import ForecastState, LineForecast

if TYPE_CHECKING:
    from senyum.engine.forecast import Learning

#: Fewer open days know nothing of weekdays and of the days after a holiday; fewer waits leave a tenth of too little.
LEAST_DAYS, LEAST_WAITS = 15, 3000
#: The last days of the history are kept aside for the trial; older days than this are another hall.
TRIAL_DAYS, HISTORY_DAYS = 5, 120
#: A model is taken when its pinball loss (p50 and p90) on those days is at most so much of the cold start's.
AT_MOST = 0.97


@dataclass(frozen=True)
class Lesson:
    """What was learned: the model and memory to use (empty: cold start), its calibration, and what the trial showed."""

    model: bytes
    memory: bytes
    calibration: bytes | None
    trial: dict[str, Any]


def memory_of(mall: Mall, until: date) -> bytes | None:
    """The memory of the days before `until`, for the model in use; None where there is none."""
    from senyum.engine.forecast import remember

    state = ForecastState.objects.filter(mall=mall).exclude(model=b"").first()
    if state is None:
        return None
    lines, office_of = numbers_of(state)
    rows = [row for row in _rows(mall, until) if row.line_id in office_of]
    memory, _own, _curve = remember(snapshots_of(rows, lines, office_of), len(lines))
    return memory.to_bytes()


def lesson(mall: Mall, until: date) -> Lesson | None:
    """Try a model on the last days before `until`, against the cold start. None before the first forecast."""
    state = ForecastState.objects.filter(mall=mall).first()
    if state is None:
        return None
    lines, office_of = numbers_of(state)
    rows = [row for row in _rows(mall, until) if row.line_id in office_of]
    days = sorted({row.day for row in rows})
    waits = sum(row.wait is not None for row in rows)
    said: dict[str, Any] = {
        "until": until.isoformat(), "days": len(days), "waits": waits,
        "least_days": LEAST_DAYS, "least_waits": LEAST_WAITS, "chosen": "cold",
    }  # fmt: skip
    if len(days) < LEAST_DAYS or waits < LEAST_WAITS:
        return Lesson(b"", b"", None, said)
    return _tried(state, rows, lines, office_of, len(days) - TRIAL_DAYS, said)


def _rows(mall: Mall, until: date) -> list[LineForecast]:
    found = LineForecast.objects.filter(mall=mall, day__lt=until, day__gte=until - timedelta(days=HISTORY_DAYS))
    fast = LineForecast.objects.filter(mall=mall, speed__gt=1).values("day")
    return list(found.filter(cold_p50__isnull=False).exclude(day__in=fast))


def _tried(
    state: ForecastState, rows: list[LineForecast], lines: list[int], office_of: dict[int, int], first: int,
    said: dict[str, Any],
) -> Lesson:  # fmt: skip
    from senyum.engine.forecast import Calibration, learn, remember
    from senyum.engine.forecast.model import walk
    from senyum.engine.forecast.replay import replay

    past = snapshots_of(rows, lines, office_of)
    asked = past.rows()
    cold = np.array([(rows[n].cold_p10, rows[n].cold_p50, rows[n].cold_p90) for n in past.order], dtype=np.float64)
    kept_cold, _ = replay(past, asked, cold[asked], Calibration.none(LEVELS, past.offices, past.lines))
    test = past.day[asked] >= first
    model, calibration = learn(past.until(first), _learning())
    learned, _ = replay(past, asked[test], model.quantiles(walk(past, first, asked[test])), calibration)
    waits = past.wait[asked[test]]
    losses = {"cold": _loss(waits, kept_cold[test]), "learned": _loss(waits, learned)}
    better = losses["learned"]["pinball"] <= AT_MOST * losses["cold"]["pinball"]
    said |= {**losses, "trial_days": TRIAL_DAYS, "at_most": AT_MOST, "chosen": "learned" if better else "cold"}
    if not better:
        return Lesson(b"", b"", _fresh(state, lines) if state.model else None, said)
    model, calibration = learn(past, _learning())
    memory, _own, _curve = remember(past, len(lines))
    start = None if state.model else calibration.padded(len(state.offices), len(lines)).to_bytes()
    return Lesson(model.to_bytes(), memory.to_bytes(), start, said)


def _fresh(state: ForecastState, lines: list[int]) -> bytes:
    """What was learned about another model's errors says nothing about the cold start's."""
    from senyum.engine.forecast import Calibration

    return Calibration.none(LEVELS, len(state.offices), len(lines)).to_bytes()


def _learning() -> Learning:
    from senyum.engine.forecast import Learning

    return Learning()


def _loss(waits: Any, promised: Any) -> dict[str, float]:
    from senyum.engine.forecast import score

    found = score(waits, *promised.T)
    return {
        "pinball": round(found.pinball_p50 + found.pinball_p90, 3),
        "p90_kept": round(found.coverage_p90, 3),
        "mae_p50": round(found.mae_p50, 2),
    }
