"""The kiosk's screens, one request at a time."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django_scopes import scopes_disabled

from senyum.core import clock, speech
from senyum.journal.models import Entry
from senyum.people.models import Device
from senyum.surfaces.citizen.tests.phones import closes_all, opens, take
from senyum.surfaces.greeter.tests.door import client as logged_in
from senyum.surfaces.kiosk import frame
from senyum.surfaces.kiosk.tests.stand import PIN, answer_url, kiosk, lines, pinned, url
from senyum.surfaces.kiosk.views import browse
from senyum.surfaces.kiosk.views import take as take_views
from senyum.surfaces.ui import voice
from senyum.visits.models import Ticket, Visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


@pytest.fixture
def stand(small_mall):
    return kiosk(small_mall)


def _links(page, class_: str = "choice-big") -> dict[str, str]:
    return {a.first("b").text: a.get("href") for a in page.find("a", class_=class_)}


def _takes(stand, hall, *codes: str, status: int = 200, **answers):
    address = answer_url(hall, *codes)
    form = stand.page(address).form(address)
    return stand.send(address, {**form, "priority": "regular", **answers}, status=status)


# Who may open it

PAGES = ("", "services/", "search/", "check/", "take/", "staff/", "alive/")


@pytest.mark.parametrize("rest", PAGES)
def test_only_the_halls_own_kiosk_and_who_pairs_devices(small_mall, page_client, rest):
    assert page_client.get(url(rest))["Location"].startswith("/device/")
    for kind in ("display", "smile"):
        assert kiosk(small_mall, kind).get(url(rest))["Location"].startswith("/device/")
    for name in ("petugas1", "petugas3", "penyambut", "sekda"):
        assert logged_in(small_mall, name).get(url(rest)).status_code == 403
    assert logged_in(small_mall, "pengelola").get(url(rest)).status_code in (200, 204, 302)
    assert kiosk(small_mall).get(url(rest)).status_code in (200, 204, 302)


def test_another_malls_kiosk_is_not_let_in(small_mall, stand):
    other = type(small_mall.mall)(code="lain", name="Lain", short_name="Lain")
    other.save()
    for rest in PAGES:
        assert stand.get(url(rest, "lain")).status_code == 404


# From the start to the ticket


def test_the_whole_way_by_touch(small_mall, stand):
    page = stand.page(url())
    assert page.heading == "Wilujeng sumping, selamat datang"
    (start,) = [a.get("href") for a in page.find("a", class_="giant") if "Ambil nomor" in a.text]
    agencies = _links(stand.page(start))
    assert set(agencies) == {"Disdukcapil", "Polres"}
    services = _links(stand.page(agencies["Disdukcapil"]))
    page = stand.page(services["KTP elektronik"])
    assert "KTP" in page.text and "Kartu keluarga" in page.text and "Gratis" in page.text
    (onward,) = [a.get("href") for a in page.find("a", class_="giant")]
    page = stand.page(onward)
    assert page.heading == "Perlu bantuan?"
    page = stand.send(onward, {**page.form(onward), "priority": "regular"})
    visit = Visit.objects.get()
    assert page.heading == visit.label == "A-001"
    assert (visit.channel, visit.priority, visit.language, visit.quantity) == ("kiosk", "regular", "id", 1)
    entry = Entry.objects.get(kind="visit.issued")
    assert (entry.actor_kind, entry.actor_label) == ("device", "Kios")
    assert visit.token not in page.response.request["PATH_INFO"]


def test_an_agency_with_one_service_leads_straight_to_it(small_mall, stand):
    assert _links(stand.page(url("services/")))["Polres"].startswith(url("check/?line="))


def test_fetching_a_document_is_a_short_lane_up_front(small_mall, stand):
    (link,) = [a.get("href") for a in stand.page(url()).find("a", class_="giant") if "dokumen" in a.text]
    response = stand.get(link)
    assert response["Location"] == url(f"check/?{lines(small_mall, 'ambil')}")


def test_no_screen_has_more_than_six_choices(small_mall, stand, monkeypatch):
    monkeypatch.setattr(browse, "PER_SCREEN", 1)
    page = stand.page(url("services/"))
    assert len(_links(page)) == 1 and "1 dari 2" in page.text
    (later,) = [a.get("href") for a in page.find("a") if "page=2" in a.get("href")]
    page = stand.page(later)
    assert "2 dari 2" in page.text and not [a for a in page.find("a") if "page=3" in a.get("href")]
    assert frame.PER_SCREEN <= 7
    for wrong in ("0", "99", "x", "-1"):
        stand.page(url(f"services/?page={wrong}"))


@pytest.mark.parametrize("typed", ["ktp", "bikin ktp", "KTP elektonik"])
def test_the_search_forgives(small_mall, stand, typed):
    found = _links(stand.page(url("search/"), data={"q": typed}, max_queries=30))
    assert "KTP elektronik" in found
    part = stand.fragment(url(f"search/?q={typed}"), max_queries=30)
    assert "KTP elektronik" in part.text and not part.find("html")


def test_a_search_without_an_answer_says_whom_to_ask(small_mall, stand):
    assert "petugas penyambut" in stand.page(url("search/?q=zzzzzz"), max_queries=30).text


def test_several_services_get_one_number(small_mall, stand):
    page = stand.page(url(f"check/?{lines(small_mall, 'ktp')}"))
    (add,) = [a.get("href") for a in page.find("a") if "Tambah layanan" in a.text]
    page = stand.page(add)
    assert "Sudah dipilih: KTP elektronik" in page.text
    page = stand.page(_links(page)["Polres"])
    assert page.heading == "2 layanan, satu nomor"
    assert url(f"check/?{lines(small_mall, 'skck')}") in [a.get("href") for a in page.find("a")]
    assert _takes(stand, small_mall, "ktp", "skck").heading == "A-001"
    assert [t.line_id for t in Ticket.objects.order_by("leg")] == [small_mall.lines[c].pk for c in ("ktp", "skck")]


def test_the_quantity_is_counted_without_a_script(small_mall, stand):
    address = url(f"check/?{lines(small_mall, 'ktp')}")
    page = stand.page(address)
    assert address + "&quantity=2" in [a.get("href") for a in page.find("a")]
    links = [a.get("href") for a in stand.page(address + "&quantity=50").find("a")]
    assert address + "&quantity=49" in links and address + "&quantity=51" not in links
    form = stand.page(answer_url(small_mall, "ktp", quantity=3)).form(answer_url(small_mall, "ktp", quantity=3))
    stand.send(answer_url(small_mall, "ktp", quantity=3), {**form, "priority": "child"})
    assert (Visit.objects.get().quantity, Visit.objects.get().priority) == (3, "child")


def test_the_wait_is_said_before_and_stands_on_the_ticket(small_mall, stand):
    opens(small_mall, 1)
    for _ in range(2):
        take(small_mall, "ktp")
    assert "2 orang" in stand.page(url(f"check/?{lines(small_mall, 'ktp')}")).text
    page = _takes(stand, small_mall, "ktp")
    (slip,) = page.find("section", class_="slip")
    text = " ".join(slip.text.split())
    for words in ("A-003", "KTP elektronik", "2 orang di depan Anda", "menit", "WIB", "data contoh", "loket 1"):
        assert words in text
    assert len(page.find("svg", class_="qr")) == 2


def test_a_double_press_gives_one_ticket(small_mall, stand):
    address = answer_url(small_mall, "ktp")
    form = {**stand.page(address).form(address), "priority": "regular"}
    assert {stand.send(address, form).heading for _ in range(2)} == {"A-001"}
    assert Visit.objects.count() == 1


def test_a_slipping_finger_on_a_second_answer_gives_no_second_ticket(small_mall, stand):
    address = answer_url(small_mall, "ktp")
    form = stand.page(address).form(address)
    stand.send(address, {**form, "priority": "elderly"})
    assert stand.send(address, {**form, "priority": "regular"}).heading == "A-001"
    assert Visit.objects.get().priority == "elderly"


# A child plays with it


def test_a_kiosk_gives_so_many_numbers_a_minute_and_then_waits(small_mall, stand, monkeypatch):
    begin = clock.now()

    def clock_at(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    for second in range(frame.LIMIT_TICKETS):
        clock_at(begin + timedelta(seconds=second))
        _takes(stand, small_mall, "ktp")
    clock_at(begin + timedelta(seconds=20))
    page = _takes(stand, small_mall, "ktp", status=429)
    assert page.response["Retry-After"] == "40"
    assert "Tunggu 40 detik" in page.text and "petugas penyambut" in page.text
    assert Visit.objects.count() == frame.LIMIT_TICKETS
    # The window moves: as soon as the first of them is a minute old, the next person takes a number.
    clock_at(begin + timedelta(seconds=61))
    _takes(stand, small_mall, "ktp")


def test_another_kiosk_and_a_repeated_press_are_not_held_up(small_mall, stand, monkeypatch):
    monkeypatch.setattr(take_views, "LIMIT_TICKETS", 1)
    address = answer_url(small_mall, "ktp")
    form = {**stand.page(address).form(address), "priority": "regular"}
    for _ in range(2):
        stand.send(address, form)
    _takes(stand, small_mall, "ktp", status=429)
    # Somebody of the staff at the same address, on another device.
    _takes(logged_in(small_mall, "pengelola"), small_mall, "ktp")
    assert Visit.objects.count() == 2


@pytest.mark.parametrize("answers", [{"priority": "king"}, {"priority": ""}])
def test_an_unknown_answer_takes_no_number(small_mall, stand, answers):
    page = _takes(stand, small_mall, "ktp", status=422, **answers)
    assert "Pilih salah satu" in page.text and not Visit.objects.exists()


def test_a_form_without_its_key_takes_no_number(small_mall, stand):
    page = stand.send(answer_url(small_mall, "ktp"), {"priority": "regular"}, status=409)
    assert "Muat ulang" in page.text and not Visit.objects.exists()


@pytest.mark.parametrize("query", ["", "?line=x", "?line=999999", "?line=-2"])
def test_without_a_service_the_choice_begins(small_mall, stand, query):
    for rest in ("check/", "take/"):
        assert stand.get(url(rest + query))["Location"] == url("services/")


# Closed


def test_outside_the_hours_the_kiosk_says_when(small_mall, stand):
    address = answer_url(small_mall, "ktp")
    form = stand.page(address).form(address)
    closes_all(small_mall)
    page = stand.page(url())
    assert page.heading == "Sekarang tutup" and not page.find("a", class_="giant")
    assert "Petugas penyambut" in page.text
    assert "Sekarang tutup" in stand.fragment(url("now/")).text
    assert not _links(stand.page(url("services/"))), "what is closed cannot be touched"
    assert not stand.page(url(f"check/?{lines(small_mall, 'ktp')}")).find("a", class_="giant")
    page = stand.send(address, {**form, "priority": "regular"}, status=409)
    assert "tidak menerima nomor" in page.text and not Visit.objects.exists()


# Forgetting


def test_the_wipe_forgets_the_ticket_the_language_and_the_contrast(small_mall, stand):
    _takes(stand, small_mall, "ktp")
    stand.post("/language/", {"lang": "en", "next": url()})
    stand.post(url("contrast/"), {"next": url()})
    page = stand.page(url("ticket/"))
    assert page.find("html")[0].get("data-theme") == "contrast" and page.find("html")[0].get("lang") == "en"
    response = stand.get(url("?wipe=1"))
    assert response["Location"] == url()
    page = stand.page(url())
    assert page.find("html")[0].get("lang") == "id" and page.find("html")[0].get("data-theme") == "light"
    assert stand.get(url("ticket/"))["Location"] == url()


def test_the_first_screen_has_nothing_to_wipe_until_something_was_changed(small_mall, stand):
    assert "data-fresh" in stand.page(url()).find("body")[0].attrs
    stand.post(url("contrast/"), {"next": url()})
    assert "data-fresh" not in stand.page(url()).find("body")[0].attrs
    assert "data-fresh" not in stand.page(url("services/")).find("body")[0].attrs


def test_the_timers_stand_on_the_page_and_work_without_a_script(small_mall, stand):
    page = stand.page(url("services/"))
    (body,) = page.find("body")
    assert (body.get("data-idle-warn"), body.get("data-idle-wipe")) == ("40", "60")
    assert 'http-equiv="refresh" content="60;url=/kiosk/contoh/?wipe=1"' in page.html


def test_the_contrast_never_leads_out_of_the_house(small_mall, stand):
    assert stand.post(url("contrast/"), {"next": "https://evil.example/"})["Location"] == "/"


# Paper


def test_paper_out_shows_numbers_until_the_staff_clears_it(small_mall, stand):
    pinned(small_mall)
    page = _takes(stand, small_mall, "ktp")
    assert page.find("body")[0].get("data-print-once") == "A-001"
    page = stand.page(url("ticket/?fail=1"))
    assert "Foto layar ini" in page.text and not page.find("body")[0].get("data-print-once")
    page = stand.send(url("paper/"), page.form(url("paper/")))
    assert not page.find("form", action=url("paper/"))
    assert Device.objects.get(kind="kiosk").settings["printer_out"] is True
    assert "Tanpa cetak, foto nomor ini" in stand.page(url()).text
    stand.send(url("paper/"))
    assert Entry.objects.filter(kind="device.state_set").count() == 1
    assert "PIN ini salah" in stand.send(url("staff/"), {"pin": "000000", "do": "paper"}, status=422).text
    assert "Tanpa cetak" in stand.page(url()).text
    stand.send(url("staff/"), {"pin": PIN, "do": "paper"})
    assert "Tanpa cetak" not in stand.page(url()).text
    assert Device.objects.get(kind="kiosk").settings == {"speaks": False, "printer_out": False}


def test_leaving_the_kiosk_needs_the_pin(small_mall, stand):
    pinned(small_mall)
    stand.send(url("staff/"), {"pin": "1", "do": "leave"}, status=422)
    assert stand.get(url()).status_code == 200
    stand.send(url("staff/"), {"pin": PIN, "do": "leave"})
    assert stand.get(url())["Location"].startswith("/device/")


def test_five_wrong_pins_wait(small_mall, stand):
    pinned(small_mall)
    for _ in range(5):
        stand.send(url("staff/"), {"pin": "111111", "do": "leave"}, status=422)
    assert "Tunggu lima menit" in stand.send(url("staff/"), {"pin": PIN, "do": "leave"}, status=409).text


def test_somebody_of_the_staff_looks_without_being_the_kiosk(small_mall):
    manager = logged_in(small_mall, "pengelola")
    assert manager.get(url("staff/"))["Location"] == "/device/"
    page = _takes(manager, small_mall, "ktp")
    assert not page.find("body")[0].get("data-print-once")
    manager.send(url("paper/"))
    assert Device.objects.get(kind="kiosk").settings == {"speaks": False}


# The voice


def _said(page) -> list[tuple[str, str]]:
    """(what stands there, what is said) of each part that is read aloud."""
    parts = [node for node in page.root.all() if node.get("data-say")]
    return [(node.text, parse_qs(urlsplit(node.get("data-say")).query)["text"][0]) for node in parts]


@pytest.mark.skipif(not speech.voices(), reason="the espeakng-loader wheel is not installed")
@pytest.mark.parametrize("rest", ["", "services/", "check/?{ktp}", "take/?{ktp}", "ticket/"])
def test_what_is_read_aloud_are_the_words_on_the_screen(small_mall, stand, rest):
    _takes(stand, small_mall, "ktp")
    page = stand.page(url(rest.format(ktp=lines(small_mall, "ktp"))))
    said = _said(page)
    assert len(said) >= 3
    words = set(re.findall(r"\w+", page.text))
    for _shown, text in said:
        if "A nol nol satu" not in text:
            assert set(re.findall(r"\w+", text)) <= words, text


@pytest.mark.skipif(not speech.voices(), reason="the espeakng-loader wheel is not installed")
def test_the_number_is_spoken_and_every_clip_can_be_heard(small_mall, stand, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(voice, "synthesizer", lambda: speech.Synthesizer(tmp_path))
    page = _takes(stand, small_mall, "ktp")
    (number,) = page.find("h1")
    assert parse_qs(urlsplit(number.get("data-say")).query)["text"] == ["Nomor antrean Anda A nol nol satu"]
    response = stand.get(number.get("data-say"))
    assert response["Content-Type"] == "audio/wav" and response.content[:4] == b"RIFF"


def test_nobody_makes_the_kiosk_say_something_else(small_mall, stand):
    signed = voice.signature("Selamat datang", "id")
    for language, text in (("id", "Selamat jalan"), ("en", "Selamat datang"), ("id", "")):
        assert stand.get(url(f"say/{language}/{signed}.wav"), {"text": text}).status_code == 404


def test_without_a_voice_nothing_is_offered_to_read(small_mall, stand):
    stand.post("/language/", {"lang": "su", "next": url()})
    page = stand.page(url())
    assert not _said(page) and not [b for b in page.find("button") if "data-read" in b.attrs]


def test_the_sign_of_life(small_mall, stand):
    response = stand.get(url("alive/"))
    assert (response.status_code, response["Cache-Control"], response.content) == (204, "no-store", b"")
