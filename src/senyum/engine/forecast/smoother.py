"""What a waiting person is shown: calm figures, that rise only for a reason that can be said.

The raw forecast trembles with each call. Shown is a moment of the clock (now + wait): it comes nearer at a bounded
pace, it goes away only when something happened, or when the raw forecast has stayed beyond it for some minutes (the
line has become slower, and that is then the reason). So the promise lags a little, but follows: a test holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from senyum.engine.forecast.line_state import Wait

#: Minutes by which the shown moment may come nearer in a minute.
FALL = 2.0
#: Minutes that the raw forecast must stay beyond what is shown before it counts as slower; by how much (share, least).
PATIENCE = 4.0
SLACK_SHARE, SLACK = 0.10, 1.0
#: The longest rise at once without a reason from the hall: minutes, and share of what was shown.
RISE, RISE_SHARE = 5.0, 0.35


class Why(StrEnum):
    """Why a shown wait rose."""

    COUNTER_CLOSED = "counter_closed"
    HALL_PAUSE = "hall_pause"
    PRIORITY_AHEAD = "priority_ahead"
    SLOWER_PACE = "slower_pace"


@dataclass(frozen=True, slots=True)
class Shown:
    """What one person was shown at `minute`; `why` is set when it rose. `beyond_since`: since when the raw forecast has
    been later than shown (None: it is not)."""

    minute: float
    wait: Wait
    why: Why | None = None
    beyond_since: float | None = None


def smooth(before: Shown | None, minute: float, raw: Wait, reason: Why | None = None) -> Shown:
    """The next figure to show. `reason`: something that has just happened to the line and makes it longer.

    Raises ValueError when time runs backwards. A raw forecast that is not for today is shown as it is.
    """
    if before is None or not before.wait.today or not raw.today:
        return Shown(minute, raw, reason if before is not None else None)
    passed = minute - before.minute
    if passed < 0:
        raise ValueError("time runs forward")
    old = [max(0.0, q - passed) for q in (before.wait.p10, before.wait.p50, before.wait.p90)]
    new = [raw.p10, raw.p50, raw.p90]
    later = any(n > o + max(SLACK, SLACK_SHARE * o) for n, o in zip(new[1:], old[1:], strict=True))
    since = (minute if before.beyond_since is None else before.beyond_since) if later else None
    slower = since is not None and minute - since >= PATIENCE
    why = reason or (Why.SLOWER_PACE if slower else None)
    figures = [_move(o, n, passed, free=reason is not None, slower=slower) for o, n in zip(old, new, strict=True)]
    rose = any(f > o for f, o in zip(figures, old, strict=True))
    p50 = figures[1]
    wait = Wait(min(figures[0], p50), p50, max(figures[2], p50))
    return Shown(minute, wait, why if rose else None, None if reason else since)


def _move(old: float, new: float, passed: float, *, free: bool, slower: bool) -> float:
    if new <= old:
        return max(new, old - FALL * passed)
    if free:
        return new
    return min(new, old + max(RISE, RISE_SHARE * old)) if slower else old
