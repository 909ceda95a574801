"""Booking in Chromium at 360 and 320 px: each screen, by keyboard alone where it matters, axe clean, photographed."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django_scopes import scopes_disabled
from playwright.sync_api import expect

from senyum.bookings import commands, queries
from senyum.bookings.models import Booking
from senyum.bookings.tests.days import DAY, NOW, at, open_bookings
from senyum.core import clock
from senyum.malls import queries as malls
from senyum.malls.models import CalendarDay
from senyum.surfaces.ui.browser import PHONE, assert_axe_clean, assert_fits, assert_targets, shoot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SMALL = {"width": 320, "height": 640}


@pytest.fixture(autouse=True)
def _day(small_mall, monkeypatch, settings):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    settings.PUBLIC_URL = "https://mpp.contoh.id"
    settings.WHATSAPP_URL, settings.WHATSAPP_PHONE_ID = "https://wa.contoh.id", "1"
    open_bookings(small_mall, places=2, closes_minutes=60)
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


def _tab_to(page, locator) -> None:
    """Tab forward until it has the focus, as somebody without a mouse does."""
    for _ in range(60):
        if locator.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard never gets there")


def test_five_screens_by_keyboard_to_the_confirmed_booking(page, live_server, small_mall):
    open_bookings(small_mall, places=2, contact="confirmed")
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/m/contoh/line/{small_mall.lines['ktp'].pk}/")
    book = page.locator("a[href*='/book/']")
    _tab_to(page, book)
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/**")
    _sound(page, "book-day")
    day = page.locator(f"a[href*='day={DAY}']")
    _tab_to(page, day)
    page.keyboard.press("Enter")
    page.wait_for_url("**day=**")
    _sound(page, "book-time")
    _tab_to(page, page.locator("a[href*='at=0200']"))
    page.keyboard.press("Enter")
    page.wait_for_url("**at=0200**")
    _sound(page, "book-code-contact")
    field = page.locator("[name=contact]")
    _tab_to(page, field)
    page.keyboard.type("warga@contoh")
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_be_focused()
    expect(field).to_have_value("warga@contoh")
    _sound(page, "book-contact-wrong")
    _tab_to(page, field)
    page.keyboard.press("End")
    page.keyboard.type(".id")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Sudah benar?")
    _sound(page, "book-check-code")
    _tab_to(page, page.get_by_role("button", name="Pesan", exact=True))
    page.keyboard.press("Enter")
    page.wait_for_url("**/b/*/")
    _sound(page, "booking-code")
    token = Booking.objects.get().token
    code = page.locator("[name=code]")
    _tab_to(page, code)
    page.keyboard.type("000000" if queries.contact_code(token) != "000000" else "111111")
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_be_focused()
    _sound(page, "booking-code-wrong")
    _tab_to(page, code)
    page.keyboard.press("Control+A")
    page.keyboard.type(queries.contact_code(token))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(Booking.objects.get().reference)
    _sound(page, "booking")


def test_the_question_may_be_skipped_and_changed(page, live_server, small_mall):
    here = f"{live_server.url}/m/contoh/book/?line={small_mall.lines['ktp'].pk}&quantity=1&day={DAY}&at=0200"
    page.set_viewport_size(PHONE)
    page.goto(here)
    _sound(page, "book-contact")
    page.get_by_role("button", name="Lewati").click()
    expect(page.locator("h1")).to_have_text("Sudah benar?")
    _sound(page, "book-check")
    page.get_by_role("button", name="Ubah").click()
    page.locator("[name=contact]").fill("0812-3456-7890")
    page.get_by_role("button", name="Lanjut").click()
    expect(page.get_by_text("0812-3456-7890")).to_be_visible()
    assert "0812" not in page.url
    for language in ("su", "en"):
        page.goto(f"{here}&lang={language}")
        _sound(page, f"book-contact-{language}")
    page.goto(f"{here}&lang=id")


def test_days_on_which_nobody_works(page, live_server, small_mall):
    """Closed days say why, a day that is not open yet says when it will be."""
    for n in (2, 3):
        CalendarDay.objects.create(
            mall=small_mall.mall,
            date=DAY + timedelta(days=n),
            is_open=False,
            reason="Perbaikan listrik di seluruh gedung",
        )
    open_bookings(small_mall, places=2, opens_at=time(10))
    malls.forget()
    page.goto(f"{live_server.url}/m/contoh/book/?line={small_mall.lines['ktp'].pk}")
    expect(page.get_by_text("Perbaikan listrik di seluruh gedung").first).to_be_visible()
    _sound(page, "book-day-closed")


def _booked(hall, hour: int = 9, **more):
    given = {"quantity": 1, "channel": "phone", "now": NOW, **more}
    return commands.book(mall=hall.mall, legs=[(hall.lines["ktp"].pk, at(hour))], **given)


def test_another_time_by_keyboard_and_what_is_full(page, live_server, small_mall):
    view = _booked(small_mall, contact_kind="email", contact="warga@contoh.id")
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/b/{view.token}/")
    _sound(page, "booking-push")
    _tab_to(page, page.get_by_role("link", name="Pindah ke waktu lain"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/move/")
    _sound(page, "move-day")
    _tab_to(page, page.locator(f"a[href*='day={DAY}']"))
    page.keyboard.press("Enter")
    page.wait_for_url("**day=**")
    _sound(page, "move-time")
    _tab_to(page, page.locator("a[href*='at=0400']"))
    page.keyboard.press("Enter")
    page.wait_for_url("**at=0400**")
    _sound(page, "move-check")
    other = _booked(small_mall, 11, quantity=2)
    yes = page.get_by_role("button", name="Ya, pindahkan")
    _tab_to(page, yes)
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_be_focused()
    _sound(page, "move-full")
    commands.cancel(token=other.token, now=NOW)
    page.goto(f"{live_server.url}/b/{view.token}/move/?day={DAY}&at=0400")
    _tab_to(page, yes)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/b/{view.token}/")
    expect(page.get_by_text("11.00")).to_be_visible()
    line = small_mall.lines["ktp"].pk
    for slot in queries.free_slots(small_mall.mall, [line], DAY, quantity=1, now=NOW)[line]:
        commands.book(mall=small_mall.mall, legs=[(line, slot.starts)], quantity=slot.free, channel="kiosk", now=NOW)
    page.goto(f"{live_server.url}/b/{view.token}/move/?day={DAY}")
    _sound(page, "move-none")
    page.goto(f"{live_server.url}/m/contoh/book/?line={line}")
    _sound(page, "book-day-full")


def test_the_waiting_list_by_keyboard_from_the_full_time_to_the_place(page, live_server, small_mall):
    full = _booked(small_mall, quantity=2)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/m/contoh/book/?line={small_mall.lines['ktp'].pk}&quantity=1&day={DAY}")
    _tab_to(page, page.locator("summary", has_text="yang penuh"))
    page.keyboard.press("Enter")
    _sound(page, "book-time-full")
    _tab_to(page, page.get_by_role("link", name="Masuk daftar tunggu"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/wait/**")
    _sound(page, "wait")
    page.keyboard.press("Tab")
    _tab_to(page, page.get_by_role("button", name="Kabari saya"))
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_be_focused()
    _sound(page, "wait-wrong")
    _tab_to(page, page.locator("[name=contact]"))
    page.keyboard.type("warga@contoh.id")
    page.keyboard.press("Enter")
    page.wait_for_url("**/w/*/")
    _sound(page, "waiting")
    mine = page.url
    commands.cancel(token=full.token, now=NOW)
    page.goto(mine)
    page.wait_for_url("**/b/*/")
    _sound(page, "offer")
    page.goto(f"{page.url}?lang=su")
    _sound(page, "offer-su")
    page.goto(page.url.replace("lang=su", "lang=id"))
    _tab_to(page, page.get_by_role("button", name="Ambil tempat ini"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sudah dipesan")).to_be_visible()
    expect(page.locator("h1")).to_have_text(Booking.objects.get(state="booked").reference)


def test_an_offer_that_has_passed_on_and_a_list_that_was_left(page, live_server, small_mall, monkeypatch):
    full = _booked(small_mall, quantity=2)
    nine, line = at(9), small_mall.lines["ktp"].pk
    entries = [
        commands.wait(
            mall=small_mall.mall,
            line_id=line,
            day=DAY,
            earliest=nine,
            latest=nine,
            quantity=2,
            contact_kind="email",
            contact=contact,
            now=NOW,
        )
        for contact in ("a@contoh.id", "b@contoh.id")
    ]
    page.goto(f"{live_server.url}/w/{entries[1].token}/")
    page.get_by_role("button", name="Keluar dari daftar").click()
    expect(page.locator("h1")).to_have_text("Tidak menunggu lagi")
    _sound(page, "waiting-left")
    commands.cancel(token=full.token, now=NOW)
    held = Booking.objects.get(state="held")
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=31))
    page.goto(f"{live_server.url}/b/{held.token}/")
    _sound(page, "offer-over")
