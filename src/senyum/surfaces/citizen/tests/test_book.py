"""Booking on the phone: three screens, the code, the calendar, giving it back; what is refused and what is full."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from senyum.bookings import commands
from senyum.bookings.models import Booking, Place
from senyum.bookings.tests.days import DAY, NOW, at, open_bookings
from senyum.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _day(small_mall, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    open_bookings(small_mall, places=2)
    with scopes_disabled():
        yield


def _here(hall, *codes: str, more: str = "") -> str:
    return "/m/contoh/book/?" + "&".join(f"line={hall.lines[c].pk}" for c in codes) + "&quantity=1" + more


def _books(client, hall, *codes: str, hour: str = "0200", status: int = 200, **answers):
    url = _here(hall, *codes, more=f"&day={DAY}&at={hour}")
    form = client.page(url).form(url)
    return client.send(url, {**form, **answers}, status=status)


def test_three_screens_to_the_code(small_mall, page_client):
    ktp = small_mall.lines["ktp"].pk
    assert f"/m/contoh/book/?line={ktp}" in page_client.page(f"/m/contoh/line/{ktp}/").html
    days = page_client.page(f"/m/contoh/book/?line={ktp}")
    assert f"quantity=1&amp;day={DAY}" in days.html and days.heading == "Hari apa Anda datang?"
    times = page_client.page(_here(small_mall, "ktp", more=f"&day={DAY}"))
    assert "09.00" in times.text and "at=0200" in times.html
    done = _books(page_client, small_mall, "ktp", priority="elderly")
    booking = Booking.objects.get()
    assert done.response.redirect_chain[-1][0] == f"/b/{booking.token}/"
    assert done.heading == booking.reference and "09.00" in done.text
    assert (booking.starts, booking.channel, booking.priority, booking.contact_hash) == (at(9), "phone", "elderly", "")
    assert booking.device_hash and done.response.headers["X-Robots-Tag"].startswith("noindex")


def test_when_to_check_in_is_what_the_policy_says(small_mall, page_client):
    open_bookings(small_mall, places=2, early_minutes=20, late_minutes=5)
    done = _books(page_client, small_mall, "ktp")
    assert 'dari pukul <b class="num">08.40</b> sampai <b class="num">09.05</b>' in done.html
    assert done.find("a", href=f"/b/{Booking.objects.get().token}/data/")


def test_a_double_tap_is_one_booking(small_mall, page_client):
    url = _here(small_mall, "ktp", more=f"&day={DAY}&at=0200")
    form = page_client.page(url).form(url)
    for _tap in range(2):
        page_client.send(url, form)
    assert Booking.objects.count() == 1


def test_two_services_one_after_the_other(small_mall, page_client):
    done = _books(page_client, small_mall, "ktp", "skck")
    first, second = done.response.context["legs"]
    assert second.starts >= first.ends and Place.objects.count() == 2


def test_what_filled_up_meanwhile_says_so(small_mall, page_client, settings):
    url = _here(small_mall, "ktp", more=f"&day={DAY}&at=0200")
    form = page_client.page(url).form(url)
    legs = [(small_mall.lines["ktp"].pk, at(9))]
    commands.book(mall=small_mall.mall, legs=legs, quantity=2, channel="phone", now=NOW)
    settings.PUBLIC_URL = "https://mpp.contoh.id"
    page = page_client.send(url, {**form, "priority": "elderly", "contact": "warga@contoh.id"}, status=409)
    # The time is no longer offered: the times that are left, and nothing lost.
    assert page.heading == "Jam berapa?" and "baru saja penuh" in page.text
    assert not page.find("form", action=url)
    other = url.replace("0200", "0300")
    look = page_client.send(other, page.form(other))
    kept = look.form(other)
    assert (kept["priority"], kept["contact"], kept["key"]) == ("elderly", "warga@contoh.id", form["key"])
    page_client.send(other, kept)
    assert Booking.objects.get(channel="phone", priority="elderly").starts == at(10)


def test_the_sixth_from_one_phone_is_refused_kindly(small_mall, page_client):
    for hour in ("0200", "0300", "0400", "0500", "0600"):
        _books(page_client, small_mall, "ktp", hour=hour)
    page = _books(page_client, small_mall, "ktp", hour="0700", status=409)
    assert "lima pemesanan" in page.text and Booking.objects.count() == 5


def test_it_is_given_back_and_saved(small_mall, page_client, client):
    _books(page_client, small_mall, "ktp")
    token = Booking.objects.get().token
    calendar = client.get(f"/b/{token}/calendar.ics")
    text = calendar.content.decode()
    assert calendar.headers["Content-Type"].startswith("text/calendar")
    assert "DTSTART:20260910T020000Z\r\n" in text and text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    page = page_client.send(f"/b/{token}/cancel", {})
    assert "Dibatalkan" in page.text and not Place.objects.exists()
    assert page_client.send(f"/b/{token}/cancel", {}, status=409)


def test_a_guess_is_a_friendly_404(small_mall, page_client):
    page_client.page("/b/AAAAAAAAAAAAAAAAAAAAAA/", status=404)


@pytest.mark.parametrize("day", ["2020-01-01", "2026-13-45", "abc", "2027-01-01"])
def test_a_day_that_is_none_is_no_dead_end(small_mall, page_client, day):
    page = page_client.page(_here(small_mall, "ktp", more=f"&day={day}"))
    assert page.heading in ("Hari apa Anda datang?", "Jam berapa?")


def test_what_cannot_be_booked_leads_to_the_hall(small_mall, client):
    kasir = small_mall.lines["kasir"].pk
    assert client.get(f"/m/contoh/book/?line={kasir}").headers["Location"] == "/m/contoh/"
    open_bookings(small_mall, line="ktp", open=False)
    assert client.get(_here(small_mall, "ktp")).status_code == 409
