"""My ticket in each state, what I may do, and who else may not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_scopes import scopes_disabled

from senyum.catalogue.tests.standards import first_requirement
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.surfaces.citizen import words
from senyum.surfaces.citizen.tests.phones import at_counter, calls, opens, serves, take
from senyum.surveys.models import Smile
from senyum.visits import commands
from senyum.visits.hall import forget
from senyum.visits.models import Ticket, Visit
from senyum.visits.queries import visit_view

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


def _state(issued) -> str:
    return Ticket.objects.get(pk=issued.tickets[0].id).state


def test_waiting_says_the_range_the_people_and_the_promise(small_mall, page_client):
    opens(small_mall, 1)
    for _ in range(5):
        take(small_mall, "ktp", priority="elderly")
    issued = take(small_mall, "ktp")
    Ticket.objects.update(promised_by=clock.now() + timedelta(hours=5))
    page = page_client.page(f"/t/{issued.token}/")
    assert page.heading == issued.label
    for said in ("Dipanggil kira-kira", "5 orang", "di depan Anda", "WIB", "Kami janjikan", "Diperbarui"):
        assert said in page.text
    assert "Saatnya menuju" not in page.text


def test_a_promise_that_will_not_be_kept_is_not_hidden(small_mall, page_client):
    opens(small_mall, 1)
    for _ in range(8):
        take(small_mall, "ktp")
    text = page_client.page(f"/t/{take(small_mall, 'ktp').token}/").text
    assert "Maaf, antrean lebih panjang daripada yang kami janjikan" in text


def test_three_ahead_means_walk_now(small_mall, page_client):
    opens(small_mall, 1)
    for _ in range(3):
        take(small_mall, "ktp")
    issued = take(small_mall, "ktp")
    page = page_client.page(f"/t/{issued.token}/")
    assert "Saatnya menuju ruang tunggu." in page.text and "Tinggal 3 orang lagi" in page.text
    assert page.title.startswith("Saatnya menuju ruang tunggu")


def test_without_an_open_counter_no_figure_is_invented(small_mall, page_client):
    issued = take(small_mall, "ktp")
    assert "Loket belum dijaga" in page_client.page(f"/t/{issued.token}/").text


def test_called_fills_the_page_and_the_title(small_mall, page_client):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    calls(small_mall, 1)
    page = page_client.page(f"/t/{issued.token}/")
    assert page.heading == "Silakan ke loket 1"
    assert page.title.startswith(f"Silakan ke loket 1 · {issued.label}")
    part = page_client.fragment(f"/t/{issued.token}/now/")
    ticket = part.find("div", id="ticket")[0]
    assert ticket.get("data-state") == "called" and "loket 1" in ticket.get("data-said")


def test_serving_and_parked(small_mall, page_client):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    ticket = calls(small_mall, 1)
    at_counter(small_mall, 1, "serve", ticket)
    assert "Sedang dilayani di loket 1" in page_client.page(f"/t/{issued.token}/").text
    at_counter(small_mall, 1, "park", ticket)
    assert "Loket 1 menunggu Anda kembali" in page_client.page(f"/t/{issued.token}/").text


def test_absent_may_come_back_with_one_tap(small_mall, page_client):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    at_counter(small_mall, 1, "absent", calls(small_mall, 1))
    url = f"/t/{issued.token}/rejoin"
    page = page_client.page(f"/t/{issued.token}/")
    assert "Saya di sini" in page.text and "di loket 1" in page.text
    page_client.send(url, page.form(url))
    assert _state(issued) == "waiting"


def test_the_third_coming_back_is_refused_and_says_what_to_do(small_mall, page_client):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    for _ in range(2):
        at_counter(small_mall, 1, "absent", calls(small_mall, 1))
        page_client.send(f"/t/{issued.token}/rejoin", {"ticket": issued.tickets[0].id})
    at_counter(small_mall, 1, "absent", calls(small_mall, 1))
    page = page_client.page(f"/t/{issued.token}/")
    assert "dua kali kembali" in page.text and "Saya di sini" not in page.text
    refused = page_client.send(f"/t/{issued.token}/rejoin", {"ticket": issued.tickets[0].id}, status=409)
    assert "Sudah dua kali" in refused.text and _state(issued) == "absent"


def test_delay_keeps_the_place_three_times_at_most(small_mall, page_client):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    url, ticket = f"/t/{issued.token}/delay", issued.tickets[0].id
    for minutes in (5, 10, 15):
        page = page_client.send(url, {"ticket": ticket, "minutes": minutes})
    assert "ditunda sampai pukul" in page.text and "Tunda giliran" not in page.text
    refused = page_client.send(url, {"ticket": ticket, "minutes": 5}, status=409)
    assert "hanya bisa ditunda tiga kali" in refused.text
    assert Ticket.objects.get(pk=ticket).delays == 3


@pytest.mark.parametrize("answers", [{"minutes": 7}, {"minutes": "x"}, {}, {"ticket": "", "minutes": 5}])
def test_an_unreadable_delay_changes_nothing(small_mall, page_client, answers):
    issued = take(small_mall, "ktp")
    page = page_client.send(f"/t/{issued.token}/delay", {"ticket": issued.tickets[0].id, **answers}, status=422)
    assert "Tidak ada yang berubah" in page.text
    assert Ticket.objects.get().delays == 0


def test_leaving_asks_first(small_mall, page_client):
    issued = take(small_mall, "ktp")
    url = f"/t/{issued.token}/leave"
    assert "Batalkan antrean" in page_client.page(url).heading
    assert _state(issued) == "waiting"
    page = page_client.send(url)
    assert "sudah dibatalkan" in page.text and _state(issued) == "left"
    again = page_client.send(url, status=409)
    assert "tidak ada antrean yang bisa ditinggalkan" in again.text
    assert page_client.get(url)["Location"] == f"/t/{issued.token}/"


def test_one_leg_of_two_may_be_left(small_mall, page_client):
    issued = take(small_mall, "ktp", "skck")
    assert "Batalkan semuanya" in page_client.page(f"/t/{issued.token}/leave").text
    page_client.send(f"/t/{issued.token}/leave", {"ticket": issued.tickets[1].id})
    assert [t.state for t in Ticket.objects.order_by("leg")] == ["waiting", "left"]
    page_client.send(f"/t/{issued.token}/leave", {"ticket": "x"}, status=422)


def test_serving_cannot_be_left(small_mall, page_client):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    at_counter(small_mall, 1, "serve", calls(small_mall, 1))
    assert "Batalkan antrean" not in page_client.page(f"/t/{issued.token}/").text
    page_client.send(f"/t/{issued.token}/leave", {"ticket": issued.tickets[0].id}, status=409)
    assert _state(issued) == "serving"


@pytest.mark.parametrize("action", ["delay", "rejoin", "leave", "smile"])
def test_another_visits_ticket_is_not_mine(small_mall, page_client, action):
    mine, other = take(small_mall, "ktp"), take(small_mall, "ktp")
    answers = {"ticket": other.tickets[0].id, "minutes": 5, "score": 4}
    page_client.send(f"/t/{mine.token}/{action}", answers, status=404)
    assert Ticket.objects.get(pk=other.tickets[0].id).state == "waiting"
    assert Ticket.objects.get(pk=other.tickets[0].id).delays == 0


@pytest.mark.parametrize("token", ["x", "A" * 22, "A" * 400, "%00" * 16, "é" * 16])
def test_every_guess_gets_the_same_friendly_answer(small_mall, page_client, token):
    right = take(small_mall, "ktp").token
    page = page_client.page(f"/t/{token}/", status=404)
    near = page_client.page(f"/t/{right[:-1]}{'A' if right[-1] != 'A' else 'B'}/", status=404)
    assert "Tautan antrean ini tidak dikenal" in page.text
    assert near.text == page.text
    for action in ("delay", "rejoin", "leave", "smile"):
        page_client.send(f"/t/{token}/{action}", {"ticket": 1}, status=404)


def test_the_page_keeps_its_address_to_itself(small_mall, page_client):
    issued = take(small_mall, "ktp")
    for url in (f"/t/{issued.token}/", f"/t/{issued.token}/now/", f"/t/{issued.token}/leave", "/t/nothing/"):
        headers = page_client.get(url).headers
        assert headers["Referrer-Policy"] == "same-origin"
        assert "no-store" in headers["Cache-Control"]
        assert "noindex" in headers["X-Robots-Tag"]
    assert page_client.page(f"/t/{issued.token}/").find("meta", name="robots")


@pytest.mark.parametrize("action", ["delay", "rejoin", "smile"])
def test_an_action_is_never_a_get(small_mall, page_client, action):
    assert page_client.get(f"/t/{take(small_mall, 'ktp').token}/{action}").status_code == 405


def test_two_legs_in_order_with_the_next_counter(small_mall, page_client):
    opens(small_mall, 1)
    opens(small_mall, 3)
    issued = take(small_mall, "ktp", "skck")
    serves(small_mall, 1)
    page = page_client.page(f"/t/{issued.token}/")
    steps = [li.text for li in page.find("ol", class_="steps")[0].all("li")]
    assert "KTP elektronik" in steps[0] and "Selesai" in steps[0]
    assert "SKCK" in steps[1] and "loket 3" in steps[1]
    assert page.find("li", aria_current="step")[0].text == steps[1]


def test_a_forward_shows_the_next_counter(small_mall, page_client):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    ticket = calls(small_mall, 1)
    at_counter(small_mall, 1, "serve", ticket)
    at_counter(small_mall, 1, "forward", ticket, line_id=small_mall.lines["skck"].pk, note="")
    page = page_client.page(f"/t/{issued.token}/")
    assert "Diteruskan" in page.text and "SKCK" in page.text and "loket 3" in page.text


def test_incomplete_says_what_was_missing(small_mall, page_client):
    opens(small_mall, 1)
    missing = first_requirement(
        small_mall.lines["ktp"].service, clock.now(), text="Kartu keluarga", text_en="Family card"
    )
    issued = take(small_mall, "ktp")
    serves(small_mall, 1, outcome="incomplete", missing_id=missing.pk)
    note = page_client.page(f"/t/{issued.token}/").find("section", class_="late")[0]
    assert "berkas belum lengkap" in note.text and "Yang kurang:" in note.text and "Kartu keluarga" in note.text
    assert "Family card" in page_client.page(f"/t/{issued.token}/?lang=en").text


def test_lapsed_says_when_it_opens_and_leads_to_a_new_number(small_mall, page_client):
    issued = take(small_mall, "ktp")
    booths = [booth.pk for booth in small_mall.booths.values()]
    commands.close_day(mall=small_mall.mall, booth_ids=booths, now=clock.now())
    page = page_client.page(f"/t/{issued.token}/")
    assert "sudah tutup sebelum giliran Anda" in page.text and "Buka lagi besok pukul 00.00" in page.text
    assert f"/m/contoh/line/{small_mall.lines['ktp'].pk}/" in page.html


def test_a_hall_pause_says_so_and_when_it_ends(small_mall, page_client):
    issued, now = take(small_mall, "ktp"), clock.now()
    commands.pause_hall(
        mall=small_mall.mall, reason="Salat Jumat", back_at=now + timedelta(minutes=40), now=now, actor=SYSTEM
    )
    text = page_client.page(f"/t/{issued.token}/").text
    assert "MPP sedang jeda." in text and "Salat Jumat" in text and "ikut mundur" in text
    assert "ditambah lama jeda" in text
    assert "Kami janjikan paling lambat pukul" in text


def test_a_pause_moves_the_range_by_what_is_left_of_it(small_mall, page_client):
    opens(small_mall, 1)
    issued, now = take(small_mall, "ktp"), clock.now()
    back = now + timedelta(minutes=40)
    commands.pause_hall(mall=small_mall.mall, reason="Listrik", back_at=back, now=now, actor=SYSTEM)
    forget()
    leg = visit_view(Visit.objects.get(), now).legs[0]
    assert leg.why == "hall_pause" and leg.p50 > 40
    with timezone.override("Asia/Jakarta"):
        moved = words.clock_range(now + timedelta(minutes=leg.p50), now + timedelta(minutes=leg.p90))
        earliest = words.clock(back)
    page = page_client.page(f"/t/{issued.token}/")
    told = page.find("dl", class_="range")[0].text
    assert moved[:4] in told and earliest[:2] <= moved[:2]
    assert "MPP sedang jeda." in page.text and "Perkiraan mundur" not in page.text, "said once"


def test_a_pause_of_unknown_length_invents_no_time(small_mall, page_client):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    commands.pause_hall(mall=small_mall.mall, reason="Listrik padam", back_at=None, now=clock.now(), actor=SYSTEM)
    assert "setelah jeda" in page_client.page(f"/t/{issued.token}/").text


def _smile_url(issued) -> str:
    return f"/t/{issued.token}/smile"


def test_one_tap_smile_and_thanks(small_mall, page_client):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    serves(small_mall, 1)
    page = page_client.page(f"/t/{issued.token}/")
    assert len(page.find("button", name="score")) == 4
    thanked = page_client.send(_smile_url(issued), {**page.form(_smile_url(issued)), "score": "4"})
    assert "Hatur nuhun!" in thanked.text and not thanked.find("button", name="score")
    row = Smile.objects.get()
    assert (row.score, row.channel, row.ticket_id) == (4, "phone", issued.tickets[0].id)


def test_a_second_smile_changes_nothing(small_mall, page_client):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    serves(small_mall, 1)
    for score in (4, 1):
        page = page_client.send(_smile_url(issued), {"ticket": issued.tickets[0].id, "score": score})
        assert "Hatur nuhun!" in page.text
    assert [row.score for row in Smile.objects.all()] == [4]


def test_no_smile_before_being_served_nor_after_an_undo(small_mall, page_client):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    answers = {"ticket": issued.tickets[0].id, "score": 4}
    page_client.send(_smile_url(issued), answers, status=409)
    ticket = serves(small_mall, 1)
    commands.undo(counter_id=small_mall.counters[1].pk, actor=SYSTEM, now=clock.now(), wall=clock.wall())
    assert Ticket.objects.get(pk=ticket).state == "serving"
    page = page_client.send(_smile_url(issued), answers, status=409)
    assert "setelah dilayani" in page.text and not Smile.objects.exists()


@pytest.mark.parametrize(("score", "status"), [("5", 409), ("0", 409), ("", 422), ("x", 422)])
def test_only_the_four_faces(small_mall, page_client, score, status):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    serves(small_mall, 1)
    page_client.send(_smile_url(issued), {"ticket": issued.tickets[0].id, "score": score}, status=status)
    assert not Smile.objects.exists()


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("su", ("Nomer antrian", "payuneun")),
        ("en", ("Your number", "ahead of you", "Electronic ID card")),
    ],
)
def test_other_languages(small_mall, page_client, lang, words):
    issued = take(small_mall, "ktp")
    text = page_client.page(f"/t/{issued.token}/?lang={lang}").text
    assert all(word in text for word in words)


def test_no_name_and_no_number_of_another_visit_stands_on_the_page(small_mall, page_client):
    others = [take(small_mall, "ktp") for _ in range(2)]
    issued = take(small_mall, "ktp")
    html = page_client.page(f"/t/{issued.token}/").html
    assert not any(other.label in html or other.token in html for other in others)
    assert Visit.objects.count() == 3
