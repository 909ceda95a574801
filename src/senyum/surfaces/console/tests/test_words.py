"""The search's words and the life events in the console: who may, a look before a change, without JavaScript."""

from __future__ import annotations

import pytest

from senyum.catalogue import search
from senyum.catalogue.event_models import LifeEvent
from senyum.catalogue.models import Synonym
from senyum.catalogue.queries import search_services
from senyum.journal.models import Entry
from senyum.surfaces.ui.browser import DESK, PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.surfaces.ui.testing import PageClient

pytestmark = pytest.mark.django_db
WORDS, EVENTS = "/console/contoh/words/", "/console/contoh/events/"


def client(hall, name="pengelola"):
    browser = PageClient(raise_request_exception=True)
    browser.force_login(hall.users[name])
    return browser


def found(text):
    search.forget()
    return [row.code for row in search_services(text)]


@pytest.mark.parametrize("url", [WORDS, EVENTS, f"{EVENTS}new/"])
@pytest.mark.parametrize(
    ("name", "status"), [("petugas1", 403), ("koordinator", 403), ("sekda", 403), ("pengelola", 200), ("admin", 200)]
)
def test_who_opens_it(small_mall, url, name, status):
    client(small_mall, name).page(url, status=status)


@pytest.mark.parametrize("name", ["petugas1", "koordinator", "penyambut", "sekda"])
def test_who_may_not_write(small_mall, name):
    other = client(small_mall, name)
    other.send(f"{WORDS}save/", {"language": "id", "word": "aneh", "means": "ktp"}, status=403)
    other.send(f"{WORDS}retire/", {"row": 1}, status=403)
    other.send(f"{EVENTS}new/", {}, status=403)
    assert not Synonym.objects.filter(word="aneh").exists()


def test_a_word_is_tried_before_it_is_saved(small_mall):
    manager = client(small_mall)
    assert found("katepe") == []
    page = manager.page(f"{WORDS}?try=1&language=id&word=Katepe&means=ktp&ask=bikin+katepe")
    note = page.find("div", class_="note")[0].text
    assert (
        "“bikin katepe” menemukan" in note and "Sekarang tidak ada" in note and "KTP elektronik (Disdukcapil)" in note
    )
    assert not Synonym.objects.exists(), "a look writes nothing"
    done = manager.send(f"{WORDS}save/", page.form(f"{WORDS}save/"))
    assert "Tersimpan" in done.text
    assert found("katepe") == ["ktp"]
    assert Entry.objects.filter(kind="synonym.put").count() == 1


def test_a_look_that_changes_nothing_says_so(small_mall):
    page = client(small_mall).page(f"{WORDS}?try=1&language=id&word=sesuatu&means=aneh&ask=skck")
    assert "tidak ada yang berubah" in page.text and "SKCK (Polres)" in page.text


def test_a_word_is_corrected(small_mall):
    manager = client(small_mall)
    manager.send(f"{WORDS}save/", {"language": "id", "word": "katepe", "means": "skck"})
    wrong = Synonym.objects.get()
    page = manager.page(f"{WORDS}?row={wrong.pk}&try=1&language=id&word=katepe&means=ktp")
    note = page.find("div", class_="note")[0].text
    assert "Sekarang SKCK (Polres)" in note and "Sesudahnya KTP elektronik (Disdukcapil)" in note
    manager.send(f"{WORDS}save/", page.form(f"{WORDS}save/"))
    assert found("katepe") == ["ktp"]
    assert set(Synonym.objects.values_list("means", "active")) == {("skck", False), ("ktp", True)}


def test_a_word_is_retired_after_a_look(small_mall):
    manager = client(small_mall)
    manager.send(f"{WORDS}save/", {"language": "id", "word": "katepe", "means": "ktp"})
    row = Synonym.objects.get()
    page = manager.page(f"{WORDS}?row={row.pk}&do=retire")
    assert "Sesudahnya tidak ada" in page.find("div", class_="note")[0].text
    assert Synonym.objects.get().active
    manager.send(f"{WORDS}retire/", page.form(f"{WORDS}retire/"))
    assert found("katepe") == [] and not Synonym.objects.get().active
    assert "dipensiunkan" in manager.page(WORDS).text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"word": "!!!"}, "satu sampai tiga kata"),
        ({"word": "satu dua tiga empat"}, "satu sampai tiga kata"),
        ({"word": "ktp"}, "sama"),
        ({"word": "dua kata", "means": ""}, "hanya satu kata"),
        ({"word": ""}, "Kata warga"),
        ({"language": "xx"}, "Bahasa"),
    ],
)
def test_what_cannot_be_used_is_said_and_kept_in_the_form(small_mall, given, said):
    values = {"language": "id", "word": "katepe", "means": "ktp", **given}
    manager = client(small_mall)
    for page in (
        manager.send(f"{WORDS}save/", values, status=422),
        manager.page(WORDS, data={**values, "try": "1"}, status=422),
    ):
        assert said.casefold() in page.text.casefold()
        assert page.find("input", id="id_word")[0].get("value") == values["word"]
    assert not Synonym.objects.exists()


def test_the_list_is_filtered_and_any_bytes_may_be_asked(small_mall):
    manager = client(small_mall)
    for word in ("katepe", "surat baik"):
        manager.send(f"{WORDS}save/", {"language": "id", "word": word, "means": "ktp"})
    rows = manager.page(f"{WORDS}?q=baik").find("tbody")[0].text
    assert "surat baik" in rows and "katepe" not in rows
    for q in ("%00", "%F0%9F%98%80", "%27;--", "a" * 500):
        assert "Tidak ada kata yang cocok" in manager.page(f"{WORDS}?q={q}").text
    for row in ("0", "-1", "x", "9" * 12, "%C2%B2"):
        manager.page(f"{WORDS}?row={row}")
    manager.send(f"{WORDS}retire/", {"row": "999999"}, status=404)
    manager.send(f"{WORDS}save/", {"row": "999999", "language": "id", "word": "a", "means": "b"}, status=404)


# Life events


def steps(*rows):
    """The fields of the form's steps."""
    values = {"step-TOTAL_FORMS": len(rows), "step-INITIAL_FORMS": 0, "step-MIN_NUM_FORMS": 0, "step-MAX_NUM_FORMS": 40}
    for n, row in enumerate(rows):
        values |= {f"step-{n}-{name}": value for name, value in row.items()}
    return values


def test_a_manager_makes_an_event_and_it_is_on_the_halls_page(small_mall, page_client):
    manager = client(small_mall)
    ids = {code: line.service_id for code, line in small_mall.lines.items()}
    manager.page(f"{EVENTS}new/")
    done = manager.send(
        f"{EVENTS}new/",
        {"slug": "uji", "title": "Uji <b>"}
        | steps({"text": "Ke desa"}, {}, {"service_id": ids["ktp"], "stage": 1, "why": "dulu"}, {"stage": 2}),
    )
    assert "Tersimpan" in done.text and "&lt;b&gt;" in done.html
    event = LifeEvent.objects.get()
    assert [(s.text, s.service_id, s.stage) for s in event.steps.all()] == [("Ke desa", None, 1), ("", ids["ktp"], 1)]
    assert page_client.page("/m/contoh/peristiwa/uji/").heading == "Uji <b>"
    form = manager.page(f"{EVENTS}{event.pk}/")
    chosen = [o.get("value") for s in form.find("select") for o in s.all("option") if "selected" in o.attrs]
    assert str(ids["ktp"]) in chosen
    manager.send(f"{EVENTS}{event.pk}/active/", {"do": "retire"})
    page_client.page("/m/contoh/peristiwa/uji/", status=404)
    manager.send(f"{EVENTS}{event.pk}/active/", {"do": "revive"})
    page_client.page("/m/contoh/peristiwa/uji/")
    manager.page(f"{EVENTS}999999/", status=404)


def test_an_event_that_cannot_be_saved_keeps_what_was_typed(small_mall):
    manager = client(small_mall)
    ktp = small_mall.lines["ktp"].service_id
    for given, said in (
        ({"slug": "Tidak Sah", "title": "Uji"} | steps({"service_id": ktp}), "huruf kecil"),
        ({"slug": "uji", "title": "Uji"} | steps({"text": "hanya teks"}), "satu sampai dua puluh langkah"),
        ({"slug": "uji", "title": "Uji"} | steps({"service_id": ktp}, {"service_id": ktp}), "hanya boleh sekali"),
        ({"slug": "uji", "title": "Uji"} | steps({"service_id": "999999"}), "pilihan"),
        ({"slug": "uji", "title": "Uji"} | steps({"service_id": ktp, "stage": 77}), "9"),
    ):
        page = manager.send(f"{EVENTS}new/", given, status=422)
        assert said.casefold() in page.text.casefold(), said
        assert page.find("input", id="id_title")[0].get("value") == "Uji"
    manager.send(f"{EVENTS}new/", {"slug": "uji", "title": "Uji"}, status=422)
    assert not LifeEvent.objects.exists()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_pages_fit_and_axe_finds_nothing(small_mall, live_server, page, context):
    manager = client(small_mall)
    manager.send(f"{WORDS}save/", {"language": "id", "word": "katepe", "means": "ktp"})
    manager.send(
        f"{EVENTS}new/", {"slug": "uji", "title": "Uji"} | steps({"service_id": small_mall.lines["ktp"].service_id})
    )
    context.add_cookies([{"name": "sessionid", "value": manager.cookies["sessionid"].value, "url": live_server.url}])
    event = LifeEvent.objects.get().pk
    look = f"{WORDS}?try=1&language=id&word=kartu&means=ktp&ask=kartu"
    for url, name in ((look, "words"), (EVENTS, "events"), (f"{EVENTS}{event}/", "event-form")):
        for size in (PHONE, DESK):
            page.set_viewport_size(size)
            page.goto(live_server.url + url)
            assert_fits(page)
            assert_targets(page)
        assert_axe_clean(page)
        shoot(page, f"{name}-1366", full=True)
