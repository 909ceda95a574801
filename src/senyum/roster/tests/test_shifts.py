"""Shifts: what a day may hold, who may plan it, and what is read of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.core.errors import NotAllowed, NotPossible, Stale
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.models import Entry
from senyum.people.access import actor_of
from senyum.rehearsal.queries import SmallHall
from senyum.rehearsal.shifts import put_week
from senyum.roster import commands, queries, states
from senyum.roster.commands import NewShift
from senyum.roster.models import Shift

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 3)
NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
CITIZEN = Actor("citizen", "1", "A-001")


def at(hour: int, minute: int = 0) -> datetime:
    """The local hour of the day, in the hall's zone (UTC+7)."""
    return datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(hours=hour - 7, minutes=minute)


def shift(hall: SmallHall, counter: int, start: int, end: int, user: str = "", lunch: int | None = None) -> NewShift:
    return NewShift(
        counter_id=hall.counters[counter].pk,
        starts=at(start),
        ends=at(end),
        user_id=hall.users[user].pk if user else None,
        lunch_from=None if lunch is None else at(lunch),
        lunch_to=None if lunch is None else at(lunch, 30),
    )


def plan(hall: SmallHall, *shifts: NewShift, actor: Actor = SYSTEM, day: date = DAY) -> list[Shift]:
    return commands.plan_shifts(mall=hall.mall, day=day, shifts=shifts, source="hand", now=NOW, actor=actor)


def replace(
    hall: SmallHall, *shifts: NewShift, actor: Actor = SYSTEM, agency: str = "dukcapil", expected: str | None = None
) -> list[Shift]:
    return commands.replace_shifts(
        mall=hall.mall,
        day=DAY,
        agencies=[hall.agencies[agency].pk],
        shifts=shifts,
        source="proposal",
        proposal=7,
        now=NOW,
        actor=actor,
        expected=expected,
    )


def of_day(hall: SmallHall) -> list[tuple[int, int, int]]:
    rows = queries.shifts_of(mall=hall.mall, day=DAY)
    return [(s.number, (s.starts + timedelta(hours=7)).hour, (s.ends + timedelta(hours=7)).hour) for s in rows]


def test_a_day_is_planned_and_read(small_mall: SmallHall) -> None:
    plan(small_mall, shift(small_mall, 2, 8, 15), shift(small_mall, 1, 8, 15, "petugas1", lunch=12))
    first, second = queries.shifts_of(mall=small_mall.mall, day=DAY)
    assert (first.number, first.officer, first.source) == (1, "Petugas1 (contoh)", "hand")
    assert (first.starts, first.ends, first.lunch_from, first.lunch_to) == (at(8), at(15), at(12), at(12, 30))
    assert (second.user_id, second.officer, second.lunch_from) == (None, "", None)
    assert first.sits(at(8)) and first.sits(at(12, 30)) and not first.sits(at(12)) and not first.sits(at(15))
    entry = Entry.objects.get(kind="shifts.planned")
    assert entry.subject_label == "2026-03-03" and entry.data["planned"] == 2


def test_only_the_agencies_asked_for_are_read(small_mall: SmallHall) -> None:
    plan(small_mall, shift(small_mall, 1, 8, 15), shift(small_mall, 3, 8, 15))
    polres = small_mall.agencies["polres"].pk
    assert [s.number for s in queries.shifts_of(mall=small_mall.mall, day=DAY, agencies=[polres])] == [3]
    assert queries.shifts_of(mall=small_mall.mall, day=DAY, agencies=[]) == []


def test_one_after_the_other_at_a_counter_is_possible(small_mall: SmallHall) -> None:
    plan(small_mall, shift(small_mall, 1, 8, 12, "petugas1"), shift(small_mall, 1, 12, 15, "petugas2"))
    assert of_day(small_mall) == [(1, 8, 12), (1, 12, 15)]


@pytest.mark.parametrize(
    ("shifts", "code"),
    [
        ([(1, 8, 12, ""), (1, 11, 15, "")], "shift_counter_once"),
        ([(1, 8, 12, "petugas1"), (2, 11, 15, "petugas1")], "shift_user_once"),
        ([(1, 12, 12, "")], "shift_order"),
        ([(1, 8, 12, "petugas3")], "other_officer"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(
    small_mall: SmallHall, shifts: list[tuple[int, int, int, str]], code: str
) -> None:
    with pytest.raises(NotPossible) as refused:
        plan(small_mall, *(shift(small_mall, c, a, b, user) for c, a, b, user in shifts))
    assert refused.value.code == code and str(refused.value.sentence)
    assert of_day(small_mall) == [] and not Entry.objects.filter(kind="shifts.planned").exists()


@pytest.mark.parametrize(
    ("lunch_from", "lunch_to"),
    [(at(7), at(8, 30)), (at(12), at(12)), (at(14, 45), at(15, 15)), (at(12), None), (None, at(12))],
)
def test_lunch_lies_inside(small_mall: SmallHall, lunch_from: datetime | None, lunch_to: datetime | None) -> None:
    row = NewShift(small_mall.counters[1].pk, at(8), at(15), lunch_from=lunch_from, lunch_to=lunch_to)
    with pytest.raises(NotPossible) as refused:
        plan(small_mall, row)
    assert refused.value.code == "shift_lunch_inside"


def test_a_shift_belongs_to_its_day_and_to_a_counter_in_use(small_mall: SmallHall) -> None:
    with pytest.raises(NotPossible) as refused:
        plan(small_mall, shift(small_mall, 1, 8, 12), day=date(2026, 3, 4))
    assert refused.value.code == "other_day"
    small_mall.counters[1].active = False
    small_mall.counters[1].save(update_fields=["active"])
    with pytest.raises(NotPossible) as refused:
        plan(small_mall, shift(small_mall, 1, 8, 12))
    assert refused.value.code == "no_counter"


def test_replacing_cancels_what_was_there_and_leaves_other_agencies(small_mall: SmallHall) -> None:
    plan(small_mall, shift(small_mall, 1, 8, 15, "petugas1"), shift(small_mall, 3, 8, 14, "petugas3"))
    replace(small_mall, shift(small_mall, 2, 9, 13, "petugas1"))
    assert of_day(small_mall) == [(2, 9, 13), (3, 8, 14)]
    with scopes_disabled():
        assert Shift.objects.filter(state=states.CANCELLED).count() == 1
    (mine, _other) = queries.shifts_of(mall=small_mall.mall, day=DAY)
    assert (mine.source, mine.proposal) == ("proposal", 7)
    entry = Entry.objects.get(kind="shifts.replaced")
    assert (entry.data["planned"], entry.data["cancelled"]) == (1, 1)


def test_replacing_refuses_a_roster_that_has_changed_since(small_mall: SmallHall) -> None:
    agencies = [small_mall.agencies["dukcapil"].pk]
    (made,) = plan(small_mall, shift(small_mall, 1, 8, 15))
    mark = queries.roster_mark(mall=small_mall.mall, day=DAY, agencies=agencies)
    plan(small_mall, shift(small_mall, 3, 8, 15))
    assert queries.roster_mark(mall=small_mall.mall, day=DAY, agencies=agencies) == mark
    commands.cancel_shift(shift_id=made.pk, reason="sakit", now=NOW, actor=SYSTEM)
    with pytest.raises(Stale) as refused:
        replace(small_mall, shift(small_mall, 2, 8, 15), expected=mark)
    assert refused.value.code == "roster_changed" and of_day(small_mall) == [(3, 8, 15)]


def test_replacing_refuses_other_agencies_and_days_that_are_over(small_mall: SmallHall) -> None:
    with pytest.raises(NotPossible) as refused:
        replace(small_mall, shift(small_mall, 3, 8, 15))
    assert refused.value.code == "other_counter"
    with pytest.raises(NotPossible) as refused:
        commands.replace_shifts(
            mall=small_mall.mall,
            day=DAY,
            agencies=[],
            shifts=[],
            source="hand",
            now=NOW + timedelta(days=3),
            actor=SYSTEM,
        )
    assert refused.value.code == "day_over"


def test_cancelling_needs_a_reason_and_happens_once(small_mall: SmallHall) -> None:
    (made,) = plan(small_mall, shift(small_mall, 1, 8, 15))

    def cancel(reason: str = "sakit", shift_id: int = made.pk) -> None:
        commands.cancel_shift(shift_id=shift_id, reason=reason, now=NOW, actor=SYSTEM)

    for reason, shift_id, code in ((" ", made.pk, "reason_needed"), ("sakit", made.pk + 1, "no_shift")):
        with pytest.raises(NotPossible) as refused:
            cancel(reason, shift_id)
        assert refused.value.code == code
    cancel()
    assert of_day(small_mall) == [] and Entry.objects.get(kind="shift.cancelled").reason == "sakit"
    with pytest.raises(NotPossible) as refused:
        cancel()
    assert refused.value.code == "shift_state"
    plan(small_mall, shift(small_mall, 1, 8, 15))


@pytest.mark.parametrize("state", states.SHIFT_STATES)
@pytest.mark.parametrize("command", states.SHIFT_COMMANDS)
def test_each_state_and_command(small_mall: SmallHall, state: str, command: str) -> None:
    (made,) = plan(small_mall, shift(small_mall, 1, 8, 15))
    with scopes_disabled():
        Shift.objects.filter(pk=made.pk).update(state=state)
    try:
        commands.cancel_shift(shift_id=made.pk, reason="sakit", now=NOW, actor=SYSTEM)
        became: str | None = states.CANCELLED
    except NotPossible:
        became = None
    assert states.SHIFT_TRANSITIONS.get((state, command)) == became


@pytest.mark.parametrize(
    ("name", "own", "other"),
    [("pengelola", True, True), ("koordinator", True, False), ("petugas1", False, False), ("sekda", False, False)],
)
def test_who_may_plan(small_mall: SmallHall, name: str, own: bool, other: bool) -> None:
    actor = actor_of(small_mall.users[name])
    for counter, allowed in ((1, own), (3, other)):
        if allowed:
            plan(small_mall, shift(small_mall, counter, 8, 15), actor=actor)
        else:
            with pytest.raises(NotAllowed):
                plan(small_mall, shift(small_mall, counter, 8, 15), actor=actor)
            (there,) = plan(small_mall, shift(small_mall, counter, 15, 16))
            with pytest.raises(NotAllowed):
                commands.cancel_shift(shift_id=there.pk, reason="sakit", now=NOW, actor=actor)


def test_a_coordinator_may_not_plan_two_agencies_at_once_nor_may_a_citizen(small_mall: SmallHall) -> None:
    both = (shift(small_mall, 1, 8, 15), shift(small_mall, 3, 8, 15))
    for actor in (actor_of(small_mall.users["koordinator"]), CITIZEN):
        with pytest.raises(NotAllowed):
            plan(small_mall, *both, actor=actor)
    with pytest.raises(NotAllowed):
        replace(small_mall, actor=CITIZEN)


def test_planned_beside_present(small_mall: SmallHall) -> None:
    plan(
        small_mall,
        shift(small_mall, 1, 8, 15, "petugas1"),
        shift(small_mall, 2, 8, 15, "petugas2", lunch=12),
        shift(small_mall, 3, 8, 15, "petugas3"),
    )
    for counter, user in ((1, "petugas1"), (2, "petugas2"), (4, "petugas4")):
        commands.open_session(
            counter=small_mall.counters[counter], user=small_mall.users[user], now=at(8), actor=SYSTEM
        )

    def seen(hour: int) -> dict[str, tuple[int, int, int]]:
        found = queries.presence(mall=small_mall.mall, day=DAY, at=at(hour))
        names = {agency.pk: code for code, agency in small_mall.agencies.items()}
        return {names[a]: (p.planned, p.present, p.extra) for a, p in found.items()}

    assert seen(9) == {"dukcapil": (2, 2, 0), "polres": (1, 0, 0), "bank": (0, 0, 1)}
    assert seen(12) == {"dukcapil": (1, 1, 1), "polres": (1, 0, 0), "bank": (0, 0, 1)}


def test_the_sample_week_is_planned_once_and_an_emptied_day_stays_empty(small_mall: SmallHall) -> None:
    assert put_week(mall=small_mall.mall, now=NOW, actor=SYSTEM) == 7 * 4
    assert put_week(mall=small_mall.mall, now=NOW + timedelta(days=2), actor=SYSTEM) == 0
    first, second, *_rest = queries.shifts_of(mall=small_mall.mall, day=DAY)
    assert (first.officer, second.officer) == ("Petugas1 (contoh)", "Petugas2 (contoh)")
    assert first.lunch_from == at(12) and second.lunch_from == at(11, 30)
    replace(small_mall)
    assert put_week(mall=small_mall.mall, now=NOW, actor=SYSTEM) == 0
    assert [s.number for s in queries.shifts_of(mall=small_mall.mall, day=DAY)] == [3, 4]
