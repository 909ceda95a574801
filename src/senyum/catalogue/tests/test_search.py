"""The index that the database keeps, and the words that people put: on real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from django.db import connection

from senyum.catalogue import commands, queries, search, synonym_commands
from senyum.catalogue.models import SearchEntry, SearchWord, Service, Synonym
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.malls import commands as halls
from senyum.malls.models import Agency
from senyum.malls.rules import Hours

pytestmark = pytest.mark.django_db

BY = {"now": datetime(2026, 11, 24, 2, tzinfo=UTC), "actor": SYSTEM}
ALL_WEEK = dict.fromkeys(range(7), Hours(time(8), time(14), time(15)))


def put(name, code=None, of="dinas", **more):
    agency = halls.put_agency(code=of, name=of.title(), short_name=of.upper(), **BY)
    return commands.put_service(
        agency=agency, code=code or name.lower().replace(" ", "-"), name=name, standard_minutes=10, **more, **BY
    )


def offer(service, mall="uji"):
    hall = halls.put_mall(code=mall, name=f"MPP {mall}", short_name=mall, timezone="Asia/Jakarta", **BY)
    halls.put_booth(mall=hall, agency=service.agency, hours=ALL_WEEK, **BY)
    group = commands.put_line_group(mall=hall, prefix="A", name="A", **BY)
    return commands.put_line(mall=hall, service=service, group=group, **BY)


def found(text, **how):
    hits = search.find(text, everywhere=True, **how)
    return None if hits is None else [Service.objects.get(pk=hit.service_id).code for hit in hits]


def test_the_index_follows_every_write_whoever_makes_it():
    service = put("Akta kelahiran", "akta")
    assert found("kelahiran") == ["akta"]
    Service.objects.filter(pk=service.pk).update(name="Izin reklame", keywords="spanduk")
    assert (found("kelahiran"), found("reklame"), found("spanduk")) == ([], ["akta"], ["akta"])
    Agency.objects.filter(pk=service.agency_id).update(short_name="Capil")
    assert found("capil") == ["akta"], "a renamed agency is found by its new name"
    passing = Service.objects.create(agency=service.agency, code="x", name="Tontonan", standard_minutes=5)
    assert found("tontonan") == ["x"]
    passing.delete()
    assert found("tontonan") == []
    assert SearchEntry.objects.count() == 1


def test_accents_and_other_scripts_are_plain_words_on_both_sides():
    put("Akta", name_su="Ngadaptarkeun éta", name_en="Café licence")
    assert found("eta") == found("ÉTA") == found("cafe") == ["akta"]
    assert SearchWord.objects.filter(word="cafe").exists()


def test_stems_beginnings_slips_and_look_alikes():
    put("Perpanjangan SIM", "sim")
    put("Pengambilan paspor", "paspor")
    assert found("memperpanjang")[0] == "sim", "both come from one stem"
    assert found("pasp") == ["paspor"]
    assert found("smi") == ["sim"]
    assert found("perpanjanggann")[0] == "sim"


def test_synonyms_are_rows_and_change_what_is_found():
    put("Kartu pencari kerja", "ak1")
    put("Kartu Keluarga", "kk")
    assert found("kartu kuning")[0] == "kk", "nothing says what is meant"
    row = synonym_commands.put_synonym(language="id", word="Kartu  KUNING", means="pencari kerja", **BY)
    assert (row.word, row.means, row.kind, row.is_house) == ("kartu kuning", "pencari kerja", "synonym", False)
    assert found("kartu kuning")[0] == "ak1"
    synonym_commands.drop_synonym(language="id", word="kartu kuning", means="pencari kerja", **BY)
    assert found("kartu kuning")[0] == "kk"
    kinds = list(Entry.objects.filter(kind__startswith="synonym.").order_by("id").values_list("kind", flat=True))
    assert kinds == ["synonym.put", "synonym.dropped"]


def test_a_filler_says_nothing():
    put("Akta kelahiran", "akta")
    synonym_commands.put_synonym(language="su", word="bade", means="", **BY)
    assert found("bade") is None
    assert found("bade akta") == ["akta"]


@pytest.mark.parametrize(
    ("language", "word", "means", "code"),
    [
        ("de", "ausweis", "ktp", "language"),
        ("id", "", "ktp", "word"),
        ("id", "satu dua tiga empat", "ktp", "word"),
        ("id", "x" * 61, "ktp", "word"),
        ("id", "kartu", "!!", "means"),
        ("id", "ktp", "KTP", "same"),
        ("id", "dua kata", "", "filler"),
    ],
)
def test_words_the_search_could_not_use_are_refused(language, word, means, code):
    with pytest.raises(NotPossible) as refused:
        synonym_commands.put_synonym(language=language, word=word, means=means, **BY)
    assert refused.value.code == code
    assert not Synonym.objects.exists()


def test_dropping_what_is_not_there_is_refused():
    with pytest.raises(NotPossible) as refused:
        synonym_commands.drop_synonym(language="id", word="apa", means="naon", **BY)
    assert refused.value.code == "no_synonym"


def test_the_houses_list_is_loaded_once_and_leaves_peoples_rows_alone():
    first = synonym_commands.load_house_words(**BY)
    assert first.added == Synonym.objects.filter(is_house=True).count() > 500
    assert synonym_commands.load_house_words(**BY) == synonym_commands.HouseWords(0, 0)
    synonym_commands.drop_synonym(language="id", word="ilang", means="hilang", **BY)
    synonym_commands.put_synonym(language="id", word="raono", means="hilang", **BY)
    Synonym.objects.create(language="id", word="kuno", means="lama", is_house=True)
    assert synonym_commands.load_house_words(**BY) == synonym_commands.HouseWords(0, 1)
    assert not Synonym.objects.get(language="id", word="ilang", means="hilang").active
    assert Synonym.objects.filter(word="raono").exists()
    assert not Synonym.objects.filter(word="kuno").exists()
    assert Entry.objects.filter(kind="synonym.loaded").count() == 2


def test_the_houses_list_holds_only_words_the_search_can_use():
    rows = list(synonym_commands.house_rows())
    assert {language for language, _word, _means in rows} == {"id", "su", "en"}
    assert all(synonym_commands.checked(*row) == row[1:] for row in rows)


def test_all_halls_are_searched_and_each_offer_is_named(django_assert_max_num_queries):
    service = put("KTP elektronik baru", "ktp")
    lines = [offer(service, mall) for mall in ("utara", "selatan")]
    put("KTP yang tidak ditawarkan", "lain")
    search.speech()
    with django_assert_max_num_queries(5):
        results = queries.search_services("ktp")
    assert [(r.code, r.agency, r.fee) for r in results] == [("ktp", "DINAS", "Gratis")], "only what some hall offers"
    assert [(o.mall, o.line_id) for o in results[0].offers] == [("selatan", lines[1].pk), ("utara", lines[0].pk)]
    assert queries.search_services("") == []


def test_the_index_answers_a_word():
    """With sequential scans forbidden the GIN index is the only way left, or the plan says Seq Scan."""
    put("KTP elektronik baru", "ktp")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT service_id FROM catalogue_searchentry WHERE words @@ '''ktp'''::tsquery")
        assert "search_words" in "\n".join(row[0] for row in cursor.fetchall())
