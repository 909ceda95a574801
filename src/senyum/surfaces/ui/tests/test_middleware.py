"""Language of a request, and refusals turned into answers."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import path

from senyum.core.errors import NotAllowed, NotPossible, Stale
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.testing import PageClient
from senyum.surfaces.ui.tests.gallery import urlpatterns as gallery
from senyum.surfaces.ui.views import local_path

pytestmark = [pytest.mark.django_db, pytest.mark.urls("senyum.surfaces.ui.tests.test_middleware")]

handler404 = "senyum.surfaces.ui.views.not_found"
handler500 = "senyum.surfaces.ui.views.fault"


def _raising(error):
    @public
    def view(request):
        raise error

    return view


@public
def _too_slow(request):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 20")
        cursor.execute("SELECT pg_sleep(1)")
    return HttpResponse()


urlpatterns = [
    *gallery,
    path("stale/", _raising(Stale("stale", "A-027 sudah dipanggil loket 5."))),
    path("possible/", _raising(NotPossible("closed", "Loket sudah tutup."))),
    path("allowed/", _raising(NotAllowed("no", "Bukan instansi Anda."))),
    path("api/x/", _raising(NotPossible("closed", "Loket sudah tutup."))),
    path("broken/", _raising(RuntimeError("boom"))),
    path("slow/", _too_slow),
]


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/stale/", 409, "A-027 sudah dipanggil loket 5."),
        ("/possible/", 409, "Loket sudah tutup."),
        ("/allowed/", 403, "Bukan instansi Anda."),
        ("/slow/", 503, "Sedang ramai sekali"),
        ("/tidak-ada/", 404, "Periksa lagi alamatnya"),
    ],
)
def test_a_refusal_is_a_page_with_its_sentence(page_client, address, status, sentence):
    assert sentence in page_client.page(address, status=status).text


def test_a_refusal_for_htmx_goes_above_the_screen_and_refreshes_it(page_client):
    fragment = page_client.fragment("/stale/", status=409)
    assert "A-027 sudah dipanggil loket 5." in fragment.text
    assert fragment.response["HX-Retarget"] == "#refusal"
    assert fragment.response["HX-Reswap"] == "innerHTML"
    assert "senyum:refresh" in fragment.response["HX-Trigger"]
    assert not fragment.find("html")


def test_a_busy_database_says_when_to_come_back(page_client):
    assert page_client.get("/slow/")["Retry-After"] == "2"


def test_the_api_answers_for_itself(page_client):
    with pytest.raises(NotPossible):
        page_client.get("/api/x/")


def test_a_fault_is_told_in_plain_words():
    client = PageClient(raise_request_exception=False)
    page = client.page("/broken/", status=500)
    assert page.heading == "Ada gangguan di pihak kami"
    assert "boom" not in page.html


def test_a_form_that_was_open_too_long_is_told_so():
    client = PageClient(enforce_csrf_checks=True)
    assert "terlalu lama terbuka" in client.send("/language/", {"lang": "su"}, status=403).text


def test_indonesian_unless_somebody_chose(page_client):
    page = page_client.page("/accounts/login/")
    assert page.find("html", lang="id")
    assert page.response["Content-Language"] == "id"
    english = page_client.get("/accounts/login/", headers={"Accept-Language": "en"})
    assert english["Content-Language"] == "id"


def test_the_switch_works_without_a_script_and_is_remembered(page_client):
    page = page_client.send("/language/", {"lang": "su", "next": "/accounts/login/?next=/my-work/"})
    assert page.find("html", lang="su")
    assert page.response.redirect_chain[0][0] == "/accounts/login/?next=/my-work/"
    assert page_client.page("/").find("html", lang="su")


def test_an_address_may_choose_the_language(page_client):
    assert page_client.page("/?lang=en").find("html", lang="en")
    assert page_client.page("/").find("html", lang="en")
    assert page_client.page("/?lang=xx").find("html", lang="en")


def test_an_unknown_language_changes_nothing(page_client):
    assert page_client.send("/language/", {"lang": "xx"}).find("html", lang="id")


@pytest.mark.parametrize(
    ("wish", "path"),
    [
        ("/m/contoh/?q=a&lang=en", "/m/contoh/?q=a"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_the_way_back_stays_in_the_house(rf, wish, path):
    assert local_path(rf.get("/"), wish) == path
