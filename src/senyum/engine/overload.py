"""What a policy does when more people come than the counters can serve: the table before it is switched on.

The same people on the same days (same arrivals, classes, lines, service times) are called under three disciplines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from senyum.engine.discipline_fast import PAST_PROMISE, Floats, Ints
from senyum.engine.simulation.classic import run_day

POLICY, FIFO, STRICT = "policy", "fifo", "strict"
#: The policy as proposed; first come first served; a priority class always before the others, help only when idle.
DISCIPLINES = (POLICY, FIFO, STRICT)
#: More than any day has minutes.
NEVER = 10_000.0


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A class: its two minutes of the policy, and which share of the people it is (shares are normalised)."""

    code: str
    head_start_minutes: float
    promise_minutes: float
    share: float


@dataclass(frozen=True, slots=True)
class LineLoad:
    """A line: the mean minutes at the counter and its share of the people."""

    code: str
    standard_minutes: float
    share: float


@dataclass(frozen=True, slots=True)
class CounterLines:
    """A counter: indices of the lines it serves first and of those it helps out with."""

    first: tuple[int, ...]
    helps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrivals:
    """How people come: `load` is work brought per minute / counters, `intake_minutes` from opening to last ticket.

    `hourly` are weights of equal parts of the intake, e.g. (2, 1) for a morning twice as full as the afternoon.
    """

    load: float = 1.2
    intake_minutes: float = 390.0
    days: int = 20
    hourly: tuple[float, ...] = (1.0,)


@dataclass(frozen=True, slots=True)
class OverloadRow:
    """One discipline and one group (a class, "line:CODE" or "all"): minutes of wait, share called by its promise.

    `longest` is over all days. `joined` is the share called from a helped-out line because its promise had passed.
    """

    discipline: str
    group: str
    people: int
    p50: float
    p90: float
    longest: float
    kept: float
    joined: float


@dataclass(frozen=True, slots=True)
class _Day:
    arrived_at: Floats
    cls: Ints
    line: Ints
    service_minutes: Floats


def overload_table(
    policy: Sequence[PolicyRow],
    lines: Sequence[LineLoad],
    counters: Sequence[CounterLines],
    arrivals: Arrivals,
    seed: int,
) -> list[OverloadRow]:
    """Rows per discipline: each class in the order of `policy`, each line, everyone. A seed always gives the same rows.

    Raises ValueError when a line has people and no counter.
    """
    rng = np.random.default_rng(seed)
    days = [_draw(rng, policy, lines, len(counters), arrivals) for _ in range(arrivals.days)]
    tiers = np.zeros((len(counters), len(lines)), dtype=np.int64)
    for row, counter in zip(tiers, counters, strict=True):
        row[list(counter.helps)] = 2
        row[list(counter.first)] = 1
    return [row for name in DISCIPLINES for row in _rows(name, days, policy, lines, tiers)]


def starving(rows: Sequence[OverloadRow], policy: Sequence[PolicyRow], discipline: str) -> list[str]:
    """The groups of which somebody waits longer than an order by turn can make them wait.

    That is: longer than anybody does first come, first served, plus the largest head start of `policy`.
    """
    most = next(row.longest for row in rows if (row.discipline, row.group) == (FIFO, "all"))
    most += max(row.head_start_minutes for row in policy)
    return [row.group for row in rows if row.discipline == discipline and row.longest > most and row.group != "all"]


def _draw(
    rng: np.random.Generator, policy: Sequence[PolicyRow], lines: Sequence[LineLoad], counters: int, arrivals: Arrivals
) -> _Day:
    """One day of people. Only uniform draws are used, so that a seed means the same people everywhere."""
    share = _normal([line.share for line in lines])
    standard = np.array([line.standard_minutes for line in lines])
    expected = arrivals.load * counters * arrivals.intake_minutes / float(share @ standard)
    people = round(expected)
    parts = np.concatenate([[0.0], np.cumsum(_normal(arrivals.hourly))])
    when = np.interp(rng.random(people), parts, np.linspace(0, arrivals.intake_minutes, len(parts)))
    line = _pick(rng.random(people), share)
    cls = _pick(rng.random(people), _normal([row.share for row in policy]))
    # The mean of two exponential times: a spread of 0.7 of the mean, as short counter work has.
    service = -standard[line] / 2 * (np.log1p(-rng.random(people)) + np.log1p(-rng.random(people)))
    return _Day(np.sort(when), cls, line, service)


def _normal(shares: Sequence[float]) -> Floats:
    weights = np.asarray(shares, dtype=np.float64)
    normal: Floats = weights / weights.sum()
    return normal


def _pick(uniform: Floats, share: Floats) -> Ints:
    picked: Ints = np.searchsorted(np.cumsum(share)[:-1], uniform, side="right").astype(np.int64)
    return picked


def _rows(
    name: str, days: Sequence[_Day], policy: Sequence[PolicyRow], lines: Sequence[LineLoad], tiers: Ints
) -> list[OverloadRow]:
    head_start = np.array([row.head_start_minutes for row in policy])
    promise = np.array([row.promise_minutes for row in policy])
    advance = {POLICY: head_start, FIFO: np.zeros(len(policy)), STRICT: np.where(head_start > 0, NEVER, 0.0)}[name]
    joins_after = np.full(len(policy), NEVER) if name == STRICT else promise
    waited, joined = [], []
    for day in days:
        calls = run_day(
            arrived_at=day.arrived_at,
            line=day.line,
            turn_at=day.arrived_at - advance[day.cls],
            promised_by=day.arrived_at + joins_after[day.cls],
            service_minutes=day.service_minutes,
            tiers=tiers,
        )
        waited.append(calls.called_at - day.arrived_at)
        joined.append(calls.why == PAST_PROMISE)
    wait, late = np.concatenate(waited), np.concatenate(joined)
    cls, line = np.concatenate([d.cls for d in days]), np.concatenate([d.line for d in days])
    groups = [(row.code, cls == i) for i, row in enumerate(policy)]
    groups += [(f"line:{row.code}", line == i) for i, row in enumerate(lines)]
    groups.append(("all", np.ones(len(wait), dtype=np.bool_)))
    return [_row(name, group, wait[of], promise[cls[of]], late[of]) for group, of in groups if of.any()]


def _row(name: str, group: str, wait: Floats, promise: Floats, late: np.ndarray) -> OverloadRow:
    p50, p90 = np.quantile(wait, [0.5, 0.9])
    return OverloadRow(
        discipline=name,
        group=group,
        people=len(wait),
        p50=float(p50),
        p90=float(p90),
        longest=float(wait.max()),
        kept=float(np.mean(wait <= promise)),
        joined=float(np.mean(late)),
    )
