"""One search for all halls."""

from __future__ import annotations

import pytest
from django.test import Client

from senyum.catalogue.models import Line
from senyum.malls.models import Mall
from senyum.surfaces.ui.browser import PHONE, assert_axe_clean, assert_fits, assert_targets, shoot

pytestmark = pytest.mark.django_db
KTP = "/m/contoh/layanan/contoh-dukcapil/ktp-elektronik/"


def test_a_service_is_found_with_the_halls_that_offer_it(small_mall, page_client):
    page = page_client.page("/cari/?q=bikin+ktp", max_queries=16)
    assert "KTP elektronik" in page.text and "Disdukcapil" in page.text
    link = page.find("a", href=KTP)[0]
    assert "MPP Contoh" in link.text
    assert page_client.page(KTP).heading == "KTP elektronik"


def test_nothing_asked_nothing_found(small_mall, page_client):
    asked = page_client.page("/cari/")
    assert not asked.find("section") and asked.find("input", id="q")
    none = page_client.page("/cari/?q=zzzzqqqq")
    assert "Belum ketemu" in none.text and none.find("a", href="/m/contoh/"), "an empty state says what to do"
    for q in ("%00", "%F0%9F%98%80", "%27%3B--", "a" * 3000, "saya+mau"):
        page_client.page(f"/cari/?q={q}")
    assert "<script>x" not in page_client.page("/cari/?q=%3Cscript%3Ex").html


def test_what_no_hall_offers_is_not_promised(small_mall, page_client):
    Line.objects.filter(pk=small_mall.lines["ktp"].pk).update(active=False)
    assert "KTP elektronik" not in page_client.page("/cari/?q=ktp").text


def test_other_languages_and_no_indexing(small_mall, page_client):
    assert "Electronic ID card" in page_client.page("/cari/?q=ktp&lang=en").text
    assert Client().get("/cari/?q=ktp")["X-Robots-Tag"].startswith("noindex")


def test_the_front_door_asks_where_there_are_several_halls(small_mall, page_client):
    assert not page_client.page("/").find("form", action="/cari/")
    Mall.objects.create(code="dua", name="MPP Dua", short_name="Dua")
    assert page_client.page("/").find("form", action="/cari/")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_fits_a_phone_and_axe_finds_nothing(small_mall, live_server, page):
    for url in ("/cari/?q=ktp", "/cari/?q=zzzzqqqq"):
        for width in (320, PHONE["width"]):
            page.set_viewport_size({"width": width, "height": 640})
            page.goto(live_server.url + url)
            assert_fits(page)
            assert_targets(page)
        assert_axe_clean(page)
    page.goto(f"{live_server.url}/cari/")
    page.get_by_label("Anda perlu apa?").focus()
    page.keyboard.type("ktp")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="KTP elektronik").wait_for()
    shoot(page, "search-all-360", full=True)
