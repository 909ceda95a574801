"""All reads of visits that surfaces use, by who looks."""

from senyum.visits.queries.board import Board, BoardCall, BoardCounter, board
from senyum.visits.queries.citizen import Leg, VisitView, visit_by_token, visit_view
from senyum.visits.queries.counter import CounterView, ForwardLine, QueueRow, counter_view, my_day
from senyum.visits.queries.greeter import DoorRow, FoundVisit, door, find
from senyum.visits.queries.lines import LineState, OpenCounter, line_states, open_counters, outlook

__all__ = [
    "Board",
    "BoardCall",
    "BoardCounter",
    "CounterView",
    "DoorRow",
    "ForwardLine",
    "FoundVisit",
    "Leg",
    "LineState",
    "OpenCounter",
    "QueueRow",
    "VisitView",
    "board",
    "counter_view",
    "door",
    "find",
    "line_states",
    "my_day",
    "open_counters",
    "outlook",
    "visit_by_token",
    "visit_view",
]
