"""What to do in the next hour: each possible move of the floor, tried on the same sampled hours. Pure.

The hall as it is now is played forward many times: those who wait are there already, others come by the forecast. Each
move changes one thing and is compared hour by hour with doing nothing, so that its effect has an honest interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from senyum.engine.staffing.pool import Desk, People, play

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Minutes by which a lunch may be moved.
LUNCH_MOVE = 30.0


@dataclass(frozen=True, slots=True)
class LiveLine:
    """`minutes`, `spread`: of a person at the counter (mean, standard deviation / mean).

    `rate`: people a minute to come; `promise`: minutes promised to whoever comes.
    """

    code: str
    minutes: float
    spread: float
    rate: float
    promise: float


@dataclass(frozen=True, slots=True)
class LiveTicket:
    """Somebody who waits; times in minutes after midnight."""

    line: int
    turn_at: float
    promised_by: float


@dataclass(frozen=True, slots=True)
class LiveDesk:
    """An open counter. `free_at`: when the running ticket is expected to end; `lunch`: when it begins, None: eaten."""

    counter: str
    officer: str
    first: frozenset[int]
    helps: frozenset[int]
    skills: frozenset[int]
    free_at: float
    until: float
    lunch: float | None = None
    lunch_minutes: float = 30.0


@dataclass(frozen=True, slots=True)
class IdleCounter:
    """A counter at which nobody sits."""

    counter: str
    first: frozenset[int]
    helps: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class FreeOfficer:
    """Somebody who could sit down within `minutes`."""

    officer: str
    skills: frozenset[int]
    minutes: float = 5.0


@dataclass(frozen=True, slots=True)
class HallNow:
    """The hall at `now`. `closes`: nobody new comes after it.

    Lunch stays between `lunch_earliest` and `lunch_latest`.
    """

    now: float
    closes: float
    lines: tuple[LiveLine, ...]
    waiting: tuple[LiveTicket, ...]
    desks: tuple[LiveDesk, ...]
    idle: tuple[IdleCounter, ...] = ()
    free: tuple[FreeOfficer, ...] = ()
    lunch_earliest: float = 690.0
    lunch_latest: float = 810.0


@dataclass(frozen=True, slots=True)
class Move:
    """`kind`: "open" (officer sits down at counter), "help" (counter also takes line), "lunch" (by `minutes`)."""

    kind: str
    counter: str
    officer: str = ""
    line: str = ""
    minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a move is expected to bring, over those who wait and those who come within the hour.

    `late_before`, `late_after`: people called after their promise; `saved` lies between `low` and `high` with 95 %.
    `wait_before`, `wait_after`: mean minutes until the call from now, or from arrival.
    """

    move: Move
    late_before: float
    late_after: float
    saved: float
    low: float
    high: float
    wait_before: float
    wait_after: float


def suggest(
    hall: HallNow, *, seed: int, samples: int = 300, horizon: float = 60.0, at_most: int = 5
) -> list[Suggestion]:
    """Moves that surely make fewer people late, the best first.

    Empty when nothing helps. Deterministic by `seed`.
    """
    people = _draw(hall, seed=seed, samples=samples, horizon=horizon)
    late, wait = _outcome(hall, hall.desks, people, horizon)
    found = []
    for move, desks in _moves(hall):
        late_then, wait_then = _outcome(hall, desks, people, horizon)
        saved = late - late_then
        half = 1.96 * float(saved.std(ddof=1)) / math.sqrt(samples)
        mean = float(saved.mean())
        if mean - half > 0:
            found.append(
                Suggestion(
                    move=move,
                    late_before=float(late.mean()),
                    late_after=float(late_then.mean()),
                    saved=mean,
                    low=mean - half,
                    high=mean + half,
                    wait_before=wait,
                    wait_after=wait_then,
                )
            )
    found.sort(key=lambda s: (-s.saved, s.wait_after, s.move.kind, s.move.counter, s.move.officer, s.move.line))
    return found[:at_most]


def _moves(hall: HallNow) -> Iterator[tuple[Move, tuple[LiveDesk, ...]]]:
    for counter in hall.idle:
        for officer in hall.free:
            if officer.skills & (counter.first | counter.helps):
                yield (
                    Move("open", counter.counter, officer=officer.officer),
                    (*hall.desks, _sat_down(hall, counter, officer)),
                )
    for n, desk in enumerate(hall.desks):
        for line in sorted(desk.skills - desk.first - desk.helps):
            helping = replace(desk, helps=desk.helps | {line})
            yield Move("help", desk.counter, desk.officer, hall.lines[line].code), _with(hall.desks, n, helping)
        if desk.lunch is None or desk.lunch < hall.now:
            continue
        for by in (-LUNCH_MOVE, LUNCH_MOVE):
            at = desk.lunch + by
            if max(hall.now, hall.lunch_earliest) <= at <= hall.lunch_latest - desk.lunch_minutes:
                yield (
                    Move("lunch", desk.counter, desk.officer, minutes=by),
                    _with(hall.desks, n, replace(desk, lunch=at)),
                )


def _sat_down(hall: HallNow, counter: IdleCounter, officer: FreeOfficer) -> LiveDesk:
    return LiveDesk(
        counter=counter.counter,
        officer=officer.officer,
        first=counter.first & officer.skills,
        helps=counter.helps & officer.skills,
        skills=officer.skills,
        free_at=hall.now + officer.minutes,
        until=math.inf,
    )


def _with(desks: Sequence[LiveDesk], n: int, desk: LiveDesk) -> tuple[LiveDesk, ...]:
    return (*desks[:n], desk, *desks[n + 1 :])


def _outcome(hall: HallNow, desks: Sequence[LiveDesk], people: People, horizon: float) -> tuple[Floats, float]:
    """(people late in each sampled hour, mean minutes until the call). Whoever no counter serves is late."""
    minutes = math.ceil(horizon)
    tiers = np.zeros((max(len(desks), 1), len(hall.lines)), dtype=np.int64)
    there = np.zeros((max(len(desks), 1), minutes), dtype=np.int64)
    at = hall.now + np.arange(minutes)
    for n, desk in enumerate(desks):
        tiers[n, sorted(desk.helps & desk.skills)] = 2
        tiers[n, sorted(desk.first & desk.skills)] = 1
        there[n] = (at >= math.ceil(desk.free_at - 1e-9)) & (at < desk.until)
        if desk.lunch is not None:
            there[n] &= ~((at >= desk.lunch) & (at < desk.lunch + desk.lunch_minutes))
    desk_row = Desk(
        opens=hall.now,
        closes=hall.now + minutes,
        period=1.0,
        tiers=tiers,
        absent=np.zeros(len(tiers)),
        line_minutes=np.array([line.minutes for line in hall.lines]),
    )
    played = play(people, desk_row, there)
    # Whoever is not called within a further horizon counts with that: a wait without end has no mean.
    called = np.minimum(played.called_at, hall.now + 2 * horizon)
    wait = float((called - people.arrived_at).mean()) if len(called) else 0.0
    return played.promised - played.kept, wait


def _draw(hall: HallNow, *, seed: int, samples: int, horizon: float) -> People:
    rng = np.random.default_rng(seed)
    until = min(horizon, max(hall.closes - hall.now, 0.0))
    waiting = len(hall.waiting)
    rates = np.array([line.rate for line in hall.lines]) * until
    counts = rng.poisson(rates, (samples, len(rates)))
    coming = int(counts.sum())
    sample_of, line_of = (np.repeat(i.ravel(), counts.ravel()) for i in np.indices(counts.shape))
    arrived = hall.now + rng.random(coming) * until
    promise = np.array([line.promise for line in hall.lines])
    of_hour = np.concatenate([np.repeat(np.arange(samples), waiting), sample_of])
    at = np.concatenate([np.full(samples * waiting, hall.now), arrived])
    line = np.concatenate([np.tile(np.array([t.line for t in hall.waiting], dtype=np.int64), samples), line_of])
    turn = np.concatenate([np.tile(np.array([t.turn_at for t in hall.waiting]), samples), arrived])
    by = np.concatenate([np.tile([t.promised_by for t in hall.waiting], samples), arrived + promise[line_of]])
    order = np.lexsort((turn, at, of_hour))
    of_hour, at, line, turn, by = (values[order] for values in (of_hour, at, line, turn, by))
    line = line.astype(np.int64)
    endless = np.full(len(at), np.inf)
    return People(
        starts=np.searchsorted(of_hour, np.arange(samples + 1)).astype(np.int64),
        arrived_at=at,
        anchor=at,
        line=line,
        slot=line,
        turn_at=turn,
        promised_by=by.astype(np.float64),
        minutes=_minutes(rng, hall.lines, line),
        accepts=endless,
        leaves_early=endless,
        leaves_late=endless,
        chance=np.ones((samples, max(len(hall.desks) + 1, 1))),
    )


def _minutes(rng: np.random.Generator, lines: Sequence[LiveLine], line: Ints) -> Floats:
    """Lognormal with the line's mean and spread."""
    mean = np.array([item.minutes for item in lines])[line]
    variance = np.log1p(np.array([item.spread for item in lines]) ** 2)[line]
    minutes: Floats = mean * np.exp(np.sqrt(variance) * rng.standard_normal(len(line)) - variance / 2)
    return minutes
