"""What somebody who waits is shown: the forecast of now, calmed from what they were shown last, and why it rose.

Pure. The job `watch_lines` keeps what was shown each minute (`LineShown`); whoever shows a wait in between goes on from
there, or from the promise at issue, so that two processes show the same (docs/decisions/0102-calm-by-the-minute.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

#: Why a wait rose is said for so many minutes.
WHY_STAYS = 10.0
Figures = tuple[float, float, float] | tuple[None, None, None]


@dataclass(frozen=True)
class Calm:
    """What was shown at `at`: minutes, or None where no figure could be told; `ahead` people stood before.

    `why`: "", or a code of `engine.forecast.Why` that lengthened the wait `since` then; `counter`: the number of the
    counter that closed. `beyond`: since when the forecast is later than shown.
    """

    at: datetime
    ahead: int
    p10: float | None
    p50: float | None
    p90: float | None
    why: str = ""
    since: datetime | None = None
    counter: int | None = None
    beyond: datetime | None = None

    def stored(self) -> list[Any]:
        """As JSON; `at` is that of the line."""
        moments = [m.isoformat() if m else None for m in (self.since, self.beyond)]
        figures = [None if p is None else round(p, 1) for p in (self.p10, self.p50, self.p90)]
        return [self.ahead, *figures, self.why, moments[0], self.counter, moments[1]]

    @classmethod
    def read(cls, at: datetime, stored: Sequence[Any]) -> Calm:
        """From `stored`."""
        ahead, p10, p50, p90, why, since, counter, beyond = stored
        moments = [datetime.fromisoformat(m) if m else None for m in (since, beyond)]
        return cls(at, ahead, p10, p50, p90, why, moments[0], counter, moments[1])


@dataclass(frozen=True)
class LineNow:
    """What can lengthen a wait: open counters of the line by number, and whether the whole hall pauses."""

    counters: frozenset[int]
    paused: bool


def go_on(before: Calm, was: LineNow | None, line: LineNow, *, now: datetime, ahead: int, raw: Figures) -> Calm:
    """The next figures to show. `was`: the line when `before` was shown, if that is known."""
    from senyum.engine.forecast import Shown, Wait, Why, smooth
    from senyum.engine.forecast.smoother import PATIENCE

    if now < before.at:
        return before
    reason, counter = _reason(before, was, line, ahead)
    passed = (now - before.at).total_seconds() / 60
    beyond = before.beyond or (before.at if passed >= PATIENCE else None)
    last = Shown(
        0.0,
        Wait(*(math.inf if p is None else p for p in (before.p10, before.p50, before.p90))),
        None,
        None if beyond is None else (beyond - before.at).total_seconds() / 60,
    )
    shown = smooth(last, passed, Wait(*(math.inf if p is None else p for p in raw)), Why(reason) if reason else None)
    p10, p50, p90 = (p if math.isfinite(p) else None for p in (shown.wait.p10, shown.wait.p50, shown.wait.p90))
    calm = replace(
        before, at=now, ahead=ahead, p10=p10, p50=p50, p90=p90, beyond=_moment(now, passed, shown.beyond_since)
    )
    if shown.why is not None:
        return replace(calm, why=shown.why.value, since=now, counter=counter)
    if before.since is not None and (now - before.since).total_seconds() > WHY_STAYS * 60:
        return replace(calm, why="", since=None, counter=None)
    return calm


def _moment(now: datetime, passed: float, minute: float | None) -> datetime | None:
    return None if minute is None else now + timedelta(minutes=minute - passed)


def _reason(before: Calm, was: LineNow | None, line: LineNow, ahead: int) -> tuple[str, int | None]:
    """(code, counter) of what has happened to the line since; ("", None) for nothing."""
    if line.paused and (was is None or not was.paused):
        return "hall_pause", None
    if was is not None and (gone := was.counters - line.counters):
        return "counter_closed", min(gone)
    if ahead > before.ahead:
        return "priority_ahead", None
    return "", None


def issued(*, at: datetime, ahead: int, promise: Figures) -> Calm:
    """What was shown first: the promise at issue."""
    return Calm(at, ahead, *promise)
