"""The page of a life event on the phone and on paper."""

from __future__ import annotations

import json

import pytest

from senyum.catalogue.event_commands import EventText, StepText, put_event
from senyum.catalogue.tests.standards import first_requirement
from senyum.core import clock
from senyum.surfaces.citizen.tests.vocabulary import problems
from senyum.surfaces.ui.browser import PHONE, assert_axe_clean, assert_fits, assert_targets, shoot

pytestmark = pytest.mark.django_db
URL = "/m/contoh/peristiwa/pindah-rumah/"


@pytest.fixture
def moving(small_mall):
    """A life event of two agencies: KTP and KK, then SKCK with the KK that the second gave."""
    first_requirement(small_mall.lines["skck"].service, clock.now(), forms="asli dan 3 fotokopi")
    ids = {code: line.service_id for code, line in small_mall.lines.items()}
    put_event(
        event_id=None,
        given=EventText(
            slug="pindah-rumah",
            title="Pindah rumah",
            title_en="Moving house",
            intro="Yang perlu diurus <b>",
            keywords="boyongan",
            source="[M]",
            steps=[
                StepText(text="Minta surat di desa", why="Tanpa ini tidak bisa."),
                StepText(ids["ktp"], why="Lebih dulu."),
                StepText(ids["kk"], gives="Kartu keluarga"),
                StepText(ids["skck"], stage=2, why="Memakai KTP baru."),
            ],
        ),
        by=small_mall.users["pengelola"],
        mall=small_mall.mall,
        now=clock.now(),
    )
    return small_mall


def test_steps_in_order_visits_and_one_checklist(moving, page_client):
    page = page_client.page(URL)
    assert page.heading == "Pindah rumah" and "Cukup 2 kunjungan" in page.text and "&lt;b&gt;" in page.html
    order = [page.text.index(said) for said in ("Minta surat di desa", "Kunjungan 1", "Kunjungan 2")]
    assert order == sorted(order)
    ids = {code: line.pk for code, line in moving.lines.items()}
    both = f"line={ids['ktp']}&line={ids['kk']}"
    hrefs = [a.get("href") for a in page.find("a")]
    assert f"/m/contoh/book/?{both}" in hrefs and f"/m/contoh/take/?{both}" in hrefs
    assert f"/m/contoh/book/?line={ids['skck']}" in hrefs
    boxes = page.find("input", type="checkbox")
    assert len(boxes) == len({b.get("value") for b in boxes}) == 2
    ktp = page.find("ul", class_="checklist")[0].text
    assert "KTP (3 salinan)" in ktp and "KTP elektronik; Kartu keluarga; SKCK" in ktp and "asli dan 3 fotokopi" in ktp


def test_the_booking_link_of_an_event_is_understood(moving, page_client):
    link = next(a.get("href") for a in page_client.page(URL).find("a") if "/book/" in a.get("href"))
    text = page_client.page(link).text
    assert "KTP elektronik" in text and "Kartu keluarga" in text


def test_found_by_search_and_listed_on_the_halls_page(moving, page_client):
    assert page_client.page("/m/contoh/").find("a", href=URL)
    assert page_client.page("/m/contoh/?q=boyongan").find("a", href=URL)
    assert not page_client.page("/m/contoh/?q=skck").find("a", href=URL)
    ktp = moving.lines["ktp"].pk
    assert not page_client.page(f"/m/contoh/?with={ktp}").find("a", href=URL), "adding a service, nobody is led away"


def test_json_ld_language_and_what_is_not_there(moving, page_client):
    page = page_client.page(f"{URL}?lang=en")
    assert page.heading == "Moving house"
    (block,) = page.find("script", type="application/ld+json")
    data = json.loads("".join(block.words))
    assert problems(data) == [] and [i["position"] for i in data["itemListElement"]] == [1, 2, 3]
    page_client.page("/m/contoh/peristiwa/tidak-ada/", status=404)


def test_queries_do_not_grow_with_the_steps(moving, page_client):
    page_client.page(URL)
    assert page_client.page(URL).queries <= 16


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_fits_a_phone_prints_and_keeps_its_ticks(moving, live_server, page):
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(live_server.url + URL)
    assert_fits(page)
    assert_targets(page)
    assert_axe_clean(page)
    box = page.get_by_role("checkbox").first
    box.focus()
    page.keyboard.press("Space")
    page.reload()
    assert page.get_by_role("checkbox").first.is_checked()
    assert "1 dari 2 sudah siap" in page.locator("[data-ticked]").inner_text()
    page.set_viewport_size(PHONE)
    shoot(page, "event-360", full=True)
    page.emulate_media(forced_colors="active")
    assert_axe_clean(page)
    page.emulate_media(media="print", forced_colors="none")
    assert not page.get_by_role("link", name="Pesan semuanya sekaligus").is_visible()
    assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")
