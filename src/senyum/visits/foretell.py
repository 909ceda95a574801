"""What a hall knows of its lines, put so that `engine/forecast` can foretell: one table of waits for each line.

Pure, apart from the engine being imported at first use: it brings Numba, which takes a second (`warm`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from statistics import fmean, median, pstdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from senyum.engine.forecast import Booked, Calibration, LineState, Table
    from senyum.engine.forecast.snapshots import Floats

#: The quantiles that are promised, as in `engine.forecast.model.QUANTILES`.
LEVELS = (0.1, 0.5, 0.9)
#: A counter that only helps a line out brings so much of its time, while people wait in its own lines, and while not.
HELP_BUSY, HELP_FREE = 0.25, 0.5
#: Minutes at a counter beyond so many usual ones count as that many (a ticket was parked, somebody forgot to finish).
LONGEST_IN_TYPICAL = 4.0
#: A pause of the whole hall that does not say when it ends is taken to last so many more minutes.
PAUSE_MINUTES = 15.0


class Basis(StrEnum):
    """From what a wait was told; the ticket keeps it."""

    COLD = "cold"  # standard time, today's services, counters and roster
    CALIBRATED = "calibrated"  # the same, stretched by how earlier promises of the line were kept
    LEARNED = "learned"  # a model of the mall's own history, calibrated
    NO_COUNTER = "no_counter"  # no counter serves the line today: no figure is told


@dataclass(frozen=True)
class Seat:
    """An open or paused session at a counter. `back`: minute at which its pause ends, if that is known."""

    is_open: bool
    busy: bool
    back: float | None


@dataclass(frozen=True)
class Desk:
    """A counter of the hall: the lines it serves first and those it helps out."""

    id: int
    number: int
    first: tuple[int, ...]
    help: tuple[int, ...]


@dataclass(frozen=True)
class LineFacts:
    """What was seen of a line lately: minutes of its last services, people waiting, who joins (with a head start), and
    who is booked and not here yet."""

    standard_minutes: float
    services: tuple[float, ...]
    waiting: int
    priority_a_minute: float = 0.0
    joins_a_minute: float = 0.0
    booked: tuple[Booked, ...] = ()


@dataclass(frozen=True)
class Later:
    """What somebody is told who comes later: people who will stand before them then, and the wait from then on.

    `wait`: (p10, p50, p90) in minutes; three times None while no figure can be told.
    """

    people_ahead: int | None
    wait: tuple[float, float, float] | tuple[None, None, None]


@dataclass(frozen=True)
class Learned:
    """What the calibration of a mall says, and where its lines and agencies stand in it."""

    calibration: Calibration
    line: Mapping[int, int]
    office: Mapping[int, int]
    looks: Mapping[int, Floats]


@dataclass(frozen=True)
class Outlook:
    """What the wait of a line's next ticket is told from.

    `table` starts `start_minutes` from now (before opening); None: no counter serves the line today. `state`: what it
    was made of. `counters`: numbers of the open counters that serve the line first.
    """

    table: Table | None
    start_minutes: float
    waiting: int
    basis: Basis
    counters: tuple[int, ...] = ()
    state: LineState | None = None
    cold: Table | None = None
    calibration: Calibration | None = None

    def wait(self, ahead: int, extra_documents: int = 0) -> tuple[float, float, float] | tuple[None, None, None]:
        """(p10, p50, p90) in minutes with `ahead` people before; three times None while no figure can be told."""
        return self._of(self.table, ahead, extra_documents)

    def cold_wait(self, ahead: int, extra_documents: int = 0) -> tuple[float, float, float] | tuple[None, None, None]:
        """The same before any model or calibration."""
        return self._of(self.cold, ahead, extra_documents)

    def later(self, minutes: float, joins: float, *, turn: float | None = None, own: Booked | None = None) -> Later:
        """For somebody who comes in so many minutes, while `joins` people join until then.

        `turn`: the minute of the day that orders them, when it is not the minute they come at (a booking); `own`: their
        booking, which does not stand before itself. A model's last look is about now, and says nothing here.
        """
        from senyum.engine.forecast import forecast

        if self.state is None or self.table is None:
            return Later(None, (None, None, None))
        state, at = self.state, self.state.minute + minutes
        if own is not None and own in state.bookings:
            place = state.bookings.index(own)
            state = replace(state, bookings=state.bookings[:place] + state.bookings[place + 1 :])
        if self.start_minutes > 0:
            # Nobody sits yet: the counters come when it opens.
            opens = state.minute + self.start_minutes
            state = replace(state, counters=0.0, roster=((opens, state.counters),))
            at = max(at, opens)
        now = replace(state, people_ahead=float(self.waiting), joins_a_minute=joins / max(1.0, at - state.minute))
        then = now.at(at, turn=turn)
        wait = forecast(then, None, self.calibration)
        return Later(round(then.people_ahead), (wait.p10, wait.p50, wait.p90) if wait.today else (None, None, None))

    def _of(
        self, table: Table | None, ahead: int, extra_documents: int
    ) -> tuple[float, float, float] | tuple[None, None, None]:
        from senyum.engine.forecast.line_state import EXTRA_SHARE

        found = table.wait(ahead + EXTRA_SHARE * extra_documents) if table else None
        if found is None:
            return None, None, None
        return self.start_minutes + found.p10, self.start_minutes + found.p50, self.start_minutes + found.p90


def warm() -> None:
    """Import and compile what forecasts need, so that nobody waits for it."""
    from senyum.engine.forecast import Calibration, LineState, forecast, table

    state = LineState(minute=600.0, people_ahead=3.0, standard_minutes=8.0, counters=2.0)
    calibration = Calibration.none(LEVELS, 1, 1)
    forecast(state, None, calibration)
    table(state, calibration)


def services_seen(minutes: Sequence[float], standard: float) -> tuple[float, float, float]:
    """(number, mean, deviation over mean) of minutes at the counter, overlong ones cut; (0, 0, 1) for none."""
    if not minutes:
        return 0.0, 0.0, 1.0
    longest = LONGEST_IN_TYPICAL * max(median(minutes), standard)
    cut = [min(longest, max(0.1, m)) for m in minutes]
    mean = fmean(cut)
    # Of one or two services nobody knows the spread.
    return float(len(cut)), mean, pstdev(cut) / mean if len(cut) > 2 else 1.0


@dataclass(frozen=True)
class HallFacts:
    """All lines and counters of a hall at `minute` of its day. `changes[counter]`: (minute, +1 or -1) by the roster.

    `pause`: None, or the minute at which the pause of the whole hall ends.
    """

    minute: float
    lines: Mapping[int, LineFacts]
    desks: Sequence[Desk]
    seats: Mapping[int, Seat]
    changes: Mapping[int, Sequence[tuple[float, float]]]
    pause: float | None = None
    #: Minutes that people with a head start have before others.
    head_start: float = 0.0

    def is_open(self, desk: Desk) -> bool:
        """Whether somebody sits at the counter and does not pause."""
        seat = self.seats.get(desk.id)
        return seat is not None and seat.is_open

    @cached_property
    def _served(self) -> Mapping[int, list[tuple[Desk, float]]]:
        """By line: who can serve it, and the share of their time; looked at once for all lines."""
        found: dict[int, list[tuple[Desk, float]]] = {}
        for desk in self.desks:
            own = any(self.lines[x].waiting for x in desk.first if x in self.lines)
            for line in desk.first:
                found.setdefault(line, []).append((desk, 1.0))
            for line in desk.help:
                if line not in desk.first:
                    found.setdefault(line, []).append((desk, HELP_BUSY if own else HELP_FREE))
        return found

    @cached_property
    def _open_first(self) -> Mapping[int, frozenset[int]]:
        """By line: the open counters that serve it first."""
        return {
            line: frozenset(desk.id for desk, _share in served if line in desk.first and self.is_open(desk))
            for line, served in self._served.items()
        }

    def serving(self, line_id: int) -> list[tuple[Desk, float]]:
        """Counters that can serve the line, and the share of their time it gets."""
        return self._served.get(line_id, [])

    def others(self, line_id: int, minutes: float) -> float:
        """People of other lines before the same open counters, counted in services of this line of so many minutes."""
        mine = self._open_first.get(line_id, frozenset())
        work = 0.0
        for other, facts in self.lines.items():
            if other == line_id or not facts.waiting:
                continue
            theirs = self._open_first.get(other, frozenset())
            if shared := mine & theirs:
                work += facts.waiting * facts.standard_minutes * len(shared) / len(theirs)
        return work / minutes


def line_state(hall: HallFacts, line_id: int, *, planned: bool = False) -> LineState:
    """The engine's view of one line. `planned`: before opening, when nobody sits yet, all its counters count."""
    from senyum.engine.forecast import LineState

    facts = hall.lines[line_id]
    seen, mean, cv = services_seen(facts.services, facts.standard_minutes)
    serving = hall.serving(line_id)
    now = sum(share for desk, share in serving if planned or hall.is_open(desk))
    idle = any(hall.is_open(desk) and not hall.seats[desk.id].busy for desk, _share in serving if desk.id in hall.seats)
    return LineState(
        minute=hall.minute,
        people_ahead=0.0,
        standard_minutes=facts.standard_minutes,
        counters=now,
        roster=() if planned else _roster(hall, serving, now),
        idle_counter=idle and hall.pause is None,
        observed=seen,
        observed_mean=mean,
        observed_cv=cv,
        priority_a_minute=facts.priority_a_minute,
        head_start=hall.head_start,
        joins_a_minute=facts.joins_a_minute,
        others=hall.others(line_id, facts.standard_minutes),
        among=float(facts.waiting),
        bookings=facts.booked,
    )


def _roster(hall: HallFacts, serving: Sequence[tuple[Desk, float]], now: float) -> tuple[tuple[float, float], ...]:
    """(minute, counters) for every later moment at which counters come or go."""
    steps: dict[float, float] = {}
    for desk, share in serving:
        seat = hall.seats.get(desk.id)
        paused = seat is not None and not seat.is_open
        sits = seat is not None and seat.is_open
        for minute, change in hall.changes.get(desk.id, ()):
            # Who sits cannot come, who is away cannot leave; a pause has its own end.
            if minute > hall.minute and not paused and (change < 0) == sits:
                steps[minute] = steps.get(minute, 0.0) + change * share
                sits = not sits
        if seat is not None and paused and seat.back is not None:
            back = max(hall.minute + 1, seat.back)
            steps[back] = steps.get(back, 0.0) + share
    rows, counters = [], now
    for minute in sorted(steps):
        counters = max(0.0, counters + steps[minute])
        rows.append((minute, counters))
    if hall.pause is None:
        return tuple(rows)
    after = next((c for m, c in reversed(rows) if m <= hall.pause), now)
    return ((hall.minute, 0.0), (hall.pause, after), *((m, c) for m, c in rows if m > hall.pause))


def outlook_of(
    hall: HallFacts,
    line_id: int,
    *,
    agency_id: int,
    start_minutes: float = 0.0,
    learned: Learned | None = None,
) -> Outlook:
    """What waits of a line are told from. `start_minutes`: until it opens, 0 while it is open."""
    from senyum.engine.forecast import table

    state = line_state(hall, line_id, planned=start_minutes > 0)
    waiting = hall.lines[line_id].waiting
    counters = tuple(sorted(d.number for d, _share in hall.serving(line_id) if line_id in d.first and hall.is_open(d)))
    if state.counters <= 0 and not any(c > 0 for _m, c in state.roster):
        return Outlook(None, 0.0, waiting, Basis.NO_COUNTER, counters, state)
    cold, basis, look, calibration = table(state), Basis.COLD, None, None
    if learned is not None and line_id in learned.line and agency_id in learned.office:
        state = replace(state, line=learned.line[line_id], office=learned.office[agency_id])
        calibration, look = learned.calibration, learned.looks.get(line_id)
        basis = Basis.LEARNED if look is not None else Basis.CALIBRATED
    made = table(state, calibration, look) if calibration is not None else cold
    return Outlook(made, start_minutes, waiting, basis, counters, state, cold, calibration)
