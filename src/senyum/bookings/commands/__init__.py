"""All writes of bookings."""

from senyum.bookings.commands.booking import (
    arrive,
    book,
    cancel,
    confirm,
    expire_held,
    in_time,
    move,
    release_missed,
)
from senyum.bookings.commands.forget import forget_booking, forget_bookings, forget_wait
from senyum.bookings.commands.letters import heard_until, heed, wake, write_letters
from senyum.bookings.commands.policy import check_policy, close_slot, put_policy
from senyum.bookings.commands.waiting import accept, lapse, leave, wait

__all__ = [
    "accept",
    "arrive",
    "book",
    "cancel",
    "check_policy",
    "close_slot",
    "confirm",
    "expire_held",
    "forget_booking",
    "forget_bookings",
    "forget_wait",
    "heard_until",
    "heed",
    "in_time",
    "lapse",
    "leave",
    "move",
    "put_policy",
    "release_missed",
    "wait",
    "wake",
    "write_letters",
]
