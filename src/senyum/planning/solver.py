"""The least costly roster by OR-Tools CP-SAT (Perron & Didier): integer counts of interchangeable officers.

Deterministic: one worker with a fixed seed and limits in CP-SAT's own deterministic time. With several workers the
answer is whichever worker finishes first, and two runs may propose two rosters to two managers. The second core is used
by planning two agencies at once (`search`), each with its own worker.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from senyum.planning.rostering import TOGETHER, Cut, Roster, RosterRules, Seat

SEED = 3
#: Deterministic seconds for one solve; most take a thousandth of it.
EFFORT = 4.0


class PlanningUnavailable(RuntimeError):
    """OR-Tools is not installed."""


def cp_model() -> Any:
    """The solver's module. Raises PlanningUnavailable with what to do."""
    try:
        from ortools.sat.python import cp_model as module
    except ModuleNotFoundError as error:
        raise PlanningUnavailable(
            "planning needs OR-Tools, which is not installed here; install senyum with its extra: "
            "pip install 'senyum[planning]'"
        ) from error
    return module


@dataclass(frozen=True, slots=True)
class Solved:
    """`roster` None: there is none (`proved`), or the effort was spent before one was found.

    `bound`: no roster that keeps rules and cuts costs less, and `proved` when the roster costs just that; both mean
    nothing when any roster would do. `uncovered`: demands that nobody could meet.
    """

    roster: Roster | None
    bound: int
    proved: bool
    uncovered: int


class Master:
    """The roster model of one agency's day, which learns cuts.

    What the rules demand and the people cannot give is counted once (`uncovered`) and then allowed that often, no more.
    With `at_most` any roster that costs no more will do; without, the least costly is looked for. `spent`: CP-SAT's
    deterministic seconds so far.
    """

    def __init__(
        self, rules: RosterRules, cuts: Sequence[Cut] = (), *, at_most: int | None = None, effort: float = EFFORT
    ) -> None:
        self._cp = cp_model()
        self.rules, self._effort = rules, effort
        self._model = self._cp.CpModel()
        self._seats = self._make_seats()
        self._there = self._make_staffing()
        self._reached: dict[tuple[int, int, int], Any] = {}
        self._spans: set[int] = set()
        self._hint: dict[Seat, int] = {}
        self.spent = 0.0
        slack = [self._demand(t, kinds) for t, kinds in rules.open_service]
        self._model.minimize(sum(slack))
        self.uncovered = round(self._run()[0].objective_value) if slack else 0
        if slack:
            self._model.add(sum(slack) <= self.uncovered)
        cost = [rules.cost[seat.group][seat.pattern] * count for seat, count in self._seats.items()]
        self._model.clear_objective()
        if at_most is None:
            self._model.minimize(sum(cost) if cost else 0)
        elif cost:
            self._model.add(sum(cost) <= at_most)
        for cut in cuts:
            self.add(cut)

    def add(self, cut: Cut) -> None:
        """No roster from now on without one of the cut's options."""
        self._model.add_bool_or([self._at_least(*option) for option in cut.options])

    def keep_counters_at_lunch(self, place: int) -> None:
        """From now on nobody sits at a counter of this place while its officer is at lunch."""
        if place in self._spans:
            return
        self._spans.add(place)
        for t in range(self.rules.periods):
            there = [
                count
                for seat, count in self._seats.items()
                if seat.place == place and min(self._covers(seat)) <= t <= max(self._covers(seat))
            ]
            if there:
                self._model.add(sum(there) <= self.rules.counters[place])

    def solve(self) -> Solved:
        """A roster that keeps rules and cuts, or the proof that there is none, or neither when the effort is spent."""
        solver, status = self._run()
        if status == self._cp.INFEASIBLE:
            return Solved(None, 0, True, self.uncovered)
        if status not in (self._cp.OPTIMAL, self._cp.FEASIBLE):
            return Solved(None, max(0, math.ceil(solver.best_objective_bound - 1e-6)), False, self.uncovered)
        roster = self._roster(solver)
        bound = min(roster.cost, round(solver.best_objective_bound))
        return Solved(roster, bound, bound == roster.cost, self.uncovered)

    def everyone(self) -> Roster:
        """The roster in which all work as much as the rules allow, spread so that no half hour is left thin.

        The model is of no use for anything else afterwards.
        """
        gain = []
        for t in range(self.rules.periods):
            there = sum(row[t] for row in self._there)
            for n in range(1, sum(self.rules.officers) + 1):
                reached = self._model.new_bool_var(f"e{t}_{n}")
                self._model.add(there >= n).only_enforce_if(reached)
                # The second officer of a half hour counts half as much as the first: lunches spread out.
                gain.append(reached * (1000 // n))
        self._model.clear_objective()
        self._model.maximize(sum(gain) if gain else 0)
        return self._roster(self._run()[0])

    def _roster(self, solver: Any) -> Roster:
        self._hint = {seat: solver.value(count) for seat, count in self._seats.items()}
        seats = tuple(seat for seat, count in sorted(self._hint.items()) for _ in range(count))
        return Roster(seats, sum(self.rules.cost[s.group][s.pattern] for s in seats))

    def _run(self) -> tuple[Any, Any]:
        """(the solver with what it found, its status)."""
        solver = self._cp.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = SEED
        solver.parameters.max_deterministic_time = self._effort
        self._model.clear_hints()
        for seat, count in self._hint.items():
            self._model.add_hint(self._seats[seat], count)
        status = solver.solve(self._model)
        self.spent += solver.response_proto.deterministic_time
        return solver, status

    def _make_seats(self) -> dict[Seat, Any]:
        rules, seats = self.rules, {}
        for g, p in itertools.product(range(len(rules.officers)), range(len(rules.counters))):
            if rules.kind[g][p] < 0:
                continue
            for n, pattern in enumerate(rules.patterns):
                if pattern.covers:
                    most = min(rules.officers[g], rules.counters[p])
                    seats[Seat(g, p, n)] = self._model.new_int_var(0, most, f"s{g}_{p}_{n}")
        for g, officers in enumerate(rules.officers):
            self._model.add(sum(c for s, c in seats.items() if s.group == g) <= officers)
        for p, counters in enumerate(rules.counters):
            for t in range(rules.periods):
                there = [c for s, c in seats.items() if s.place == p and t in self._covers(s)]
                if there:
                    self._model.add(sum(there) <= counters)
        return seats

    def _make_staffing(self) -> list[list[Any]]:
        rules = self.rules
        table: list[list[list[Any]]] = [[[] for _ in range(rules.periods)] for _ in range(rules.kinds)]
        for seat, count in self._seats.items():
            for t in self._covers(seat):
                table[rules.kind[seat.group][seat.place]][t].append(count)
        return [[sum(cell) for cell in row] for row in table]

    def _covers(self, seat: Seat) -> tuple[int, ...]:
        return self.rules.patterns[seat.pattern].covers

    def _demand(self, period: int, kinds: frozenset[int]) -> Any:
        slack = self._model.new_bool_var(f"u{period}_{sorted(kinds)}")
        self._model.add(sum(self._there[k][period] for k in kinds) + slack >= 1)
        return slack

    def _at_least(self, kind: int, period: int, officers: int) -> Any:
        key = (kind, period, officers)
        if key not in self._reached:
            there = self._model.new_bool_var(f"r{kind}_{period}_{officers}")
            present = sum(row[period] for row in self._there) if kind == TOGETHER else self._there[kind][period]
            self._model.add(present >= officers).only_enforce_if(there)
            self._reached[key] = there
        return self._reached[key]


def share_out(days: Sequence[Sequence[tuple[float, frozenset[int]]]], *, hours: float) -> list[list[int]] | None:
    """An officer for every shift of a week: one shift a day each, at most `hours` a week, as even as can be.

    `days`: for each day, each shift's hours and the officers who may work it. None when it cannot be done. The most
    that anybody works is made as small as possible.
    """
    cp = cp_model()
    model, chosen = cp.CpModel(), {}
    officers = sorted({o for day in days for _, able in day for o in able})
    for d, day in enumerate(days):
        for n, (_, able) in enumerate(day):
            for o in sorted(able):
                chosen[d, n, o] = model.new_bool_var(f"a{d}_{n}_{o}")
            model.add_exactly_one([chosen[d, n, o] for o in sorted(able)])
        for o in officers:
            model.add_at_most_one([chosen[d, n, o] for n, (_, able) in enumerate(day) if o in able])
    longest = model.new_int_var(0, round(hours * 60), "longest")
    for o in officers:
        mine = [
            round(length * 60) * chosen[d, n, o]
            for d, day in enumerate(days)
            for n, (length, able) in enumerate(day)
            if o in able
        ]
        model.add(sum(mine) <= longest)
    model.minimize(longest)
    solver = cp.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    solver.parameters.max_deterministic_time = 1.0
    if solver.solve(model) not in (cp.OPTIMAL, cp.FEASIBLE):
        return None
    return [
        [next(o for o in sorted(able) if solver.value(chosen[d, n, o])) for n, (_, able) in enumerate(day)]
        for d, day in enumerate(days)
    ]
