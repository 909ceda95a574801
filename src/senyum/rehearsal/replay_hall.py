"""The mall of its own in which a recorded day is played: one booth, a line and a set of counters for each queue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from string import ascii_uppercase
from typing import Any

from django.db import transaction

from senyum.catalogue import commands as catalogue
from senyum.catalogue.models import Line
from senyum.journal.actor import Actor
from senyum.malls import commands as halls
from senyum.malls.models import Counter, Mall
from senyum.malls.rules import Hours
from senyum.rehearsal.replay_data import LineDay
from senyum.visits import commands as visits
from senyum.visits import hall as visits_hall

REPLAY = Actor("system", "replay", "Replay")
#: Recorded days know no priority; the class only has to exist.
_PROMISE_MINUTES = 30
_LONGEST_OFFICE = 11


@dataclass(frozen=True)
class Place:
    """A queue's line in the hall, and its counters in the order in which they open."""

    line: Line
    counters: tuple[Counter, ...]


def free_code(office: str, day: date) -> str:
    """`replay-ud-wola-2020-01-09`, or the same with -2, -3, ... when that day was replayed here before."""
    short = re.sub(r"[^a-z0-9]+", "-", office.lower()).strip("-")[:_LONGEST_OFFICE].strip("-")
    stem = f"replay-{short}-{day.isoformat()}"
    taken = set(Mall.objects.filter(code__startswith=stem).values_list("code", flat=True))
    return next(code for n in range(1, 1000) if (code := stem if n == 1 else f"{stem}-{n}") not in taken)


def prefixes(count: int) -> list[str]:
    """A, B, ... Z, AA, AB, ..."""
    return [*ascii_uppercase, *(a + b for a in ascii_uppercase for b in ascii_uppercase)][:count]


@transaction.atomic
def put_hall(code: str, office: str, lines: Sequence[LineDay], now: datetime) -> tuple[Mall, list[Place]]:
    """The mall of a recorded day, written through the commands. Its local time is the file's, called WIB."""
    by: dict[str, Any] = {"now": now, "actor": REPLAY}
    source = f"[M] replay of {office}"
    mall = halls.put_mall(
        code=code,
        name=f"Replay {office}",
        short_name=office,
        timezone=Mall.Zone.WIB,
        is_sample=True,
        source=source,
        **by,
    )
    agency = halls.put_agency(code=code, name=office, short_name=office, is_sample=True, source=source, **by)
    always = Hours(time(0), time(23, 59, 59), time(23, 59, 59))
    booth = halls.put_booth(mall=mall, agency=agency, hours=dict.fromkeys(range(7), always), source=source, **by)
    visits.put_priority_class(
        mall=mall, code="regular", head_start_minutes=0, promise_minutes=_PROMISE_MINUTES, sort=0, **by
    )
    places: list[Place] = []
    number = 0
    for sort, (day, prefix) in enumerate(zip(lines, prefixes(len(lines)), strict=True)):
        group = catalogue.put_line_group(mall=mall, prefix=prefix, name=day.service, **by)
        service = catalogue.put_service(
            agency=agency, code=f"q{day.queue}", name=day.service, standard_minutes=10, is_sample=True, **by
        )
        line = catalogue.put_line(mall=mall, service=service, group=group, sort=sort, **by)
        counters = []
        for _counter in range(max((many for _minute, many in day.opens), default=1)):
            number += 1
            counter = halls.put_counter(booth=booth, number=number, **by)
            counters.append(catalogue.assign_counter(counter=counter, first=[line], **by))
        places.append(Place(line, tuple(counters)))
    transaction.on_commit(visits_hall.forget)
    return mall, places
