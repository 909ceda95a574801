"""The page client finds what is wrong with a page."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import path

from senyum.malls.models import Mall
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.testing import PageClient, PageProblem, check

GOOD = """<!doctype html><html lang="id"><head><title>Judul</title></head><body><main><h1>Judul</h1>
<form method="post" action="/x/"><input type="hidden" name="csrfmiddlewaretoken" value="t">
<label for="a">Nama</label><input id="a" name="a" value="1">
<input type="checkbox" name="b" aria-label="B" checked><button>Kirim</button></form>
<svg><path d="M0 0"/></svg><img src="/x.png" alt="">
<script src="/a.js"></script><script type="application/json">{}</script>
</main></body></html>"""


def test_a_good_page_passes():
    root, problems = check(GOOD)
    assert problems == []
    assert root.first("h1").text == "Judul"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("<title>Judul</title>", "", "0 titles"),
        ("<title>Judul</title>", "<title></title>", "titles, or an empty one"),
        ("<h1>Judul</h1>", "<h2>Judul</h2>", "0 h1"),
        ("<h1>Judul</h1>", "<h1>a</h1><h1>b</h1>", "2 h1"),
        (' lang="id"', "", "says no language"),
        ("main>", "div>", "not exactly one <main>"),
        ("<h1>Judul", '<h1 id="a">Judul', "id 'a' stands 2 times"),
        ("<h1>", '<h1 style="color:red">', "<h1> has style"),
        ("<h1>", '<h1 onclick="x()">', "<h1> has onclick"),
        ("<h1>", '<h1 hx-on:click="x()">', "<h1> has hx-on:click"),
        ("<h1>", '<h1 class="a" class="b">', "class twice"),
        ("<svg>", "<style>a{}</style><svg>", "inline <style>"),
        ("<svg>", "<script>x()</script><svg>", "inline <script>"),
        (' alt=""', "", "without alt"),
        ('<label for="a">Nama</label>', "", "name='a'> has no label"),
        ('<label for="a">Nama</label>', '<label for="a"></label>', "name='a'> has no label"),
        (' action="/x/"', "", "says no action"),
        (' method="post"', "", "says no method"),
        ('name="csrfmiddlewaretoken"', 'name="c"', "carries no csrf token"),
        ('method="post"', 'method="get"', "puts its csrf token in the address"),
        ("<button>Kirim</button>", "", "cannot be sent without a script"),
        ("<button>Kirim</button>", "<button></button>", "has no name"),
        ("<svg>", '<a href="/m/?token=x">a</a><svg>', "a secret in href"),
        ("<svg>", '<a href="/m/3211010101900001/">a</a><svg>', "a secret in href"),
        ("<svg>", '<a href="javascript:x()">a</a><svg>', "is a script"),
        ("<svg>", '<p aria-describedby="zz">a</p><svg>', "names 'zz', which is not there"),
        ("<svg>", "<p><b></p></b><svg>", "</p> closes <b>"),
        ("<svg>", "</br><svg>", "</br> closes nothing"),
        ("</main></body></html>", "", "never closed"),
    ],
)
def test_what_is_wrong_is_said(old, new, told):
    assert old in GOOD
    problems = check(GOOD.replace(old, new))[1]
    assert any(told in problem for problem in problems), problems


def test_a_fragment_needs_no_title():
    assert check('<div id="a">x</div>', whole=False)[1] == []
    assert check("<h1>a</h1><h1>b</h1>", whole=False)[1] == []


@public
def _good(request):
    return HttpResponse(GOOD)


@public
def _hungry(request):
    for _ in range(3):
        Mall.objects.count()
    return HttpResponse(GOOD)


urlpatterns = [path("good/", _good), path("hungry/", _hungry)]


@pytest.mark.django_db
@pytest.mark.urls("senyum.surfaces.ui.tests.test_testing")
class TestClient:
    def test_reads_forms_and_finds_elements(self, page_client):
        page = page_client.page("/good/")
        assert page.form("/x/") == {"a": "1", "b": ""}
        assert (page.title, page.heading) == ("Judul", "Judul")
        assert page.find("label", for_="a")
        with pytest.raises(LookupError):
            page.form("/y/")

    def test_counts_queries(self, page_client):
        assert page_client.page("/hungry/", max_queries=3).queries == 3
        with pytest.raises(PageProblem, match="3 queries, more than 2"):
            page_client.page("/hungry/", max_queries=2)

    def test_wants_the_status(self):
        with pytest.raises(PageProblem, match="status 200, not 404"):
            PageClient().page("/good/", status=404)
