"""A version once in force never changes: tried with SQL, as somebody with the database's role would."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from senyum.catalogue.models import Fee, Requirement, Standard
from senyum.catalogue.queries import standard_at
from senyum.catalogue.tests.standards import adopted
from senyum.core import clock
from senyum.core.db import violated

pytestmark = pytest.mark.django_db


def refused(sql, *values):
    """The constraint that fired for a statement."""
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return violated(error.value)


@pytest.fixture
def versions(small_mall):
    """The KTP service's first version, superseded, and its second, in force."""
    service = small_mall.lines["ktp"].service
    first = service.current
    second = adopted(service, clock.now(), time_text="1 hari kerja")
    first.refresh_from_db()
    return first, second


CHANGES = [
    "standard_minutes = 99",
    "time_text = 'lain'",
    'components = \'{"product": "lain"}\'',
    "decree_number = 'lain'",
    "effective_on = '2030-01-01'",
    "number = 77",
    "in_force_from = now()",
    "adopted = NOT adopted",
    "state = 'draft'",
    "state = 'withdrawn'",
]


@pytest.mark.parametrize("change", CHANGES)
def test_no_column_changes(versions, change):
    for version in versions:
        before = Standard.objects.filter(pk=version.pk).values().get()
        assert refused(f"UPDATE catalogue_standard SET {change} WHERE id = %s", version.pk)
        assert Standard.objects.filter(pk=version.pk).values().get() == before


def test_neither_goes_away(versions):
    for version in versions:
        assert refused("DELETE FROM catalogue_standard WHERE id = %s", version.pk) == "standard_frozen"


@pytest.mark.parametrize("table", ["catalogue_requirement", "catalogue_fee"])
def test_no_row_changes(versions, table):
    for version in versions:
        which = f"{table} WHERE standard_id = %s"
        assert refused(f"DELETE FROM {which}", version.pk) == "standard_frozen"
        assert (
            refused(f"UPDATE {table} SET legal_basis = 'lain' WHERE standard_id = %s", version.pk) == "standard_frozen"
        )


def test_no_row_is_added_or_moved_in(versions):
    first, second = versions
    text = "INSERT INTO catalogue_fee (standard_id, sort, variant, amount_rupiah, amount_text, kind, legal_basis)"
    assert refused(f"{text} VALUES (%s, 9, '', 1, '', '', '')", second.pk) == "standard_frozen"
    assert (
        refused(
            "UPDATE catalogue_requirement SET standard_id = %s, sort = 9 WHERE standard_id = %s AND sort = 1",
            first.pk,
            second.pk,
        )
        == "standard_frozen"
    )


def test_the_end_of_a_version_is_set_once(versions):
    first, _second = versions
    later = first.in_force_to + timedelta(days=1)
    assert refused("UPDATE catalogue_standard SET in_force_to = %s WHERE id = %s", later, first.pk) == "standard_frozen"


def test_two_versions_never_hold_at_once(versions):
    first, second = versions
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE catalogue_standard DISABLE TRIGGER standard_frozen")
    again = "UPDATE catalogue_standard SET in_force_to = %s WHERE id = %s"
    # The control: without the trigger the constraint behind it fires.
    assert refused(again, second.in_force_from + timedelta(hours=1), first.pk) == "standard_one_at_a_time"


def test_a_moment_has_one_version_for_ever(versions):
    first, second = versions
    service = first.service_id
    change = second.in_force_from
    asked = [change - timedelta(days=400), change - timedelta(seconds=1), change, change + timedelta(days=3)]
    assert [standard_at(service, at).pk for at in asked] == [first.pk, first.pk, second.pk, second.pk]
    third = adopted(first.service, change + timedelta(days=2), time_text="2 hari kerja")
    answers = [standard_at(service, at).pk for at in asked]
    assert answers == [first.pk, first.pk, second.pk, third.pk]


def test_a_clock_that_goes_back_ends_no_version_before_it_began(versions):
    _first, second = versions
    third = adopted(second.service, second.in_force_from - timedelta(days=1), time_text="3 hari kerja")
    second.refresh_from_db()
    assert second.in_force_to == second.in_force_from == third.in_force_from
    assert standard_at(second.service_id, third.in_force_from).pk == third.pk


def test_a_draft_may_still_change(small_mall):
    draft = Standard.objects.create(
        service=small_mall.lines["ktp"].service,
        number=9,
        standard_minutes=5,
        drafted_at=clock.now(),
        saved_at=clock.now(),
    )
    Requirement.objects.create(standard=draft, sort=1, text="KTP")
    Fee.objects.create(standard=draft, sort=1, amount_rupiah=0)
    draft.delete()
    assert not Standard.objects.filter(number=9).exists()
