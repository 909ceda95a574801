"""The least costly roster of an agency's day that keeps the promise: local search from above, proof from below.

From above: everyone works all day; then shifts are shortened, dropped and exchanged while sampled days still keep the
promise. From below: a master problem (CP-SAT, `solver`) proposes rosters that cost less, and the sampled days refuse
them. A refused roster becomes a cut: its staffing is raised wherever that does not help, and from then on one of the
remaining half hours must have an officer more. When the master has nothing left to propose below some cost, that cost
is a bound.

This is the cutting-plane method of Atlason, Epelman & Henderson (2004, 2008) with cuts that need less: not that the
share kept is concave in the staffing (with few officers it is not), only that it never falls when officers are added or
can do more. Most cuts come from a hall in which every officer could do everything: they bind all kinds together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from senyum.engine.staffing.agency_day import AgencyDay, Sample
from senyum.engine.staffing.pool import Desk, Played, play
from senyum.planning.catalogue import Catalogue, count
from senyum.planning.descent import Descent
from senyum.planning.rostering import TOGETHER, Cut, Roster, rules_of, staffing, together
from senyum.planning.solver import Master

Ints = NDArray[np.int64]


class Verdict(StrEnum):
    """What the sampled days say of a staffing."""

    KEPT = "kept"  # surely
    BROKEN = "broken"  # surely
    OPEN = "open"  # too close to the target for as many days as we allow


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to look. Nothing here is wall clock: the same effort gives the same plan on any machine.

    `days`: of the first tier of samples at most; `people`: of the last tier, about. `sure`: standard errors from the
    target that count as sure. `gaps`: costs above the bound that are to be ruled out, one after the other.
    `proposals`: of the master that knows officers who can do everything, in all; `own`: people in the days judged of
    the one that knows who can do what, a gap. `solve`: deterministic seconds of CP-SAT a proposal; `together`: in all
    for the first master. `slack`: the target of an agency that cannot keep the promise lies so far below what everyone
    together reaches. `pairs`: exchanges of two shifts that are tried at most. `listed`: an agency with no
    more rosters than that has them all listed, and needs no master.
    """

    days: int = 500
    people: int = 400_000
    sure: float = 2.5
    gaps: tuple[float, ...] = (0.2, 0.1, 0.05, 0.025, 0.0)
    proposals: int = 40
    own: int = 3_000
    together: float = 4.0
    slack: float = 0.01
    pairs: int = 40
    solve: float = 1.0
    listed: int = 1_500_000


#: Local search only, in seconds: a good roster without a proof of how good.
QUICK = Effort(proposals=0, own=0, pairs=20, people=60_000, gaps=(), listed=2_000)


class Judge:
    """Plays staffings at one desk on the same sampled people, tier by tier, and remembers."""

    def __init__(self, sample: Sample, desk: Desk, sure: float) -> None:
        self.sample, self.desk, self.sure = sample, desk, sure
        self._known: dict[tuple[int, bytes], tuple[float, float]] = {}
        self.played = 0

    def play(self, table: Ints, tier: int = 0) -> Played:
        """All days of a tier with this staffing."""
        self.played += 1
        return play(self.sample.people(tier), self.desk, table)

    def share(self, table: Ints, tier: int = 0) -> tuple[float, float]:
        """Share kept and its standard error on the days of a tier."""
        key = (tier, table.tobytes())
        if key not in self._known:
            played = self.play(table, tier)
            self._known[key] = (played.share(), played.error())
        return self._known[key]

    def at(self, table: Ints, target: float, tier: int) -> Verdict:
        """The verdict of one tier."""
        share, error = self.share(table, tier)
        # A few days without a single late call show no spread: never surer than one in two thousand.
        margin = self.sure * max(error, 2e-4)
        if share - margin >= target:
            return Verdict.KEPT
        return Verdict.BROKEN if share + margin < target else Verdict.OPEN

    def verdict(self, table: Ints, target: float) -> tuple[Verdict, int]:
        """The verdict of the first tier that is sure, and which tier that was."""
        for tier in range(self.sample.tiers):
            found = self.at(table, target, tier)
            if found is not Verdict.OPEN:
                return found, tier
        return Verdict.OPEN, self.sample.tiers - 1

    def keeps(self, table: Ints, target: float) -> bool:
        """Whether the staffing surely keeps the target."""
        return self.verdict(table, target)[0] is Verdict.KEPT


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The plan of one agency's day.

    `share` with `error`: on the search's own sample. `bound`: no roster that keeps rules and target costs less, as far
    as the sample can tell. `target` is below `wanted` when even everyone together does not keep it.
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
    proposals: int
    played: int
    cuts: tuple[tuple[float, Cut], ...] = field(repr=False, default=())

    @property
    def reachable(self) -> bool:
        """The people there are can keep what was wanted."""
        return self.target >= self.wanted

    @property
    def gap(self) -> float:
        """Cost above the bound, as a share of the bound."""
        return (self.roster.cost - self.bound) / self.bound if self.bound > 0 else 0.0


class Search:
    """One agency's day. `cuts`: (target, cut), learned on this day or on one with fewer people, same seats and kinds.

    Cuts that were learned for a target hold for every higher one, so ask for targets ascending.
    """

    def __init__(
        self, day: AgencyDay, *, seed: int, effort: Effort | None = None, cuts: Sequence[tuple[float, Cut]] = ()
    ) -> None:
        self.day, self.effort = day, effort or Effort()
        a_day = max(float(day.expected.sum()), 1.0)
        first = int(min(max(self.effort.people / 40 / a_day, 40), self.effort.days))
        sample = Sample(day, seed=seed, first=first, most_people=self.effort.people)
        self.real = Judge(sample, day.desk, self.effort.sure)
        self.pooled = Judge(sample, day.pooled(), self.effort.sure)
        self.rules = rules_of(day)
        self.rules_together = together(self.rules)
        master = Master(self.rules)
        self.uncovered = master.uncovered
        self.everyone = master.everyone()
        self.cuts: list[tuple[float, Cut]] = list(cuts)
        # Proposals for a large agency take longer to judge and teach less.
        self._own = min(int(self.effort.own / a_day), 200)
        self._proposals = 0

    def least_cost(self, wanted: float, *, start: Roster | None = None) -> Found:
        """The least costly roster that keeps `wanted`, or what the people there can reach.

        `start`: a roster to begin with if it keeps the target, for instance that of a quieter day.
        """
        self._proposals = 0
        target = self.reachable(wanted)
        if count(self.rules) <= self.effort.listed:
            return self._found(*self._from_list(target), target, wanted)
        begin = self.everyone
        if start and self.real.keeps(staffing(self.rules, start.seats), target):
            begin = start
        best = Descent(self, target).improve(begin)
        return self._found(*self._prove(best, target), target, wanted)

    def _found(self, best: Roster, bound: int, target: float, wanted: float) -> Found:
        table = staffing(self.rules, best.seats)
        share, error = self.real.share(table, self.real.verdict(table, target)[1])
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
            proposals=self._proposals,
            played=self.real.played + self.pooled.played,
            cuts=tuple(self.cuts),
        )

    def reachable(self, wanted: float) -> float:
        """`wanted`, or a little less than what everyone together keeps when that is not enough."""
        table = staffing(self.rules, self.everyone.seats)
        if self.real.keeps(table, wanted):
            return wanted
        share, error = self.real.share(table, self.real.sample.tiers - 1)
        return min(wanted, share - max(self.effort.slack, 2 * self.effort.sure * error))

    def _from_list(self, target: float) -> tuple[Roster, int]:
        """The least costly roster of all, and the cost of the least costly that is not surely too little."""
        catalogue = Catalogue(self.rules, self.uncovered)
        for known in self._known(target):
            catalogue.add(known)
        bound = -1
        while (roster := catalogue.next()) is not None:
            verdict, cut = self._cut(staffing(self.rules, roster.seats), target)
            if verdict is not Verdict.BROKEN and bound < 0:
                bound = roster.cost
            if cut is None:
                return roster, bound
            if verdict is Verdict.BROKEN:
                self.cuts.append((target, cut))
            catalogue.add(cut)
        return self.everyone, max(bound, 0)

    def _prove(self, best: Roster, target: float) -> tuple[Roster, int]:
        """A roster at least as good, and a bound on the cost of all."""
        unit = math.gcd(*(c for row in self.rules.cost for c in row)) or 1
        bound = max(self._bound_together(best, target), Master(self.rules, effort=self.effort.solve).solve().bound)
        for gap in self.effort.gaps:
            while (limit := min(int(best.cost / (1 + gap)), best.cost - 1)) >= bound:
                better, ruled_out = self._probe(limit, target)
                if better is None and not ruled_out:
                    # Too close to call below this cost; there may still be something between it and the best.
                    break
                if better is None:
                    bound = (limit // unit + 1) * unit
                else:
                    best = Descent(self, target).improve(better)
        return best, bound

    def _bound_together(self, best: Roster, target: float) -> int:
        """No roster costs less, even if every officer could do everything. Stops at the cost of `best`."""
        if count(self.rules_together) <= self.effort.listed:
            return self._bound_from_list(best, target)
        master = Master(self.rules_together, self._known(target, all_kinds=True), effort=self.effort.solve)
        bound = 0
        while bound < best.cost and self._proposals < self.effort.proposals and master.spent < self.effort.together:
            self._proposals += 1
            solved = master.solve()
            bound = max(bound, solved.bound)
            if solved.roster is None:
                return best.cost if solved.proved else bound
            table = staffing(self.rules_together, solved.roster.seats)
            verdict, tier = self.pooled.verdict(table, target)
            if verdict is not Verdict.BROKEN:
                return bound
            cut = learn(self.pooled, table, self.day.most_together(), target, tier)
            self.cuts.append((target, cut))
            master.add(cut)
        return bound

    def _bound_from_list(self, best: Roster, target: float) -> int:
        catalogue = Catalogue(self.rules_together, self.uncovered)
        for known in self._known(target, all_kinds=True):
            catalogue.add(known)
        while (roster := catalogue.next()) is not None and roster.cost < best.cost:
            table = staffing(self.rules_together, roster.seats)
            verdict, tier = self.pooled.verdict(table, target)
            if verdict is not Verdict.BROKEN:
                return roster.cost
            self.cuts.append((target, learn(self.pooled, table, self.day.most_together(), target, tier)))
            catalogue.add(self.cuts[-1][1])
        return best.cost

    def _known(self, target: float, *, all_kinds: bool = False) -> list[Cut]:
        """What was learned for this target or a lower one: whatever breaks a low target breaks a high one."""
        return [
            cut
            for t, cut in self.cuts
            if t <= target and not (all_kinds and any(k != TOGETHER for k, _, _ in cut.options))
        ]

    def _probe(self, limit: int, target: float) -> tuple[Roster | None, bool]:
        """A roster of at most this cost that keeps the target, or None and whether there surely is none."""
        master = Master(self.rules, self._known(target), at_most=limit, effort=self.effort.solve)
        too_close = False
        for _ in range(self._own):
            solved = master.solve()
            if solved.roster is None:
                return None, solved.proved and not too_close
            table = staffing(self.rules, solved.roster.seats)
            verdict, cut = self._cut(table, target)
            if cut is None:
                return solved.roster, False
            # Whatever is too close to call is passed over: it cannot be proposed, and nothing is ruled out.
            too_close = too_close or verdict is Verdict.OPEN
            if verdict is Verdict.BROKEN:
                self.cuts.append((target, cut))
            master.add(cut)
        return None, False

    def _cut(self, table: Ints, target: float) -> tuple[Verdict, Cut | None]:
        """What a staffing teaches: a cut, or None when it surely keeps the target."""
        everyone = table.sum(axis=0, keepdims=True)
        verdict, tier = self.pooled.verdict(everyone, target)
        if verdict is Verdict.BROKEN:
            return verdict, learn(self.pooled, everyone, self.day.most_together(), target, tier)
        verdict, tier = self.real.verdict(table, target)
        if verdict is Verdict.KEPT:
            return verdict, None
        if verdict is Verdict.BROKEN:
            return verdict, learn(self.real, table, self.day.most(), target, tier)
        more = [(int(k), int(t)) for k, t in zip(*np.nonzero(self.day.most() > table), strict=True)]
        return verdict, Cut(tuple((k, t, int(table[k, t]) + 1) for k, t in more))


def learn(judge: Judge, table: Ints, most: Ints, target: float, tier: int) -> Cut:
    """A cut from a staffing that surely breaks the target, raised where it stays so.

    Whole groups of (kind, half hour) are raised to all there are, and halved when that would help (the idea of
    QuickXplain, Junker 2004); quiet half hours first, so that the cut ends up where the waiting is.
    """
    raised = table.copy()
    load = judge.sample.day.expected.sum(axis=0)
    cells = [(int(k), int(t)) for k, t in zip(*np.nonzero(most > table), strict=True)]
    cells.sort(key=lambda cell: (load[cell[1]], cell))

    def lift(group: list[tuple[int, int]]) -> None:
        before = [raised[cell] for cell in group]
        for cell in group:
            raised[cell] = most[cell]
        if judge.at(raised, target, tier) is Verdict.BROKEN:
            return
        for cell, value in zip(group, before, strict=True):
            raised[cell] = value
        # A group of four is fine enough where many days are needed for a verdict.
        if len(group) > (1 if tier < 2 else 4):
            lift(group[: len(group) // 2])
            lift(group[len(group) // 2 :])

    if cells:
        lift(cells)
    all_kinds = judge.desk.tiers.shape[0] == 1
    return Cut(
        tuple(
            (TOGETHER if all_kinds else int(k), int(t), int(raised[k, t]) + 1)
            for k, t in zip(*np.nonzero(most > raised), strict=True)
        )
    )
