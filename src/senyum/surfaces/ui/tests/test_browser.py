"""The frame in Chromium: each page and component, each theme; and a page that follows the hall."""

from __future__ import annotations

import re

import pytest
from django.test import override_settings
from playwright.sync_api import expect

from senyum.surfaces.ui.browser import DESK, PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.surfaces.ui.tests import living

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("senyum.surfaces.ui.tests.living"),
]

THEMES = {"light": {}, "dark": {"color_scheme": "dark"}, "forced": {"forced_colors": "active"}}
SIZES = {"phone": PHONE, "desk": DESK}


def look(page, name):
    """What is asked of every screen, and its picture."""
    assert_axe_clean(page)
    assert_targets(page)
    assert_fits(page)
    shoot(page, name, full=True)


@pytest.fixture
def logged_in(page, live_server, small_mall, client):
    """The browser as the manager."""
    client.force_login(small_mall.users["pengelola"])
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    return page


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_components(page, live_server, theme, size):
    page.set_viewport_size(SIZES[size])
    page.emulate_media(**THEMES[theme])
    page.goto(f"{live_server.url}/gallery/")
    look(page, f"look-{size}-{theme}")


def test_a_form_with_errors_takes_the_focus_and_keeps_the_answers(page, live_server):
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/gallery/")
    page.get_by_label("Catatan").fill("lewat pintu timur")
    page.get_by_role("button", name="Lanjut").click()
    expect(page.locator(".summary")).to_be_focused()
    expect(page.get_by_label("Catatan")).to_have_value("lewat pintu timur")
    page.locator(".summary").get_by_text("Pilih salah satu.").click()
    expect(page.get_by_label("Diri sendiri")).to_be_focused()
    look(page, "look-form-errors")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/", "home"),
        ("/accounts/login/", "login"),
        ("/device/", "device"),
        ("/privacy/", "privacy"),
        ("/tidak-ada/", "not-found"),
    ],
)
@pytest.mark.parametrize("size", SIZES)
def test_pages_for_everybody(page, live_server, small_mall, address, name, size):
    page.set_viewport_size(SIZES[size])
    with override_settings(DEMO=True):
        page.goto(live_server.url + address)
    look(page, f"{name}-{size}")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/my-work/", "work"),
        ("/my-work/logins/", "logins"),
        ("/accounts/2fa/", "security"),
        ("/accounts/password/change/", "password"),
        ("/accounts/logout/", "logout"),
    ],
)
@pytest.mark.parametrize("size", SIZES)
def test_pages_for_staff(logged_in, live_server, address, name, size):
    logged_in.set_viewport_size(SIZES[size])
    logged_in.goto(live_server.url + address)
    look(logged_in, f"{name}-{size}")


def test_a_reader_at_320_pixels_and_one_who_uses_the_keyboard_alone(page, live_server, small_mall):
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{live_server.url}/")
    assert_fits(page)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Langsung ke isi")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_dialog_opens_and_closes_by_keyboard(page, live_server):
    page.goto(f"{live_server.url}/gallery/")
    opener = page.get_by_role("button", name="Buka dialog")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Alihkan")).to_be_visible()
    assert_axe_clean(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Alihkan")).to_be_hidden()
    expect(opener).to_be_focused()


@pytest.fixture
def stream():
    """Sends events to the open streams; ends them when the test is over."""
    while not living.events.empty():
        living.events.get_nowait()
    living.opened.clear()

    def send(kind, data="{}", seq=1):
        living.events.put(f"id: {seq}\nevent: {kind}\ndata: {data}\n\n")

    yield send
    for _ in range(5):
        living.events.put(None)


def test_a_part_is_fetched_again_after_an_event_it_follows(page, live_server, stream):
    page.goto(f"{live_server.url}/living/")
    part = page.locator("#part")
    expect(part).to_have_text("dimuat 0 kali")
    stream("beat", '{"seq": 6}', 6)
    stream("session.opened", '{"seq": 7}', 7)
    page.wait_for_timeout(500)
    expect(part).to_have_text("dimuat 0 kali")
    for seq in range(8, 12):
        stream("ticket.called", f'{{"seq": {seq}}}', seq)
    expect(part).to_have_text(re.compile(r"dimuat [1-9]\d* kali"))
    page.wait_for_timeout(500)
    first = part.inner_text()
    stream("reset", '{"seq": 20}', 20)
    expect(part).not_to_have_text(first)


def test_many_events_are_one_fetch(page, live_server, stream):
    page.goto(f"{live_server.url}/living/")
    asked = []
    page.on("request", lambda r: asked.append(r.url) if r.url.endswith("/part/") else None)
    for seq in range(1, 30):
        stream("ticket.called", "{}", seq)
    page.wait_for_timeout(900)
    assert len(asked) <= 2


def test_the_banner_says_that_the_server_is_lost_and_goes_when_it_is_back(page, live_server, stream):
    page.goto(f"{live_server.url}/living/")
    stream("beat", '{"hall_ms": 1795490520000, "speed": 1}', 41)
    banner = page.locator("#live-banner")
    expect(banner).to_be_hidden()
    expect(banner).to_be_visible(timeout=10_500)
    expect(banner).to_have_text(re.compile(r"Sambungan terputus\. Data pukul \d\d\.\d\d\."))
    assert_axe_clean(page)
    shoot(page, "live-lost")
    before = page.locator("#part").inner_text()
    living.events.put(None)
    # The page has knocked several times meanwhile: answers that nobody reads any more take a beat each.
    for _beat in range(40):
        stream("beat", "{}", 42)
        page.wait_for_timeout(500)
        if banner.is_hidden():
            break
    expect(banner).to_be_hidden()
    expect(page.locator("#part")).not_to_have_text(before)
    assert living.opened[0] == ""
    assert "41" in living.opened[1:]


SPEED = """async () => {
  const [hall, real] = [window.senyum.hall(), performance.now()];
  await new Promise((done) => setTimeout(done, 400));
  return (window.senyum.hall() - hall) / (performance.now() - real);
}"""


def test_the_clock_runs_at_the_halls_speed(page, live_server, stream):
    page.goto(f"{live_server.url}/living/")
    stream("beat", '{"hall_ms": 1795490520000, "speed": 60}', 1)
    expect(page.locator("[data-clock]")).to_have_text(re.compile(r"^\d\d\.\d\d\.\d\d$"))
    # Hall milliseconds in a real one, measured in the page; the beat may still be on its way at first.
    speeds = [page.evaluate(SPEED) for _look in range(5)]
    assert any(55 < speed < 65 for speed in speeds), speeds


def test_a_refusal_stands_above_the_screen_and_what_was_there_stays(page, live_server, stream):
    page.goto(f"{live_server.url}/living/")
    page.get_by_role("button", name="Panggil").click()
    refusal = page.locator("#refusal")
    expect(refusal).to_contain_text("A-027 sudah dipanggil loket 5.")
    expect(page.locator("#part")).to_have_text(re.compile(r"dimuat [1-9]\d* kali"))
    look(page, "refusal")
    refusal.get_by_role("button", name="Mengerti").click()
    expect(refusal).to_be_empty()


def test_nothing_breaks_the_content_security_policy(page, live_server, small_mall, stream):
    told = []
    page.on("console", lambda m: told.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: told.append(str(e)))
    for address in ("/", "/accounts/login/", "/device/", "/gallery/", "/living/"):
        page.goto(live_server.url + address)
        page.wait_for_timeout(200)
    assert told == []
