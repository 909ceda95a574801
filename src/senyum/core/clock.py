"""The only reader of the clock.

`now()` is the hall's time, `wall()` the time on the wall. They differ only while a demo day plays
faster: then `clock.json` in the data directory says how. A change of speed takes effect at a real
moment slightly in the future, so that all processes of the hall switch together.

No process sees time go back: when the machine's clock is set back, both clocks run on from where they were, at the
pace of the monotonic clock, until the process ends (docs/decisions/0096). Set forward, they follow.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

_LOOK_AGAIN_SECONDS = 0.25
_FILE = "clock.json"


@dataclass(frozen=True)
class Segment:
    """From real time `real` (epoch seconds) on, the hall's time runs from `hall` at `speed`."""

    real: float
    hall: float
    speed: float

    def at(self, real: float) -> float:
        return self.hall + (real - self.real) * self.speed


#: Real time minus the monotonic clock, the largest ever seen.
_ahead = float("-inf")
_segments: tuple[Segment, ...] = ()
_looked_at = 0.0
_mtime = 0.0


def _real() -> float:
    """Epoch seconds that never go back in this process."""
    global _ahead
    # In this order: whatever happens between the two calls makes the difference smaller, never larger.
    offset = time.time() - time.monotonic()
    _ahead = max(_ahead, offset)
    return time.monotonic() + _ahead


def _path() -> Path | None:
    directory = os.environ.get("SENYUM_CLOCK")
    return Path(directory) / _FILE if directory else None


def _current(real: float) -> tuple[Segment, ...]:
    global _segments, _looked_at, _mtime
    path = _path()
    if path is None:
        return ()
    if real - _looked_at > _LOOK_AGAIN_SECONDS or real < _looked_at:
        _looked_at = real
        try:
            mtime = path.stat().st_mtime
            if mtime != _mtime:
                _segments = tuple(Segment(**s) for s in json.loads(path.read_text()))
                _mtime = mtime
        except (OSError, ValueError):
            # A file that is being replaced is read again at the next look.
            pass
    return _segments


def hall_seconds(real: float) -> float:
    """Epoch seconds of the hall's clock at the real time `real` (epoch seconds)."""
    answer = real
    for segment in _current(real):
        if segment.real <= real:
            answer = segment.at(real)
    return answer


def now() -> datetime:
    """The hall's time, aware, UTC."""
    return datetime.fromtimestamp(hall_seconds(_real()), UTC)


def wall() -> datetime:
    """Real time, aware, UTC: for timers of interaction (undo, idle) and for log-ins."""
    return datetime.fromtimestamp(_real(), UTC)


def speed() -> float:
    """How many seconds of the hall pass in one real second (1.0 outside a demo)."""
    real = _real()
    answer = 1.0
    for segment in _current(real):
        if segment.real <= real:
            answer = segment.speed
    return answer


def is_demo() -> bool:
    """Whether a demo clock steers this hall."""
    return bool(_current(_real()))


def steer(directory: Path, *, hall: datetime | None, speed: float, lead: float = 0.6) -> None:
    """Make the hall's clock run at `speed` from `lead` real seconds from now, at `hall` if given.

    Written atomically; only the demo player calls it.
    """
    real = _real()
    start = real + lead
    os.environ["SENYUM_CLOCK"] = str(directory)
    before = hall_seconds(start)
    kept = [s for s in _current(real) if s.real <= start][-1:]
    target = hall.timestamp() if hall else before
    segments = [*kept, Segment(real=start, hall=target, speed=speed)]
    path = directory / _FILE
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps([asdict(s) for s in segments]))
    draft.replace(path)
