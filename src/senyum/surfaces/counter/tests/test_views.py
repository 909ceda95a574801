"""Who may see which counter, and what the pages show."""

from __future__ import annotations

from datetime import timedelta

import pytest

from senyum.core import clock
from senyum.surfaces.counter.tests.desk import call, client, come, serve, sit, url
from senyum.surveys.commands import smile
from senyum.visits import commands

pytestmark = pytest.mark.django_db

PAGES = ["", "now/", "panel/pause/", "panel/walk-in/"]


@pytest.mark.parametrize("rest", PAGES)
def test_a_citizen_is_asked_to_log_in(small_mall, page_client, rest):
    response = page_client.get(url(1, rest))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("path", ["/counter/", "/counter/contoh/"])
def test_a_citizen_chooses_no_counter(small_mall, page_client, path):
    assert page_client.get(path).status_code == 302


def test_a_fragment_sends_the_whole_screen_to_the_log_in(small_mall, page_client):
    response = page_client.get(url(), headers={"HX-Request": "true"})
    assert response["HX-Redirect"].startswith("/accounts/login/")


@pytest.mark.parametrize("rest", PAGES)
def test_an_officer_of_another_agency_finds_nothing(small_mall, rest):
    assert client(small_mall, "petugas3").get(url(1, rest)).status_code == 404


@pytest.mark.parametrize("action", ["next", "open", "take-over", "emergency", "undo"])
def test_an_officer_of_another_agency_presses_nothing(small_mall, action):
    sit(small_mall)
    come(small_mall, "ktp")
    assert client(small_mall, "petugas3").post(url(1, f"{action}/"), {"reason": "mencoba"}).status_code == 404


@pytest.mark.parametrize("name", ["penyambut", "sekda", "admin"])
def test_other_roles_are_refused_with_a_sentence(small_mall, name):
    assert "Peran Anda" in client(small_mall, name).page(url(), status=403).text


def test_the_own_officer_sees_a_free_counter_and_may_open_it(small_mall):
    page = client(small_mall, "petugas1").page(url())
    assert page.heading == "Loket 1"
    assert "Loket ini belum dibuka" in page.text
    assert page.find("form", action=url(1, "open/"))


def test_the_manager_looks_but_does_not_open(small_mall):
    manager = client(small_mall, "pengelola")
    page = manager.page(url(), max_queries=29)  # the hall's snapshot is built here, too, with the booked who will come
    assert not page.find("form", action=url(1, "open/"))
    manager.send(url(1, "open/"), status=403)


def test_the_manager_sees_who_sits_there_and_may_take_over(small_mall):
    sit(small_mall)
    come(small_mall, "ktp")
    page = client(small_mall, "pengelola").page(url())
    assert "Dipakai Petugas1 (contoh)" in page.text
    assert page.find("form", action=url(1, "take-over/"))
    assert not page.find("form", action=url(1, "next/"))


def test_nobody_gets_past_a_wrong_counter_action_or_panel(small_mall):
    officer = client(small_mall, "petugas1")
    for path in (url(99), url(1, "panel/nothing/"), "/counter/nowhere/1/", url(1, "panel/ticket/?ticket=9")):
        assert officer.get(path).status_code == 404, path
    assert officer.post(url(1, "nothing/")).status_code == 404
    assert officer.get(url(1, "next/")).status_code == 405


def test_the_front_address_leads_to_the_hall_of_the_role(small_mall):
    assert client(small_mall, "petugas1").get("/counter/")["Location"] == "/counter/contoh/"


def test_an_officer_chooses_among_the_counters_of_the_own_agency(small_mall):
    sit(small_mall, "petugas2", 2)
    come(small_mall, "ktp")
    page = client(small_mall, "petugas1").page("/counter/contoh/")
    assert "Loket 1" in page.text and "Loket 2" in page.text and "Loket 3" not in page.text
    assert "Petugas2 (contoh) sejak" in page.text
    assert "1 orang menunggu" in page.text
    assert page.find("form", action=url(1, "open/")) and not page.find("form", action=url(2, "open/"))


def test_who_sits_somewhere_goes_straight_there(small_mall):
    sit(small_mall)
    officer = client(small_mall, "petugas1")
    assert officer.get("/counter/contoh/")["Location"] == url()
    page = officer.page("/counter/contoh/?all=1")
    assert "Anda masih membuka loket 1" in page.text
    assert not page.find("form", action=url(2, "open/"))


def test_the_first_in_line_says_why(small_mall):
    sit(small_mall)
    come(small_mall, "ktp")
    come(small_mall, "ktp", priority="elderly")
    come(small_mall, "kk", quantity=3)
    page = client(small_mall, "petugas1").page(url())
    rows = page.find("li", class_="q")
    assert len(rows) == 3
    assert "Berikutnya: gilirannya paling awal." in rows[0].text and "Lansia" in rows[0].text
    assert "dijanjikan sebelum" in rows[1].text and "Berikutnya" not in rows[1].text
    assert "antrean yang dibantu" in rows[2].text and "3 berkas" in rows[2].text


def test_a_held_and_a_busy_person_say_so(small_mall):
    sit(small_mall)
    sit(small_mall, "petugas2", 2)
    held = come(small_mall, "ktp")
    commands.delay(ticket_id=held.tickets[0].id, minutes=10, now=clock.now())
    come(small_mall, "kk", "ktp")
    call(small_mall, 2)
    page = client(small_mall, "petugas1").page(url())
    assert "minta ditunda s.d." in page.text and "di loket lain" in page.text


def test_who_was_called_and_who_is_served(small_mall):
    sit(small_mall)
    come(small_mall, "ktp", "skck")
    officer = client(small_mall, "petugas1")
    ticket_id = call(small_mall)
    page = officer.page(url())
    assert page.title.startswith("A-001 · Loket 1")
    assert "sedang dipanggil" in page.text and "juga antre: SKCK" in page.text
    assert page.form(url(1, "serve/"))["seen"] == str(ticket_id)
    assert not page.find("form", action=url(1, "next/"))
    officer.send(url(1, "serve/"), {"seen": ticket_id})
    page = officer.page(url())
    assert "standar 10 menit" in page.text
    assert [need.text for need in page.find("ul", class_="needs")[0].all("b")] == ["KTP", "Kartu keluarga"]
    assert page.form(url(1, "next/"))["seen"] == str(ticket_id)


@pytest.mark.parametrize("name", ["forward", "incomplete", "case", "park", "pause", "close", "walk-in"])
def test_each_panel_stands_alone_and_on_its_page(small_mall, name):
    sit(small_mall)
    come(small_mall, "ktp")
    if name != "walk-in":
        serve(small_mall)
    officer = client(small_mall, "petugas1")
    whole = officer.page(url(1, f"panel/{name}/"))
    assert whole.find("dialog", id="panel") and whole.find("form", action=url(1, f"{name}/"))
    assert officer.fragment(url(1, f"panel/{name}/")).find("form", action=url(1, f"{name}/"))


def test_a_panel_about_nobody_leads_back(small_mall):
    sit(small_mall)
    assert client(small_mall, "petugas1").get(url(1, "panel/forward/"))["Location"] == url()


def test_a_panel_of_another_agencys_ticket_is_not_there(small_mall):
    sit(small_mall)
    foreign = come(small_mall, "skck").tickets[0].id
    assert client(small_mall, "petugas1").get(url(1, f"panel/ticket/?ticket={foreign}")).status_code == 404


def test_the_cashier_is_first_and_chosen_where_the_service_pays_there(small_mall):
    sit(small_mall, "petugas3", 3)
    come(small_mall, "skck")
    serve(small_mall, 3)
    page = client(small_mall, "petugas3").page(url(3, "panel/forward/"))
    radios = page.find("input", name="line")
    assert radios[0].get("value") == str(small_mall.lines["kasir"].pk) and "checked" in radios[0].attrs
    assert "bayar di kasir" in page.text
    assert str(small_mall.lines["skck"].pk) not in [r.get("value") for r in radios]


def test_the_live_parts_say_when_the_page_is_behind(small_mall):
    session = sit(small_mall)
    officer = client(small_mall, "petugas1")
    token = f"{session.pk}.open.0..0"
    # The hall's snapshot is built by the first request, too.
    assert "berubah" not in officer.fragment(url(1, f"now/?seen={token}"), max_queries=29).text
    come(small_mall, "ktp")
    call(small_mall)
    behind = officer.fragment(url(1, f"now/?seen={token}"))
    assert "Keadaan loket ini baru saja berubah." in behind.text
    assert behind.find("section", id="desk-waiting")[0].get("hx-get").endswith(f"seen={token}")


def test_the_live_parts_say_who_took_over(small_mall):
    session = sit(small_mall)
    officer = client(small_mall, "petugas1")
    client(small_mall, "petugas2").send(url(1, "take-over/"), {"reason": "ganti giliran"})
    page = officer.fragment(url(1, f"now/?seen={session.pk}.open.0..0"))
    assert "Loket ini diambil alih oleh Petugas2 (contoh)." in page.text
    assert any("data-desk-lock" in node.attrs for node in page.root.all("div"))


def test_my_day_counts(small_mall):
    sit(small_mall)
    come(small_mall, "ktp")
    ticket_id = serve(small_mall)
    officer = client(small_mall, "petugas1")
    officer.send(url(1, "finish/"), {"seen": ticket_id})
    assert "Dilayani 1 orang Tepat standar waktu 1 dari 1" in officer.page(url()).text


def test_the_officers_own_smile_is_shown_in_groups_of_five_and_says_so(small_mall):
    sit(small_mall)
    officer = client(small_mall, "petugas1")

    def smiles(*scores: int) -> None:
        for score in scores:
            come(small_mall, "ktp")
            ticket_id = serve(small_mall)
            officer.send(url(1, "finish/"), {"seen": ticket_id})
            smile(ticket_id=ticket_id, score=score, channel="phone", now=clock.now())

    smiles(4, 4, 3, 4)
    page = officer.page(url())
    assert "Senyum warga – Tampak setelah 5 senyum" in page.text
    smiles(4)
    assert "Senyum warga 3,8 dari 4 Dari 5 senyum." in officer.page(url()).text
    smiles(1)
    assert "Senyum warga 3,8 dari 4 Dari 5 senyum." in officer.page(url()).text
    # A manager who looks at the counter is not its officer.
    assert "Senyum warga" not in client(small_mall, "pengelola").page(url(), max_queries=29).text


def test_a_colleague_in_need_is_seen_at_every_counter(small_mall):
    sit(small_mall)
    sit(small_mall, "petugas3", 3)
    client(small_mall, "petugas3").send(url(3, "emergency/"))
    officer = client(small_mall, "petugas1")
    assert "Loket 3 butuh bantuan sekarang." in officer.page(url()).text
    emergency = officer.page(url()).form(url(1, "answer/"))["emergency"]
    officer.send(url(1, "answer/"), {"emergency": emergency})
    assert "Petugas1 (contoh) sedang menuju ke sini." in client(small_mall, "petugas3").page(url(3)).text


def test_undo_is_offered_for_ten_seconds(small_mall):
    session = sit(small_mall)
    come(small_mall, "ktp")
    call(small_mall)
    officer = client(small_mall, "petugas1")
    assert "Batalkan panggilan" in officer.page(url()).text
    type(session)._base_manager.filter(pk=session.pk).update(undo_until=clock.wall() - timedelta(seconds=1))
    assert "Batalkan panggilan" not in officer.page(url()).text


def test_the_page_speaks_of_numbers_never_of_people(small_mall):
    sit(small_mall)
    issued = come(small_mall, "ktp")
    assert issued.token not in client(small_mall, "petugas1").page(url()).html


def test_a_page_costs_few_queries(small_mall):
    sit(small_mall)
    for _person in range(12):
        come(small_mall, "ktp")
    serve(small_mall)
    officer = client(small_mall, "petugas1")
    officer.page(url())
    assert officer.page(url(), max_queries=21).queries
    assert officer.fragment(url(1, "now/"), max_queries=21).queries


@pytest.mark.parametrize(("language", "word"), [("en", "Call the next"), ("su", "Saur salajengna")])
def test_the_page_speaks_the_officers_language(small_mall, language, word):
    sit(small_mall)
    officer = client(small_mall, "petugas1")
    officer.cookies["django_language"] = language
    assert word in officer.page(url(), max_queries=29).text  # the hall's snapshot is built here, too
