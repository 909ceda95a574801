"""One booking from the search to the counter: phone (360 px, by keyboard), e-mail, another time, kiosk, called."""

from __future__ import annotations

import json

import pytest
from django.core import mail
from django_scopes import scopes_disabled
from playwright.sync_api import expect

from senyum.bookings import commands as bookings
from senyum.bookings.models import Booking
from senyum.bookings.tests.days import DAY, NOW, at, open_bookings
from senyum.core import clock
from senyum.jobs.send_notices import send_notices
from senyum.surfaces.greeter.tests.door import call, sit
from senyum.surfaces.kiosk import frame
from senyum.surfaces.kiosk.tests.stand import pair_page, url
from senyum.surfaces.ui.browser import PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.visits.models import Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CONTACT = "siti@contoh.id"


@pytest.fixture(autouse=True)
def _day(small_mall, monkeypatch, settings):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(frame, "SETTLE_MS", 20)
    settings.PUBLIC_URL = "https://mpp.contoh.id"
    open_bookings(small_mall, places=4)
    with scopes_disabled():
        yield


def _press(page, locator, key: str = "Enter") -> None:
    """Tab forward until it has the focus, then press: as somebody without a mouse does."""
    locator = locator.first
    for _ in range(80):
        if locator.evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("Tab")
    else:
        raise AssertionError("the keyboard never gets there")
    page.keyboard.press(key)


def _sound(page, name: str, target: int = 44) -> None:
    assert_axe_clean(page)
    assert_targets(page, target)
    assert_fits(page)
    shoot(page, f"story-booking-{name}", full=target == 44)


def test_search_checklist_book_letter_move_check_in_and_called_on_time(
    page, browser, live_server, small_mall, monkeypatch
):
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/m/contoh/")
    _press(page, page.locator("input[name=q]"), "End")
    page.keyboard.type("bikin ktp ilang")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=bikin**")
    _sound(page, "search")
    _press(page, page.locator("main a", has_text="KTP elektronik"))
    page.wait_for_url(lambda found: "q=" not in found)
    ticks = page.locator("input[type=checkbox]")
    _press(page, ticks, "Space")
    expect(ticks.first).to_be_checked()
    for data in page.locator("script[type='application/ld+json']").all_inner_texts():
        assert json.loads(data)
    _sound(page, "checklist")
    _press(page, page.locator("a[href*='/book/']"))
    _press(page, page.locator(f"a[href*='day={DAY}']"))
    _press(page, page.locator("a[href*='at=0200']"))
    page.wait_for_url("**at=0200**")
    _press(page, page.locator("[name=contact]"), "End")
    page.keyboard.type(CONTACT)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Sudah benar?")
    _press(page, page.get_by_role("button", name="Pesan", exact=True))
    page.wait_for_url("**/b/*/")
    booking = Booking.objects.get()
    expect(page.locator("h1")).to_have_text(booking.reference)
    _sound(page, "booked")

    assert bookings.write_letters(now=NOW) == 1
    send_notices(0)
    (letter,) = mail.outbox
    assert letter.to == [CONTACT] and booking.reference in letter.body and f"/b/{booking.token}/" in letter.body

    _press(page, page.get_by_role("link", name="Pindah ke waktu lain"))
    _press(page, page.locator(f"a[href*='day={DAY}']"))
    _press(page, page.locator("a[href*='at=0400']"))
    page.wait_for_url("**at=0400**")
    _press(page, page.get_by_role("button", name="Ya, pindahkan"))
    page.wait_for_url(f"**/b/{booking.token}/")
    expect(page.get_by_text("11.00")).to_be_visible()
    _sound(page, "moved")

    monkeypatch.setattr(clock, "now", lambda: at(10, 50))
    context = browser.new_context(viewport={"width": 1080, "height": 1920}, locale="id-ID")
    stand = context.new_page()
    pair_page(stand, live_server.url, small_mall)
    stand.goto(live_server.url + url())
    stand.locator("body[data-ready]").wait_for(state="attached")
    stand.keyboard.type(booking.reference)
    stand.keyboard.press("Enter")
    stand.wait_for_url("**/ticket/**")
    expect(stand.locator("h1")).to_have_text("A-001")
    stand.locator("body[data-ready]").wait_for(state="attached")
    _sound(stand, "kiosk", 64)
    context.close()

    sit(small_mall)
    monkeypatch.setattr(clock, "now", lambda: at(11))
    ticket = Ticket.objects.get(pk=call(small_mall))
    assert ticket.visit.booking_id == booking.pk and ticket.state == "called"
    assert ticket.promised_by >= at(11), "called within what was promised from the booked time"
