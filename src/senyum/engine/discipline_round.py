"""Several counters that call in the same instant: one after the other, each by `discipline.choose`.

Pure. What the first takes the next no longer sees, and the visit whose leg was called is at a counter from then on.
A line may be given in part (its earliest tickets only); a press that would need the rest is left undecided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Generic

from senyum.engine.discipline import Choice, Time, Waiting, Why, choose


class Undecided(Exception):
    """The part of a line that was given does not suffice to say who is next."""


@dataclass(frozen=True, slots=True)
class Candidate(Generic[Time]):
    """A waiting ticket of `visit`; `busy_by`: the leg of that visit which is called or serving now."""

    ticket: int
    visit: int
    line: int
    turn_at: Time
    promised_by: Time
    held_until: Time | None = None
    busy_by: int | None = None


class Round(Generic[Time]):
    """The waiting tickets of some lines, and the counters that press *next* one after the other.

    `candidates` are the earliest of their lines by (turn_at, ticket); `cut` names the lines of which more wait.
    """

    def __init__(self, candidates: Iterable[Candidate[Time]], *, cut: Collection[int] = ()) -> None:
        self._lines: dict[int, dict[int, Waiting[Time]]] = {}
        self._visit: dict[int, int] = {}
        self._legs: dict[int, list[Waiting[Time]]] = {}
        self._busy_by: dict[int, list[Waiting[Time]]] = {}
        self._ends: dict[int, tuple[Time, int]] = {}
        for one in candidates:
            ticket = Waiting(
                one.ticket, one.line, one.turn_at, one.promised_by, one.held_until, one.busy_by is not None
            )
            self._lines.setdefault(one.line, {})[one.ticket] = ticket
            self._visit[one.ticket] = one.visit
            self._legs.setdefault(one.visit, []).append(ticket)
            if one.busy_by is not None:
                self._busy_by.setdefault(one.busy_by, []).append(ticket)
            if one.line in cut:
                end = (one.turn_at, one.ticket)
                self._ends[one.line] = max(self._ends.get(one.line, end), end)

    def press(
        self, *, first: Collection[int], helps: Collection[int], now: Time, finishes: int | None = None
    ) -> Choice | None:
        """Finish the running ticket `finishes`, then take whoever is next; None: nobody can be called.

        Raises Undecided when somebody of a line's unseen part might come first; the running ticket is finished then,
        too, and nobody taken.
        """
        if finishes is not None:
            for ticket in self._busy_by.pop(finishes, ()):
                self._set(ticket, busy=False)
        seen = [ticket for line in {*first, *helps} for ticket in self._lines.get(line, {}).values()]
        choice = choose(seen, first=first, helps=helps, now=now)
        ends = [self._ends[line] for line in {*first, *helps} if line in self._ends]
        if ends and not self._stands(choice, min(ends)):
            raise Undecided
        if choice is not None:
            self._take(choice.ticket)
        return choice

    def _stands(self, choice: Choice | None, end: tuple[Time, int]) -> bool:
        """Nobody unseen (all behind `end`) can come before the choice."""
        if choice is None or choice.why is Why.HELPING:
            return False
        chosen = next(line[choice.ticket] for line in self._lines.values() if choice.ticket in line)
        return (chosen.turn_at, chosen.ticket) <= end

    def _take(self, ticket: int) -> None:
        for line in self._lines.values():
            line.pop(ticket, None)
        for sibling in self._legs[self._visit[ticket]]:
            self._set(sibling, busy=True)

    def _set(self, ticket: Waiting[Time], *, busy: bool) -> None:
        line = self._lines[ticket.line]
        if ticket.ticket in line:
            line[ticket.ticket] = replace(ticket, busy=busy)
