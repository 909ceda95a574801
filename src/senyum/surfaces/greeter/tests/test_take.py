"""The number: what is shown before, the second tap, and that it is given once."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.surfaces.citizen.tests.phones import closes_all
from senyum.surfaces.greeter.tests.door import client, come, sit, take_url, url
from senyum.visits import commands
from senyum.visits.models import Arrival, Ticket, Visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


@pytest.fixture
def greeter(small_mall):
    return client(small_mall)


def _sends(greeter, address: str, status: int = 200, **answers):
    return greeter.send(address, {**greeter.page(address).form(address), **answers}, status=status)


def test_two_taps_from_the_door_to_the_number(small_mall, greeter):
    service = greeter.page(url()).find("a", class_="service")[0].get("href")
    page = _sends(greeter, service)
    visit = Visit.objects.get()
    assert page.response.redirect_chain[-1][0] == url(f"visit/{visit.pk}/?new=1")
    assert page.heading == visit.label == "A-001"
    assert (visit.channel, visit.priority, visit.quantity, visit.language) == ("greeter", "regular", 1, "id")
    assert visit.greeted_at is not None and (visit.age_band, visit.district, visit.has_phone) == ("", "", None)
    entry = Entry.objects.filter(kind="visit.issued").get()
    assert (entry.actor_kind, entry.actor_label) == ("user", "penyambut")


def test_the_wait_and_the_papers_are_shown_before(small_mall, greeter):
    sit(small_mall)
    for _ in range(3):
        come(small_mall, "ktp")
    page = greeter.page(take_url(small_mall, "ktp"))
    (ahead,) = page.find("p", class_="ahead")
    assert "3 orang" in ahead.text and "di depan" in ahead.text and "menit" in ahead.text
    papers = [
        label.text for label in page.find("label", class_="choice") if label.first("input").get("type") == "checkbox"
    ]
    assert papers == ["KTP", "Kartu keluarga"]
    assert not any(i.get("name") for i in page.find("input", type="checkbox")), "what somebody carries is not sent"


def test_what_was_answered_is_kept(small_mall, greeter):
    answers = {"priority": "pregnant", "quantity": "3", "language": "su", "age_band": "30-44"}
    _sends(greeter, take_url(small_mall, "ktp", "skck"), **answers, district="Kecamatan Dua", has_phone="0")
    visit = Visit.objects.get()
    assert (visit.priority, visit.quantity, visit.language) == ("pregnant", 3, "su")
    assert (visit.age_band, visit.district, visit.has_phone) == ("30-44", "Kecamatan Dua", False)
    assert [t.line_id for t in Ticket.objects.order_by("leg")] == [small_mall.lines[c].pk for c in ("ktp", "skck")]


def test_a_double_tap_gives_one_number(small_mall, greeter):
    address = take_url(small_mall, "ktp")
    form = greeter.page(address).form(address)
    headings = {greeter.send(address, form).heading for _ in range(2)}
    assert headings == {"A-001"} and Visit.objects.count() == 1


def test_the_same_form_with_other_answers_is_refused(small_mall, greeter):
    address = take_url(small_mall, "ktp")
    form = greeter.page(address).form(address)
    greeter.send(address, form)
    page = greeter.send(address, {**form, "quantity": "2"}, status=409)
    assert Visit.objects.count() == 1
    assert page.form(address)["once"] != form["once"]


def test_the_person_from_the_door_gets_the_number(small_mall, greeter):
    arrival = commands.note_arrival(mall=small_mall.mall, now=clock.now(), actor=SYSTEM)
    address = take_url(small_mall, "ktp", arrival=arrival.pk)
    form = greeter.page(address).form(address)
    for _ in range(2):
        greeter.send(address, form)
    arrival = Arrival.objects.get()
    assert arrival.visit == Visit.objects.get() and arrival.greeted_at is not None
    assert "Semua yang datang sudah disapa" in greeter.page(url()).text


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"quantity": "0"}, "paling sedikit 1"),
        ({"quantity": "51"}, "antara 1 dan 50"),
        ({"priority": "king"}, "Pilih salah satu"),
        ({"language": "fr"}, "Pilih salah satu"),
        ({"district": "Elsewhere"}, "Elsewhere"),
    ],
)
def test_errors_keep_the_answers_and_take_no_number(small_mall, greeter, answers, words):
    page = _sends(greeter, take_url(small_mall, "ktp"), status=422, **{"quantity": "4", **answers})
    assert words in page.text and page.title.startswith("Galat:") and Visit.objects.count() == 0


def test_a_closed_service_says_so_and_gives_no_number(small_mall, greeter):
    address = take_url(small_mall, "ktp")
    form = greeter.page(address).form(address)
    closes_all(small_mall)
    assert "Tidak menerima nomor baru" in greeter.page(address).text or "layanan" in greeter.page(address).text
    page = greeter.send(address, form, status=409)
    assert "Nomor belum diambil" in page.text and Visit.objects.count() == 0


@pytest.mark.parametrize("query", ["", "?line=x", "?line=999999", "?line=-4"])
def test_without_a_service_the_choice_is_shown(small_mall, greeter, query):
    assert greeter.get(url(f"take/{query}"))["Location"] == url()


def test_the_cashier_is_no_choice(small_mall, greeter):
    assert greeter.get(take_url(small_mall, "kasir"))["Location"] == url()


@pytest.mark.parametrize("name", ["petugas1", "petugas3", "sekda"])
def test_others_take_no_number_here(small_mall, name):
    address = take_url(small_mall, "ktp")
    assert client(small_mall, name).get(address).status_code == 403
    assert client(small_mall, name).post(address, {}).status_code == 403
    assert Visit.objects.count() == 0
