"""Many at once for few places, on real PostgreSQL; with a negative control that oversells.

200 people come through 16 threads, each with a connection of its own: the bound of a web process.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django_scopes import scopes_disabled
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from senyum.bookings import commands, queries, sql, states
from senyum.bookings.commands import booking, sell
from senyum.bookings.models import Booking, Leg, Place, Slot, WaitEntry
from senyum.bookings.tests.days import DAY, NOW, at, open_bookings
from senyum.core.errors import NotPossible
from senyum.rehearsal.queries import SmallHall
from senyum.visits.tests.test_races import together

HOURS = (9, 10, 11, 12, 13)
PEOPLE, PLACES = 200, 8


@pytest.fixture(autouse=True)
def _unscoped() -> Iterator[None]:
    with scopes_disabled():
        yield


def rush(hall: SmallHall, people: int = PEOPLE) -> list[Any]:
    """The answers of `people` who each want one place in one of five slots of eight."""

    def work(place: int) -> Any:
        legs = [(hall.lines["ktp"].pk, at(HOURS[place % len(HOURS)]))]
        return commands.book(
            mall=hall.mall, legs=legs, quantity=1, channel="phone", now=NOW,
            contact_kind="email", contact=f"orang{place}@contoh.id",
        )  # fmt: skip

    return together(work, people)


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread sells for itself, as other processes do."""
    monkeypatch.setattr(booking, "submit", lambda ask: sell.sell([ask])[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("gathered", [True, False], ids=["gathered", "each alone"])
def test_forty_places_are_sold_forty_times(
    small_mall: SmallHall, gathered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_bookings(small_mall, places=PLACES)
    if not gathered:
        alone(monkeypatch)
    answers = rush(small_mall)
    sold = [a for a in answers if not isinstance(a, Exception)]
    full = [a for a in answers if isinstance(a, NotPossible) and a.code == "full"]
    assert (len(sold), len(full)) == (40, 160), Tally(type(a).__name__ for a in answers)
    assert len({view.reference for view in sold}) == 40
    # Those who come early in time are told what was free then, all others what is free after the five hours.
    assert all(1 <= len(refusal.now_true["next_free"]) <= 3 for refusal in full)
    assert Place.objects.values("slot", "number").distinct().count() == Place.objects.count() == 40


@pytest.mark.django_db(transaction=True)
def test_without_lock_and_constraint_it_oversells(small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: what keeps the number at forty is the lock, and behind it the constraint."""
    open_bookings(small_mall, places=PLACES)
    alone(monkeypatch)
    monkeypatch.setattr(sql, "LOCK_SLOTS", sql.lock_slots(lock=""))
    with_constraint = [a for a in rush(small_mall) if not isinstance(a, Exception)]
    assert Place.objects.count() == len(with_constraint) <= 40
    Booking.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bookings_place DROP CONSTRAINT place_sold_once")
    try:
        for _round in range(5):
            rush(small_mall)
            if Place.objects.count() > 40:
                break
            Booking.objects.all().delete()
        assert Place.objects.count() > 40
    finally:
        Booking.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE bookings_place ADD CONSTRAINT place_sold_once UNIQUE (slot_id, number)")


@pytest.mark.django_db(transaction=True)
def test_crossing_moves_do_not_lock_each_other_out(small_mall: SmallHall) -> None:
    open_bookings(small_mall, places=1)
    line = small_mall.lines["ktp"].pk
    views = [
        commands.book(mall=small_mall.mall, legs=[(line, at(h))], quantity=1, channel="phone", now=NOW) for h in (9, 10)
    ]
    commands.wait(
        mall=small_mall.mall, line_id=line, day=DAY, earliest=at(9), latest=at(10), quantity=1, now=NOW,
        contact_kind="email", contact="tunggu@contoh.id",
    )  # fmt: skip

    def work(place: int) -> Any:
        view = views[place % 2]
        return commands.move(token=view.token, legs=[(line, at(11 if place % 2 else 12))], now=NOW)

    answers = together(work, 2, threads=2)
    assert [a for a in answers if isinstance(a, Exception)] == []
    assert Place.objects.count() == 3 and WaitEntry.objects.get().state == states.OFFERED


class Bookings(RuleBasedStateMachine):
    """Bookings, cancellations, moves, expiries and a waiting list in any order: the sums always hold."""

    hall: SmallHall

    @initialize()
    def begin(self) -> None:
        for model in (WaitEntry, Booking, Slot):
            model.objects.all().delete()
        self.tokens: list[str] = []
        self.people = 0

    def _try(self, work: Callable[..., Any], **values: Any) -> Any:
        try:
            return work(now=NOW, **values)
        except NotPossible:
            return None

    def _legs(self, hours: Sequence[int]) -> list[tuple[int, datetime]]:
        return [(self.hall.lines[name].pk, at(h)) for name, h in zip(("ktp", "skck"), hours, strict=False)]

    @rule(hours=st.lists(st.sampled_from([9, 10, 11]), min_size=1, max_size=2), quantity=st.integers(1, 3))
    def book(self, hours: list[int], quantity: int) -> None:
        self.people += 1
        view = self._try(
            commands.book, mall=self.hall.mall, legs=self._legs(hours), quantity=quantity, channel="phone",
            contact_kind="email", contact=f"orang{self.people}@contoh.id",
        )  # fmt: skip
        if view is not None:
            self.tokens.append(view.token)

    @rule(nth=st.integers(0, 20))
    def cancel(self, nth: int) -> None:
        if self.tokens:
            self._try(commands.cancel, token=self.tokens[nth % len(self.tokens)])

    @rule(nth=st.integers(0, 20), hours=st.lists(st.sampled_from([9, 10, 11]), min_size=1, max_size=2))
    def move(self, nth: int, hours: list[int]) -> None:
        if self.tokens:
            self._try(commands.move, token=self.tokens[nth % len(self.tokens)], legs=self._legs(hours))

    @rule(quantity=st.integers(1, 2))
    def wait(self, quantity: int) -> None:
        self.people += 1
        self._try(
            commands.wait, mall=self.hall.mall, line_id=self.hall.lines["ktp"].pk, day=DAY, earliest=at(9),
            latest=at(11), quantity=quantity, contact_kind="email", contact=f"orang{self.people}@contoh.id",
        )  # fmt: skip

    @rule(nth=st.integers(0, 20), takes=st.booleans())
    def answer_an_offer(self, nth: int, takes: bool) -> None:
        offered = list(WaitEntry.objects.filter(state=states.OFFERED).order_by("id"))
        if offered:
            entry = offered[nth % len(offered)]
            view = self._try(commands.accept if takes else commands.leave, token=entry.token)
            if view is not None:
                self.tokens.append(view.token)

    @invariant()
    def the_sums_hold(self) -> None:
        if not hasattr(self, "tokens"):
            return
        for slot in Slot.objects.all():
            numbers = list(Place.objects.filter(slot=slot).values_list("number", flat=True))
            assert len(numbers) == len(set(numbers)) <= slot.capacity == 3
            legs = Leg.objects.filter(slot=slot, counts=True)
            assert sum(leg.quantity for leg in legs) == len(numbers)
        for row in Booking.objects.all():
            kept = row.state in states.KEEPING
            counts = set(Leg.objects.filter(booking=row).values_list("counts", flat=True))
            assert counts == {kept}, row.state
        # Nobody who waits is passed over by an empty place that would do.
        free = {
            s.pk: s.capacity - Place.objects.filter(slot=s).count()
            for s in Slot.objects.filter(line=self.hall.lines["ktp"])
        }
        for entry in WaitEntry.objects.filter(state=states.WAITING):
            assert all(room < entry.quantity for room in free.values())

    @invariant()
    def what_is_told_is_true(self) -> None:
        if not hasattr(self, "tokens"):
            return
        line = self.hall.lines["ktp"].pk
        for slot in queries.free_slots(self.hall.mall, [line], DAY, quantity=1, now=NOW)[line]:
            taken = Place.objects.filter(slot__line=line, slot__starts=slot.starts).count()
            assert slot.free == 3 - taken > 0


@pytest.mark.django_db
def test_the_sums_hold_whatever_people_do(small_mall: SmallHall) -> None:
    open_bookings(small_mall, places=3)
    machine = type("Machine", (Bookings,), {"hall": small_mall})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
