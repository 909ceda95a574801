"""The whole story on the real stack: greeter, kiosk, board, counter, phone and floor open at once, nobody reloads."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, expect

from senyum.surfaces.ui.browser import BOARD, DESK, PHONE, assert_axe_clean, shoot
from tests.house import PASSWORD, House

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KIOSK = {"width": 1080, "height": 1920}
TABLET = {"width": 1024, "height": 768}
LIVE = 15_000


def _open(browser: Browser, house: House, path: str, view: dict[str, int], user: str = "") -> Page:
    page = browser.new_context(viewport=view, locale="id-ID", has_touch=view == KIOSK).new_page()
    if user:
        page.goto(f"{house.address}/accounts/login/")
        page.locator("input[name=login]").fill(user)
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Masuk", exact=True).click()
        page.wait_for_url(lambda url: "login" not in url)
    page.goto(house.address + path)
    return page


def _touch(page: Page, name: str) -> None:
    page.locator("body[data-ready]").wait_for(state="attached")
    before = page.url
    page.locator("main, footer").get_by_text(name, exact=True).first.tap()
    page.wait_for_url(lambda found: found != before)


def _settled(page: Page) -> None:
    expect(page.locator("#desk")).to_have_attribute("aria-busy", "false")


@pytest.fixture
def hall(browser: Browser, house: House) -> dict[str, Page]:
    """Every surface, open and signed in."""
    kiosk = _open(browser, house, "/device/", KIOSK)
    kiosk.locator("input[name=token]").fill(house.token)
    kiosk.get_by_role("button", name="Pasang").tap()
    expect(kiosk.get_by_text("Lepas perangkat ini")).to_be_visible()
    kiosk.goto(f"{house.address}/kiosk/contoh/")
    return {
        "board": _open(browser, house, "/display/contoh/", BOARD),
        "floor": _open(browser, house, "/console/contoh/floor/", DESK, "pengelola"),
        "greeter": _open(browser, house, "/greeter/contoh/", TABLET, "penyambut"),
        "counter": _open(browser, house, "/counter/contoh/", DESK, "petugas1"),
        "kiosk": kiosk,
    }


def test_from_the_door_to_the_smile(browser: Browser, hall: dict[str, Page], house: House) -> None:
    board, floor, greeter, counter, kiosk = (hall[n] for n in ("board", "floor", "greeter", "counter", "kiosk"))
    # The officer sits down; board and floor see it without a reload.
    counter.get_by_role("button", name=re.compile("loket 1")).click()
    expect(counter.get_by_role("heading", name="Loket 1")).to_be_visible()
    expect(board.locator(".counters li.open")).to_have_count(1, timeout=LIVE)
    expect(floor.get_by_text("1 dari 4")).to_be_visible(timeout=LIVE)

    # Somebody comes to the kiosk and takes a number; the greeter and the counter see them.
    _touch(kiosk, "Ambil nomor")
    _touch(kiosk, "Disdukcapil")
    _touch(kiosk, "KTP elektronik")
    _touch(kiosk, "Lanjut")
    _touch(kiosk, "Tidak, ambil nomor")
    expect(kiosk.locator("h1")).to_have_text("A-001")
    expect(greeter.get_by_role("link", name="A-001")).to_be_visible(timeout=LIVE)
    expect(counter.get_by_text("Berikutnya: gilirannya paling awal.")).to_be_visible(timeout=LIVE)
    greeter.get_by_role("button", name=re.compile("Disapa A-001")).click()
    expect(greeter.get_by_role("link", name="A-001")).to_have_count(0)

    # Another is helped at the door, and follows the ticket on a phone.
    greeter.goto(f"{house.address}/greeter/contoh/")
    greeter.locator(".tiles, main").get_by_role("link", name="KTP elektronik").first.click()
    greeter.get_by_role("button", name="Ambil nomor").click()
    greeter.wait_for_url("**/visit/*/?new=1")
    expect(greeter.locator("h1")).to_have_text("A-002")
    greeter.get_by_label("Nomor WhatsApp").fill("0812 3456 7890")
    greeter.get_by_role("button", name="Siapkan pesan").click()
    message = unquote(greeter.get_by_role("link", name="Buka WhatsApp").get_attribute("href") or "")
    phone = _open(browser, house, re.search(r"/t/[\w-]+/", message)[0], PHONE)
    expect(phone.locator("h1")).to_have_text("A-002")
    expect(phone.get_by_text("1 orang").first).to_be_visible()

    # A-001 is called, comes, is served; then A-002 hears the call on the phone.
    _settled(counter)
    counter.keyboard.press("Space")
    expect(board.locator(".big")).to_have_text("A-001", timeout=LIVE)
    expect(board.locator(".to")).to_contain_text("Loket 1")
    expect(board.locator("#caption")).to_contain_text("Nomor antrean A nol nol satu, silakan ke loket satu")
    _settled(counter)
    counter.keyboard.press("Enter")
    expect(counter.get_by_text("sedang dilayani")).to_be_visible()
    _settled(counter)
    counter.keyboard.press("Space")
    expect(counter.locator(".label")).to_have_text("A-002")
    expect(phone).to_have_title(re.compile("^Silakan ke loket 1"), timeout=LIVE)
    expect(board.locator(".big")).to_have_text("A-002", timeout=LIVE)
    for name in ("board", "floor", "counter"):
        assert_axe_clean(hall[name])
        shoot(hall[name], f"story-{name}")
    assert_axe_clean(phone)
    shoot(phone, "story-phone")

    # Served; the phone asks for a smile, once.
    _settled(counter)
    counter.keyboard.press("Enter")
    expect(counter.get_by_text("sedang dilayani")).to_be_visible()
    _settled(counter)
    counter.keyboard.press("s")
    expect(counter.get_by_text("Loket siap")).to_be_visible()
    expect(phone.get_by_role("button", name="Sangat baik")).to_be_visible(timeout=LIVE)
    phone.get_by_role("button", name="Sangat baik").click()
    expect(phone.get_by_text("Hatur nuhun!")).to_be_visible()
    expect(floor.get_by_text(re.compile("Dilayani hari ini"))).to_be_visible()
    expect(floor.locator("main")).to_contain_text(re.compile(r"Dilayani hari ini\s*2"), timeout=LIVE)
