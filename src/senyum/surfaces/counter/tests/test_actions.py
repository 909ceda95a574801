"""Every press of the counter: what it does, and what it says when the hall has moved on."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from senyum.surfaces.counter.actions import ACTIONS
from senyum.surfaces.counter.tests.desk import call, client, come, seat, serve, sit, state, ticket, url
from senyum.visits.models import Call, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(small_mall):
    """petugas1, sitting at counter 1."""
    sit(small_mall)
    return client(small_mall, "petugas1")


def test_open_sits_down_and_twice_is_once(small_mall):
    browser = client(small_mall, "petugas1")
    assert "Loket dibuka" in browser.send(url(1, "open/")).text
    assert "Loket siap" in browser.send(url(1, "open/")).text
    assert seat(1, small_mall).user == small_mall.users["petugas1"]


def test_open_is_refused_while_sitting_elsewhere(small_mall, officer):
    assert "Anda masih membuka loket lain" in officer.send(url(2, "open/"), status=409).text
    assert seat(2, small_mall) is None


def test_open_a_counter_in_use_is_refused_and_offers_the_take_over(small_mall, officer):
    page = client(small_mall, "petugas2").send(url(1, "open/"), status=409)
    assert "masih dipakai petugas lain" in page.text and page.find("form", action=url(1, "take-over/"))


@pytest.mark.parametrize("name", ["petugas2", "koordinator", "pengelola"])
def test_take_over_brings_the_person_along(small_mall, officer, name):
    come(small_mall, "ktp")
    ticket_id = serve(small_mall)
    page = client(small_mall, name).send(url(1, "take-over/"), {"reason": "ganti giliran"})
    assert page.form(url(1, "finish/"))["seen"] == str(ticket_id)
    assert seat(1, small_mall).user == small_mall.users[name]
    refused = officer.send(url(1, "finish/"), {"seen": ticket_id}, status=409)
    assert "Dipakai" in refused.text and state(ticket_id) == "serving"


def test_take_over_needs_a_reason(small_mall, officer):
    assert "Tulis alasan" in client(small_mall, "petugas2").send(url(1, "take-over/"), {"reason": " "}, status=409).text
    assert seat(1, small_mall).user == small_mall.users["petugas1"]


def test_next_calls_and_a_second_press_with_the_same_sight_is_stale(small_mall, officer):
    first, second = come(small_mall, "ktp"), come(small_mall, "ktp")
    assert "sedang dipanggil" in officer.send(url(1, "next/"), {"seen": ""}).text
    page = officer.send(url(1, "next/"), {"seen": ""}, status=409)
    alert = page.find("div", role="alert", class_="desk-alert")[0]
    assert "Yang sekarang di loket: A-001." in alert.text and "data-focus" in alert.attrs
    assert page.form(url(1, "serve/"))["seen"] == str(first.tickets[0].id)
    assert [state(first.tickets[0].id), state(second.tickets[0].id)] == ["called", "waiting"]


def test_next_finishes_and_calls_in_one_press(small_mall, officer):
    come(small_mall, "ktp")
    second = come(small_mall, "ktp")
    first_id = serve(small_mall)
    officer.send(url(1, "next/"), {"seen": first_id})
    assert (state(first_id), ticket(first_id).outcome) == ("served", "done")
    assert state(second.tickets[0].id) == "called"


def test_next_says_that_nobody_waits(officer):
    assert "Belum ada yang menunggu di antrean loket ini." in officer.send(url(1, "next/")).text


def test_htmx_gets_the_desk_and_keeps_the_sentence(small_mall, officer):
    come(small_mall, "ktp")
    page = officer.send(url(1, "next/"), {"seen": ""}, htmx=True)
    assert page.find("div", id="desk") and not page.find("main")
    refused = officer.send(url(1, "next/"), {"seen": ""}, htmx=True, status=409)
    assert refused.find("div", id="desk") and refused.find("div", class_="desk-alert")


@pytest.mark.parametrize(("action", "after"), [("serve", "serving"), ("recall", "called"), ("absent", "absent")])
def test_after_a_call(small_mall, officer, action, after):
    come(small_mall, "ktp")
    ticket_id = call(small_mall)
    officer.send(url(1, f"{action}/"), {"seen": ticket_id})
    assert state(ticket_id) == after


@pytest.mark.parametrize("action", ["serve", "recall", "absent", "finish", "park"])
def test_after_the_hall_has_moved_on(small_mall, officer, action):
    come(small_mall, "ktp")
    ticket_id = call(small_mall)
    officer.send(url(1, f"{action}/"), {"seen": ticket_id + 1}, status=409)
    officer.send(url(1, f"{action}/"), {"seen": ""}, status=409)
    assert state(ticket_id) == "called"


@pytest.mark.parametrize("seen", ["x", "-1", "1e9", "9" * 40, "１２"])
def test_a_strange_sight_is_only_stale(small_mall, officer, seen):
    come(small_mall, "ktp")
    ticket_id = call(small_mall)
    officer.send(url(1, "serve/"), {"seen": seen}, status=409)
    assert state(ticket_id) == "called"


def test_finish_as_done(small_mall, officer):
    come(small_mall, "ktp")
    ticket_id = serve(small_mall)
    assert "Selesai dilayani." in officer.send(url(1, "finish/"), {"seen": ticket_id}).text
    assert ticket(ticket_id).outcome == "done"


def test_finish_as_incomplete_names_the_requirement(small_mall, officer):
    come(small_mall, "ktp")
    ticket_id = serve(small_mall)
    refused = officer.send(url(1, "incomplete/"), {"seen": ticket_id}, status=409)
    assert "Pilih persyaratan mana" in refused.text and refused.find("dialog", id="panel")
    wanted = refused.find("input", name="missing")[1].get("value")
    officer.send(url(1, "incomplete/"), {"seen": ticket_id, "missing": wanted})
    assert (ticket(ticket_id).outcome, str(ticket(ticket_id).missing_id)) == ("incomplete", wanted)


def test_a_shortcut_from_the_checklist_has_chosen_already(small_mall, officer):
    come(small_mall, "ktp")
    serve(small_mall)
    link = officer.page(url()).find("a", class_="lacks")[1].get("href")
    radios = officer.page(link).find("input", name="missing")
    assert ["checked" in radio.attrs for radio in radios] == [False, True]


def test_finish_with_a_case(small_mall, officer):
    come(small_mall, "ktp")
    ticket_id = serve(small_mall)
    officer.send(url(1, "case/"), {"seen": ticket_id, "case_number": " "}, status=409)
    officer.send(url(1, "case/"), {"seen": ticket_id, "case_number": "PRM-2026-17"})
    assert (ticket(ticket_id).outcome, ticket(ticket_id).case_number) == ("case_opened", "PRM-2026-17")


def test_forward_with_a_note_and_who_reads_it(small_mall, officer):
    come(small_mall, "ktp")
    ticket_id = serve(small_mall)
    line = small_mall.lines["kk"].pk
    page = officer.send(url(1, "forward/"), {"seen": ticket_id, "line": line, "note": "foto sudah diambil"})
    assert "Diteruskan ke Kartu keluarga (Disdukcapil)" in page.text
    sit(small_mall, "petugas2", 2)
    colleague = client(small_mall, "petugas2")
    assert "dari loket 1 · “foto sudah diambil”" in colleague.page(url(2)).text
    colleague.send(url(2, "next/"))
    note = colleague.page(url(2)).find("p", class_="note")[0].text
    assert "Dari loket 1:" in note and "foto sudah diambil" in note


def test_a_refused_forward_keeps_what_was_typed(small_mall, officer):
    come(small_mall, "ktp")
    ticket_id = serve(small_mall)
    line = str(small_mall.lines["kk"].pk)
    page = officer.send(url(1, "forward/"), {"seen": ticket_id + 5, "line": line, "note": "tolong difoto"}, status=409)
    fields = page.form(url(1, "forward/"))
    assert (fields["note"], fields["line"], fields["seen"]) == ("tolong difoto", line, str(ticket_id))
    assert "Pilih layanan tujuan" in officer.send(url(1, "forward/"), {"seen": ticket_id}, status=409).text


def test_park_take_again_and_requeue(small_mall, officer):
    come(small_mall, "ktp")
    ticket_id = serve(small_mall)
    page = officer.send(url(1, "park/"), {"seen": ticket_id, "note": "fotokopi"})
    assert state(ticket_id) == "parked" and "“fotokopi”" in page.text
    officer.send(url(1, "unpark/"), {"seen": "", "ticket": ticket_id})
    assert state(ticket_id) == "serving"
    officer.send(url(1, "park/"), {"seen": ticket_id})
    officer.send(url(1, "requeue/"), {"ticket": ticket_id})
    assert state(ticket_id) == "waiting"
    officer.send(url(1, "requeue/"), {"ticket": ticket_id}, status=409)
    officer.send(url(1, "unpark/"), {"ticket": ticket_id}, status=409)


def test_the_absent_may_come_back_twice(small_mall, officer):
    come(small_mall, "ktp")
    for _time in range(2):
        ticket_id = call(small_mall)
        officer.send(url(1, "absent/"), {"seen": ticket_id})
        assert "kembali ke antrean" in officer.send(url(1, "rejoin/"), {"ticket": ticket_id}).text
    call(small_mall)
    page = officer.send(url(1, "absent/"), {"seen": ticket_id})
    assert "Sudah dua kali: ambil nomor baru." in page.text
    officer.send(url(1, "rejoin/"), {"ticket": ticket_id}, status=409)


@pytest.mark.parametrize("action", ["call", "unpark", "requeue", "rejoin", "move", "priority"])
def test_another_agencys_ticket_is_out_of_reach(small_mall, officer, action):
    foreign = come(small_mall, "skck").tickets[0].id
    data = {
        "ticket": foreign,
        "reason": "mencoba saja",
        "line": small_mall.lines["ktp"].pk,
        "priority": "elderly",
    }
    assert "tidak ada di antrean instansi Anda" in officer.send(url(1, f"{action}/"), data, status=409).text
    assert (state(foreign), ticket(foreign).priority) == ("waiting", "regular")


def test_call_somebody_else_needs_a_reason_that_stays(small_mall, officer):
    come(small_mall, "ktp")
    second = come(small_mall, "ktp").tickets[0].id
    panel = officer.page(url(1, f"panel/ticket/?ticket={second}"))
    assert panel.find("form", action=url(1, "call/"))
    refused = officer.send(url(1, "call/"), {"ticket": second, "reason": " ", "seen": ""}, status=409)
    assert "Tulis alasannya" in refused.text and refused.find("dialog", id="panel")
    officer.send(url(1, "call/"), {"ticket": second, "reason": "ibu dengan bayi", "seen": ""})
    with scopes_disabled():
        made = Call.objects.get(ticket_id=second)
    assert (made.reason, made.passed_over, made.passed_labels) == ("ibu dengan bayi", 1, ["A-001"])


def test_move_to_another_line_and_change_priority(small_mall, officer):
    waiting = come(small_mall, "ktp").tickets[0].id
    officer.send(url(1, "priority/"), {"ticket": waiting, "priority": "elderly", "reason": "umur 71"})
    assert ticket(waiting).priority == "elderly"
    officer.send(url(1, "priority/"), {"ticket": waiting, "priority": "child", "reason": ""}, status=409)
    officer.send(url(1, "move/"), {"ticket": waiting, "line": ""}, status=409)
    officer.send(url(1, "move/"), {"ticket": waiting, "line": small_mall.lines["kk"].pk})
    assert ticket(waiting).line_id == small_mall.lines["kk"].pk


def test_a_walk_in_is_served_at_once_and_quietly(small_mall, officer):
    come(small_mall, "ktp")
    page = officer.send(url(1, "walk-in/"), {"seen": "", "line": small_mall.lines["ktp"].pk, "priority": "elderly"})
    assert "sedang dilayani" in page.text and "Langsung di loket" in page.text
    with scopes_disabled():
        made = Call.objects.get()
        served = Ticket.objects.get(state="serving")
    assert made.quiet and made.passed_over == 0 and made.reason and served.priority == "elderly"
    again = officer.send(url(1, "walk-in/"), {"seen": "", "line": small_mall.lines["ktp"].pk}, status=409)
    assert "Yang sekarang di loket: A-002." in again.text
    assert Ticket._base_manager.count() == 2


def test_a_walk_in_only_for_lines_of_this_counter(small_mall, officer):
    page = officer.send(url(1, "walk-in/"), {"seen": "", "line": small_mall.lines["skck"].pk}, status=409)
    assert "tidak melayani layanan itu" in page.text
    assert not Ticket._base_manager.exists()


def test_undo_takes_the_last_press_back_once(small_mall, officer):
    come(small_mall, "ktp")
    officer.send(url(1, "next/"), {"seen": ""})
    assert "Dibatalkan." in officer.send(url(1, "undo/")).text
    assert Ticket._base_manager.get().state == "waiting"
    assert "Sudah lewat sepuluh detik" in officer.send(url(1, "undo/"), status=409).text


def test_pause_and_resume(small_mall, officer):
    assert "Pilih alasan jeda." in officer.send(url(1, "pause/"), {"back": "15"}, status=409).text
    kept = officer.send(url(1, "pause/"), {"reason": "other", "other": "x", "back": "15"}, status=409)
    assert kept.form(url(1, "pause/"))["reason"] == "other"
    page = officer.send(url(1, "pause/"), {"reason": "prayer", "back": "15"})
    assert "Loket sedang jeda Salat · kembali sekitar" in page.text
    assert not page.find("form", action=url(1, "next/"))
    assert "Loket sedang jeda" in officer.send(url(1, "next/"), {"seen": ""}, status=409).text
    assert "Loket siap" in officer.send(url(1, "resume/")).text
    officer.send(url(1, "resume/"), status=409)


def test_a_pause_with_own_words(small_mall, officer):
    assert "ambil blangko" in officer.send(url(1, "pause/"), {"reason": "other", "other": "ambil blangko"}).text


def test_close_waits_for_the_person_at_the_counter(small_mall, officer):
    come(small_mall, "ktp")
    ticket_id = serve(small_mall)
    assert "Selesaikan A-001 dulu." in officer.send(url(1, "close/"), status=409).text
    officer.send(url(1, "finish/"), {"seen": ticket_id})
    assert "belum dibuka" in officer.send(url(1, "close/"), {"reason": "pulang"}).text
    assert seat(1, small_mall) is None


def test_emergency_from_raise_to_over(small_mall, officer):
    assert "Bantuan dipanggil." in officer.send(url(1, "emergency/")).text
    officer.send(url(1, "emergency/"))
    sit(small_mall, "petugas3", 3)
    colleague = client(small_mall, "petugas3")
    emergency = colleague.page(url(3)).form(url(3, "answer/"))["emergency"]
    colleague.send(url(3, "answer/"), {"emergency": emergency})
    assert "sudah menuju" in colleague.send(url(3, "answer/"), {"emergency": emergency}, status=409).text
    assert "Bantuan dipanggil" not in officer.send(url(1, "emergency-over/")).text
    colleague.send(url(3, "answer/"), {"emergency": emergency}, status=409)


def test_nothing_is_pressed_at_a_counter_that_is_not_open(small_mall):
    browser = client(small_mall, "petugas1")
    come(small_mall, "ktp")
    for action in ACTIONS.keys() - {"open", "take-over", "answer"}:
        data = {"ticket": 1, "line": small_mall.lines["ktp"].pk, "reason": "lunch", "case_number": "1", "seen": ""}
        browser.send(url(1, f"{action}/"), data, status=409)
    assert Ticket._base_manager.get().state == "waiting"


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_press_asks_who_it_is(small_mall, page_client, action):
    response = page_client.post(url(1, f"{action}/"))
    assert response.status_code == 302 and response["Location"].startswith("/accounts/login/")
    assert client(small_mall, "petugas3").post(url(1, f"{action}/")).status_code == 404
