"""The counter in Chromium: keys, double presses, two tabs, no script, and how each state looks."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import expect

from senyum.surfaces.counter.tests.desk import call, client, come, serve, sit, state, url
from senyum.surfaces.ui.browser import DESK, PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.visits.models import Call

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = {"desk": DESK, "small": {"width": 1024, "height": 768}, "phone": PHONE}


def log_in(context, live_server, name: str) -> None:
    """The browser holds the session of this user."""
    browser = Client()
    browser.force_login(get_user_model().objects.get(username=name))
    context.add_cookies([{"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": live_server.url}])


@pytest.fixture
def seat(small_mall, live_server, context):
    """petugas1 sits at counter 1, the browser is theirs."""
    sit(small_mall)
    log_in(context, live_server, "petugas1")
    return small_mall


def calls() -> int:
    return Call._base_manager.count()


def settle(page) -> None:
    page.wait_for_function("() => document.getElementById('desk')?.getAttribute('aria-busy') === 'false'")


def free(hall):
    come(hall, "ktp")
    come(hall, "ktp", priority="elderly")
    come(hall, "kk")
    come(hall, "ktp")
    come(hall, "ktp", priority="child")


def called(hall):
    free(hall)
    call(hall)


def serving(hall):
    come(hall, "ktp", "kk")
    free(hall)
    serve(hall)


def paused(hall):
    free(hall)
    client(hall, "petugas1").send(url(1, "pause/"), {"reason": "lunch", "back": "30"})


def emergency(hall):
    serving(hall)
    sit(hall, "petugas3", 3)
    client(hall, "petugas3").send(url(3, "emergency/"))
    client(hall, "petugas1").send(url(1, "emergency/"))


def set_aside(hall):
    serving(hall)
    officer = client(hall, "petugas1")
    officer.send(url(1, "park/"), {"seen": officer.page(url()).form(url(1, "finish/"))["seen"], "note": "fotokopi KK"})
    call(hall)
    officer.send(url(1, "absent/"), {"seen": officer.page(url()).form(url(1, "absent/"))["seen"]})
    serve(hall)


STATES = {f.__name__: f for f in (free, called, serving, paused, emergency, set_aside)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", STATES)
def test_each_state_fits_and_is_clean(seat, page, live_server, name, size):
    STATES[name](seat)
    page.set_viewport_size(SIZES[size])
    page.goto(live_server.url + url())
    assert_axe_clean(page)
    assert_targets(page)
    assert_fits(page)
    if size == "desk":
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    shoot(page, f"counter-{name}-{size}", full=size == "phone")


def test_space_pressed_twice_fast_calls_once(seat, page, live_server):
    come(seat, "ktp")
    come(seat, "ktp")
    page.goto(live_server.url + url())
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    expect(page.locator(".label")).to_have_text("A-001")
    settle(page)
    page.keyboard.press("Space")
    page.wait_for_timeout(400)
    assert calls() == 1
    assert page.url.endswith(url())


def test_the_mouse_pressed_twice_fast_calls_once(seat, page, live_server):
    come(seat, "ktp")
    come(seat, "ktp")
    page.goto(live_server.url + url())
    page.get_by_role("button", name="Panggil berikutnya").dblclick()
    expect(page.locator(".label")).to_have_text("A-001")
    settle(page)
    assert calls() == 1


def test_a_whole_service_by_keys_alone(seat, page, live_server):
    first = come(seat, "ktp").tickets[0].id
    second = come(seat, "ktp").tickets[0].id
    page.goto(live_server.url + url())
    page.keyboard.press("Space")
    expect(page.get_by_text("sedang dipanggil")).to_be_visible()
    settle(page)
    page.keyboard.press("r")
    expect(page.get_by_text("dipanggil ulang 1 kali")).to_be_visible()
    settle(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("sedang dilayani")).to_be_visible()
    settle(page)
    page.keyboard.press("Space")
    expect(page.locator(".label")).to_have_text("A-002")
    assert (state(first), state(second)) == ("served", "called")
    settle(page)
    page.keyboard.press("u")
    expect(page.locator(".label")).to_have_text("A-001")
    assert (state(first), state(second)) == ("serving", "waiting")
    settle(page)
    page.keyboard.press("s")
    expect(page.get_by_text("Loket siap")).to_be_visible()
    settle(page)
    page.keyboard.press("Space")
    expect(page.locator(".label")).to_have_text("A-002")
    settle(page)
    page.keyboard.press("t")
    expect(page.get_by_role("button", name="Hadir lagi")).to_be_visible()
    assert state(second) == "absent"


def test_letters_in_a_field_are_only_letters(seat, page, live_server):
    come(seat, "ktp")
    ticket_id = serve(seat)
    page.goto(live_server.url + url())
    page.keyboard.press("d")
    page.get_by_label("Menunggu apa?").press_sequentially("surat dari desa ")
    assert (page.get_by_label("Menunggu apa?").input_value(), state(ticket_id)) == ("surat dari desa ", "serving")
    assert_axe_clean(page)
    assert_targets(page)
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_have_count(0)
    expect(page.locator("[data-press=d]")).to_be_focused()
    page.keyboard.press("d")
    page.get_by_label("Menunggu apa?").press_sequentially("fotokopi")
    page.keyboard.press("Enter")
    expect(page.get_by_text("“fotokopi”")).to_be_visible()
    expect(page.locator("#panel")).to_have_count(0)
    assert state(ticket_id) == "parked"


def test_the_keys_can_be_switched_off(seat, page, live_server):
    come(seat, "ktp")
    page.goto(live_server.url + url())
    page.locator(".more > summary").click()
    page.get_by_label("Pintasan papan ketik").uncheck()
    page.locator(".more > summary").click()
    page.locator("h1").click()
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    assert calls() == 0


def test_a_search_among_the_lines_and_the_cashier(small_mall, page, live_server, context):
    sit(small_mall, "petugas3", 3)
    log_in(context, live_server, "petugas3")
    come(small_mall, "skck")
    serve(small_mall, 3)
    page.goto(live_server.url + url(3))
    page.keyboard.press("a")
    expect(page.get_by_label("Kasir")).to_be_checked()
    page.get_by_label("Cari layanan").fill("keluarga")
    # What is chosen stays in sight, or it would be sent unseen.
    expect(page.locator("#line-list label:visible")).to_have_count(2)
    shoot(page, "counter-forward-desk")
    page.get_by_role("radio", name="Kartu keluarga").check()
    page.get_by_role("button", name="Alihkan, nomornya tetap").click()
    expect(page.get_by_text("Loket siap")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Diteruskan ke Kartu keluarga")


def test_a_refusal_stands_on_top_with_the_focus_and_what_was_typed(seat, page, live_server):
    come(seat, "ktp")
    ticket_id = serve(seat)
    page.goto(live_server.url + url())
    page.keyboard.press("p")
    page.get_by_label("Nomor permohonan").fill("PRM-7")
    client(seat, "petugas1").send(url(1, "finish/"), {"seen": ticket_id})
    come(seat, "ktp")
    serve(seat)
    page.keyboard.press("Enter")
    expect(page.locator("#panel .error")).to_contain_text("Yang sekarang di loket: A-002.")
    assert page.get_by_label("Nomor permohonan").input_value() == "PRM-7"
    page.keyboard.press("Escape")
    expect(page.locator(".desk-alert")).to_be_visible()
    shoot(page, "counter-stale-desk")


def test_ticks_stay_with_the_ticket(seat, page, live_server):
    come(seat, "ktp")
    serve(seat)
    page.goto(live_server.url + url())
    page.locator(".needs input").nth(1).check()
    page.reload()
    expect(page.locator(".needs input").nth(1)).to_be_checked()
    expect(page.locator(".needs input").nth(0)).not_to_be_checked()


def test_the_older_tab_only_looks_until_it_is_taken_back(seat, page, live_server, context):
    come(seat, "ktp")
    page.goto(live_server.url + url())
    second = context.new_page()
    second.goto(live_server.url + url())
    expect(page.get_by_text("Loket ini dibuka di tab lain.")).to_be_visible()
    expect(page.get_by_role("button", name="Panggil berikutnya")).to_be_disabled()
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    assert calls() == 0
    assert_axe_clean(page)
    page.get_by_role("button", name="Pakai tab ini").click()
    settle(page)
    expect(second.get_by_text("Loket ini dibuka di tab lain.")).to_be_visible()
    expect(page.get_by_role("button", name="Panggil berikutnya")).to_be_enabled()
    page.locator("h1").click()
    page.keyboard.press("Space")
    expect(page.locator(".label")).to_have_text("A-001")
    assert calls() == 1


def test_without_the_server_it_only_reads(seat, page, live_server):
    come(seat, "ktp")
    page.goto(live_server.url + url())
    # No stream stands behind this server: after nine seconds of silence the page says so.
    expect(page.locator("#live-banner")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("button", name="Panggil berikutnya")).to_be_disabled()
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    assert calls() == 0
    assert_axe_clean(page)
    shoot(page, "counter-lost-desk")


def test_an_event_brings_the_list_and_a_strange_one_does_not(seat, page, live_server):
    page.goto(live_server.url + url())
    tell = """(line) => document.dispatchEvent(new CustomEvent("senyum:event",
        {detail: {kind: "visit.issued", data: {lines: [line]}}}))"""
    come(seat, "ktp")
    with page.expect_response(lambda answer: "/now/" in answer.url):
        page.evaluate(tell, seat.lines["ktp"].pk)
    expect(page.locator("#desk-waiting .num").first).to_have_text("A-001")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/now/" in request.url else None)
    page.evaluate(tell, seat.lines["skck"].pk)
    page.wait_for_timeout(500)
    assert asked == []


def test_a_take_over_locks_the_page_and_says_by_whom(seat, page, live_server):
    come(seat, "ktp")
    page.goto(live_server.url + url())
    client(seat, "petugas2").send(url(1, "take-over/"), {"reason": "ganti giliran"})
    page.evaluate("document.getElementById('desk-waiting').dispatchEvent(new CustomEvent('refresh'))")
    expect(page.get_by_text("Loket ini diambil alih oleh Petugas2 (contoh).")).to_be_visible()
    expect(page.get_by_role("button", name="Panggil berikutnya")).to_be_disabled()
    assert_axe_clean(page)


def test_a_page_that_is_behind_catches_up_by_itself(seat, page, live_server):
    come(seat, "ktp")
    page.goto(live_server.url + url())
    call(seat)
    page.evaluate("document.getElementById('desk-waiting').dispatchEvent(new CustomEvent('refresh'))")
    expect(page.locator(".label")).to_have_text("A-001")


def test_everything_works_without_a_script(small_mall, live_server, browser):
    sit(small_mall)
    come(small_mall, "ktp")
    context = browser.new_context(java_script_enabled=False, locale="id-ID", viewport=DESK)
    log_in(context, live_server, "petugas1")
    page = context.new_page()
    page.goto(live_server.url + url())
    page.get_by_role("button", name="Panggil berikutnya").click()
    page.get_by_role("button", name="Datang, mulai layani").click()
    page.get_by_role("link", name="Tunda").click()
    page.get_by_label("Menunggu apa?").fill("fotokopi")
    shoot(page, "counter-noscript-desk")
    page.locator("#panel").get_by_role("button", name="Tunda").click()
    expect(page.get_by_text("“fotokopi”")).to_be_visible()
    page.get_by_role("button", name="Ambil lagi").click()
    page.get_by_role("button", name="Selesai saja").click()
    expect(page.get_by_text("Loket siap")).to_be_visible()
    page.get_by_role("link", name="Jeda").click()
    page.get_by_label("Salat").check()
    page.get_by_role("button", name="Jeda sekarang").click()
    expect(page.get_by_text("Loket sedang jeda")).to_be_visible()
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_choosing_a_counter(small_mall, page, live_server, context, size):
    sit(small_mall, "petugas2", 2)
    come(small_mall, "ktp")
    log_in(context, live_server, "petugas1")
    page.set_viewport_size(SIZES[size])
    page.goto(f"{live_server.url}/counter/contoh/")
    assert_axe_clean(page)
    assert_targets(page)
    assert_fits(page)
    shoot(page, f"counter-choose-{size}", full=size == "phone")
    page.get_by_role("link", name="Lihat atau ambil alih loket 2").click()
    assert_axe_clean(page)
    assert_targets(page)
    page.go_back()
    page.get_by_role("button", name="Buka loket 1").click()
    expect(page.get_by_text("Loket siap")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["forward", "incomplete", "case", "park", "pause", "close", "ticket"])
def test_each_panel_is_clean(seat, page, live_server, name, size):
    serving(seat)
    page.set_viewport_size(SIZES[size])
    page.goto(live_server.url + url())
    if name == "ticket":
        page.locator(".row-more").first.click()
    else:
        page.locator(f"a[href$='panel/{name}/']").click()
    expect(page.locator("#panel")).to_be_visible()
    assert_axe_clean(page)
    assert_targets(page)
    assert_fits(page)
    if size == "phone" or name in ("ticket", "pause"):
        shoot(page, f"counter-panel-{name}-{size}")
