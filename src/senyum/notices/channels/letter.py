"""What a channel carries, and the two ways in which it may not arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from senyum.core.log import redact


class ChannelError(Exception):
    """`trouble` may be shown to the operator: it holds no address, no secret, no text of the message."""

    def __init__(self, trouble: str) -> None:
        self.trouble = redact(" ".join(trouble.split()))[:200]
        super().__init__(self.trouble)


class Unreachable(ChannelError):
    """Not now: the other side, or the way to it, does not work. `whole`: so it is for every letter of this channel."""

    def __init__(self, trouble: str, *, whole: bool = True) -> None:
        super().__init__(trouble)
        self.whole = whole


class Refused(ChannelError):
    """The other side will never take this letter, or may never be given it."""


@dataclass(frozen=True)
class Letter:
    """One attempt at one notice. `uid` is the same in every attempt; `at` is the attempt's time on the wall.

    `short`: one line for a lock screen. `calendar`: an iCalendar text to be carried along. `useful_seconds`: how long
    it is worth being delivered, None without end.
    """

    uid: str
    mall: str
    address: str
    kind: str
    subject: str
    body: str
    at: datetime
    about: tuple[str, str, str]
    data: Mapping[str, Any] = field(default_factory=dict)
    language: str = "id"
    short: str = ""
    calendar: str = ""
    useful_seconds: int | None = None
