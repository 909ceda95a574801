"""Lines as people read and search them, on real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from senyum.catalogue import commands, queries
from senyum.catalogue.commands import RequirementText
from senyum.catalogue.models import Line
from senyum.catalogue.synonym_commands import load_house_words
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.malls import commands as halls
from senyum.malls.rules import Hours

pytestmark = pytest.mark.django_db

BY = {"now": datetime(2026, 11, 24, 2, tzinfo=UTC), "actor": SYSTEM}
ALL_WEEK = dict.fromkeys(range(7), Hours(time(8), time(14), time(15)))
SERVICES = [
    ("ktp-baru", "KTP elektronik baru", "bikin ktp pertama kali rekam", {}),
    ("ktp-hilang", "KTP elektronik rusak atau hilang", "ktp ilang leungit patah", {}),
    (
        "akta-lahir",
        "Akta kelahiran",
        "akte lahir orok bayi",
        {"name_su": "Akta kalahiran", "name_en": "Birth certificate"},
    ),
    ("skck", "SKCK", "surat kelakuan baik polisi", {"fee_rupiah": 30000, "pays_at_cashier": True}),
    ("pbb", "Bayar PBB-P2", "pajak bumi bangunan", {"fee_rupiah": None, "fee_text": "Sesuai SPPT"}),
]


@pytest.fixture
def hall():
    load_house_words(**BY)
    mall = halls.put_mall(code="uji", name="MPP Uji", short_name="Uji", timezone="Asia/Jakarta", **BY)
    agency = halls.put_agency(code="dinas", name="Dinas Contoh", short_name="Dinas", **BY)
    booth = halls.put_booth(mall=mall, agency=agency, hours=ALL_WEEK, **BY)
    group = commands.put_line_group(mall=mall, prefix="A", name="Dinas", **BY)
    lines = []
    for sort, (code, name, keywords, more) in enumerate(SERVICES):
        service = commands.put_service(
            agency=agency,
            code=code,
            name=name,
            keywords=keywords,
            standard_minutes=10,
            requirements=[RequirementText("KK", text_su="KK", text_en="Family card", legal_basis="Perpres 96/2018")],
            **more,
            **BY,
        )
        lines.append(commands.put_line(mall=mall, service=service, group=group, sort=sort, **BY))
    counters = [halls.put_counter(booth=booth, number=n, **BY) for n in (1, 2, 3)]
    commands.assign_counter(counter=counters[0], first=lines[:2], help_out=lines[2:], **BY)
    commands.assign_counter(counter=counters[1], first=lines[2:], help_out=lines[:2], **BY)
    commands.assign_counter(counter=counters[2], first=lines, **BY)
    halls.put_counter(booth=booth, number=3, active=False, **BY)
    return mall, lines, counters


def codes(found):
    return [info.code for info in found]


def test_lines_in_the_halls_order_and_few_queries(hall, django_assert_max_num_queries):
    mall, *_ = hall
    with django_assert_max_num_queries(4):
        infos = queries.lines_of(mall)
        assert [i.requirements[0].text for i in infos] == ["KK"] * 5
    assert codes(infos) == [code for code, *_ in SERVICES]
    first = infos[0]
    assert (first.prefix, first.agency, first.kind, first.standard_minutes) == ("A", "Dinas", "service", 10)
    assert [(c.number, c.tier) for c in first.counters] == [(1, 1), (2, 2)], "a counter out of use is not shown"
    assert first.first_counters == (1,)


def test_fees_in_words(hall):
    fees = {i.code: i.fee for i in queries.lines_of(hall[0])}
    assert (fees["ktp-baru"], fees["skck"], fees["pbb"]) == ("Gratis", "Rp30.000", "Sesuai SPPT")


def test_names_follow_the_asked_language(hall):
    mall, lines, _ = hall
    names = {language: queries.line_info(mall, lines[2].id, language).name for language in ("id", "su", "en")}
    assert names == {"id": "Akta kelahiran", "su": "Akta kalahiran", "en": "Birth certificate"}
    assert queries.line_info(mall, lines[0].id, "en").name == "KTP elektronik baru", "Indonesian where none is known"
    assert queries.name_in(lines[2].service, "en-gb") == "Birth certificate"
    assert queries.requirements_of(lines[0], "en")[0].text == "Family card"
    assert queries.requirements_of(lines[0])[0].legal_basis == "Perpres 96/2018"


def test_a_line_that_is_not_offered(hall):
    mall, lines, _ = hall
    Line.objects.filter(id=lines[0].id).update(active=False)
    with pytest.raises(NotPossible) as refused:
        queries.line_info(mall, lines[0].id)
    assert refused.value.code == "no_line"
    assert "ktp-baru" not in codes(queries.lines_of(mall)) + codes(queries.search_lines(mall, "ktp baru"))


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("bikin ktp ilang", "ktp-hilang"),
        ("nomor antrian KTP hilang", "ktp-hilang"),
        ("KTP leungit", "ktp-hilang"),
        ("bikin ktp", "ktp-baru"),
        ("kpt baru", "ktp-baru"),
        ("akte lahir anak", "akta-lahir"),
        ("birth certificate", "akta-lahir"),
        ("kelahiran", "akta-lahir"),
        ("surat kelakuan baik", "skck"),
        ("skkc", "skck"),
        ("pajak bumi", "pbb"),
        ("pajk bangunann", "pbb"),
    ],
)
def test_search_in_peoples_words(hall, said, first):
    assert codes(queries.search_lines(hall[0], said))[0] == first


def test_search_without_a_subject_offers_everything(hall):
    assert len(queries.search_lines(hall[0], "mau antri dong")) == 5
    assert len(queries.search_lines(hall[0], "", limit=2)) == 2


@pytest.mark.parametrize("said", ["helikopter", "'; DROP TABLE malls_mall; --", "%_%", "\x00", "😀" * 300])
def test_search_for_nonsense_harms_nothing(hall, said):
    found = queries.search_lines(hall[0], said)
    assert isinstance(found, list)
    assert len(queries.lines_of(hall[0])) == 5


def test_tiers_of_a_counter(hall):
    _, lines, counters = hall
    ids = [line.id for line in lines]
    assert queries.counter_tiers(counters[0]) == (ids[:2], ids[2:])
    assert queries.counter_tiers(counters[2]) == (ids, [])


def test_the_cashier_line(hall):
    mall, lines, _ = hall
    assert queries.cashier_line(mall) is None
    Line.objects.filter(id=lines[3].id).update(kind=Line.Kind.CASHIER)
    assert queries.cashier_line(mall).id == lines[3].id
