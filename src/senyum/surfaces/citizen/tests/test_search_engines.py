"""What search engines are told: heads of pages, JSON-LD, sitemaps, and what is none of their business."""

from __future__ import annotations

import json
from datetime import datetime
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
from django.test import Client

from senyum.catalogue.models import Line, Service
from senyum.core import clock
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.surfaces.citizen.tests.phones import take
from senyum.surfaces.citizen.tests.test_pages import AGENCY, KTP, rich
from senyum.surfaces.citizen.tests.vocabulary import problems
from senyum.surfaces.ui.access import access_of
from senyum.surfaces.ui.tests.test_guards import own_routes
from senyum.visits.hall import forget

pytestmark = pytest.mark.django_db
HALL = "/m/contoh/"
NS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


@pytest.fixture
def real_mall(small_mall):
    """The small hall as one that is no sample."""
    Mall.objects.filter(pk=small_mall.mall.pk).update(is_sample=False, address="Jalan Contoh 1")
    Service.objects.update(is_sample=False)
    malls.forget()
    forget()
    return small_mall


def ld(page):
    (block,) = page.find("script", type="application/ld+json")
    return json.loads("".join(block.words))


def metas(page):
    return {m.get("name") or m.get("property"): m.get("content") for m in page.find("meta") if m.get("content")}


# JSON-LD


@pytest.mark.parametrize("url", [HALL, AGENCY, KTP])
@pytest.mark.parametrize("lang", ["id", "su", "en"])
def test_json_ld_holds_only_what_the_vocabulary_knows(real_mall, page_client, url, lang):
    rich(real_mall)
    assert problems(ld(page_client.page(f"{url}?lang={lang}"))) == []


def test_the_vocabulary_check_sees_mistakes():
    good = {"@context": "https://schema.org", "@type": "GovernmentService", "name": "KTP"}
    assert problems(good) == []
    for wrong in (
        {"@type": "Layanan"},
        {"opens": "08:00"},
        {"hoursAvailable": {"@type": "OpeningHoursSpecification", "opens": "25:00"}},
        {"provider": {"@type": "Offer"}},
        {"url": "KTP"},
        {"offers": {"@type": "Offer", "price": 0}},
        {"@context": "http://example.org"},
    ):
        assert problems({**good, **wrong}), wrong


def test_a_service_says_provider_area_fee_hours_and_channels(real_mall, page_client):
    rich(real_mall)
    data = ld(page_client.page(KTP))
    base = "http://testserver"
    assert data["@type"] == "GovernmentService" and data["url"] == base + KTP
    assert data["provider"]["@type"] == "GovernmentOrganization"
    assert data["provider"]["url"] == base + AGENCY
    assert [a["name"] for a in data["areaServed"]] == ["Kecamatan Satu", "Kecamatan Dua"]
    assert data["serviceType"] == "KTP elektronik"
    first, second, third = data["offers"]
    assert (first["name"], first["price"], first["priceCurrency"]) == ("Cetak pertama", "0", "IDR")
    assert second["price"] == "30000"
    assert third["description"] == "menurut jarak" and "price" not in third, "no amount is made up"
    (hours,) = data["hoursAvailable"]
    assert len(hours["dayOfWeek"]) == 7 and hours["opens"] == "00:00" and hours["closes"] == "23:59"
    counter, book = data["availableChannel"]
    assert counter["processingTime"] == "P1D" and counter["serviceLocation"]["address"]["streetAddress"]
    assert book["serviceUrl"] == f"{base}/m/contoh/book/?line={real_mall.lines['ktp'].pk}"
    assert data["termsOfService"] == f"{base}{KTP}standar/" and data["serviceOutput"]["name"] == "KTP elektronik"


def test_no_text_of_the_catalogue_gets_out_of_the_script(real_mall, page_client):
    evil = "</script><script>alert(1)</script><!-- & KTP"
    Service.objects.filter(pk=real_mall.lines["kk"].service_id).update(name=evil)
    forget()
    slug = Service.objects.get(pk=real_mall.lines["kk"].service_id).slug
    page = page_client.page(f"/m/contoh/layanan/contoh-dukcapil/{slug}/")
    assert ld(page)["name"] == evil and "<script>alert" not in page.html


# The head


def test_each_language_has_its_address_and_names_the_others(real_mall, page_client):
    base = f"http://testserver{KTP}"
    page = page_client.page(KTP)
    (canonical,) = page.find("link", rel="canonical")
    assert canonical.get("href") == base
    others = {a.get("hreflang"): a.get("href") for a in page.find("link", rel="alternate")}
    assert others == {"id": base, "su": f"{base}?lang=su", "en": f"{base}?lang=en", "x-default": base}
    english = page_client.page(f"{KTP}?lang=en")
    assert english.find("link", rel="canonical")[0].get("href") == f"{base}?lang=en"
    # The cookie now speaks English at the bare address, which stays the Indonesian one's.
    assert page_client.page(KTP).find("link", rel="canonical")[0].get("href") == f"{base}?lang=en"


def test_the_line_number_points_to_the_readable_address(real_mall, page_client):
    for part, address in (("", KTP), ("standard/", f"{KTP}standar/")):
        page = page_client.page(f"/m/contoh/line/{real_mall.lines['ktp'].pk}/{part}")
        assert page.find("link", rel="canonical")[0].get("href") == f"http://testserver{address}"


@pytest.mark.parametrize("url", [HALL, AGENCY, KTP])
def test_description_and_open_graph(real_mall, page_client, url):
    page = page_client.page(url)
    said = metas(page)
    assert 30 <= len(said["description"]) <= 156 and said["og:description"] == said["description"]
    assert said["og:url"] == f"http://testserver{url}" and said["og:locale"] == "id_ID" and said["og:title"]


def test_the_operators_address_is_the_canonical_one(real_mall, page_client, settings):
    settings.PUBLIC_URL = "https://mpp.example.go.id"
    page = page_client.page(KTP)
    assert page.find("link", rel="canonical")[0].get("href") == f"https://mpp.example.go.id{KTP}"
    assert ld(page)["url"].startswith("https://mpp.example.go.id/")


# Who may keep what


def test_only_what_says_so_is_indexed(real_mall):
    client = Client()
    issued = take(real_mall, "ktp")
    for url in ("/", "/privacy/", HALL, AGENCY, KTP, f"{KTP}standar/", f"{KTP}?lang=su"):
        assert client.get(url)["X-Robots-Tag"] == "all", url
    for url in (f"{HALL}?q=ktp", f"{KTP}?at=10:00", f"{KTP}?utm_source=x"):
        assert client.get(url)["X-Robots-Tag"] == "noindex", url
    for url in (f"/t/{issued.token}/", "/t/AbCdEfGhIjKlMnOpQrSt/", "/b/x/", "/accounts/login/", "/nowhere/"):
        assert client.get(url)["X-Robots-Tag"] == "noindex, nofollow, noarchive", url


def test_no_page_of_staff_of_a_device_or_with_a_token_is_indexable(db):
    for address, route in own_routes():
        if getattr(route.callback, "indexable", False):
            assert access_of(route.callback).kind == "public" and "token" not in address, address


def test_sample_halls_are_kept_out(small_mall):
    for url in (HALL, AGENCY, KTP):
        assert Client().get(url)["X-Robots-Tag"] == "noindex", url
    assert Client().get(f"{HALL}sitemap.xml").status_code == 404
    assert "contoh" not in Client().get("/sitemap.xml").content.decode()


def test_robots_txt_shuts_every_private_address(real_mall, settings):
    parser = RobotFileParser()
    text = Client().get("/robots.txt").content.decode()
    parser.parse(text.splitlines())
    assert "Sitemap: http://testserver/sitemap.xml" in text
    for url in ("/", HALL, AGENCY, KTP, "/privacy/", "/sitemap.xml"):
        assert parser.can_fetch("Googlebot", url), url
    opened = [
        address
        for address, route in own_routes()
        if (access_of(route.callback).kind != "public" or "token" in address or address.startswith("accounts/"))
        and parser.can_fetch("Googlebot", f"/{address}")
    ]
    assert not opened, opened
    settings.DEMO = True
    assert Client().get("/robots.txt").content.decode() == "User-agent: *\nDisallow: /\n"
    assert Client().get(KTP)["X-Robots-Tag"] == "noindex"


# Sitemaps


def _xml(url):
    answer = Client().get(url)
    assert answer.status_code == 200 and answer["Content-Type"] == "application/xml"
    return ElementTree.fromstring(answer.content)


def test_the_index_leads_to_each_halls_map(real_mall):
    found = [loc.text for loc in _xml("/sitemap.xml").findall("s:sitemap/s:loc", NS)]
    assert found == ["http://testserver/sitemap-house.xml", "http://testserver/m/contoh/sitemap.xml"]
    assert len(_xml("/sitemap-house.xml").findall("s:url", NS)) == 2


def test_a_halls_map_names_each_page_with_its_day_and_each_answers(real_mall):
    before = clock.now()
    rich(real_mall)
    line = real_mall.lines["kk"]
    line.active = False
    line.save(update_fields=["active"])
    forget()
    urls = {url.find("s:loc", NS).text.removeprefix("http://testserver"): url for url in _xml(f"{HALL}sitemap.xml")}
    services = [u for u in urls if "/layanan/" in u]
    assert len(services) == 2 * (Line.objects.filter(active=True).count() - 1), "page and standard, no cashier"
    assert {HALL, AGENCY, KTP, f"{KTP}standar/"} <= set(urls)
    for url in urls:
        answer = Client().get(url)
        assert answer.status_code == 200 and answer["X-Robots-Tag"] == "all", url
    changed = datetime.fromisoformat(urls[KTP].find("s:lastmod", NS).text)
    assert changed >= before.replace(microsecond=0)
    assert urls[HALL].find("s:lastmod", NS).text == urls[KTP].find("s:lastmod", NS).text
    other = "/m/contoh/layanan/contoh-polres/skck/"
    assert datetime.fromisoformat(urls[other].find("s:lastmod", NS).text) <= changed
    links = {a.get("hreflang"): a.get("href") for a in urls[KTP].findall("x:link", NS)}
    assert links["su"] == f"http://testserver{KTP}?lang=su"
