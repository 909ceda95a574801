"""Services, lines and assignments: idempotent, journaled once, refused in sentences."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from senyum.catalogue import commands
from senyum.catalogue.commands import RequirementText
from senyum.catalogue.models import CounterLine, Line, Requirement, Service
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.malls import commands as halls
from senyum.malls.rules import Hours

pytestmark = pytest.mark.django_db

BY = {"now": datetime(2026, 11, 24, 2, tzinfo=UTC), "actor": SYSTEM}
ALL_WEEK = dict.fromkeys(range(7), Hours(time(8), time(14), time(15)))


@pytest.fixture
def hall():
    return halls.put_mall(code="uji", name="MPP Uji", short_name="Uji", timezone="Asia/Jakarta", **BY)


def agency(code):
    return halls.put_agency(code=code, name=code, short_name=code, **BY)


def booth(hall, code):
    return halls.put_booth(mall=hall, agency=agency(code), hours=ALL_WEEK, **BY)


def service(code="ktp", of="dukcapil", **changes):
    values = {"name": code.upper(), "standard_minutes": 10, **changes}
    return commands.put_service(agency=agency(of), code=code, **values, **BY)


def group(hall, prefix="A"):
    return commands.put_line_group(mall=hall, prefix=prefix, name=prefix, **BY)


def line(hall, code="ktp", of="dukcapil", **changes):
    return commands.put_line(mall=hall, service=service(code, of), group=group(hall), **changes, **BY)


def journaled(kind):
    return Entry.objects.filter(kind=kind).count()


def test_a_service_is_put_once():
    papers = [RequirementText("KK", text_en="Family card"), RequirementText("KTP lama")]
    first = service(requirements=papers)
    assert service(requirements=papers).pk == first.pk
    assert journaled("service.put") == 1
    assert list(first.requirements.values_list("sort", "text")) == [(1, "KK"), (2, "KTP lama")]


def test_other_requirements_are_a_new_version():
    before = service(requirements=[RequirementText("KK"), RequirementText("Foto")])
    told = before.current
    service(requirements=[RequirementText("KK asli", reason="Dicocokkan")])
    before.refresh_from_db()
    assert [(r.sort, r.text, r.reason) for r in before.requirements.all()] == [(1, "KK asli", "Dicocokkan")]
    assert [r.text for r in Requirement.objects.filter(standard=told)] == ["KK", "Foto"]
    assert (before.current.number, before.current.adopted) == (2, True)
    assert Entry.objects.filter(kind="service.put").last().data["changed"] == ["requirements"]


def test_a_fee_is_an_amount_or_explained():
    with pytest.raises(NotPossible) as refused:
        service(fee_rupiah=None)
    assert refused.value.code == "fee"
    assert service(fee_rupiah=None, fee_text="Sesuai SPPT").fee_rupiah is None


def test_a_service_takes_at_least_a_minute():
    with pytest.raises(NotPossible) as refused:
        service(standard_minutes=0)
    assert refused.value.code == "standard_minutes"
    assert not Service.objects.filter(code="ktp").exists()


@pytest.mark.parametrize("prefix", ["", "a", "A1", "ABC", "É"])
def test_a_prefix_is_one_or_two_capital_letters(hall, prefix):
    with pytest.raises(NotPossible) as refused:
        group(hall, prefix)
    assert refused.value.code == "prefix"


def test_a_prefix_is_unique_in_the_hall(hall):
    assert group(hall, "B").pk == group(hall, "B").pk
    assert journaled("line_group.put") == 1


def test_a_line_stands_at_its_agencys_booth(hall):
    with pytest.raises(NotPossible) as refused:
        line(hall)
    assert refused.value.code == "no_booth"
    stand = booth(hall, "dukcapil")
    first = line(hall, quota_per_day=20)
    assert (first.booth, first.agency, first.kind) == (stand, stand.agency, Line.Kind.SERVICE)
    assert line(hall, quota_per_day=20).pk == first.pk
    assert journaled("line.put") == 1


def test_a_group_of_another_hall_is_refused(hall):
    other = halls.put_mall(code="lain", name="Lain", short_name="Lain", timezone="Asia/Jakarta", **BY)
    booth(hall, "dukcapil")
    with pytest.raises(NotPossible) as refused:
        commands.put_line(mall=hall, service=service(), group=group(other), **BY)
    assert refused.value.code == "other_mall"


def test_an_assignment_replaces_the_one_before(hall):
    counter = halls.put_counter(booth=booth(hall, "dukcapil"), number=1, **BY)
    ktp, kk, kia = (line(hall, code) for code in ("ktp", "kk", "kia"))
    commands.assign_counter(counter=counter, first=[ktp], help_out=[kk], **BY)
    commands.assign_counter(counter=counter, first=[ktp], help_out=[kk], **BY)
    assert journaled("counter.assigned") == 1
    commands.assign_counter(counter=counter, first=[kk, kia], **BY)
    assert dict(CounterLine.objects.filter(counter=counter).values_list("line_id", "tier")) == {
        kk.pk: 1,
        kia.pk: 1,
    }
    entry = Entry.objects.filter(kind="counter.assigned").last()
    assert entry.data == {"first": sorted([kk.pk, kia.pk]), "help": []}


def test_a_counter_serves_its_own_agency_only(hall):
    counter = halls.put_counter(booth=booth(hall, "dukcapil"), number=1, **BY)
    booth(hall, "bapenda")
    with pytest.raises(NotPossible) as refused:
        commands.assign_counter(counter=counter, first=[line(hall, "pbb", "bapenda")], **BY)
    assert refused.value.code == "other_agency"


def test_a_line_has_one_tier_at_a_counter(hall):
    counter = halls.put_counter(booth=booth(hall, "dukcapil"), number=1, **BY)
    ktp = line(hall)
    with pytest.raises(NotPossible) as refused:
        commands.assign_counter(counter=counter, first=[ktp], help_out=[ktp], **BY)
    assert refused.value.code == "two_tiers"
    assert not CounterLine.objects.filter(counter=counter).exists()
