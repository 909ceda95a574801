"""The hall, a service and the counters on a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from senyum.catalogue.models import Service
from senyum.catalogue.tests.standards import first_requirement
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.malls import queries as malls
from senyum.malls.models import BoothHours
from senyum.malls.queries import local_time
from senyum.roster import commands as roster
from senyum.surfaces.citizen.tests.phones import closes_all, opens, take
from senyum.visits import commands
from senyum.visits.hall import forget

pytestmark = pytest.mark.django_db


def test_the_hall_shows_its_agencies_and_how_full_each_line_is(small_mall, page_client):
    opens(small_mall, 1)
    take(small_mall, "ktp")
    take(small_mall, "ktp")
    page = page_client.page("/m/contoh/")
    assert page.heading == "MPP Contoh"
    assert "Buka sekarang" in page.text and "KTP elektronik" in page.text
    assert "2 orang" in page.text and "Disdukcapil" in page.text


def test_the_cashier_is_not_offered(small_mall, page_client):
    assert "/layanan/contoh-bank/" not in page_client.page("/m/contoh/").html


def test_search_by_what_people_call_things(small_mall, page_client):
    page = page_client.page("/m/contoh/?q=bikin+ktp+ilang")
    found = page.find("section", aria_labelledby="found")[0]
    assert "KTP elektronik" in found.text and "SKCK" not in found.text


def test_search_without_an_answer_says_what_to_do(small_mall, page_client):
    page = page_client.page("/m/contoh/?q=zzzzqqqq")
    assert "Belum ketemu" in page.text and "Petugas penyambut" in page.text


def test_any_bytes_may_be_searched(small_mall, page_client):
    for q in ("%00", "%F0%9F%98%80", "%27%3B--", "a" * 3000):
        page_client.page(f"/m/contoh/?q={q}")


def test_what_was_searched_is_shown_as_text(small_mall, page_client):
    page = page_client.page("/m/contoh/?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in page.html


def test_a_closed_hall_says_so(small_mall, page_client):
    closes_all(small_mall)
    page = page_client.page("/m/contoh/")
    assert "Tutup sekarang" in page.text and "Buka sekarang" not in page.text


def test_a_pause_of_the_hall_is_said_everywhere(small_mall, page_client):
    now = clock.now()
    commands.pause_hall(
        mall=small_mall.mall, reason="Salat Jumat", back_at=now + timedelta(minutes=40), now=now, actor=SYSTEM
    )
    text = page_client.page("/m/contoh/").text
    assert "MPP sedang jeda." in text and "Salat Jumat" in text and "Mulai lagi pukul" in text


def test_an_unknown_hall(small_mall, page_client):
    page_client.page("/m/nowhere/", status=404)


def test_a_service_lists_what_to_bring_and_says_free_aloud(small_mall, page_client):
    line = small_mall.lines["ktp"]
    first_requirement(
        line.service, clock.now(), legal_basis="Perpres 96/2018 Pasal 15", reason="Untuk mencocokkan data"
    )
    page = page_client.page(f"/m/contoh/line/{line.pk}/")
    assert page.heading == "KTP elektronik"
    assert len(page.find("input", type="checkbox")) == 2
    for words in ("Gratis", "Jangan membayar", "data contoh", "Perpres 96/2018", "Untuk mencocokkan data", "10 menit"):
        assert words in page.text


def test_a_service_with_a_fee_says_where_it_is_paid(small_mall, page_client):
    text = page_client.page(f"/m/contoh/line/{small_mall.lines['skck'].pk}/").text
    assert "Rp30.000" in text and "kasir" in text and "Gratis" not in text


def test_a_service_says_the_range_when_a_counter_is_open(small_mall, page_client):
    line = small_mall.lines["ktp"].pk
    assert "belum bisa diperkirakan" in page_client.page(f"/m/contoh/line/{line}/").text
    opens(small_mall, 1)
    for _ in range(3):
        take(small_mall, "ktp")
    page = page_client.fragment(f"/m/contoh/line/{line}/now/")
    assert "3 orang" in page.text and "dipanggil dalam" in page.text and "menit" in page.text


def test_a_service_says_what_somebody_would_wait_who_comes_later(small_mall, page_client):
    opens(small_mall, 1)
    url = f"/m/{small_mall.mall.code}/line/{small_mall.lines['ktp'].pk}/"
    later = local_time(small_mall.mall, clock.now() + timedelta(minutes=2))
    if later.day == local_time(small_mall.mall, clock.now()).day:
        answer = page_client.page(f"{url}?at={later:%H:%M}").text
        assert f"Kalau datang pukul {later:%H.%M}" in answer or "tidak menerima" in answer
    assert "Tulis jamnya seperti 10.30." in page_client.page(f"{url}?at=nanti").text
    assert "Pilih jam yang masih akan datang" in page_client.page(f"{url}?at=00.00").text
    assert "Kalau datang pukul" not in page_client.page(url).text


def test_a_closed_service_offers_no_number(small_mall, page_client):
    line = small_mall.lines["ktp"].pk
    closes_all(small_mall)
    page = page_client.page(f"/m/contoh/line/{line}/")
    assert "Tidak menerima nomor sekarang" in page.text
    assert "/take/" not in page.html


@pytest.mark.parametrize("line", [999999, 2**40])
def test_an_unknown_service(small_mall, page_client, line):
    page_client.page(f"/m/contoh/line/{line}/", status=404)


def test_markup_in_the_catalogue_stays_text(small_mall, page_client):
    line = small_mall.lines["ktp"]
    Service.objects.filter(pk=line.service_id).update(name="<b onclick=x>KTP</b>")
    forget()
    assert "&lt;b onclick" in page_client.page(f"/m/contoh/line/{line.pk}/").html


def test_counters_say_their_state_in_words_and_when_they_come_back(small_mall, page_client):
    now = clock.now()
    opens(small_mall, 1)
    paused = opens(small_mall, 2)
    roster.pause_session(
        session_id=paused.pk, reason="lunch", back_at=now + timedelta(minutes=30), now=now, actor=SYSTEM
    )
    page = page_client.page("/m/contoh/counters/")
    assert "1 dari 4 loket buka" in page.text
    assert "Istirahat makan siang" in page.text and "Kembali" in page.text
    rows = page.find("li", class_="closed")
    assert len(rows) == 2 and all("Tutup" in row.text and "Belum ada petugas" in row.text for row in rows)
    assert "1 dari 4 loket buka" in page_client.fragment("/m/contoh/counters/now/").text


def test_closed_counters_say_when_they_come_back(small_mall, page_client):
    now = clock.now()
    weekday = (local_time(small_mall.mall, now).weekday() + 1) % 7
    BoothHours.objects.filter(booth=small_mall.booths["polres"]).exclude(weekday=weekday).delete()
    malls.forget()
    forget()
    rows = page_client.page("/m/contoh/counters/").find("li", class_="closed")
    assert "Buka besok pukul 00.00" in rows[2].text and "Buka besok" not in rows[0].text


def test_an_officers_own_words_are_not_for_the_public(small_mall, page_client):
    session = opens(small_mall, 1)
    roster.pause_session(session_id=session.pk, reason="Menjenguk Bu Ani", back_at=None, now=clock.now(), actor=SYSTEM)
    assert "Ani" not in page_client.page("/m/contoh/counters/").text


@pytest.mark.parametrize(
    ("lang", "hall", "service"),
    [("su", "Buka ayeuna", "KTP éléktronik"), ("en", "Open now", "Electronic ID card")],
)
def test_other_languages(small_mall, page_client, lang, hall, service):
    text = page_client.page(f"/m/contoh/?lang={lang}").text
    assert hall in text and service in text
