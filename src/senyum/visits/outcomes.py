"""When it is known whether a promised wait was kept. Pure.

An outcome counts when it is known: a call within the quantile at the call, a broken promise as soon as somebody still
waits beyond it; else the short waits would be seen first and too little be promised all morning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Promise:
    """What one ticket was promised at `at` (minutes, in the order of the quantiles), and what became of it.

    `called`: None while nobody called it; `ended`: when it ended without a call or after one, None while it is open.
    """

    line: int
    office: int
    at: datetime
    quantiles: tuple[float, ...]
    called: datetime | None
    ended: datetime | None

    def by(self, quantile: int) -> datetime:
        """The moment that quantile promised."""
        return self.at + timedelta(minutes=self.quantiles[quantile])


@dataclass(frozen=True, order=True)
class Outcome:
    """Whether quantile number `quantile` of a promise was missed, known at `known`."""

    known: datetime
    line: int
    office: int
    quantile: int
    missed: bool


def outcomes(promises: Iterable[Promise], after: datetime, until: datetime) -> list[Outcome]:
    """What became known in (after, until], in the order of time. Who left before the promised moment says nothing."""
    found = []
    for promise in promises:
        for q in range(len(promise.quantiles)):
            by = promise.by(q)
            if promise.called is not None and promise.called <= by:
                known, missed = promise.called, False
            elif promise.ended is not None and promise.called is None and promise.ended <= by:
                continue
            else:
                known, missed = by, True
            if after < known <= until:
                found.append(Outcome(known, promise.line, promise.office, q, missed))
    return sorted(found)


def never_called(promises: Iterable[Promise]) -> list[Outcome]:
    """The broken promises of those whom nobody ever called (they left, the day ended): to be taken back at night."""
    return sorted(
        Outcome(promise.by(q), promise.line, promise.office, q, True)
        for promise in promises
        for q in range(len(promise.quantiles))
        if promise.called is None and promise.ended is not None and promise.ended > promise.by(q)
    )
