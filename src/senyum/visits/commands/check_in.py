"""Somebody with a booking is here: their visit, with the booked time as the anchor of its order and its promise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from senyum.bookings import commands as bookings
from senyum.bookings import queries as booked
from senyum.bookings import states as booking_states
from senyum.bookings.commands.quota import take_quota
from senyum.engine import discipline
from senyum.journal.actor import Actor
from senyum.malls.models import Mall
from senyum.visits.commands.issue import prepare_visit, run_prepared
from senyum.visits.hall import Hall, hall_of
from senyum.visits.models import Visit


@dataclass(frozen=True)
class CheckedIn:
    """The visit of a booking; `kept`: came in time, the booked time counts. `again`: had been checked in before."""

    token: str
    label: str
    kept: bool
    again: bool = False


def check_in(
    *, mall: Mall, token: str, channel: str, now: datetime, actor: Actor | None, has_phone: bool | None = None
) -> CheckedIn:
    """Make the visit of a booking. Doing it twice gives the same visit.

    Who comes in time is ordered by the booked time and promised from it; who comes late, or after the place was let
    go, as if they had come without a booking. Raises NotPossible: too early, another day, another hall, no such
    booking, the service is closed now.
    """
    hall = hall_of(mall, now)
    with transaction.atomic():
        before = booked.booking_by_token(token)
        if before.mall_id != mall.pk:
            # Said as if it did not exist: a hall tells nothing of another's bookings.
            booked.booking_by_token("-")
        view, new = bookings.arrive(token=token, now=now, actor=actor)
        if not new:
            visit = Visit.objects.get(booking_id=view.id)
            return CheckedIn(visit.token, visit.label, kept=True, again=True)
        held = before.state == booking_states.BOOKED
        kept = held and bookings.in_time(view, mall, now)
        item, limits = prepare_visit(
            hall,
            [leg.line_id for leg in view.legs],
            now=now,
            priority=view.priority,
            channel=channel,
            actor=actor,
            quantity=view.quantity,
            language=view.language,
            has_phone=has_phone,
        )
        if kept:
            _anchor(hall, item, {leg.line_id: leg.starts for leg in view.legs}, view.priority)
        if not held:
            # The places were given back: the quota is asked as for anybody who comes.
            for key in sorted(limits):
                take_quota(key=key, day=hall.day, quota=limits[key], count=_uses(hall, item, key))
        issued = run_prepared([item])[0]
        assert issued is not None  # no key was given
        Visit.objects.filter(pk=issued.visit_id).update(booking_id=view.id)
    return CheckedIn(issued.token, issued.label, kept)


def _anchor(hall: Hall, item: dict[str, Any], times: Mapping[int, datetime], priority: str) -> None:
    policy = hall.policies[priority]
    for leg in item["legs"]:
        turn_at, promised_by = discipline.times(
            anchor=times[leg["line"]],
            head_start_minutes=policy.head_start_minutes,
            promise_minutes=policy.promise_minutes,
        )
        leg["turn"], leg["promised"] = turn_at.isoformat(), promised_by.isoformat()


def _uses(hall: Hall, item: dict[str, Any], key: str) -> int:
    kind, _colon, number = key.partition(":")
    lines = [hall.lines[leg["line"]] for leg in item["legs"]]
    return sum(1 for line in lines if (line.id if kind == "line" else line.booth_id) == int(number))
