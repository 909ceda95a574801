"""What surfaces read of the one-tap smile. Means over 1 (sad) to 4 (glad), always with how many they stand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Avg, Count
from django_scopes import scopes_disabled

from senyum.malls.models import Mall
from senyum.malls.queries import local_day
from senyum.surveys.models import Smile
from senyum.visits import states
from senyum.visits.models import Ticket

#: Fewer smiles than this are never shown to the officer whose service they answer.
SMALLEST = 5


@dataclass(frozen=True)
class Invitation:
    """A served ticket that may still be answered with a smile. `counter_number` where it was served."""

    ticket_id: int
    label: str
    service: str
    service_su: str
    service_en: str
    agency: str
    counter_number: int | None

    def name(self, language: str) -> str:
        """The service's name in `language`, Indonesian where it has none."""
        return {"su": self.service_su, "en": self.service_en}.get(language) or self.service


def smiles_of(
    mall: Mall, day: date, *, user_id: int | None = None, line_id: int | None = None
) -> tuple[int, float | None]:
    """(how many, mean) of the smiles for the mall's tickets of `day`; of one officer or one line where named.

    The mean is None when there are none.
    """
    with scopes_disabled():
        rows = Smile.objects.filter(mall=mall, ticket__day=day)
        if user_id is not None:
            rows = rows.filter(ticket__session__user_id=user_id)
        if line_id is not None:
            rows = rows.filter(line_id=line_id)
        found = rows.aggregate(n=Count("pk"), mean=Avg("score"))
    return found["n"], found["mean"]


def smile_of_session_user(user_id: int, mall: Mall, day: date) -> tuple[int, float | None]:
    """(how many, mean) of one officer's first smiles of a day, in full groups of `SMALLEST`, for their own eyes.

    (0, None) before the first group is full. The officer knows whom they served last: a mean that moved with each
    tap would tell who tapped what (docs/decisions/0093).
    """
    with scopes_disabled():
        given = Smile.objects.filter(mall=mall, ticket__day=day, ticket__session__user_id=user_id).order_by("pk")
        scores = list(given.values_list("score", flat=True))
    shown = len(scores) // SMALLEST * SMALLEST
    return shown, sum(scores[:shown]) / shown if shown else None


def smile_of_line(line_id: int, mall: Mall, day: date) -> tuple[int, float | None]:
    """(how many, mean) for one line on one day."""
    return smiles_of(mall, day, line_id=line_id)


def smile_of_mall(mall: Mall, day: date) -> tuple[int, float | None]:
    """(how many, mean) for a whole mall on one day."""
    return smiles_of(mall, day)


def invitations(mall: Mall, label: str, now: datetime) -> list[Invitation]:
    """Today's served tickets of the visit `label` ("A-027") that await a smile, the latest first."""
    with scopes_disabled():
        rows = (
            Ticket.objects.filter(
                mall=mall,
                day=local_day(mall, now),
                visit__label=label,
                state=states.SERVED,
                invited_at__isnull=False,
                smiled_at=None,
            )
            .select_related("visit", "line__service", "agency", "counter")
            .order_by("-ended_at")
        )
        return [
            Invitation(
                ticket_id=ticket.pk,
                label=ticket.visit.label,
                service=ticket.line.service.name,
                service_su=ticket.line.service.name_su,
                service_en=ticket.line.service.name_en,
                agency=ticket.agency.short_name,
                counter_number=ticket.counter.number if ticket.counter else None,
            )
            for ticket in rows
        ]
