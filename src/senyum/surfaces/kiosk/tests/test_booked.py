""" "Saya sudah memesan": the code of a booking at the kiosk."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.bookings import commands as bookings
from senyum.bookings.models import Booking
from senyum.bookings.tests.days import NOW, at, open_bookings
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.surfaces.citizen.tests.phones import closes_all
from senyum.surfaces.greeter.tests.door import client as logged_in
from senyum.surfaces.kiosk.tests.stand import kiosk, url
from senyum.surfaces.kiosk.views import booked
from senyum.visits.models import Ticket, Visit

pytestmark = pytest.mark.django_db
NOBODYS = "222-2222"


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


@pytest.fixture
def hour(monkeypatch):
    """Set the hall's clock."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    set_to(at(8, 50))
    return set_to


@pytest.fixture
def stand(small_mall, hour):
    open_bookings(small_mall, places=4)
    return kiosk(small_mall)


def _book(hall, hour: int = 9, **more):
    legs = [(hall.lines["ktp"].pk, at(hour))]
    return bookings.book(mall=hall.mall, legs=legs, **{"quantity": 1, "channel": "phone", "now": NOW, **more})


def _types(stand, code: str, status: int = 200):
    return stand.send(url("booked/"), {"reference": code}, status=status)


@pytest.mark.parametrize("how", ["as printed", "small letters", "blanks", "a scanner's minus"])
def test_the_code_becomes_the_number(small_mall, stand, how):
    code = _book(small_mall).reference
    typed = {
        "small letters": code.lower(),
        "blanks": f" {code.replace('-', ' ')} ",
        "a scanner's minus": code.replace("-", "/"),
    }
    page = _types(stand, typed.get(how, code))
    visit = Visit.objects.get()
    assert page.heading == visit.label and "Giliran dihitung dari jam pesanan" in page.text
    assert (visit.channel, visit.booking.reference, visit.quantity) == ("kiosk", code, 1)
    assert page.find("body")[0].get("data-print-once") == visit.label
    entry = Entry.objects.get(kind="booking.arrived")
    assert (entry.actor_kind, entry.actor_label) == ("device", "Kios")
    assert code not in page.response.request["PATH_INFO"] + page.response.request["QUERY_STRING"]
    head_start = Ticket.objects.get().turn_at
    assert head_start <= at(9), "ordered by the booked time"


def test_the_first_screen_leads_there_and_takes_a_scan(small_mall, stand):
    page = stand.page(url())
    (link,) = [a.get("href") for a in page.find("a", class_="giant") if "Saya sudah memesan" in a.text]
    assert link == url("booked/")
    assert [f.get("action") for f in page.find("form") if "data-scan" in f.attrs] == [link]
    page = stand.page(link)
    assert page.heading == "Tulis kode pemesanan Anda"
    keys = {b.get("data-put") for b in page.find("button") if b.get("data-put")}
    assert keys == set(booked.rules.ALPHABET)


def test_where_nothing_can_be_booked_nobody_is_asked(small_mall, stand):
    bookings.put_policy(mall=small_mall.mall, line=None, now=NOW, actor=SYSTEM, open=False)
    page = stand.page(url())
    assert "Saya sudah memesan" not in page.text and not [f for f in page.find("form") if "data-scan" in f.attrs]


def test_again_shows_the_same_number(small_mall, stand):
    code = _book(small_mall).reference
    first = _types(stand, code).heading
    stand.get(url("?wipe=1"))
    page = _types(stand, code)
    assert page.heading == first and "Anda sudah terdaftar hadir" in page.text
    assert Visit.objects.count() == 1


def test_late_counts_from_now(small_mall, stand, hour):
    view = _book(small_mall)
    hour(at(9, 40))
    page = _types(stand, view.reference)
    assert "Jam pesanan sudah lewat" in page.text
    assert Visit.objects.get().arrived_at == at(9, 40)


def test_after_the_place_was_let_go_too(small_mall, stand, hour):
    view = _book(small_mall)
    hour(at(9, 40))
    assert bookings.release_missed(now=at(9, 40)) == 1
    assert "Jam pesanan sudah lewat" in _types(stand, view.reference).text


def _other_hall(hall):
    other = type(hall.mall)(code="lain", name="MPP Lain", short_name="Lain")
    other.save()
    view = _book(hall)
    booking = booked.booking_by_reference(hall.mall, view.reference)
    Booking.objects.filter(pk=booking.id).update(mall=other)
    return view


CASES = {
    "too early": ("09.30", "Anda juga dapat mengambil nomor biasa sekarang"),
    "another day": ("11-09-2026", "Hari ini Anda dapat mengambil nomor tanpa pemesanan"),
    "another hall": ("MPP Lain", "mengambil nomor tanpa pemesanan"),
    "cancelled": ("dibatalkan", "mengambil nomor tanpa pemesanan"),
    "not confirmed": ("menunggu kode konfirmasi", "Tulis kodenya"),
    "confirmed too late": ("Waktu konfirmasi", "mengambil nomor biasa"),
    "used up": ("sudah dipakai", "ambil nomor biasa"),
}


def _case(hall, stand, name: str) -> str:
    if name == "too early":
        return _book(hall, 10).reference
    if name == "another day":
        legs = [(hall.lines["ktp"].pk, at(9) + timedelta(days=1))]
        return bookings.book(mall=hall.mall, legs=legs, quantity=1, channel="phone", now=NOW).reference
    if name == "another hall":
        return _other_hall(hall).reference
    if name in ("not confirmed", "confirmed too late"):
        bookings.put_policy(
            mall=hall.mall,
            line=hall.lines["ktp"],
            now=NOW,
            actor=SYSTEM,
            slot_minutes=60,
            places=4,
            contact="confirmed",
        )
        view = _book(hall, contact_kind="email", contact="warga@example.id")
        if name == "confirmed too late":
            bookings.expire_held(now=NOW + timedelta(hours=1))
        return view.reference
    view = _book(hall)
    if name == "cancelled":
        bookings.cancel(token=view.token, now=NOW)
    else:
        _types(stand, view.reference)
        Ticket.objects.update(state="lapsed", ended_at=clock.now())
    return view.reference


@pytest.mark.parametrize("name", CASES)
def test_what_is_refused_says_why_and_what_to_do(small_mall, stand, name):
    code = _case(small_mall, stand, name)
    before = Visit.objects.count()
    page = _types(stand, code, status=409)
    for words in CASES[name]:
        assert words in page.text, page.text
    links = {a.text: a.get("href") for a in page.find("a", class_="giant")}
    assert links == {"Ambil nomor biasa": url("services/"), "Tulis kode lain": url("booked/")}
    assert Visit.objects.count() == before
    assert [f for f in page.find("form") if "data-scan" in f.attrs], "the next code can be scanned at once"
    for language in ("su", "en"):
        stand.post("/language/", {"lang": language, "next": url()})
        other = _types(stand, code, status=409)
        assert other.find("html")[0].get("lang") == language and CASES[name][1] not in other.text


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ("", 422, "tujuh huruf"),
        ("7K3", 422, "Lengkapi, lalu"),
        (NOBODYS, 409, "tidak ditemukan"),
        ("<b>222", 422, "tujuh huruf"),
        ("2" * 500, 422, "tujuh huruf"),
    ],
)
def test_a_slip_stays_on_the_screen_to_be_mended(small_mall, stand, typed, status, words):
    page = _types(stand, typed, status)
    assert words in page.text and page.heading == "Tulis kode pemesanan Anda"
    (field,) = page.find("input", name="reference")
    assert field.get("value") == typed[:40] and field.get("aria-invalid") == "true"
    assert [a.get("href") for a in page.find("a", class_="giant")] == [url("services/")]


def test_a_kiosk_that_guesses_waits_and_no_other(small_mall, stand, hour, monkeypatch):
    wall = clock.wall()
    monkeypatch.setattr(clock, "wall", lambda: wall)
    code = _book(small_mall).reference
    for _ in range(booked.WRONG_CODES):
        _types(stand, "7K3", 422)
        _types(stand, NOBODYS, 409)
    page = _types(stand, code, 429)
    assert page.response["Retry-After"] == str(booked.WRONG_SECONDS)
    assert f"Tunggu {booked.WRONG_SECONDS} detik" in page.text and "petugas penyambut" in page.text
    assert not Visit.objects.exists()
    assert _types(logged_in(small_mall, "pengelola"), NOBODYS, 409)
    later = wall + timedelta(seconds=booked.WRONG_SECONDS + 1)
    monkeypatch.setattr(clock, "wall", lambda: later)
    assert "Giliran dihitung dari jam pesanan" in _types(stand, code).text


def test_another_halls_code_counts_as_a_guess(small_mall, stand, monkeypatch):
    monkeypatch.setattr(booked, "WRONG_CODES", 1)
    code = _other_hall(small_mall).reference
    _types(stand, code, 409)
    _types(stand, code, 429)


def test_closed_it_leads_to_the_greeter(small_mall, stand):
    code = _book(small_mall).reference
    closes_all(small_mall)
    page = _types(stand, code, 409)
    assert "tidak menerima nomor baru" in page.text and "Petugas penyambut" in page.text
    assert not Visit.objects.exists()


def test_who_may_use_it(small_mall, stand, page_client):
    assert page_client.post(url("booked/"), {"reference": NOBODYS})["Location"].startswith("/device/")
    for kind in ("display", "smile"):
        assert kiosk(small_mall, kind).get(url("booked/"))["Location"].startswith("/device/")
    for name in ("petugas1", "petugas3", "penyambut", "sekda"):
        assert logged_in(small_mall, name).get(url("booked/")).status_code == 403
