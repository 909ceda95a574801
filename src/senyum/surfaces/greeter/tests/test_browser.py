"""The greeter's tablet in Chromium: two taps, papers, and how each screen looks upright, wide and on a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django_scopes import scopes_disabled
from playwright.sync_api import expect

from senyum.bookings import commands as bookings
from senyum.bookings.tests.days import NOW, at, open_bookings
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.surfaces.greeter.tests.door import call, come, sit, url
from senyum.surfaces.ui.browser import PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.visits import commands
from senyum.visits.models import Arrival, LabelBlock, Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TABLET = {"width": 1024, "height": 768}
SIZES = {"": TABLET, "-upright": {"width": 768, "height": 1024}, "-phone": PHONE}


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


@pytest.fixture
def tablet(page, context, live_server, small_mall):
    """The greeter's browser on the door."""
    browser = Client()
    browser.force_login(small_mall.users["penyambut"])
    context.add_cookies([{"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": live_server.url}])
    page.set_viewport_size(TABLET)
    page.goto(live_server.url + url())
    return page


def _sound(page, name: str) -> None:
    for size, view in SIZES.items():
        page.set_viewport_size(view)
        assert_axe_clean(page)
        assert_targets(page)
        assert_fits(page)
        page.evaluate("scrollTo(0, 0)")
        shoot(page, f"greeter-{name}{size}", full=size == "-phone")
    page.set_viewport_size(TABLET)


def _people(hall) -> None:
    """A morning at the door."""
    now = clock.now()
    for minutes in (9, 4, 1):
        commands.note_arrival(mall=hall.mall, now=now - timedelta(minutes=minutes), actor=SYSTEM)
    come(hall, "ktp", priority="elderly", now=now - timedelta(minutes=6))
    for code in ("ktp", "ktp", "skck", "kk"):
        come(hall, code, greeted=True)


def test_from_the_door_to_the_number_in_two_taps(tablet, small_mall):
    sit(small_mall)
    _people(small_mall)
    tablet.reload()
    _sound(tablet, "main")
    tablet.locator(".person").first.get_by_role("button", name="Disapa").click()
    expect(tablet.get_by_text("Untuk orang yang datang pukul")).to_be_visible()
    _sound(tablet, "helping")
    tablet.locator(".tiles").get_by_role("link", name="KTP elektronik").click()
    papers = tablet.get_by_role("group", name="Berkas lengkap?").get_by_role("checkbox")
    papers.first.check()
    expect(tablet.get_by_text("Belum ada: Kartu keluarga. Nomor tetap boleh diambil.")).to_be_visible()
    tablet.get_by_text("Tiga pertanyaan").click()
    _sound(tablet, "take")
    papers.last.check()
    expect(tablet.get_by_text("Berkas lengkap.", exact=True)).to_be_visible()
    tablet.get_by_text("Lansia").click()
    tablet.get_by_role("button", name="Ambil nomor").click()
    tablet.wait_for_url("**/visit/*/?new=1")
    visit = Visit.objects.get(channel="greeter")
    assert (visit.priority, Arrival.objects.order_by("at")[0].visit) == ("elderly", visit)
    expect(tablet.locator("h1")).to_have_text(visit.label)
    _sound(tablet, "issued")
    tablet.get_by_label("Nomor WhatsApp").fill("0812 3456 7890")
    tablet.get_by_role("button", name="Siapkan pesan").click()
    link = tablet.get_by_role("link", name="Buka WhatsApp").get_attribute("href")
    assert link.startswith("https://wa.me/6281234567890?text=Nomor%20antrean")
    _sound(tablet, "message")


def test_a_double_click_is_one_number(tablet, small_mall, live_server):
    tablet.locator("a.service", has_text="KTP elektronik").first.click()
    tablet.wait_for_url("**/take/**")
    tablet.evaluate("() => { const b = document.querySelector('.btn.now.large'); b.click(); b.click(); }")
    tablet.wait_for_url("**/visit/*/?new=1")
    assert Visit.objects.count() == 1


def test_the_door_fills_without_a_reload(tablet, small_mall):
    expect(tablet.locator("#door")).to_contain_text("Semua yang datang sudah disapa")
    come(small_mall, "ktp")
    tablet.evaluate("document.dispatchEvent(new CustomEvent('senyum:refresh'))")
    expect(tablet.locator("#door")).to_contain_text("A-001")


def test_a_lost_ticket_of_somebody_absent(tablet, small_mall):
    sit(small_mall)
    issued = come(small_mall, "ktp", "skck")
    ticket = call(small_mall)
    commands.absent(counter_id=small_mall.counters[1].pk, seen=ticket, actor=SYSTEM, now=clock.now(), wall=clock.wall())
    tablet.get_by_role("searchbox", name="Cari nomor antrean").fill("a1")
    tablet.get_by_role("button", name="Cari nomor").click()
    tablet.wait_for_url(f"**/visit/{issued.visit_id}/")
    for name in ("Salah layanan", "Tambah layanan", "Ubah prioritas"):
        tablet.get_by_text(name).first.click()
    _sound(tablet, "found")
    tablet.get_by_role("button", name="Orangnya di sini").click()
    expect(tablet.get_by_role("button", name="Orangnya di sini")).to_have_count(0)
    tablet.get_by_text("Ubah prioritas").click()
    tablet.get_by_role("button", name="Ubah", exact=True).click()
    expect(tablet.get_by_role("alert").get_by_text("Tulis alasan")).to_be_visible()
    _sound(tablet, "refused")


def test_a_paper_pad_after_a_power_cut(tablet, small_mall, live_server):
    tablet.get_by_role("link", name="Nomor cadangan").click()
    tablet.get_by_label("Banyaknya nomor").fill("12")
    tablet.get_by_role("button", name="Buat dan cetak").click()
    tablet.wait_for_url("**/print/")
    assert_axe_clean(tablet)
    shoot(tablet, "greeter-leaves")
    block = LabelBlock.objects.get()
    tablet.goto(live_server.url + url(f"paper/{block.pk}/"))
    for number in ("1", "3"):
        tablet.get_by_label("Nomor", exact=True).fill(number)
        tablet.get_by_text("KTP elektronik · Disdukcapil").click()
        tablet.get_by_role("button", name="Masukkan").click()
        expect(tablet.get_by_text(f"A-00{number} sudah antre")).to_be_visible()
    tablet.get_by_label("Nomor", exact=True).fill("3")
    tablet.get_by_text("KTP elektronik · Disdukcapil").click()
    tablet.get_by_role("button", name="Masukkan").click()
    expect(tablet.get_by_text("Nomor A-003 sudah dimasukkan.")).to_be_visible()
    _sound(tablet, "paper")
    tablet.get_by_role("link", name="Semua buku").click()
    tablet.wait_for_url("**/paper/")
    _sound(tablet, "pads")


def test_several_found_and_none(tablet, small_mall, live_server):
    for code in ("ktp", "skck", "ambil"):
        come(small_mall, code)
    tablet.goto(live_server.url + url("find/?q=1"))
    _sound(tablet, "matches")
    tablet.goto(live_server.url + url("find/?q=x9"))
    assert_axe_clean(tablet)


def test_a_booking_by_its_code(tablet, small_mall, monkeypatch):
    open_bookings(small_mall, places=4)
    legs = [(small_mall.lines["ktp"].pk, at(9))]
    code = bookings.book(mall=small_mall.mall, legs=legs, quantity=1, channel="phone", now=NOW).reference
    monkeypatch.setattr(clock, "now", lambda: at(8))
    field = tablet.get_by_label("Punya pemesanan? Tulis kodenya")
    field.fill(code.lower())
    _sound(tablet, "booked")
    field.press("Enter")
    expect(tablet.locator("main")).to_contain_text("08.30")
    _sound(tablet, "booked-early")
    monkeypatch.setattr(clock, "now", lambda: at(8, 50))
    field = tablet.get_by_label("Periksa kodenya, lalu coba lagi")
    expect(field).to_have_value(code.lower())
    field.press("Enter")
    expect(tablet.locator("h1")).to_contain_text("A-001")
    _sound(tablet, "booked-here")
