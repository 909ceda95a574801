"""Taking a number by phone."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.surfaces.citizen.tests.phones import closes_all, take
from senyum.visits import commands
from senyum.visits.models import Ticket, Visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


def _address(hall, *codes: str) -> str:
    return "/m/contoh/take/?" + "&".join(f"line={hall.lines[code].pk}" for code in codes)


def _takes(client, hall, *codes: str, status: int = 200, **answers):
    url = _address(hall, *codes)
    form = client.page(url).form(url)
    return client.send(url, {**form, **answers}, status=status)


def test_a_number_in_two_taps(small_mall, page_client):
    page = _takes(page_client, small_mall, "ktp")
    visit = Visit.objects.get()
    assert page.response.redirect_chain[-1][0] == f"/t/{visit.token}/"
    assert page.heading == visit.label
    assert (visit.channel, visit.priority, visit.quantity, visit.has_phone) == ("phone", "regular", 1, True)
    assert (visit.age_band, visit.district) == ("", "")


def test_what_was_answered_is_kept(small_mall, page_client):
    answers = {"priority": "elderly", "quantity": "3", "age_band": "60+", "district": "Kecamatan Dua"}
    _takes(page_client, small_mall, "ktp", "skck", **answers)
    visit = Visit.objects.get()
    assert (visit.priority, visit.quantity, visit.age_band, visit.district) == ("elderly", 3, "60+", "Kecamatan Dua")
    assert [t.line_id for t in Ticket.objects.order_by("leg")] == [small_mall.lines[c].pk for c in ("ktp", "skck")]


def test_another_service_may_be_added_and_taken_away(small_mall, page_client):
    ktp, kk = small_mall.lines["ktp"].pk, small_mall.lines["kk"].pk
    assert f"/m/contoh/?with={ktp}" in page_client.page(_address(small_mall, "ktp")).html
    adding = page_client.page(f"/m/contoh/?with={ktp}")
    assert f"/m/contoh/take/?line={ktp}&amp;line={kk}" in adding.html
    assert "/layanan/contoh-dukcapil/ktp-elektronik/" not in adding.html
    both = page_client.page(_address(small_mall, "ktp", "kk"))
    assert "2 layanan, satu nomor" in both.text
    assert f'href="/m/contoh/take/?line={ktp}"' in both.html


def test_a_double_tap_gives_one_ticket(small_mall, page_client):
    url = _address(small_mall, "ktp")
    form = page_client.page(url).form(url)
    first = page_client.send(url, form)
    second = page_client.send(url, form)
    assert first.heading == second.heading
    assert Visit.objects.count() == 1


def test_the_same_form_with_other_answers_asks_again_with_a_new_key(small_mall, page_client):
    url = _address(small_mall, "ktp")
    form = page_client.page(url).form(url)
    page_client.send(url, form)
    again = page_client.send(url, {**form, "quantity": "2"}, status=409)
    assert "sudah diambil" in again.text
    assert again.form(url)["key"] != form["key"]
    page_client.send(url, {**again.form(url), "quantity": "2"})
    assert Visit.objects.count() == 2


def test_the_optional_questions_are_asked_once(small_mall, page_client):
    url = _address(small_mall, "ktp")
    assert "Dua pertanyaan" in page_client.page(url).text
    _takes(page_client, small_mall, "ktp")
    assert "Dua pertanyaan" not in page_client.page(url).text


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"quantity": "0"}, "paling sedikit 1"),
        ({"quantity": "51"}, "Paling banyak 50"),
        ({"quantity": "dua"}, "dengan angka"),
        ({"priority": "king"}, "Pilih salah satu"),
        ({"age_band": "200"}, "200"),
        ({"district": "Elsewhere"}, "Elsewhere"),
    ],
)
def test_errors_keep_the_answers_and_take_no_number(small_mall, page_client, answers, words):
    page = _takes(page_client, small_mall, "ktp", status=422, **{"quantity": "4", **answers})
    assert words in page.text and page.title.startswith("Galat:")
    assert Visit.objects.count() == 0


def test_at_most_three_open_visits_of_one_browser(small_mall, page_client, client):
    for _ in range(3):
        _takes(page_client, small_mall, "ktp")
    page = _takes(page_client, small_mall, "ktp", status=429)
    assert "sudah ada 3 nomor" in page.text and Visit.objects.count() == 3
    assert all(label in page.text for label in Visit.objects.values_list("label", flat=True))
    commands.leave_visit(visit_id=Visit.objects.order_by("pk")[0].pk, now=clock.now())
    _takes(page_client, small_mall, "ktp")
    assert Visit.objects.count() == 4


def test_a_repeated_request_is_answered_although_three_are_open(small_mall, page_client):
    for _ in range(2):
        _takes(page_client, small_mall, "ktp")
    url = _address(small_mall, "ktp")
    form = page_client.page(url).form(url)
    page_client.send(url, form)
    page_client.send(url, form)
    assert Visit.objects.count() == 3


def test_another_browser_is_not_counted(small_mall, page_client):
    for _ in range(4):
        take(small_mall, "ktp")
    _takes(page_client, small_mall, "ktp")
    assert Visit.objects.count() == 5


def test_a_browser_that_lost_its_number_is_asked_to_press_again(small_mall, page_client):
    url = _address(small_mall, "ktp")
    form = page_client.page(url).form(url)
    page_client.cookies["senyum_phone"] = "f" * 32
    page = page_client.send(url, form, status=409)
    assert "Tekan sekali lagi" in page.text and Visit.objects.count() == 0
    page_client.send(url, page.form(url))
    assert Visit.objects.count() == 1


def test_a_closed_line_gives_no_number(small_mall, page_client):
    url = _address(small_mall, "ktp")
    form = page_client.page(url).form(url)
    closes_all(small_mall)
    page = page_client.send(url, form, status=409)
    assert "tidak menerima nomor" in page.text and Visit.objects.count() == 0


@pytest.mark.parametrize("query", ["", "?line=abc", "?line=99999999", "?line=-1", "?line=%D9%A3"])
def test_without_a_known_service_the_hall_is_shown(small_mall, page_client, query):
    response = page_client.get(f"/m/contoh/take/{query}")
    assert (response.status_code, response["Location"]) == (302, "/m/contoh/")


def test_the_hall_leads_back_to_my_number(small_mall, page_client):
    _takes(page_client, small_mall, "ktp")
    visit = Visit.objects.get()
    page = page_client.page("/m/contoh/")
    assert visit.label in page.text and f"/t/{visit.token}/" in page.html
