"""The small model of a hall that `test_ticket_life_machine.py` plays with: no database, no clock.

It moves tickets only through `visits.states.TRANSITIONS` and calls only whom `engine.discipline` chooses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from senyum.engine import discipline
from senyum.engine.discipline import Choice, Waiting
from senyum.visits import states

LINES = range(4)
#: Counter -> (lines served first, lines helped out with). Line 3 is helped out with only.
COUNTERS: dict[int, tuple[set[int], set[int]]] = {0: ({0, 1}, {2}), 1: ({1, 2}, {3}), 2: ({0}, {1, 3})}
#: Class -> (head start, promise) in minutes.
POLICY = {"regular": (0, 30), "elderly": (20, 15), "disability": (40, 10)}


@dataclass
class Ticket:
    id: int
    visit: int
    line: int
    turn_at: float
    promised_by: float
    queued_at: float
    state: str = states.WAITING
    held_until: float | None = None
    delays: int = 0
    rejoins: int = 0
    counter: int | None = None
    called_at: float | None = None
    outcome: str = ""
    invited: bool = False
    smiled: bool = False
    forwarded_from: int | None = None


@dataclass
class Hall:
    """The model. Each method is a command: it changes rows, or returns False and changes nothing."""

    chooser: Callable[..., Choice | None] = discipline.choose
    now: float = 0.0
    tickets: dict[int, Ticket] = field(default_factory=dict)
    classes: dict[int, str] = field(default_factory=dict)
    closed: bool = False
    paused_at: float | None = None
    #: Counter -> the last action: (undo command, ticket, the rows before), each of which undo must bring back.
    undoable: dict[int, list[tuple[str, int, dict[int, Ticket]]]] = field(default_factory=dict)
    moves: set[tuple[str, str]] = field(default_factory=set)

    def at_counter(self, *, visit: int | None = None, counter: int | None = None) -> list[Ticket]:
        return [t for t in self.at_counters() if t.visit == visit or (counter is not None and t.counter == counter)]

    def move(self, ticket: Ticket, command: str) -> bool:
        """The table, and behind it the two constraints: a visit and a counter have one ticket at a counter."""
        state = states.after(ticket.state, command)
        if state is None:
            return False
        self.moves.add((ticket.state, command))
        ticket.state = state
        return True

    def at_counters(self) -> list[Ticket]:
        return [t for t in self.tickets.values() if t.state in states.AT_COUNTER]

    def free(self, ticket: Ticket, counter: int) -> bool:
        return not [t for t in self.at_counter(visit=ticket.visit, counter=counter) if t is not ticket]

    def waiting(self) -> list[Waiting[float]]:
        return [
            Waiting(t.id, t.line, t.turn_at, t.promised_by, t.held_until, bool(self.at_counter(visit=t.visit)))
            for t in self.tickets.values()
            if t.state == states.WAITING
        ]

    def rows(self, *ids: int) -> dict[int, Ticket]:
        return {key: replace(self.tickets[key]) for key in ids}

    def issue(self, visit: int, lines: list[int], cls: str) -> None:
        self.classes[visit] = cls
        head_start, promise = POLICY[cls]
        for line in lines:
            key = len(self.tickets)
            self.tickets[key] = Ticket(key, visit, line, self.now - head_start, self.now + promise, self.now)

    def call(self, counter: int, wanted: int | None = None) -> Choice | None:
        first, helps = COUNTERS[counter]
        if self.paused_at is not None or self.closed or self.at_counter(counter=counter):
            return None
        if wanted is None:
            choice = self.chooser(self.waiting(), first=first, helps=helps, now=self.now)
        else:
            choice = discipline.choose_by_hand(self.waiting(), wanted=wanted, first=first, helps=helps)
        if choice is None:
            return None
        before = self.rows(choice.ticket)
        ticket = self.tickets[choice.ticket]
        assert self.free(ticket, counter) and self.move(ticket, "call")
        ticket.counter, ticket.called_at = counter, self.now
        self.undoable[counter] = [("undo_call", ticket.id, before)]
        return choice

    def act(self, counter: int, command: str) -> bool:
        """recall, serve, absent, park, finish: of the ticket at this counter."""
        for ticket in self.at_counter(counter=counter):
            before = self.rows(ticket.id)
            if not self.move(ticket, command):
                return False
            if command == "finish":
                ticket.outcome, ticket.invited = states.DONE, True
            if command != "recall":
                self.undoable[counter] = [(f"undo_{command}", ticket.id, before)]
            return True
        return False

    def next(self, counter: int) -> Choice | None:
        """One key: finish the running one, then call; one undo takes back both."""
        finished = self.act(counter, "finish")
        done = self.undoable.get(counter, []) if finished else []
        choice = self.call(counter)
        if finished:
            self.undoable[counter] = (self.undoable[counter] if choice else []) + done
        return choice

    def forward(self, counter: int, line: int) -> bool:
        for ticket in self.at_counter(counter=counter):
            before = self.rows(ticket.id)
            if self.closed or not self.move(ticket, "forward"):
                return False
            ticket.outcome = states.FORWARDED
            leg = replace(
                Ticket(len(self.tickets), ticket.visit, line, ticket.turn_at, ticket.promised_by, self.now),
                forwarded_from=ticket.id,
            )
            self.tickets[leg.id] = leg
            self.undoable[counter] = [("undo_forward", ticket.id, before)]
            return True
        return False

    def back(self, ticket: Ticket, command: str) -> bool:
        """rejoin and requeue: back to the line with the same times; the call that was is in the ledger."""
        if self.closed or (command == "rejoin" and ticket.rejoins >= states.MAX_REJOINS):
            return False
        if not self.move(ticket, command):
            return False
        ticket.rejoins += command == "rejoin"
        ticket.counter = ticket.called_at = None
        return True

    def unpark(self, ticket: Ticket, counter: int) -> bool:
        if not self.free(ticket, counter) or not self.move(ticket, "unpark"):
            return False
        ticket.counter = counter
        self.undoable.pop(counter, None)
        return True

    def delay(self, ticket: Ticket, minutes: float) -> bool:
        if ticket.delays >= states.MAX_DELAYS or not self.move(ticket, "delay"):
            return False
        ticket.held_until, ticket.delays = self.now + minutes, ticket.delays + 1
        return True

    def undo(self, counter: int) -> bool:
        """All of the last press or nothing: the rows move back by the table, nothing is copied from a snapshot."""
        steps = self.undoable.pop(counter, [])
        kept = {key: replace(t) for key, t in self.tickets.items()}
        if steps and all(self.undo_step(counter, command, self.tickets[key]) for command, key, _ in steps):
            for _, key, before in steps:
                now = self.tickets[key]
                was = replace(before[key], turn_at=now.turn_at, promised_by=now.promised_by)
                assert now == was, "undo restores exactly, and leaves alone what others changed"
            return True
        self.tickets = kept
        return False

    def undo_step(self, counter: int, command: str, ticket: Ticket) -> bool:
        needs_place = command != "undo_call"
        if ticket.counter != counter or (needs_place and not self.free(ticket, counter)) or ticket.smiled:
            return False
        if command == "undo_forward":
            [leg] = [t for t in self.tickets.values() if t.forwarded_from == ticket.id and t.state != states.CANCELLED]
            if not self.move(leg, "cancel"):
                return False
        if not self.move(ticket, command):
            return False
        if command == "undo_call":
            ticket.counter = ticket.called_at = None
        ticket.outcome, ticket.invited = "", False
        return True

    def reclassify(self, visit: int, cls: str) -> list[int]:
        before, after = POLICY[self.classes[visit]], POLICY[cls]
        self.classes[visit] = cls
        legs = [t for t in self.tickets.values() if t.visit == visit and t.state in states.OPEN]
        for ticket in legs:
            ticket.turn_at += before[0] - after[0]
            ticket.promised_by += after[1] - before[1]
        return [ticket.id for ticket in legs]

    def leave(self, ticket: Ticket) -> bool:
        return self.move(ticket, "leave")

    def pause(self) -> None:
        self.paused_at = self.now

    def resume(self) -> None:
        assert self.paused_at is not None
        for t in self.tickets.values():
            if t.state in states.OPEN:
                t.promised_by += max(self.now - max(self.paused_at, t.queued_at), 0)
        self.paused_at = None

    def sweep(self) -> None:
        """Closing, and again after every step: what is not at a counter lapses, what falls back later lapses too."""
        for ticket in self.tickets.values():
            self.move(ticket, "lapse")

    def midnight(self) -> None:
        self.undoable.clear()
        self.sweep()
        for ticket in self.tickets.values():
            self.move(ticket, "midnight")
