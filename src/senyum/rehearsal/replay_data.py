"""A recorded day of one office, turned into arrivals, calls and leavings. Pure; docs/replay.md says why so."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import accumulate
from pathlib import Path

import pyarrow.dataset as parquet

COLUMNS = ("queue", "service", "minute", "open", "waiting", "number", "wait")
#: More people than this do not come within one interval: the numbers of that line begin there (500, 501, ...).
LEAP = 60


class NoSuchDay(ValueError):
    """The file has no such office or day; the text says what it has."""


@dataclass(frozen=True)
class Snapshot:
    """What the office said about one line: local `minute` of the day, last `number` called, people `waiting`.

    `wait` (minutes): of the person who holds number + waiting, None where the day ended first.
    """

    minute: float
    open: int
    waiting: int
    number: int
    wait: float | None

    @property
    def last(self) -> int:
        """The number that the last person in line holds, as the data counts."""
        return self.number + self.waiting


@dataclass(frozen=True)
class Claim:
    """A wait in the data: whoever holds `number` was last in line at `minute` and waited `wait` minutes."""

    number: int
    minute: float
    wait: float


@dataclass
class LineDay:
    """One line's day. People are numbered from `base` + 1 to `base` + `people`, in their order of arrival.

    `issued[k]`, `called[k]`, `left[k]`: minute for person k (0-based), None where it did not happen. Whoever is in
    `absent` was called and did not come. `opens`: (minute, counters) at each change.
    `excluded`: claims that rest on a number which was corrected later.
    """

    queue: int
    service: str
    base: int
    issued: list[float] = field(default_factory=list)
    called: list[float | None] = field(default_factory=list)
    left: list[float | None] = field(default_factory=list)
    absent: set[int] = field(default_factory=set)
    opens: list[tuple[float, int]] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    excluded: list[Claim] = field(default_factory=list)

    @property
    def people(self) -> int:
        return len(self.issued)

    @property
    def served(self) -> int:
        return sum(1 for minute in self.called if minute is not None) - len(self.absent)

    @property
    def gone(self) -> int:
        """People who left: called and not there, or gone before the number came so far."""
        return len(self.absent) + sum(1 for minute in self.left if minute is not None)

    @property
    def waiting_at_end(self) -> int:
        return self.people - self.served - self.gone


def read_day(path: Path, office: str, day: date) -> dict[tuple[int, str], list[Snapshot]]:
    """The snapshots of one office and day by (queue, service), in time order. Raises NoSuchDay, OSError."""
    table = parquet.dataset(path, format="parquet")
    chosen = (parquet.field("office") == office) & (parquet.field("date") == day.isoformat())
    rows = table.to_table(columns=list(COLUMNS), filter=chosen).to_pylist()
    if not rows:
        known = table.to_table(columns=["office", "date"]).group_by(["office", "date"]).aggregate([]).to_pylist()
        days = sorted(row["date"] for row in known if row["office"] == office)
        offices = sorted({row["office"] for row in known})
        raise NoSuchDay(
            f"{office} has these days: {', '.join(days)}" if days else f"offices in the file: {', '.join(offices)}"
        )
    answer: dict[tuple[int, str], list[Snapshot]] = {}
    for row in sorted(rows, key=lambda row: (row["queue"], row["minute"])):
        answer.setdefault((row["queue"], row["service"]), []).append(
            Snapshot(float(row["minute"]), row["open"], row["waiting"], row["number"], row["wait"])
        )
    return answer


def believed(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """The longest run in which the number called never falls: what was corrected afterwards is left out."""
    tails: list[int] = []
    ends: list[int] = []
    before = [-1] * len(snapshots)
    for place, snapshot in enumerate(snapshots):
        length = bisect_right(tails, snapshot.number)
        before[place] = ends[length - 1] if length else -1
        if length == len(tails):
            tails.append(snapshot.number)
            ends.append(place)
        else:
            tails[length], ends[length] = snapshot.number, place
    chosen = []
    place = ends[-1] if ends else -1
    while place >= 0:
        chosen.append(snapshots[place])
        place = before[place]
    return chosen[::-1]


def _begun(raw: Sequence[Snapshot]) -> Sequence[Snapshot]:
    """With the number that was shown before the first call (0) put where the line's series begins (500).

    Some lines number from 501 on, and show 0 until their first call.
    """
    first = next((place for place, shot in enumerate(raw) if shot.number != raw[0].number), 0)
    if not first or raw[first].last - raw[first - 1].last <= LEAP:
        return raw
    begin = raw[first].number - raw[first].number % 100
    return [*(replace(shot, number=begin) for shot in raw[:first]), *raw[first:]]


def line_day(queue: int, service: str, raw: Sequence[Snapshot]) -> LineDay:
    """Turn one line's snapshots into what happened to each person. See docs/replay.md for every assumption."""
    raw = _begun(raw)
    shots = believed(raw)
    line = LineDay(queue, service, base=shots[0].number, snapshots=list(shots))
    highest = list(accumulate((s.last for s in shots), max))
    reached = [s.number for s in shots]
    line.issued = _spread(shots, [shots[0].number, *highest], line.base)
    line.called = [None] * line.people
    line.left = [None] * line.people
    for k, minute in enumerate(_spread(shots, [line.base, *reached], line.base)):
        line.called[k] = max(minute, line.issued[k], (line.called[k - 1] or 0.0) if k else 0.0)
    _mark_absent(line, shots, highest)
    _mark_left(line, shots)
    line.opens = _changes(shots)
    _claims(line, raw, shots)
    return line


def _spread(shots: Sequence[Snapshot], counts: Sequence[int], base: int) -> list[float]:
    """The minute of each unit of a rising count: spread evenly over the interval in which the count rose.

    `counts[0]` is the count before the first snapshot, whose interval is taken to be five minutes long.
    """
    minutes: list[float] = []
    for place, shot in enumerate(shots):
        start = shots[place - 1].minute if place else shot.minute - 5
        many = counts[place + 1] - counts[place]
        minutes += [start + (shot.minute - start) * (k + 1) / (many + 1) for k in range(many)]
    assert len(minutes) == counts[-1] - base
    return minutes


def _mark_absent(line: LineDay, shots: Sequence[Snapshot], highest: Sequence[int]) -> None:
    """Where the number moves and fewer are missing from the line afterwards, it jumped over people who had gone."""
    missing = [high - shot.last for high, shot in zip(highest, shots, strict=True)]
    for place in range(1, len(shots)):
        first, last = shots[place - 1].number - line.base, shots[place].number - line.base
        many = min(last - first, max(0, missing[place - 1] - missing[place]))
        # Which of them nobody knows: evenly among the numbers of this step.
        line.absent |= {first + (2 * k + 1) * (last - first) // (2 * many) for k in range(many)}


def _mark_left(line: LineDay, shots: Sequence[Snapshot]) -> None:
    """Whose number was never reached left in the interval in which the line became too short for them to be in it."""
    final = shots[-1].number - line.base
    never = line.people - final - shots[-1].waiting
    lasts = [shot.last - line.base for shot in shots]
    for k in range(line.people - never, line.people):
        line.called[k] = None
        there = max(place for place, last in enumerate(lasts) if last > k)
        line.left[k] = max(line.issued[k], (shots[there].minute + shots[min(there + 1, len(shots) - 1)].minute) / 2)
    for k in range(final, line.people):
        line.called[k] = None


def _changes(shots: Sequence[Snapshot]) -> list[tuple[float, int]]:
    changes: list[tuple[float, int]] = []
    for shot in shots:
        many = max(1, shot.open)
        if not changes or changes[-1][1] != many:
            changes.append((shot.minute, many))
    return changes


def _claims(line: LineDay, raw: Sequence[Snapshot], shots: Sequence[Snapshot]) -> None:
    """One claim a person: at the first snapshot that shows them last in line. The value of `wait` is only carried."""
    kept = {id(shot) for shot in shots}
    numbers = [shot.number for shot in shots]
    seen: set[int] = set()
    for place, shot in enumerate(raw):
        if shot.waiting <= 0 or shot.wait is None or (shot.last in seen and id(shot) in kept):
            continue
        claim = Claim(shot.last, shot.minute, shot.wait)
        if id(shot) not in kept:
            line.excluded.append(claim)
            continue
        seen.add(shot.last)
        # The interval in which the number was reached must be the same with and without the corrected snapshots.
        in_raw = next((s for s in raw[place:] if s.number >= shot.last), None)
        at = bisect_left(numbers, shot.last)
        same = in_raw is not None and at < len(shots) and in_raw is shots[at]
        (line.claims if same else line.excluded).append(claim)


def day_of(shots_by_line: dict[tuple[int, str], list[Snapshot]]) -> list[LineDay]:
    """Every line of an office's day on which a number was given, in the order of the queues' ids. Raises NoSuchDay."""
    days = [line_day(queue, service, shots) for (queue, service), shots in sorted(shots_by_line.items())]
    found = [line for line in days if line.people]
    if not found:
        raise NoSuchDay("nobody came on that day")
    return found


def quantile(values: Iterable[float], q: float) -> float | None:
    """The q-quantile with linear interpolation between the two nearest values, rounded to 0.1; None for none."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return round(ordered[low] + (ordered[high] - ordered[low]) * (place - low), 1)
