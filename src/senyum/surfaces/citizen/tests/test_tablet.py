"""The smile tablet at the exit."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from senyum.surfaces.citizen.tests.phones import opens, pair, serves, take
from senyum.surveys.models import Smile

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


@pytest.fixture
def tablet(small_mall, page_client):
    pair(page_client, small_mall, "smile")
    return page_client


def test_only_a_paired_tablet_opens_it(small_mall, page_client):
    assert page_client.get("/smile/contoh/")["Location"].startswith("/device/")
    assert page_client.post("/smile/contoh/give", {}).status_code == 302
    pair(page_client, small_mall, "kiosk")
    assert page_client.get("/smile/contoh/")["Location"].startswith("/device/")


def test_the_pad_has_the_letters_of_the_hall(small_mall, tablet):
    page = tablet.page("/smile/contoh/")
    letters = [b.text for b in page.find("div", class_="letters")[0].all("button")]
    assert letters == ["A", "B", "P"]


@pytest.mark.parametrize("typed", ["A-001", "a1", " a 001 ", "A001"])
def test_the_label_brings_the_faces_and_one_tap_thanks(small_mall, tablet, typed):
    opens(small_mall, 1)
    take(small_mall, "ktp")
    ticket = serves(small_mall, 1)
    page = tablet.page("/smile/contoh/", data={"label": typed})
    assert "A-001" in page.heading and len(page.find("button", name="score")) == 4
    thanked = tablet.send("/smile/contoh/give", {**page.form("/smile/contoh/give"), "score": "3"})
    assert thanked.heading == "Hatur nuhun!"
    row = Smile.objects.get()
    assert (row.ticket_id, row.score, row.channel) == (ticket, 3, "tablet")


def test_a_scanned_link_is_a_label_too(small_mall, tablet):
    opens(small_mall, 1)
    issued = take(small_mall, "ktp")
    serves(small_mall, 1)
    response = tablet.get("/smile/contoh/", {"label": f"https://mpp.example/t/{issued.token}/"})
    assert response["Location"] == "/smile/contoh/?label=A-001"
    assert "A-001" in tablet.page(response["Location"]).heading


def test_two_served_legs_are_asked_one_after_the_other(small_mall, tablet):
    opens(small_mall, 1)
    opens(small_mall, 3)
    take(small_mall, "ktp", "skck")
    serves(small_mall, 1)
    serves(small_mall, 3)
    page = tablet.page("/smile/contoh/?label=A-001")
    assert len(page.find("button", name="score")) == 8
    thanked = tablet.send("/smile/contoh/give", {**page.form("/smile/contoh/give"), "score": "4"})
    assert len(thanked.find("button", name="score")) == 4


@pytest.mark.parametrize(
    ("typed", "words"),
    [("???", "tidak terbaca"), ("A-999", "belum selesai dilayani"), ("/t/AAAAAAAAAAAAAAAAAAAAAA/", "tidak terbaca")],
)
def test_what_cannot_be_answered_says_why(small_mall, tablet, typed, words):
    assert words in tablet.page("/smile/contoh/", data={"label": typed}).text


def test_waiting_is_not_asked_and_once_is_enough(small_mall, tablet):
    opens(small_mall, 1)
    take(small_mall, "ktp")
    assert "belum selesai dilayani" in tablet.page("/smile/contoh/?label=A-001").text
    ticket = serves(small_mall, 1)
    answers = {"ticket": ticket, "label": "A-001", "score": "2"}
    tablet.send("/smile/contoh/give", answers)
    tablet.send("/smile/contoh/give", {**answers, "score": "4"}, status=409)
    assert [row.score for row in Smile.objects.all()] == [2]


@pytest.mark.parametrize("answers", [{"score": "9"}, {"score": ""}, {"label": "A-002"}, {"ticket": "77777"}])
def test_a_forged_smile_is_refused(small_mall, tablet, answers):
    opens(small_mall, 1)
    take(small_mall, "ktp")
    ticket = serves(small_mall, 1)
    page = {"ticket": ticket, "label": "A-001", "score": "4", **answers}
    tablet.send("/smile/contoh/give", page, status=409)
    assert not Smile.objects.exists()


def test_it_forgets_after_ten_seconds(small_mall, tablet):
    page = tablet.page("/smile/contoh/?label=A-001")
    body = page.root.first("body")
    assert body.get("data-wipe") == "10" and "data-leave" in body.attrs
