"""Migration 0004 on services as they were before there were versions: nothing is lost, nothing is made up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django_scopes import scopes_disabled

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
BEFORE, AFTER = ("catalogue", "0003_standards"), ("catalogue", "0004_first_versions")


def _at(target: tuple[str, str]) -> Any:
    """Go there; the models as they were."""
    executor = MigrationExecutor(connection)
    executor.migrate([target])
    return executor.loader.project_state([target]).apps


@pytest.fixture
def _latest_again() -> Iterator[None]:
    """Whatever happens in the test, the database ends at its latest migrations."""
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.usefixtures("_latest_again")
def test_what_was_known_becomes_the_first_version() -> None:
    with scopes_disabled():
        apps = _at(BEFORE)
        agency = apps.get_model("malls", "Agency").objects.create(code="lama", name="Instansi Lama", short_name="Lama")
        old = apps.get_model("catalogue", "Service")
        common = {"agency": agency, "source": "lama"}
        paid = old.objects.create(
            code="bayar", name="Bayar", standard_minutes=12, time_text="3 hari", fee_rupiah=30000, **common
        )
        bare = old.objects.create(code="kosong", name="Kosong", standard_minutes=0, **common)
        need = apps.get_model("catalogue", "Requirement")
        for sort, text in enumerate(("KTP", "Foto"), start=1):
            need.objects.create(service=paid, sort=sort, text=text)

        apps = _at(AFTER)
        standards = apps.get_model("catalogue", "Standard").objects
        first = standards.get(service_id=paid.pk)
        assert (first.number, first.state, first.adopted, first.in_force_from) == (1, "in_force", True, None)
        assert (first.standard_minutes, first.time_text, first.source) == (12, "3 hari", "lama")
        needs = apps.get_model("catalogue", "Requirement").objects.filter(standard=first).order_by("sort")
        assert list(needs.values_list("text", flat=True)) == ["KTP", "Foto"]
        fees = apps.get_model("catalogue", "Fee").objects
        assert list(fees.filter(standard=first).values_list("amount_rupiah", flat=True)) == [30000]
        services = apps.get_model("catalogue", "Service").objects
        assert services.get(pk=paid.pk).current_id == first.pk
        other = standards.get(service_id=bare.pk)
        assert other.standard_minutes == 1 and not fees.filter(standard=other).exists()
        assert services.filter(current=None).count() == 0
        connection.cursor().execute("TRUNCATE catalogue_service, malls_agency CASCADE")
