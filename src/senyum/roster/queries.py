"""What surfaces and other packages read about shifts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from django_scopes import scopes_disabled

from senyum.malls.models import Mall
from senyum.roster import states
from senyum.roster.models import CounterSession, Shift


@dataclass(frozen=True, slots=True)
class PlannedShift:
    """A shift that stands. Times are aware; `user_id` None: nobody is named, and `officer` is ""."""

    id: int
    counter_id: int
    number: int
    agency_id: int
    user_id: int | None
    officer: str
    starts: datetime
    ends: datetime
    lunch_from: datetime | None
    lunch_to: datetime | None
    source: str
    proposal: int | None

    def sits(self, at: datetime) -> bool:
        """Whether somebody is to sit there at `at`: within the shift, and not at lunch."""
        eats = self.lunch_from is not None and self.lunch_to is not None and self.lunch_from <= at < self.lunch_to
        return self.starts <= at < self.ends and not eats


def shifts_of(*, mall: Mall, day: date, agencies: Collection[int] | None = None) -> list[PlannedShift]:
    """The planned shifts of a day of the mall, by counter number and time; of all agencies unless some are given.

    They hold names of staff, no citizens. Whoever shows them passes the agencies that the viewer may see.
    """
    with scopes_disabled():
        rows = Shift.objects.filter(mall=mall, day=day, state=states.PLANNED)
        if agencies is not None:
            rows = rows.filter(agency__in=agencies)
        return [
            PlannedShift(
                id=row.pk,
                counter_id=row.counter_id,
                number=row.counter.number,
                agency_id=row.agency_id,
                user_id=row.user_id,
                officer=str(row.user) if row.user else "",
                starts=row.starts,
                ends=row.ends,
                lunch_from=row.lunch_from,
                lunch_to=row.lunch_to,
                source=row.source,
                proposal=row.proposal,
            )
            for row in rows.select_related("counter", "user").order_by("counter__number", "starts")
        ]


def mark_of(rows: Sequence[PlannedShift]) -> str:
    """A mark of these shifts that changes when anything in them does: 16 hexadecimal digits."""
    content = sorted(
        (s.counter_id, s.starts.isoformat(), s.ends.isoformat(), str(s.user_id), str(s.lunch_from), str(s.lunch_to))
        for s in rows
    )
    return sha256(repr(content).encode()).hexdigest()[:16]


def roster_mark(*, mall: Mall, day: date, agencies: Collection[int] | None = None) -> str:
    """`mark_of` the day's roster, of all agencies or of those given."""
    return mark_of(shifts_of(mall=mall, day=day, agencies=agencies))


@dataclass(frozen=True, slots=True)
class Presence:
    """Counters of an agency at a moment: to be staffed, of these taken (a pause counts), and open beyond that."""

    agency_id: int
    planned: int
    present: int
    extra: int


def presence(*, mall: Mall, day: date, at: datetime) -> dict[int, Presence]:
    """Planned and present counters at `at`, by agency; agencies without either are not in it."""
    with scopes_disabled():
        rows = list(
            CounterSession.objects.filter(mall=mall)
            .exclude(state=states.CLOSED)
            .values_list("counter_id", "agency_id", "state")
        )
    planned = {s.counter_id: s.agency_id for s in shifts_of(mall=mall, day=day) if s.sits(at)}
    answer = {}
    for agency in {*planned.values(), *(a for _c, a, _s in rows)}:
        due = {c for c, a in planned.items() if a == agency}
        taken = {c for c, a, _s in rows if a == agency}
        calling = {c for c, a, s in rows if a == agency and s == states.OPEN}
        answer[agency] = Presence(agency, len(due), len(due & taken), len(calling - due))
    return answer
