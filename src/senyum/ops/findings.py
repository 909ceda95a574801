"""What `senyum doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg

from senyum.ops.hall import Hall
from senyum.ops.words import NOTHING, Words

State = Literal["ok", "warn", "bad"]
_MARKS = {"ok": "✓", "warn": "!", "bad": "✗"}


@dataclass(frozen=True)
class Finding:
    """`check` is a fixed key; `todo` says what to do and is empty when all is well."""

    check: str
    state: State
    said: Words
    todo: Words = NOTHING

    def line(self, language: str) -> str:
        """One line for the terminal, two when there is something to do."""
        text = f"{_MARKS[self.state]} {self.said[language]}"
        return f"{text}\n    → {self.todo[language]}" if self.todo[language] else text

    def as_dict(self, language: str) -> dict[str, str]:
        """The row of `--json`."""
        return {
            "check": self.check,
            "state": self.state,
            "sentence": self.said[language],
            "todo": self.todo[language],
        }


@dataclass(frozen=True)
class Situation:
    """What the checks look at; `connection` is None when no database answers.

    `address`: where the running hall is reached by others, as `up` wrote it down; "" when it does not run.
    """

    place: Hall
    now: datetime
    port: int
    running: bool
    connection: psycopg.Connection[Any] | None
    address: str = ""
