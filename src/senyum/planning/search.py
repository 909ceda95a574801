"""The least costly roster of an agency's day that keeps the promise, and a bound on the cost of all that do.

One set of sampled days decides: a roster keeps the target when these days do. From above (`descent`): everyone works
all day, then shifts are shortened, dropped, moved and exchanged. From below (`sieve`): rosters are cleared by cost
until one is left that is not refused. An agency whose frame rosters (`frames`) can be listed is solved by the sieve
alone; for a larger one the sieve clears rosters as if every officer could serve everything, and what is left gets its
places by `descent`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from senyum.engine.staffing.agency_day import AgencyDay, Desk
from senyum.engine.staffing.crowd import Crowd
from senyum.engine.staffing.visitors import Visitors
from senyum.planning.descent import Descent
from senyum.planning.fluid import Fluid
from senyum.planning.frames import Frames, count
from senyum.planning.judge import Judge
from senyum.planning.rostering import Roster, RosterRules, Seat, fits, rules_of, staffing, together
from senyum.planning.sieve import Sieve
from senyum.planning.solver import Master

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to look. Nothing here is wall clock: the same effort gives the same plan on any machine.

    `people`: in the sampled days, about, in at most `days`. `sure`: standard errors from the target at which a part of
    the days is enough. `margin`: standard errors that a roster keeps above the promise, so that other days keep it too.
    `below`: people in the days that are played for the bound. `tries`: changes of a roster that are judged before it is
    taken that none will do; `places`: rosters without places that are given some, in each of `halvings` of the range
    between bound and best cost. `slack`: where the promise is out of reach, the target lies so far below the best
    roster found, but no more than `alike` below what today's roster keeps, if that was found to be reachable.
    `listed`: frame rosters of an agency that is solved by the sieve alone; `widest`: of one for which there is a bound
    at all. `allowance`: share by which officers who could do everything may keep less than real ones, who serve their
    own lines first. `recorded`: days of the mall from which forwarded people are taken.
    """

    people: int = 200_000
    days: int = 8_000
    sure: float = 3.0
    margin: float = 1.5
    below: int = 18_000_000
    tries: int = 25
    places: int = 2
    halvings: int = 5
    slack: float = 0.01
    alike: float = 0.002
    listed: int = 300_000
    widest: int = 2_500_000
    allowance: float = 0.015
    recorded: int = 1_200


#: Fewer days and changes, and no bound for agencies that are too large for a list.
QUICK = Effort(people=60_000, below=2_000_000, tries=15, halvings=0, widest=0)
#: Deterministic seconds of CP-SAT for the roster in which all work all day, from which the search goes down.
_EVERYONE = 0.3
_TIERS = (32, 10, 3, 1)
#: Rosters without places of which those are taken that keep the most.
_HOPEFUL = 12


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The plan of one agency's day.

    `share` with `error`: on the sampled days. `bound`: no roster that keeps rules and target on these days costs less.
    `target` is below `wanted` when no roster was found that keeps it; `today`: share kept by today's roster, or nan.
    `people`: played in all.
    """

    day: AgencyDay = field(repr=False)
    roster: Roster
    staffing: Ints
    share: float
    error: float
    target: float
    wanted: float
    bound: int
    uncovered: int
    people: int
    today: float

    @property
    def reachable(self) -> bool:
        """The people there are can keep what was wanted."""
        return self.target >= self.wanted

    @property
    def gap(self) -> float:
        """Cost above the bound, as a share of the bound."""
        return (self.roster.cost - self.bound) / self.bound if self.bound > 0 else 0.0


class Search:
    """One agency's day. `visitors`: whom other agencies forward, as recorded. `before`: a search of another weekday of
    the same agency: what was too little there is tried first here.
    """

    def __init__(
        self,
        day: AgencyDay,
        *,
        seed: int,
        effort: Effort | None = None,
        visitors: Visitors | None = None,
        before: Search | None = None,
    ) -> None:
        self.day, self.effort = day, effort or Effort()
        a_day = max(float(day.expected.sum()), 1.0)
        days = int(min(max(self.effort.people / a_day, 100), self.effort.days))
        self._tiers = sorted({max(days // part, 25) for part in _TIERS})
        self._crowd = Crowd(day, seed=seed, visitors=visitors)
        self.real = self._judge(day.desk)
        self.rules = rules_of(day)
        if before and before.rules.same(self.rules):
            uncovered, everyone = before.uncovered, before.everyone
        else:
            master = Master(self.rules, effort=_EVERYONE)
            uncovered, everyone = master.uncovered, master.everyone()
        self.uncovered: int = uncovered
        self.everyone: Roster = everyone
        self.descent = Descent(self.rules, self.real, uncovered=self.uncovered, tries=self.effort.tries)
        self._frames: Frames | None = None
        self._tops: list[Ints] = []
        self._before = before
        self._best: Roster | None = None

    def least_cost(self, wanted: float, *, start: Roster | None = None) -> Found:
        """The least costly roster that keeps `wanted`, or what the people there can reach.

        `start`: a roster to begin with if it keeps the target, for instance that of a quieter day.
        """
        target = self.reachable(wanted)
        begin = self._best or self.everyone
        # Above the promise by a margin, so that it is kept on other days too; what is out of reach is only claimed as
        # far as other days confirm it.
        surely = target + self.effort.margin * self._error(begin) if target >= wanted else target
        if not self._keeps(begin, surely):
            surely = target
        if start and start.cost < begin.cost and self._keeps(start, surely):
            begin = start
        if count(self.rules) <= self.effort.listed:
            best, bound = self._listed(begin, target, surely)
        else:
            best, bound = self._large(begin, target, surely)
        table = staffing(self.rules, best.seats)
        share, error = self.real.share(table)
        return Found(
            day=self.day,
            roster=best,
            staffing=table,
            share=share,
            error=error,
            target=target,
            wanted=wanted,
            bound=min(bound, best.cost),
            uncovered=self.uncovered,
            people=self.real.people,
            today=self.today(),
        )

    def reachable(self, wanted: float) -> float:
        """`wanted`, or what the people can reach: a little less than the best roster found, but as much as today."""
        best = self.descent.climb(self.everyone, enough=wanted, near=False)
        self._best = best
        share = self.real.share(staffing(self.rules, best.seats))[0]
        if share >= wanted:
            return wanted
        today = self.today()
        least = share - self.effort.slack
        return least if math.isnan(today) else max(least, min(share, today) - self.effort.alike)

    def today(self) -> float:
        """Share kept on the sampled days by the roster in the scenario; nan when nobody is on it."""
        counters = {c for place in self.day.places for c in place.counters}
        shifts = [s for s in self.day.scenario.shifts if s.counter in counters]
        return self._crowd.play_shifts(shifts, first=0, end=self._tiers[-1]).share() if shifts else float("nan")

    def _judge(self, desk: Desk) -> Judge:
        return Judge(self._crowd, desk, self._tiers, sure=self.effort.sure)

    def _keeps(self, roster: Roster, target: float) -> bool:
        return self.real.keeps(staffing(self.rules, roster.seats), target)

    def _error(self, roster: Roster) -> float:
        return self.real.share(staffing(self.rules, roster.seats))[1]

    def _listed(self, begin: Roster, target: float, surely: float) -> tuple[Roster, int]:
        """By the sieve alone: the first roster that is not refused is the least costly."""
        sieve = self._sieve(self.rules, self.real)
        first = sieve.first(target, below=begin.cost)
        bound = sieve.bound
        if first and self.real.share(first.staffing)[0] < surely:
            first = sieve.first(surely, below=begin.cost)
        self._tops = sieve.tops
        if first:
            return first.roster, bound
        return (begin if bound >= begin.cost else self.descent.improve(begin, surely)), bound

    def _large(self, begin: Roster, target: float, surely: float) -> tuple[Roster, int]:
        """From above by descent; from below as if every officer could serve everything."""
        rules, best = together(self.rules), begin
        if count(rules) > self.effort.widest:
            return self.descent.improve(begin, surely), Master(self.rules, effort=1.0).solve().bound
        sieve = self._sieve(rules, self._judge(self.day.pooled()))
        sieve.first(target - self.effort.allowance, below=best.cost)
        self._tops = sieve.tops
        low, high = sieve.bound, best.cost
        for _ in range(self.effort.halvings):
            # Somewhere between the bound and the best there is a cost from which places can be found.
            limit = (low + high) // 2
            placed = self._with_places(sieve, limit, surely)
            if placed is None:
                low = limit
                continue
            best, high = placed, placed.cost
        return self.descent.improve(best, surely), sieve.bound

    def _with_places(self, sieve: Sieve, limit: int, surely: float) -> Roster | None:
        """A roster of at most this cost that keeps the target, made from one without places."""
        for candidate in sieve.promising(limit, self.effort.places, of=_HOPEFUL):
            placed = self._placed(candidate.roster)
            if placed is None:
                continue
            climbed = self.descent.climb(placed, enough=surely)
            if self._keeps(climbed, surely):
                return climbed
        return None

    def _sieve(self, rules: RosterRules, judge: Judge) -> Sieve:
        before = self._before
        frames, tops = (before._frames, before._tops) if before else (None, [])
        if frames is None or frames.uncovered != self.uncovered or not frames.rules.same(rules):
            frames, tops = Frames(rules, self.uncovered), []
        self._frames = frames
        return Sieve(frames, judge, Fluid(self.day, judge.desk), people=self.effort.below, tops=tops)

    def _placed(self, roster: Roster) -> Roster | None:
        """Counters for the shifts of a roster without places, the longest shift first; None when they are too few."""
        order = sorted(roster.seats, key=lambda s: (-len(self.rules.patterns[s.pattern].covers), s))
        fluid, seats = Fluid(self.day, self.day.desk), list[Seat]()
        for seat in order:
            places = [p for p, kind in enumerate(self.rules.kind[seat.group]) if kind >= 0]
            trials = [[*seats, Seat(seat.group, p, seat.pattern)] for p in places]
            trials = [t for t in trials if fits(self.rules, t)]
            if not trials:
                return None
            shares = fluid.shares(np.array([staffing(self.rules, t) for t in trials]))
            seats = trials[int(np.argmax(shares))]
        return Roster(tuple(sorted(seats)), roster.cost)
