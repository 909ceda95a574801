"""How to reach you: one optional question, its errors, its privacy, and the code where a service wants one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.bookings import commands, queries, states
from senyum.bookings.models import Booking, Place
from senyum.bookings.tests.days import DAY, NOW, at, open_bookings
from senyum.core import clock
from senyum.notices.models import Notice

pytestmark = pytest.mark.django_db
ASKS, LOOK = "Ke mana kami memberi kabar?", "Sudah benar?"


@pytest.fixture(autouse=True)
def _day(small_mall, monkeypatch, settings):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    settings.PUBLIC_URL = "https://mpp.contoh.id"
    settings.WHATSAPP_URL, settings.WHATSAPP_PHONE_ID = "https://wa.contoh.id", "1"
    open_bookings(small_mall, places=2)
    with scopes_disabled():
        yield


@pytest.fixture
def url(small_mall) -> str:
    return f"/m/contoh/book/?line={small_mall.lines['ktp'].pk}&quantity=1&day={DAY}&at=0200"


def _answers(page_client, url, contact: str, status: int = 200, **more):
    form = page_client.page(url).form(url)
    return page_client.send(url, {**form, "contact": contact, **more}, status=status)


@pytest.mark.parametrize(
    ("typed", "kind", "kept", "masked"),
    [
        (" Warga@Contoh.id ", "email", "warga@contoh.id", "w…@contoh.id"),
        ("0812-3456-7890", "whatsapp", "6281234567890", "…7890"),
        ("０８１２３４５６７８９０", "whatsapp", "6281234567890", "…7890"),
    ],
)
def test_asked_looked_at_and_kept_encrypted(page_client, url, typed, kind, kept, masked):
    asked = page_client.page(url)
    assert asked.heading == ASKS and "Langkah 3 dari 4" in asked.text
    look = _answers(page_client, url, typed)
    assert look.heading == LOOK and "Langkah 4 dari 4" in look.text
    done = page_client.send(url, look.form(url))
    booking = Booking.objects.get()
    assert (booking.contact_kind, queries.contact_of(booking)) == (kind, kept)
    assert kept.encode() not in bytes(booking.contact) and masked in done.text and kept not in done.html
    # Nothing of it stands in an address, and no page with it is kept.
    assert all(kept not in step and "contact" not in step for step, _status in done.response.redirect_chain)
    assert "no-store" in look.response.headers["Cache-Control"]


def test_it_may_be_skipped_and_left_empty(page_client, url):
    look = _answers(page_client, url, "typed@then.id", skip="1")
    assert look.heading == LOOK and "tanpa kabar" in look.text and "typed@then.id" not in look.html
    assert _answers(page_client, url, "").heading == LOOK
    page_client.send(url, look.form(url))
    assert Booking.objects.get().contact_hash == "" and Booking.objects.get().state == states.BOOKED


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("warga@contoh", "belum lengkap"),
        ("a b@contoh.id", "belum lengkap"),
        ("0812", "Nomor itu belum benar"),
        ("+1 202 555 0123", "Nomor itu belum benar"),
        ("budi", "Nomor itu belum benar"),
        ("x" * 300 + "@contoh.id", "terlalu panjang"),
    ],
)
def test_a_wrong_one_keeps_what_was_typed_and_says_what_to_do(page_client, url, typed, words):
    page = _answers(page_client, url, typed, status=422)
    assert words in page.text and page.heading == ASKS and page.title.startswith("Galat:")
    assert page.find("input", name="contact")[0].get("value") == typed
    assert not Booking.objects.exists()


def test_change_goes_back_with_every_answer(page_client, url):
    look = _answers(page_client, url, "warga@contoh.id")
    form = {**look.form(url), "priority": "elderly"}
    back = page_client.send(url, {**form, "change": "1"})
    assert back.heading == ASKS and back.find("input", name="contact")[0].get("value") == "warga@contoh.id"
    again = page_client.send(url, {**back.form(url), "contact": "lain@contoh.id"})
    assert again.form(url)["priority"] == "elderly" and again.form(url)["key"] == form["key"]
    page_client.send(url, again.form(url))
    assert queries.contact_of(Booking.objects.get()) == "lain@contoh.id"


def test_what_this_hall_cannot_send_is_not_offered(page_client, url, settings):
    settings.WHATSAPP_URL = ""
    assert "WhatsApp" not in page_client.page(url).find("form")[-1].text
    assert "belum dapat mengirim WhatsApp" in _answers(page_client, url, "081234567890", status=422).text
    settings.PUBLIC_URL = ""
    page = page_client.page(url)
    assert page.heading == LOOK and "Langkah 3 dari 3" in page.text and "Kabar untuk Anda" not in page.text


class TestCode:
    """A service that wants a confirmed contact."""

    @pytest.fixture(autouse=True)
    def _strict(self, small_mall):
        open_bookings(small_mall, places=2, contact="confirmed")

    def test_it_may_not_be_skipped(self, page_client, url):
        asked = page_client.page(url)
        assert asked.heading == "Ke mana kami kirim kodenya?" and not asked.find("button", name="skip")
        for given in ({"contact": ""}, {"contact": "a@b.id", "skip": "1"}):
            page = page_client.send(url, {**asked.form(url), **given}, status=422)
            assert "meminta kontak" in page.text

    def test_held_then_the_code_then_booked(self, page_client, url):
        look = _answers(page_client, url, "warga@contoh.id")
        assert "kode enam angka" in look.text
        held = page_client.send(url, look.form(url))
        booking = Booking.objects.get()
        assert held.heading == "Tulis kode Anda" and "08.10" in held.text and "w…@contoh.id" in held.text
        assert booking.state == states.HELD and Place.objects.count() == 1
        commands.write_letters(now=NOW)
        code = Notice.objects.get().data["code"]
        done = page_client.send(f"/b/{booking.token}/confirm", {"code": f" {code[:3]} {code[3:]}"})
        assert done.heading == booking.reference and Booking.objects.get().state == states.BOOKED
        commands.write_letters(now=NOW)
        assert list(Notice.objects.order_by("id").values_list("template", flat=True)) == [
            "contact_code",
            "booking_made",
        ]
        # A second tap finds it done.
        assert page_client.send(f"/b/{booking.token}/confirm", {"code": code}, status=409).heading == booking.reference

    def test_wrong_codes_are_told_kept_and_counted(self, page_client, url):
        page_client.send(url, _answers(page_client, url, "warga@contoh.id").form(url))
        token = Booking.objects.get().token
        wrong = "000000" if queries.contact_code(token) != "000000" else "111111"
        here = f"/b/{token}/confirm"
        for text in ("", "12", "abcdef", "1" * 30):
            page_client.send(here, {"code": text}, status=422)
        assert Booking.objects.get().code_tries == 0
        for _ in range(5):
            page = page_client.send(here, {"code": wrong}, status=409)
            assert "tidak cocok" in page.text and page.find("input", name="code")[0].get("value") == wrong
        page = page_client.send(here, {"code": queries.contact_code(token)}, status=409)
        assert "lima kali" in page.text and Booking.objects.get().state == states.HELD

    def test_too_late(self, page_client, url, monkeypatch):
        page_client.send(url, _answers(page_client, url, "warga@contoh.id").form(url))
        token = Booking.objects.get().token
        monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=11))
        page = page_client.page(f"/b/{token}/")
        assert "sudah lewat" in page.text and not page.find("input", name="code")
        page_client.send(f"/b/{token}/confirm", {"code": queries.contact_code(token)}, status=409)
        commands.expire_held(now=clock.now())
        assert "Waktunya lewat" in page_client.page(f"/b/{token}/").text

    def test_looking_confirms_and_cancels_nothing(self, client, page_client, url):
        page_client.send(url, _answers(page_client, url, "warga@contoh.id").form(url))
        token = Booking.objects.get().token
        for path in ("", "confirm", "cancel"):
            client.get(f"/b/{token}/{path}")
            client.head(f"/b/{token}/{path}")
        assert Booking.objects.get().state == states.HELD and Place.objects.count() == 1

    def test_one_person_one_booking_of_a_service(self, page_client, url, small_mall):
        legs = [(small_mall.lines["ktp"].pk, at(10))]
        commands.book(
            mall=small_mall.mall,
            legs=legs,
            quantity=1,
            channel="phone",
            now=NOW,
            contact_kind="email",
            contact="warga@contoh.id",
        )
        look = _answers(page_client, url, "warga@contoh.id")
        page = page_client.send(url, look.form(url), status=409)
        assert "sudah punya pemesanan" in page.text and page.form(url)["contact"] == "warga@contoh.id"

    def test_a_hall_that_cannot_send_codes_says_so(self, page_client, url, settings):
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", ""
        settings.WHATSAPP_URL = ""
        assert "belum dapat mengirim kode" in page_client.page(url, status=409).text
