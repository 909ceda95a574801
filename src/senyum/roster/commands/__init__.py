"""All writes about counter sessions, calls for help and shifts."""

from senyum.roster.commands.sessions import (
    answer_emergency,
    close_emergency,
    close_session,
    forget_notes,
    forget_notes_of,
    open_session,
    pause_session,
    raise_emergency,
    resume_session,
)
from senyum.roster.commands.shifts import NewShift, cancel_shift, plan_shifts, replace_shifts

__all__ = [
    "NewShift",
    "answer_emergency",
    "cancel_shift",
    "close_emergency",
    "close_session",
    "forget_notes",
    "forget_notes_of",
    "open_session",
    "pause_session",
    "plan_shifts",
    "raise_emergency",
    "replace_shifts",
    "resume_session",
]
