"""The door: who came in, who may see it, the two taps, and a lost ticket."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.surfaces.greeter.tests.door import client, come, take_url, url
from senyum.visits import commands
from senyum.visits.models import Arrival, Visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


@pytest.fixture
def greeter(small_mall):
    return client(small_mall)


PAGES = ("", "door/", "find/?q=a1", "paper/")


@pytest.mark.parametrize("rest", PAGES)
def test_who_may_open_it(small_mall, page_client, rest):
    assert page_client.get(url(rest))["Location"].startswith("/accounts/login/")
    for name in ("penyambut", "pengelola"):
        assert client(small_mall, name).get(url(rest)).status_code in (200, 302)
    for name in ("petugas1", "petugas3", "koordinator", "sekda", "admin"):
        assert client(small_mall, name).get(url(rest)).status_code == 403


def test_a_mall_where_the_greeter_has_no_role_is_not_there(small_mall, greeter):
    small_mall.mall.pk, small_mall.mall.code = None, "lain"
    small_mall.mall.save()
    for rest in PAGES:
        assert greeter.get(url(rest, "lain")).status_code == 404


def test_somebody_comes_in_and_is_greeted_with_a_tap(small_mall, greeter):
    page = greeter.page(url())
    page = greeter.send(url("arrive/"), page.form(url("arrive/")))
    assert "1 orang belum disapa" in page.text and "0 menit sejak pintu" in page.text
    arrival = Arrival.objects.get()
    page = greeter.send(url("greet/"), page.form(url("greet/")))
    assert page.response.redirect_chain[-1][0] == url(f"?arrival={arrival.pk}")
    assert "Untuk orang yang datang" in page.text and "0 orang belum disapa" in page.text
    arrival.refresh_from_db()
    assert arrival.greeted_at is not None and arrival.greeted_by == small_mall.users["penyambut"]


def test_a_double_tap_counts_one_person(small_mall, greeter):
    form = greeter.page(url()).form(url("arrive/"))
    for _ in range(2):
        greeter.send(url("arrive/"), form)
    assert Arrival.objects.count() == 1
    greeter.send(url("arrive/"), greeter.page(url()).form(url("arrive/")))
    assert Arrival.objects.count() == 2


def test_a_form_without_its_key_is_refused(small_mall, greeter):
    assert "Muat ulang" in greeter.send(url("arrive/"), {}, status=409).text
    assert Arrival.objects.count() == 0


def test_greeting_twice_keeps_the_first_moment(small_mall, greeter):
    arrival = commands.note_arrival(mall=small_mall.mall, now=clock.now() - timedelta(minutes=7), actor=SYSTEM)
    form = greeter.page(url()).form(url("greet/"))
    assert "7 menit sejak pintu" in greeter.page(url()).text
    greeter.send(url("greet/"), form)
    first = Arrival.objects.get().greeted_at
    greeter.send(url("greet/"), form)
    assert Arrival.objects.get().greeted_at == first and form == {"arrival": str(arrival.pk)}


def test_somebody_with_a_number_from_the_kiosk_waits_for_a_greeting_too(small_mall, greeter):
    issued = come(small_mall, "ktp", priority="elderly")
    page = greeter.page(url())
    assert issued.label in page.text and "Lansia" in page.text
    greeter.send(url("greet/"), page.form(url("greet/")))
    assert Visit.objects.get().greeted_at is not None
    assert issued.label not in greeter.page(url()).text


def test_the_door_refreshes_by_itself(small_mall, greeter):
    page = greeter.page(url())
    (door,) = page.find("div", id="door")
    assert door.get("hx-get") == url("door/") and {"arrival", "visit", "ticket"} <= set(door.get("data-live").split())
    (body,) = page.find("body")
    assert body.get("data-live-src") == "/live/contoh/?kinds=arrival,visit,ticket"
    come(small_mall, "ktp")
    assert "A-001" in greeter.fragment(url("door/")).text


def test_the_most_used_services_of_today_come_first(small_mall, greeter):
    for code in ("skck", "skck", "kk"):
        come(small_mall, code)
    (section,) = greeter.page(url()).find("section", aria_labelledby="popular")
    names = [link.get("href") for link in section.all("a")]
    assert names[:2] == [take_url(small_mall, "skck"), take_url(small_mall, "kk")]


def test_the_search_knows_what_people_call_things(small_mall, greeter):
    (found,) = greeter.page(url("?q=e-ktp"), max_queries=30).find("section", aria_labelledby="found")
    assert found.first("a").get("href") == take_url(small_mall, "ktp")
    assert "Belum ketemu" in greeter.page(url("?q=zzzzzz")).text


def test_a_second_service_keeps_the_first_and_the_person(small_mall, greeter):
    arrival = commands.note_arrival(mall=small_mall.mall, now=clock.now(), actor=SYSTEM, greeted=True)
    ktp, kk = small_mall.lines["ktp"].pk, small_mall.lines["kk"].pk
    page = greeter.page(url(f"?with={ktp}&arrival={arrival.pk}"))
    links = [a.get("href") for a in page.find("a", class_="service")]
    assert url(f"take/?line={ktp}&line={kk}&arrival={arrival.pk}") in links
    assert all(f"line={ktp}&" in link for link in links)


@pytest.mark.parametrize("typed", ["a1", "A-001", " a 001", "1"])
def test_a_lost_ticket_is_found_by_its_label(small_mall, greeter, typed):
    issued = come(small_mall, "ktp")
    response = greeter.get(url("find/"), {"q": typed})
    assert response["Location"] == url(f"visit/{issued.visit_id}/")


def test_several_matches_are_listed_and_none_says_what_to_do(small_mall, greeter):
    for code in ("ktp", "skck"):
        come(small_mall, code)
    page = greeter.page(url("find/?q=1"))
    assert "2 nomor cocok" in page.text and {"A-001", "B-001"} <= set(page.text.split())
    assert "misalnya a27" in greeter.page(url("find/?q=x9")).text


def test_a_hall_without_services_says_whom_to_ask(small_mall, greeter):
    for line in small_mall.lines.values():
        line.active = False
        line.save(update_fields=["active"])
    assert "Minta pengelola" in greeter.page(url()).text
