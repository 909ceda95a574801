"""The refusals of a command, each with a sentence that a person understands."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise


class SenyumError(Exception):
    """A refusal with a stable `code` and a translatable `sentence` that says what to do.

    `now_true` holds what is true at the moment of the refusal (JSON values), so that the
    screen can show the present instead of the past.
    """

    def __init__(self, code: str, sentence: str | Promise, **now_true: Any) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence
        self.now_true = now_true

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"


class NotPossible(SenyumError):
    """The state of things does not allow it."""


class Stale(NotPossible):
    """The hall has moved on since the officer last looked."""


class NotAllowed(SenyumError):
    """This person may not do it."""
