"""Two people plan the same day at once: one roster stands; without lock and constraint there would be two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django_scopes import scopes_disabled

from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands, queries
from senyum.roster.commands import NewShift
from senyum.roster.models import Shift
from senyum.visits.tests.test_races import together

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 3, 3)
NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
EIGHT = datetime(2026, 3, 3, 1, tzinfo=UTC)
CONSTRAINTS = ("shift_counter_once", "shift_user_once")


def shifts(hall: SmallHall, place: int) -> list[NewShift]:
    """Of every place another roster of the same counter and person."""
    starts = EIGHT + timedelta(minutes=place)
    ends = starts + timedelta(hours=4)
    return [NewShift(hall.counters[1].pk, starts, ends, user_id=hall.users["petugas1"].pk)]


def plan(hall: SmallHall, place: int) -> Any:
    return commands.plan_shifts(
        mall=hall.mall, day=DAY, shifts=shifts(hall, place), source="hand", now=NOW, actor=SYSTEM
    )


def replace(hall: SmallHall, place: int, expected: str) -> Any:
    return commands.replace_shifts(
        mall=hall.mall,
        day=DAY,
        agencies=[hall.agencies["dukcapil"].pk],
        shifts=shifts(hall, place),
        source="proposal",
        now=NOW,
        actor=SYSTEM,
        expected=expected,
    )


def mark(hall: SmallHall) -> str:
    return queries.roster_mark(mall=hall.mall, day=DAY, agencies=[hall.agencies["dukcapil"].pk])


@pytest.fixture
def unguarded(small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same commands without their lock and the table without its constraints."""
    monkeypatch.setattr("senyum.roster.commands.shifts._lock", lambda *_arguments: None)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = ANY(%s)", [list(CONSTRAINTS)]
        )
        kept = cursor.fetchall()
        for name, _words in kept:
            cursor.execute(f"ALTER TABLE roster_shift DROP CONSTRAINT {name}")
    yield
    with scopes_disabled():
        Shift.objects.all().delete()
    with connection.cursor() as cursor:
        for name, words in kept:
            cursor.execute(f"ALTER TABLE roster_shift ADD CONSTRAINT {name} {words}")


def standing(answers: list[Any]) -> int:
    assert all(isinstance(a, list | NotPossible) for a in answers), answers
    return sum(isinstance(a, list) for a in answers)


def test_of_16_who_plan_one_counter_one_is_heard(small_mall: SmallHall) -> None:
    answers = together(lambda place: plan(small_mall, place), 16)
    assert standing(answers) == 1
    assert len(queries.shifts_of(mall=small_mall.mall, day=DAY)) == 1


def test_control_without_constraint_they_sit_on_one_anothers_laps(small_mall: SmallHall, unguarded: None) -> None:
    answers = together(lambda place: plan(small_mall, place), 16)
    assert standing(answers) == 16


def test_of_16_who_replace_the_roster_they_saw_one_is_heard(small_mall: SmallHall) -> None:
    plan(small_mall, 100)
    seen = mark(small_mall)
    answers = together(lambda place: replace(small_mall, place, seen), 16)
    assert standing(answers) == 1
    (left,) = queries.shifts_of(mall=small_mall.mall, day=DAY)
    assert left.source == "proposal"


def test_control_without_the_lock_several_replace_it(small_mall: SmallHall, unguarded: None) -> None:
    plan(small_mall, 100)
    seen = mark(small_mall)
    answers = together(lambda place: replace(small_mall, place, seen), 64)
    assert standing(answers) > 1
