"""All writes of a visit's life, by who causes them."""

from senyum.visits.commands.call import CallResult, Running, call_by_hand, call_next
from senyum.visits.commands.check_in import CheckedIn, check_in
from senyum.visits.commands.citizen import (
    answer_smile_invitation,
    delay,
    leave,
    leave_visit,
    rejoin,
)
from senyum.visits.commands.counter import (
    absent,
    close_counter,
    finish,
    forward,
    park,
    recall,
    requeue,
    serve,
    serve_walk_in,
    take_over,
    undo,
    unpark,
)
from senyum.visits.commands.forecasts import Watched, end_forecasts, put_model, watch_lines
from senyum.visits.commands.forget import forget_visit, forget_visits
from senyum.visits.commands.greet import (
    add_leg,
    change_priority,
    enter_paper,
    grant_block,
    greet,
    note_arrival,
    put_priority_class,
    redirect,
)
from senyum.visits.commands.hall import close_day, end_day, pause_hall, resume_hall
from senyum.visits.commands.issue import Issued, IssuedTicket, Key, issue_visit

__all__ = [
    "CallResult",
    "CheckedIn",
    "Issued",
    "IssuedTicket",
    "Key",
    "Running",
    "Watched",
    "absent",
    "add_leg",
    "answer_smile_invitation",
    "call_by_hand",
    "call_next",
    "change_priority",
    "check_in",
    "close_counter",
    "close_day",
    "delay",
    "end_day",
    "end_forecasts",
    "enter_paper",
    "finish",
    "forget_visit",
    "forget_visits",
    "forward",
    "grant_block",
    "greet",
    "issue_visit",
    "leave",
    "leave_visit",
    "note_arrival",
    "park",
    "pause_hall",
    "put_model",
    "put_priority_class",
    "recall",
    "redirect",
    "rejoin",
    "requeue",
    "resume_hall",
    "serve",
    "serve_walk_in",
    "take_over",
    "undo",
    "unpark",
    "watch_lines",
]
