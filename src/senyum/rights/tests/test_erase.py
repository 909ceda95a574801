"""Erased because its person asks: all that names them goes, what was measured stays; a running visit stays whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django_scopes import scopes_disabled
from typer.testing import CliRunner

from senyum.bookings import commands as bookings
from senyum.bookings.models import Booking
from senyum.bookings.tests.days import NOW, at, open_bookings
from senyum.core.errors import NotPossible
from senyum.core.models import IdempotencyKey
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.notices.models import Notice, Subscription
from senyum.rehearsal.queries import SmallHall
from senyum.rights import commands
from senyum.rights import person as people
from senyum.rights.cli import app
from senyum.rights.tests.test_export import all_rows, day, names_of  # noqa: F401 - a fixture
from senyum.visits import commands as visits
from senyum.visits.commands.issue import Key
from senyum.visits.models import Ticket, Visit


@pytest.fixture(autouse=True)
def _unscoped() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.mark.django_db
class TestVisit:
    def test_nothing_in_the_database_names_the_person_but_number_and_id(self, day: dict[str, Any]) -> None:  # noqa: F811 - that fixture
        visit, booking = day["visit"], Booking.objects.get()
        before = Ticket.objects.filter(visit=visit).values("queued_at", "called_at", "ended_at", "outcome").get()
        private = [name for name in names_of(day) if not name.isdigit()]
        private = [name for name in private if name not in (visit.label, booking.reference)] + ["Bu Siti", "Cimalaka"]
        counts = commands.erase(person=people.of_visit(visit), now=at(10))
        assert counts["Visit.token"] == counts["Booking"] == counts["Notice"] == counts["Subscription"] == 1
        found = [(table, name) for table, _pk, text in all_rows() for name in private if name in text]
        assert found == []
        assert (
            Ticket.objects.filter(visit=visit).values("queued_at", "called_at", "ended_at", "outcome").get() == before
        )
        assert commands.erase(person=people.of_visit(Visit.objects.get(pk=visit.pk)), now=at(10)) == {}
        with pytest.raises(NotPossible):
            people.by_token(visit.token)

    def test_the_other_persons_data_stay(self, day: dict[str, Any]) -> None:  # noqa: F811 - that fixture
        other = day["other"]
        kept = Visit.objects.values().get(pk=other.visit_id)
        commands.erase(person=people.of_visit(day["visit"]), now=at(10))
        assert Visit.objects.values().get(pk=other.visit_id) == kept

    def test_the_journal_certifies_it(self, day: dict[str, Any]) -> None:  # noqa: F811 - that fixture
        commands.erase(person=people.of_visit(day["visit"]), now=at(10))
        first, second = Entry.objects.filter(kind="retention.erased").order_by("id")
        assert (first.subject_label, first.actor_kind, first.data["asked"]) == (day["visit"].label, "citizen", True)
        assert first.data["counts"]["Visit.district"] == 1 and second.subject_kind == "booking"

    def test_a_repeated_request_for_a_number_makes_no_second_visit(self, small_mall: SmallHall) -> None:
        key = Key("kios", "kunci-0001", "00" * 32)
        values: dict[str, Any] = {"mall": small_mall.mall, "line_ids": [small_mall.lines["ktp"].pk], "key": key}
        values |= {"priority": "regular", "channel": "kiosk", "actor": SYSTEM}
        issued = visits.issue_visit(now=at(9), **values)
        visits.leave_visit(visit_id=issued.visit_id, now=at(9, 5), actor=SYSTEM)
        commands.erase(person=people.by_token(issued.token), now=at(9, 6))
        again = visits.issue_visit(now=at(9, 7), **values)
        assert again.replayed and again.visit_id == issued.visit_id and Visit.objects.count() == 1
        with pytest.raises(NotPossible):
            people.by_token(again.token)

    def test_while_it_goes_on_nothing_is_erased(self, day: dict[str, Any]) -> None:  # noqa: F811 - that fixture
        Ticket.objects.filter(visit=day["visit"]).update(state="parked", ended_at=None)
        with pytest.raises(NotPossible) as refusal:
            commands.erase(person=people.of_visit(day["visit"]), now=at(10))
        assert refusal.value.code == "goes_on"
        assert Visit.objects.get(pk=day["visit"].pk).token == day["visit"].token
        assert Notice.objects.exists() and Subscription.objects.exists() and IdempotencyKey.objects.exists()


@pytest.mark.django_db
def test_a_booking_that_is_to_come_is_cancelled_first(small_mall: SmallHall) -> None:
    open_bookings(small_mall, places=4)
    legs = [(small_mall.lines["ktp"].pk, at(9))]
    view = bookings.book(mall=small_mall.mall, legs=legs, quantity=1, channel="phone", now=NOW)
    with pytest.raises(NotPossible):
        commands.erase(person=people.by_token(view.token), now=NOW)
    bookings.cancel(token=view.token, now=NOW)
    assert commands.erase(person=people.by_token(view.token), now=NOW)["Booking"] == 1
    stands_there = Booking.objects.get().token
    with pytest.raises(NotPossible):
        bookings.cancel(token=stands_there, now=NOW)


@pytest.mark.django_db
def test_no_member_of_staff_is_erased_here(small_mall: SmallHall) -> None:
    with pytest.raises(NotPossible) as refusal:
        commands.erase(person=people.by_username("petugas1"), now=at(10))
    assert refusal.value.code == "staff"


@pytest.mark.django_db
def test_the_command(day: dict[str, Any]) -> None:  # noqa: F811 - that fixture
    visit, runner = day["visit"], CliRunner()
    named = ["erase", "--mall", visit.mall.code, "--day", visit.day.isoformat(), "--label", visit.label]
    assert "Visit.token\t1" in runner.invoke(app, named).stdout
    assert "Nothing was left" in runner.invoke(app, named).stdout
    assert Entry.objects.filter(kind="retention.erased", actor_label="senyum person").count() == 2
