"""The kiosk in Chromium: touched, read aloud, left alone, cut off, and how each screen looks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import expect

from senyum.bookings import commands as bookings
from senyum.bookings.tests.days import NOW, at, open_bookings
from senyum.core import clock, speech
from senyum.journal.actor import SYSTEM
from senyum.people.commands import set_device_state
from senyum.surfaces.citizen.tests.phones import closes_all, opens, take
from senyum.surfaces.kiosk import frame
from senyum.surfaces.kiosk.tests.stand import PIN, lines, pair_page, pinned, url
from senyum.surfaces.ui.browser import DESK, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.visits.models import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UPRIGHT = {"width": 1080, "height": 1920}
SIZES = {"upright": UPRIGHT, "wide": DESK}

#: What a page does is watched, not done: printing, sound.
WATCH = """
window.printed = 0; window.print = () => { window.printed += 1; };
window.heard = [];
window.Audio = class extends EventTarget {
  constructor(address) { super(); this.address = address; }
  play() { window.heard.push(new URL(this.address, location).searchParams.get('text'));
           setTimeout(() => this.dispatchEvent(new Event('ended')), 5); return Promise.resolve(); }
  pause() {}
};
"""


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": UPRIGHT, "has_touch": True}


@pytest.fixture
def stand(page, live_server, small_mall, monkeypatch):
    """The kiosk's browser on its first screen; screens settle at once."""
    monkeypatch.setattr(frame, "SETTLE_MS", 20)
    page.add_init_script(WATCH)
    pair_page(page, live_server.url, small_mall)
    page.goto(live_server.url + url())
    return page


def _ready(page) -> None:
    page.locator("body[data-ready]").wait_for(state="attached")


def _tap(page, name: str) -> None:
    """Touch what is called so, and wait for the next screen."""
    _ready(page)
    before = page.url
    page.locator("main, footer").get_by_text(name, exact=True).first.tap()
    page.wait_for_url(lambda found: found != before)


def _sound(page, name: str, *, fits: bool = True) -> None:
    """Axe clean, large targets, nothing to scroll, and a picture, upright and wide."""
    _ready(page)
    for size, view in SIZES.items():
        page.set_viewport_size(view)
        assert_axe_clean(page)
        assert_targets(page, 64)
        assert_fits(page)
        if fits:
            rest = page.evaluate("(e => e.scrollHeight - e.clientHeight)(document.querySelector('main'))")
            assert rest <= 1, f"{name} {size}: {rest} px must be scrolled"
        shoot(page, f"kiosk-{name}" + ("" if size == "upright" else f"-{size}"))
    page.set_viewport_size(UPRIGHT)


def test_from_the_first_touch_to_the_number(stand, small_mall):
    opens(small_mall, 1)
    for _ in range(4):
        take(small_mall, "ktp")
    _sound(stand, "start")
    _tap(stand, "Ambil nomor")
    _sound(stand, "services")
    _tap(stand, "Disdukcapil")
    _sound(stand, "agency")
    _tap(stand, "KTP elektronik")
    _sound(stand, "confirm")
    _tap(stand, "Tambah layanan lain")
    _tap(stand, "Polres")
    _sound(stand, "several", fits=False)
    _tap(stand, "Lanjut")
    _sound(stand, "priority")
    _tap(stand, "Tidak, ambil nomor")
    visit = Visit.objects.get(channel="kiosk")
    expect(stand.locator("h1")).to_have_text(visit.label)
    stand.wait_for_function("() => window.printed === 1")
    _sound(stand, "ticket")
    if speech.voices():
        assert stand.evaluate("window.heard") == ["Nomor antrean Anda A nol nol lima"]
    stand.reload()
    _ready(stand)
    stand.wait_for_timeout(500)
    assert stand.evaluate("[window.printed, window.heard.length]") == [0, 0], "printed and spoken once"
    _tap(stand, "Cetak gagal?")
    _sound(stand, "failed")
    stand.get_by_role("button", name="Kertas habis").tap()
    stand.get_by_role("button", name="Kertas habis").wait_for(state="detached")
    _ready(stand)
    _tap(stand, "Selesai")
    expect(stand.get_by_text("Tanpa cetak, foto nomor ini")).to_be_visible()
    _sound(stand, "paper-out")
    stand.go_back()
    expect(stand.locator("h1")).to_have_text("Wilujeng sumping, selamat datang")


def test_the_slip_is_what_is_printed(stand, small_mall, live_server):
    _takes(stand, live_server, small_mall)
    stand.emulate_media(media="print")
    stand.set_viewport_size({"width": 302, "height": 700})
    expect(stand.locator(".slip")).to_be_visible()
    for hidden in (".screen", ".kiosk-top", ".kiosk-bar"):
        expect(stand.locator(hidden)).to_be_hidden()
    box = stand.locator(".slip").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 302, "80 mm of paper are 302 px"
    shoot(stand, "kiosk-slip", full=True)


def _takes(page, live_server, hall, priority: str = "Tidak, ambil nomor") -> None:
    page.goto(f"{live_server.url}{url('take/')}?{lines(hall, 'ktp')}")
    _tap(page, priority)


def test_a_double_touch_is_one_ticket_and_does_not_slip_to_the_next_screen(stand, small_mall, live_server, monkeypatch):
    stand.goto(f"{live_server.url}{url('take/')}?{lines(small_mall, 'ktp')}")
    _ready(stand)
    stand.evaluate(
        """() => { const b = document.querySelector('.giant'); b.click(); b.click();
                   document.querySelector('.choice-big').click(); }"""
    )
    stand.wait_for_url("**/ticket/")
    assert Visit.objects.count() == 1
    monkeypatch.setattr(frame, "SETTLE_MS", 60_000)
    stand.reload()
    stand.get_by_text("Selesai", exact=True).first.tap()
    stand.wait_for_timeout(300)
    assert stand.url.endswith("/ticket/"), "the screen has not settled yet"


def test_left_alone_it_asks_then_forgets(stand, small_mall, live_server, monkeypatch):
    stand.goto(f"{live_server.url}{url()}?lang=en")
    monkeypatch.setattr(frame, "WARN_SECONDS", 1)
    monkeypatch.setattr(frame, "WIPE_SECONDS", 21)
    _takes(stand, live_server, small_mall, "No, take a number")
    expect(stand.get_by_role("dialog")).to_be_visible(timeout=4000)
    assert stand.locator("[data-idle-left]").inner_text() in ("19", "20")
    _sound(stand, "idle-en")
    stand.get_by_role("button", name="Yes, go on").tap()
    expect(stand.get_by_role("dialog")).to_be_hidden()
    monkeypatch.setattr(frame, "WIPE_SECONDS", 3)
    stand.reload()
    stand.wait_for_url(f"**{url()}", timeout=8000)
    assert stand.evaluate("document.documentElement.lang") == "id"
    stand.go_back()
    assert not stand.get_by_text("A-001").count()


def test_the_warning_in_indonesian(stand, small_mall, live_server, monkeypatch):
    monkeypatch.setattr(frame, "WARN_SECONDS", 0)
    stand.goto(live_server.url + url("services/"))
    expect(stand.get_by_text("Masih di sini?")).to_be_visible()
    _sound(stand, "idle")


def test_the_search_by_the_screens_own_keyboard(stand, live_server):
    stand.goto(live_server.url + url("search/"))
    _ready(stand)
    for key in "KTPP":
        stand.get_by_role("button", name=key, exact=True).tap()
    stand.get_by_role("button", name="Hapus satu").tap()
    expect(stand.get_by_label("Anda perlu apa?")).to_have_value("ktp")
    expect(stand.locator("#found").get_by_text("KTP elektronik")).to_be_visible()
    _sound(stand, "search")
    _tap(stand, "KTP elektronik")
    assert "/check/" in stand.url


def test_read_aloud_on_demand_and_on_the_next_screens(stand):
    if not speech.voices():
        pytest.skip("the espeakng-loader wheel is not installed")
    _ready(stand)
    stand.get_by_role("button", name="Bacakan").tap()
    stand.wait_for_function("() => window.heard.length >= 4")
    assert stand.evaluate("window.heard[0]") == "Wilujeng sumping, selamat datang"
    expect(stand.get_by_role("button", name="Bacakan")).to_have_attribute("aria-pressed", "true")
    _tap(stand, "Ambil nomor")
    stand.wait_for_function("() => window.heard.length >= 2")
    assert stand.evaluate("window.heard[0]") == "Anda ke instansi mana?".rstrip(". ")
    stand.get_by_role("button", name="Bacakan").tap()
    _tap(stand, "Disdukcapil")
    stand.wait_for_timeout(200)
    assert stand.evaluate("window.heard") == []


def test_the_keyboard_alone_is_enough(stand, live_server, small_mall):
    stand.goto(f"{live_server.url}{url('take/')}?{lines(small_mall, 'ktp')}")
    _ready(stand)
    for _ in range(30):
        stand.keyboard.press("Tab")
        if stand.evaluate("document.activeElement.value") == "regular":
            break
    stand.keyboard.press("Enter")
    stand.wait_for_url("**/ticket/")


def test_without_the_server_it_says_so_and_stays(stand, live_server):
    stand.goto(live_server.url + url("services/"))
    _ready(stand)
    stand.context.set_offline(True)
    stand.get_by_text("Disdukcapil").first.tap()
    expect(stand.get_by_text("Sambungan terputus, minta nomor pada petugas.")).to_be_visible(timeout=6000)
    assert stand.url.endswith("/services/")
    _sound(stand, "lost")
    stand.context.set_offline(False)
    expect(stand.locator("#live-banner")).to_be_hidden(timeout=8000)


def test_a_wipe_without_the_server_covers_the_screen(stand, live_server, small_mall, monkeypatch):
    monkeypatch.setattr(frame, "WARN_SECONDS", 1)
    monkeypatch.setattr(frame, "WIPE_SECONDS", 2)
    _takes(stand, live_server, small_mall)
    stand.context.set_offline(True)
    expect(stand.locator("#wiped")).to_be_visible(timeout=8000)
    stand.context.set_offline(False)
    stand.wait_for_url(re.compile(r"/kiosk/contoh/$"), timeout=8000)


def test_high_contrast_english_sundanese_closed_and_staff(stand, small_mall, live_server):
    pinned(small_mall)
    opens(small_mall, 1)
    stand.get_by_role("button", name="Kontras").tap()
    stand.locator("html[data-theme=contrast]").wait_for()
    _sound(stand, "contrast-start")
    stand.goto(f"{live_server.url}{url('check/')}?{lines(small_mall, 'ktp')}")
    _sound(stand, "contrast")
    _takes(stand, live_server, small_mall)
    _sound(stand, "contrast-ticket")
    stand.goto(f"{live_server.url}{url()}?wipe=1")
    stand.goto(f"{live_server.url}{url('check/')}?{lines(small_mall, 'ktp')}&lang=en")
    _sound(stand, "english")
    stand.goto(f"{live_server.url}{url()}?lang=su")
    _sound(stand, "sundanese")
    stand.goto(f"{live_server.url}{url('staff/')}?lang=id")
    _sound(stand, "staff")
    set_device_state(
        device_id=small_mall.devices["kiosk"].pk, state={"printer_out": True}, now=clock.now(), actor=SYSTEM
    )
    _ready(stand)
    for digit in PIN:
        stand.get_by_role("button", name=digit, exact=True).tap()
    stand.get_by_role("button", name="Kertas sudah diisi").tap()
    stand.wait_for_url(f"**{url()}")
    assert not stand.get_by_text("Tanpa cetak").count()
    closes_all(small_mall)
    stand.goto(live_server.url + url())
    expect(stand.locator("h1")).to_have_text("Sekarang tutup")
    _sound(stand, "closed")


def test_without_a_script_a_number_is_taken_too(browser, live_server, small_mall):
    context = browser.new_context(viewport=UPRIGHT, java_script_enabled=False, locale="id-ID")
    page = context.new_page()
    pair_page(page, live_server.url, small_mall)
    page.goto(f"{live_server.url}{url('take/')}?{lines(small_mall, 'ktp')}")
    page.get_by_role("button", name="Tidak, ambil nomor").click()
    expect(page.locator("h1")).to_have_text("A-001")
    context.close()


def test_cut_off_for_ten_minutes_it_keeps_its_face_and_goes_on_when_the_server_is_back(page, live_server, small_mall):
    """The kiosk's own clock runs ten minutes without a server: no browser's error page, no number invented."""
    page.clock.install()
    pair_page(page, live_server.url, small_mall)
    page.goto(live_server.url + url("services/"))
    _ready(page)
    page.context.set_offline(True)
    for _minute in range(10):
        page.clock.run_for(60_000)
        assert page.url.startswith(live_server.url)
        expect(page.locator("main")).to_be_attached()
    expect(page.get_by_text("Sambungan terputus").first).to_be_attached(timeout=8000)
    assert not Visit.objects.exists()
    page.context.set_offline(False)
    page.clock.resume()
    page.wait_for_url(re.compile(r"/kiosk/contoh/(\?.*)?$"), timeout=15_000)
    expect(page.locator("#live-banner")).to_be_hidden(timeout=15_000)
    page.goto(live_server.url + url("services/"))
    _ready(page)
    expect(page.get_by_text("Disdukcapil").first).to_be_visible()


@pytest.fixture
def morning(small_mall, monkeypatch):
    """Ten minutes before a booking; its code."""
    open_bookings(small_mall, places=4)
    view = bookings.book(
        mall=small_mall.mall, legs=[(small_mall.lines["ktp"].pk, at(9))], quantity=1, channel="phone", now=NOW
    )
    monkeypatch.setattr(clock, "now", lambda: at(8, 50))
    return view.reference


def _scans(page, code: str) -> None:
    """A scanner: it types fast, in the layout of the code, and ends with Enter."""
    _ready(page)
    page.keyboard.type(code)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_booking_by_the_pad(morning, stand, small_mall):
    _tap(stand, "Saya sudah memesan")
    _sound(stand, "booked")
    for sign in "2222222":
        stand.get_by_role("button", name=sign, exact=True).tap()
    expect(stand.get_by_label("Tulis kode pemesanan Anda")).to_have_value("2222222")
    stand.get_by_role("button", name="Saya hadir").tap()
    expect(stand.get_by_role("alert")).to_contain_text("tidak ditemukan")
    _sound(stand, "booked-wrong")
    for _ in range(7):
        stand.get_by_role("button", name="Hapus satu").tap()
    for sign in morning.replace("-", ""):
        stand.get_by_role("button", name=sign, exact=True).tap()
    stand.get_by_role("button", name="Saya hadir").tap()
    stand.wait_for_url("**/ticket/**")
    expect(stand.locator("h1")).to_have_text("A-001")
    stand.wait_for_function("() => window.printed === 1")
    _sound(stand, "booked-ticket")
    stand.goto(f"{stand.url.split('/kiosk/')[0]}{url('ticket/?fail=1')}")
    expect(stand.get_by_text("Foto layar ini", exact=False).first).to_be_visible()


def test_a_booking_by_a_scanner_from_the_first_screen_and_from_a_refusal(
    morning, stand, small_mall, live_server, monkeypatch
):
    monkeypatch.setattr(clock, "now", lambda: at(8))
    _scans(stand, morning)
    expect(stand.get_by_role("alert")).to_contain_text("08.30")
    _sound(stand, "booked-early")
    stand.get_by_role("button", name="Kontras").tap()
    stand.locator("html[data-theme=contrast]").wait_for()
    _scans(stand, morning)
    _sound(stand, "booked-early-contrast")
    monkeypatch.setattr(clock, "now", lambda: at(8, 50))
    _scans(stand, morning.lower())
    stand.wait_for_url("**/ticket/**")
    expect(stand.locator("h1")).to_have_text("A-001")


def test_a_scan_hits_the_field_wherever_the_focus_is(morning, stand, live_server):
    stand.goto(live_server.url + url("booked/") + "?lang=su")
    _ready(stand)
    stand.get_by_role("button", name="Q", exact=True).focus()
    _scans(stand, morning)
    stand.wait_for_url("**/ticket/**")
    assert Visit.objects.get().label == "A-001"


def test_a_booking_by_the_keyboard_alone(morning, stand, live_server):
    stand.goto(live_server.url + url("booked/"))
    _ready(stand)
    assert stand.evaluate("document.activeElement.name") == "reference"
    for _ in range(7):
        stand.keyboard.press("Tab")
    pressed = stand.evaluate("document.activeElement.dataset.put")
    stand.keyboard.press("Enter")
    expect(stand.locator("[name=reference]").first).to_have_value(pressed)
    stand.locator("[name=reference]").first.fill(morning)
    stand.keyboard.press("Enter")
    stand.wait_for_url("**/ticket/**")


def test_a_code_half_typed_is_wiped(morning, stand, live_server, monkeypatch):
    monkeypatch.setattr(frame, "WARN_SECONDS", 1)
    monkeypatch.setattr(frame, "WIPE_SECONDS", 2)
    stand.goto(live_server.url + url("booked/"))
    stand.get_by_label("Tulis kode pemesanan Anda").fill(morning)
    stand.wait_for_url(f"**{url()}", timeout=8000)
    stand.go_back()
    expect(stand.locator("[name=reference]").first).to_have_value("")
