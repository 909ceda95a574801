"""The phone in Chromium: the whole story at 360 px, and each state of the ticket at 320 px."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import expect

from senyum.catalogue.models import Requirement
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.surfaces.citizen.tests.phones import at_counter, calls, opens, pair_browser, serves, take
from senyum.surfaces.ui.browser import PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.surveys.models import Smile
from senyum.visits import commands
from senyum.visits.models import Ticket, Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SMALL = {"width": 320, "height": 640}


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


def _sound(page, name: str) -> None:
    """Axe clean, large targets, no sideways scrolling, and a picture, at both sizes."""
    for size in (SMALL, PHONE):
        page.set_viewport_size(size)
        assert_axe_clean(page)
        assert_targets(page)
        assert_fits(page)
    shoot(page, f"phone-{name}", full=True)


def test_from_the_search_to_the_smile(page, live_server, small_mall):
    page.set_viewport_size(PHONE)
    opens(small_mall, 1)
    take(small_mall, "ktp")
    page.goto(f"{live_server.url}/m/contoh/")
    _sound(page, "hall")
    page.get_by_label("Anda perlu apa?").fill("bikin ktp ilang")
    page.get_by_role("button", name="Cari").click()
    page.wait_for_url("**/?q=*")
    _sound(page, "search")
    page.locator("[aria-labelledby=found]").get_by_role("link", name="KTP elektronik").click()
    page.get_by_role("checkbox").first.check()
    _sound(page, "service")
    page.reload()
    assert page.get_by_role("checkbox").first.is_checked()
    assert "1 dari 2 sudah siap" in page.locator("[data-ticked]").inner_text()
    page.get_by_role("link", name="Ambil nomor").click()
    page.get_by_text("Dua pertanyaan").click()
    _sound(page, "take")
    page.get_by_role("button", name="Ambil nomor").click()
    page.wait_for_url("**/t/*/")
    visit = Visit.objects.get(channel="phone", label="A-002")
    assert page.locator("h1").inner_text() == "A-002"
    serves(small_mall, 1)
    ticket = calls(small_mall, 1)
    assert Ticket.objects.get(pk=ticket).visit == visit
    # What the stream does: the changing part is fetched again, and the title and the spoken line follow.
    page.evaluate("document.dispatchEvent(new CustomEvent('senyum:refresh'))")
    expect(page).to_have_title(re.compile("^Silakan ke loket 1"))
    assert page.locator("#ticket-say").inner_text() == "Nomor A-002, silakan ke loket 1."
    assert page.locator("h1").inner_text().split() == ["Silakan", "ke", "loket", "1"]
    _sound(page, "called")
    at_counter(small_mall, 1, "serve", ticket)
    page.reload()
    _sound(page, "serving")
    at_counter(small_mall, 1, "finish", ticket)
    page.reload()
    _sound(page, "faces")
    page.get_by_role("button", name="Sangat baik").click()
    page.get_by_text("Hatur nuhun!").wait_for()
    _sound(page, "thanked")
    assert [(s.ticket_id, s.score) for s in Smile.objects.all()] == [(ticket, 4)]


def test_an_event_of_mine_is_fetched_at_once_and_shakes(page, live_server, small_mall):
    page.add_init_script("window.shaken = []; navigator.vibrate = (p) => { window.shaken.push(p); return true; };")
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    page.goto(f"{live_server.url}/t/{issued.token}/")
    calls(small_mall, 1)
    event = "new CustomEvent('senyum:event', {detail: {kind: 'ticket.called', seq: 1, data: {label: '%s'}}})"
    page.evaluate(f"document.dispatchEvent({event % 'B-999'})")
    page.evaluate(f"document.dispatchEvent({event % issued.label})")
    expect(page).to_have_title(re.compile("^Silakan ke loket 1"), timeout=2000)
    assert page.evaluate("window.shaken.length") == 1


def test_waiting_delayed_and_left(page, live_server, small_mall):
    opens(small_mall, 1)
    for _ in range(6):
        take(small_mall, "ktp")
    issued = take(small_mall, "ktp", "skck")
    page.goto(f"{live_server.url}/t/{issued.token}/")
    _sound(page, "waiting")
    page.goto(f"{live_server.url}/t/{issued.token}/?lang=en")
    _sound(page, "waiting-en")
    page.goto(f"{live_server.url}/t/{issued.token}/?lang=su")
    _sound(page, "waiting-su")
    page.goto(f"{live_server.url}/t/{issued.token}/?lang=id")
    page.locator("summary", has_text="Tunda giliran").click()
    _sound(page, "delay")
    page.get_by_role("button", name="10 menit").click()
    page.get_by_text("Giliran Anda ditunda sampai").wait_for()
    _sound(page, "delayed")
    page.get_by_role("link", name="Batalkan antrean").click()
    _sound(page, "leave")
    page.get_by_role("button", name="Batalkan semuanya").click()
    page.get_by_text("Antrean ini sudah dibatalkan.").wait_for()
    _sound(page, "left")


def test_three_ahead_absent_and_a_pause(page, live_server, small_mall):
    opens(small_mall, 1)
    for _ in range(3):
        take(small_mall, "ktp", priority="elderly")
    issued = take(small_mall, "ktp")
    page.goto(f"{live_server.url}/t/{issued.token}/")
    _sound(page, "walk")
    now = clock.now()
    back = now + timedelta(minutes=40)
    commands.pause_hall(mall=small_mall.mall, reason="Salat Jumat", back_at=back, now=now, actor=SYSTEM)
    page.reload()
    _sound(page, "pause")
    commands.resume_hall(mall=small_mall.mall, now=clock.now(), actor=SYSTEM)
    for _ in range(3):
        serves(small_mall, 1)
    at_counter(small_mall, 1, "absent", calls(small_mall, 1))
    page.reload()
    _sound(page, "absent")
    page.get_by_role("button", name="Saya di sini").click()
    page.get_by_text("Berikutnya giliran Anda.").wait_for()


def test_incomplete_lapsed_and_a_wrong_link(page, live_server, small_mall):
    opens(small_mall, 1)
    first, second = take(small_mall, "ktp"), take(small_mall, "ktp")
    missing = Requirement.objects.filter(standard__service=small_mall.lines["ktp"].service).first()
    serves(small_mall, 1, outcome="incomplete", missing_id=missing.pk)
    page.goto(f"{live_server.url}/t/{first.token}/")
    _sound(page, "incomplete")
    commands.close_day(mall=small_mall.mall, booth_ids=[b.pk for b in small_mall.booths.values()], now=clock.now())
    page.goto(f"{live_server.url}/t/{second.token}/")
    _sound(page, "lapsed")
    page.goto(f"{live_server.url}/t/{'A' * 22}/")
    _sound(page, "wrong-link")


def test_counters_and_several_services(page, live_server, small_mall):
    opens(small_mall, 1)
    page.goto(f"{live_server.url}/m/contoh/counters/")
    _sound(page, "counters")
    lines = small_mall.lines
    page.goto(f"{live_server.url}/m/contoh/take/?line={lines['ktp'].pk}&line={lines['skck'].pk}")
    page.get_by_label("Untuk berapa berkas").fill("99")
    page.get_by_role("button", name="Ambil nomor").click()
    page.get_by_text("Ada yang perlu diperbaiki").wait_for()
    _sound(page, "take-error")


def test_without_scripts(browser, live_server, small_mall):
    context = browser.new_context(java_script_enabled=False, viewport=PHONE, locale="id-ID")
    page = context.new_page()
    opens(small_mall, 1)
    page.goto(f"{live_server.url}/m/contoh/take/?line={small_mall.lines['ktp'].pk}")
    page.get_by_role("button", name="Ambil nomor").click()
    assert page.locator("h1").inner_text() == "A-001"
    serves(small_mall, 1)
    page.reload()
    page.get_by_role("button", name="Baik", exact=True).click()
    assert page.get_by_text("Hatur nuhun!").is_visible()
    assert [s.score for s in Smile.objects.all()] == [3]
    context.close()


def test_the_tablet_by_number_pad(page, live_server, small_mall):
    page.set_viewport_size({"width": 800, "height": 1180})
    pair_browser(page, live_server.url, small_mall, "smile")
    opens(small_mall, 1)
    take(small_mall, "ktp")
    ticket = serves(small_mall, 1)
    page.goto(f"{live_server.url}/smile/contoh/")
    for key in ("A", "0", "0", "1"):
        page.locator("[data-put]").get_by_text(key, exact=True).click()
    assert page.locator("#label").input_value() == "A-001"
    _tablet(page, "pad")
    page.get_by_role("button", name="Lanjut").click()
    _tablet(page, "faces")
    page.get_by_role("button", name="Sangat baik").click()
    page.get_by_role("heading", name="Hatur nuhun!").wait_for()
    _tablet(page, "thanks")
    assert Smile.objects.get().ticket_id == ticket
    page.wait_for_url("**/smile/contoh/", timeout=15000)


def _tablet(page, name: str) -> None:
    assert_axe_clean(page)
    assert_targets(page, 64)
    assert_fits(page)
    shoot(page, f"tablet-{name}")
