"""By the booking's link: another time, the waiting list and its offer, news by push. Looking changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.html import escape
from django_scopes import scopes_disabled

from senyum.bookings import commands, queries, states
from senyum.bookings.models import Booking, Leg, Place, WaitEntry
from senyum.bookings.tests.days import DAY, NOW, at, open_bookings
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.notices.models import Notice, Subscription
from senyum.notices.tests.test_webpush import AUTH, POINT
from senyum.roster import commands as roster
from senyum.surfaces.ui.words import minutes_range
from senyum.visits.hall import forget
from senyum.visits.queries import booked_waits

pytestmark = pytest.mark.django_db
PUSH = {"endpoint": "https://fcm.googleapis.com/fcm/send/abc", "p256dh": POINT, "auth": AUTH}


@pytest.fixture(autouse=True)
def _day(small_mall, monkeypatch, settings):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    settings.PUBLIC_URL = "https://mpp.contoh.id"
    open_bookings(small_mall, places=2)
    with scopes_disabled():
        yield


def _book(hall, hour: int = 9, *lines: str, **more):
    legs = [(hall.lines[line].pk, at(hour + n)) for n, line in enumerate(lines or ("ktp",))]
    given = {"quantity": 1, "channel": "phone", "now": NOW, "contact_kind": "email", "contact": "a@contoh.id"}
    return commands.book(mall=hall.mall, legs=legs, **{**given, **more})


def _fills(hall, hour: int, quantity: int = 2):
    return _book(hall, hour, quantity=quantity, contact="", contact_kind="")


class TestWait:
    def test_on_its_day_the_page_says_how_long_one_waits_who_comes_on_time(self, small_mall, page_client, monkeypatch):
        view = _book(small_mall, 10, "ktp", "skck")
        _book(small_mall, 10, contact="", contact_kind="")
        for number, user in ((1, "petugas1"), (2, "petugas2")):
            roster.open_session(
                counter=small_mall.counters[number], user=small_mall.users[user], now=at(8), actor=SYSTEM
            )
        assert "Kalau datang tepat waktu" not in page_client.page(f"/b/{view.token}/").text, "the day before"
        monkeypatch.setattr(clock, "now", lambda: at(8, 30))
        forget()
        told = {wait.line_id: wait for wait in booked_waits(small_mall.mall, view, at(8, 30))}
        ktp = told[small_mall.lines["ktp"].pk]
        page = page_client.page(f"/b/{view.token}/")
        assert "Kalau datang tepat waktu" in page.text and "Perkiraan pukul 08.30" in page.text
        said = page.text.partition("Kalau datang tepat waktu")[2].partition("Perkiraan pukul")[0]
        assert "10.00" in said and minutes_range(ktp.p50, ktp.p90) in said and "di depan Anda" in said
        # Nobody serves the second service: nothing is told of it.
        assert told[small_mall.lines["skck"].pk].p50 is None and "11.00" not in said


class TestMove:
    def test_day_time_one_look_and_moved(self, small_mall, page_client):
        view = _book(small_mall)
        here = f"/b/{view.token}/move/"
        assert here in page_client.page(f"/b/{view.token}/").html
        days = page_client.page(here)
        assert f"{here}?day={DAY}" in days.html and "pukul 09.00" in days.text
        times = page_client.page(f"{here}?day={DAY}")
        # Not the time that it has.
        assert "at=0400" in times.html and "at=0200" not in times.html
        url = f"{here}?day={DAY}&at=0400"
        look = page_client.page(url)
        assert look.heading == "Pindah ke sini?" and "3 kali" in look.text and "pukul 09.00" in look.text
        assert queries.booking_by_token(view.token).starts == at(9)
        done = page_client.send(url, look.form(url))
        assert done.heading == view.reference and "11.00" in done.text
        moved = queries.booking_by_token(view.token)
        assert (moved.starts, moved.moves) == (at(11), 1)
        assert [p.slot.starts for p in Place.objects.all()] == [at(11)]
        # A second tap changes nothing and uses up no move.
        page_client.send(url, {})
        assert queries.booking_by_token(view.token).moves == 1

    def test_full_meanwhile_keeps_the_old_place_and_says_what_is_free(self, small_mall, page_client):
        view = _book(small_mall)
        url = f"/b/{view.token}/move/?day={DAY}&at=0400"
        page_client.page(url)
        _fills(small_mall, 11)
        page = page_client.send(url, {}, status=409)
        assert "baru saja penuh" in page.text and "tetap ada" in page.text and "at=0300" in page.html
        assert (
            queries.booking_by_token(view.token).starts == at(9) and Place.objects.filter(slot__starts=at(9)).exists()
        )

    def test_a_full_day_leads_to_the_next_free_times(self, small_mall, page_client):
        view = _book(small_mall)
        line = small_mall.lines["ktp"].pk
        for slot in queries.free_slots(small_mall.mall, [line], DAY, quantity=1, now=NOW)[line]:
            legs = [(line, slot.starts)]
            commands.book(mall=small_mall.mall, legs=legs, quantity=slot.free, channel="kiosk", now=NOW)
        page = page_client.page(f"/b/{view.token}/move/?day={DAY}")
        assert "Yang kosong berikutnya" in page.text and f"day={DAY + timedelta(days=1)}" in page.html
        assert page.html.count('class="service"') == 3

    def test_two_services_move_together(self, small_mall, page_client):
        view = _book(small_mall, 9, "ktp", "skck")
        url = f"/b/{view.token}/move/?day={DAY}&at=0500"
        page_client.send(url, {})
        legs = queries.booking_by_token(view.token).legs
        assert legs[0].starts == at(12) and legs[1].starts >= legs[0].ends and len(legs) == 2

    def test_after_three_moves_it_says_so(self, small_mall, page_client):
        view = _book(small_mall)
        for hour in ("0300", "0400", "0500"):
            page_client.send(f"/b/{view.token}/move/?day={DAY}&at={hour}", {})
        page = page_client.page(f"/b/{view.token}/")
        assert f"/b/{view.token}/move/" not in page.html
        assert "tiga kali" in page_client.page(f"/b/{view.token}/move/", status=409).text
        assert "tiga kali" in page_client.send(f"/b/{view.token}/move/?day={DAY}&at=0600", {}, status=409).text

    def test_what_was_given_back_does_not_move(self, small_mall, page_client):
        view = _book(small_mall)
        commands.cancel(token=view.token, now=NOW)
        page_client.send(f"/b/{view.token}/move/?day={DAY}&at=0400", {}, status=409)
        assert not Place.objects.exists()
        again = f"/m/contoh/book/?line={small_mall.lines['ktp'].pk}"
        assert again in page_client.page(f"/b/{view.token}/").html

    @pytest.mark.parametrize("query", ["?day=x", "?day=2020-01-01", f"?day={DAY}&at=9999", "?at=0400"])
    def test_an_odd_address_is_no_dead_end(self, small_mall, page_client, query):
        view = _book(small_mall)
        page = page_client.page(f"/b/{view.token}/move/{query}")
        assert page.heading in ("Jam berapa?", "Pindah ke hari apa?") and "pukul 09.00" in page.text
        assert queries.booking_by_token(view.token).starts == at(9)


class TestWaiting:
    @pytest.fixture
    def line(self, small_mall) -> int:
        return small_mall.lines["ktp"].pk

    def _joins(self, page_client, url, contact="b@contoh.id", status=200):
        form = page_client.page(url).form(url)
        return form, page_client.send(url, {**form, "contact": contact}, status=status)

    def test_from_a_full_time_to_the_offer_and_the_place(self, small_mall, page_client, line):
        full = _fills(small_mall, 9)
        times = page_client.page(f"/m/contoh/book/?line={line}&quantity=1&day={DAY}")
        url = f"/m/contoh/wait/?line={line}&quantity=1&day={DAY}&at=0200"
        assert "1 jam yang penuh" in times.text and escape(url) in times.html
        form, page = self._joins(page_client, url)
        entry = WaitEntry.objects.get()
        assert page.heading == "Anda ada di daftar" and "b…@contoh.id" in page.text and "b@contoh" not in page.html
        assert (entry.earliest, entry.latest) == (at(9), at(9))
        # The same form once more is the same place in the list.
        page_client.send(url, {**form, "contact": "b@contoh.id"})
        assert WaitEntry.objects.count() == 1
        commands.cancel(token=full.token, now=NOW)
        commands.write_letters(now=NOW)
        link = Notice.objects.get(template="booking_offer").data["link"].removeprefix("https://mpp.contoh.id")
        offer = page_client.page(link)
        assert offer.heading == "Ada tempat untuk Anda" and "08.30" in offer.text
        assert page_client.get(f"/w/{entry.token}/").headers["Location"] == link
        assert Booking.objects.get(state=states.HELD).starts == at(9)
        done = page_client.send(f"{link}accept", {})
        booking = Booking.objects.get(state=states.BOOKED)
        assert done.heading == booking.reference and WaitEntry.objects.get().state == states.TAKEN
        # A second tap finds it taken.
        assert page_client.send(f"{link}accept", {}).heading == booking.reference

    def test_an_offer_declined_goes_to_the_next(self, small_mall, page_client, line):
        full = _fills(small_mall, 9)
        url = f"/m/contoh/wait/?line={line}&quantity=2&day={DAY}&at=0200"
        self._joins(page_client, url)
        self._joins(page_client, url, "c@contoh.id")
        commands.cancel(token=full.token, now=NOW)
        first = Booking.objects.get(state=states.HELD)
        page = page_client.send(f"/b/{first.token}/decline", {})
        assert "Dibatalkan" in page.text
        second = Booking.objects.get(state=states.HELD)
        assert queries.contact_of(second) == "c@contoh.id"
        page_client.send(f"/b/{first.token}/accept", {}, status=409)
        assert Booking.objects.get(state=states.HELD).pk == second.pk

    def test_an_offer_that_passed_says_so(self, small_mall, page_client, line, monkeypatch):
        full = _fills(small_mall, 9)
        self._joins(page_client, f"/m/contoh/wait/?line={line}&quantity=1&day={DAY}&at=0200")
        commands.cancel(token=full.token, now=NOW)
        held = Booking.objects.get(state=states.HELD)
        monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=31))
        for _step in range(2):
            page = page_client.page(f"/b/{held.token}/")
            assert page.heading == "Tawaran sudah lewat" and not page.find("form", action=f"/b/{held.token}/accept")
            page = page_client.send(f"/b/{held.token}/accept", {}, status=409)
            assert "sudah lewat dan diteruskan" in page.text
            commands.expire_held(now=clock.now())
        assert not Place.objects.exists()
        assert "Tawaran sudah lewat" in page_client.page(f"/w/{WaitEntry.objects.get().token}/").text

    def test_a_whole_full_day(self, small_mall, page_client, line):
        for slot in queries.free_slots(small_mall.mall, [line], DAY, quantity=1, now=NOW)[line]:
            commands.book(mall=small_mall.mall, legs=[(line, slot.starts)], quantity=2, channel="kiosk", now=NOW)
        days = page_client.page(f"/m/contoh/book/?line={line}")
        url = f"/m/contoh/wait/?line={line}&quantity=1&day={DAY}"
        assert escape(url) in days.html and "Penuh" in days.text
        _form, page = self._joins(page_client, url)
        assert "antara" in page.text and WaitEntry.objects.get().latest > WaitEntry.objects.get().earliest

    def test_leaving(self, small_mall, page_client, line):
        _fills(small_mall, 9)
        self._joins(page_client, f"/m/contoh/wait/?line={line}&quantity=1&day={DAY}&at=0200")
        token = WaitEntry.objects.get().token
        page = page_client.send(f"/w/{token}/leave", {})
        assert page.heading == "Tidak menunggu lagi"
        page_client.send(f"/w/{token}/leave", {}, status=409)
        assert WaitEntry.objects.get().state == states.LEFT

    @pytest.mark.parametrize(
        ("typed", "words"), [("", "supaya kami dapat memberi kabar"), ("b@contoh", "belum lengkap")]
    )
    def test_what_is_wrong_is_told_and_kept(self, small_mall, page_client, line, typed, words):
        _fills(small_mall, 9)
        url = f"/m/contoh/wait/?line={line}&quantity=1&day={DAY}&at=0200"
        _form, page = self._joins(page_client, url, typed, status=422)
        assert words in page.text and page.find("input", name="contact")[0].get("value") == typed
        assert not WaitEntry.objects.exists()

    def test_who_has_a_booking_or_waits_already_is_told(self, small_mall, page_client, line):
        _fills(small_mall, 9)
        _book(small_mall, 10, contact="b@contoh.id")
        url = f"/m/contoh/wait/?line={line}&quantity=1&day={DAY}&at=0200"
        assert "sudah punya pemesanan" in self._joins(page_client, url, status=409)[1].text
        self._joins(page_client, url, "c@contoh.id")
        assert "sudah ada di daftar tunggu" in self._joins(page_client, url, "c@contoh.id", status=409)[1].text

    def test_nothing_to_wait_for_leads_back(self, small_mall, client, line):
        free = f"/m/contoh/wait/?line={line}&quantity=1&day={DAY}&at=0200"
        assert client.get(free).headers["Location"].startswith("/m/contoh/book/")
        assert (
            client.get(f"/m/contoh/wait/?line={line}&day=2020-01-01").headers["Location"].startswith("/m/contoh/book/")
        )
        assert client.get("/m/contoh/wait/?line=999999&day=2026-09-10").headers["Location"] == "/m/contoh/"
        assert client.get(f"/m/contoh/wait/?line={line}").headers["Location"] == "/m/contoh/"
        assert client.get("/w/AAAAAAAAAAAAAAAAAAAAAA/").status_code == 404

    def test_a_hall_that_can_send_nothing_offers_no_list(self, small_mall, page_client, line, settings):
        settings.PUBLIC_URL = ""
        _fills(small_mall, 9)
        assert "daftar tunggu" not in page_client.page(f"/m/contoh/book/?line={line}&quantity=1&day={DAY}").text


class TestPush:
    def test_a_browser_follows_is_reminded_and_moves_along(self, small_mall, client):
        view = _book(small_mall, contact="", contact_kind="")
        assert client.post(f"/b/{view.token}/push", PUSH).status_code == 204
        row = Subscription.objects.get()
        assert (row.subject_kind, row.subject_id, row.useful_until) == (
            "booking",
            str(view.id),
            at(23) + timedelta(hours=1),
        )
        commands.write_letters(now=NOW)
        assert not Notice.objects.exists()
        later = DAY + timedelta(days=3)
        commands.move(token=view.token, legs=[(small_mall.lines["ktp"].pk, at(9, day=later))], now=NOW)
        assert Subscription.objects.get().useful_until == at(23, day=later) + timedelta(hours=1)
        commands.write_letters(now=NOW)
        commands.write_letters(now=at(9, day=later) - timedelta(hours=24))
        told = Notice.objects.order_by("id").values_list("template", "channel")
        assert list(told) == [("booking_moved", "webpush"), ("booking_reminder", "webpush")]

    def test_giving_it_back_forgets_the_browser(self, small_mall, client):
        view = _book(small_mall)
        client.post(f"/b/{view.token}/push", PUSH)
        client.post(f"/b/{view.token}/cancel")
        assert not Subscription.objects.exists()

    def test_it_stops_and_refuses_what_it_cannot_read(self, small_mall, client):
        view = _book(small_mall)
        client.post(f"/b/{view.token}/push", PUSH)
        assert client.post(f"/b/{view.token}/push", {**PUSH, "stop": "1"}).status_code == 204
        assert not Subscription.objects.exists()
        assert client.post(f"/b/{view.token}/push", {**PUSH, "endpoint": "https://evil.example/x"}).status_code == 422
        commands.cancel(token=view.token, now=NOW)
        assert client.post(f"/b/{view.token}/push", PUSH).status_code == 422

    def test_without_an_address_of_the_hall_nothing_is_offered(self, small_mall, page_client, settings):
        view = _book(small_mall)
        assert "data-push-card" in page_client.page(f"/b/{view.token}/").html
        settings.PUBLIC_URL = ""
        assert "data-push-card" not in page_client.page(f"/b/{view.token}/").html


def test_a_program_that_opens_every_link_changes_nothing(small_mall, client):
    """Mail scanners GET and HEAD whatever stands in a letter, and the addresses that they find behind it."""
    mine, full = _book(small_mall, 10), _fills(small_mall, 9)
    nine = at(9)
    entry = commands.wait(
        mall=small_mall.mall,
        line_id=small_mall.lines["ktp"].pk,
        day=DAY,
        earliest=nine,
        latest=nine,
        quantity=1,
        contact_kind="email",
        contact="b@contoh.id",
        now=NOW,
    )
    commands.cancel(token=full.token, now=NOW)
    held = Booking.objects.get(state=states.HELD)
    before = [list(model.objects.order_by("pk").values()) for model in (Booking, Leg, Place, WaitEntry)]
    for token in (mine.token, held.token):
        for path in (
            "",
            "move/",
            f"move/?day={DAY}&at=0400",
            "accept",
            "decline",
            "cancel",
            "confirm",
            "push",
            "calendar.ics",
        ):
            client.get(f"/b/{token}/{path}")
            client.head(f"/b/{token}/{path}")
    for path in ("", "leave"):
        client.get(f"/w/{entry.token}/{path}")
    assert before == [list(model.objects.order_by("pk").values()) for model in (Booking, Leg, Place, WaitEntry)]
