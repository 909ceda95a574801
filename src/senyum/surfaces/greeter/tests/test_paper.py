"""Numbered pads: set aside, printed, entered, compared."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from senyum.surfaces.greeter.tests.door import client, come, url
from senyum.visits.models import LabelBlock, Ticket, Visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


@pytest.fixture
def greeter(small_mall):
    return client(small_mall)


@pytest.fixture
def block(small_mall, greeter):
    """A pad A-001 to A-005."""
    _makes(small_mall, greeter, count="5")
    return LabelBlock.objects.get()


def _makes(hall, greeter, status: int = 200, **answers):
    form = greeter.page(url("paper/")).form(url("paper/"))
    return greeter.send(
        url("paper/"), {**form, "group": str(hall.groups["A"].pk), **answers}, status=status, max_queries=60
    )


def _enters(hall, greeter, block, status: int = 200, **answers):
    address = url(f"paper/{block.pk}/")
    given = {"lines": str(hall.lines["ktp"].pk), "priority": "regular", **answers}
    return greeter.send(address, {**greeter.page(address).form(address), **given}, status=status, max_queries=80)


def test_a_pad_is_printed_at_once(small_mall, greeter):
    page = _makes(small_mall, greeter, count="5", note="Meja depan")
    block = LabelBlock.objects.get()
    assert page.response.redirect_chain[-1][0] == url(f"paper/{block.pk}/print/")
    labels = [b.text for li in page.find("li") for b in li.all("b")]
    assert labels == [f"A-00{n}" for n in range(1, 6)] and [b for b in page.find("button") if "data-print" in b.attrs]
    assert "KTP elektronik" in page.text and "SKCK" not in page.text
    assert "Meja depan" in greeter.page(url("paper/")).text


def test_its_numbers_are_given_to_nobody_else(small_mall, greeter, block):
    assert come(small_mall, "ktp").label == "A-006"


def test_a_double_tap_makes_one_pad(small_mall, greeter):
    form = {**greeter.page(url("paper/")).form(url("paper/")), "group": str(small_mall.groups["A"].pk)}
    for _ in range(2):
        greeter.send(url("paper/"), form)
    assert LabelBlock.objects.count() == 1


@pytest.mark.parametrize("count", ["0", "201", "x", ""])
def test_a_pad_has_one_to_two_hundred_leaves(small_mall, greeter, count):
    page = _makes(small_mall, greeter, status=422, count=count)
    assert "1 sampai 200" in page.text and not LabelBlock.objects.exists()


@pytest.mark.parametrize("typed", ["3", "003", "A-003", "a3", "A 3"])
def test_a_leaf_is_entered_as_it_is_written(small_mall, greeter, block, typed):
    page = _enters(small_mall, greeter, block, number=typed, quantity="2")
    visit = Visit.objects.get()
    assert (visit.label, visit.channel, visit.quantity) == ("A-003", "paper", 2)
    assert "A-003 sudah antre" in page.text


def test_what_was_entered_and_what_is_missing_stands_beside_it(small_mall, greeter, block):
    both = [str(small_mall.lines[code].pk) for code in ("ktp", "skck")]
    page = _enters(small_mall, greeter, block, number="2", lines=both)
    assert "4 belum dimasukkan" in page.text and "1 sudah dimasukkan" in page.text
    (missing,) = page.find("p", class_="labels")
    assert missing.text.split() == ["A-001", "A-003", "A-004", "A-005"]
    assert Ticket.objects.count() == 2
    assert "1 dari 5 sudah dimasukkan" in greeter.page(url("paper/")).text


def test_the_same_leaf_twice_is_refused_with_a_sentence(small_mall, greeter, block):
    _enters(small_mall, greeter, block, number="2")
    page = _enters(small_mall, greeter, block, 409, number="2")
    assert "Nomor A-002 sudah dimasukkan" in page.text and Visit.objects.count() == 1


def test_a_double_tap_enters_one_leaf_and_is_no_error(small_mall, greeter, block):
    address = url(f"paper/{block.pk}/")
    form = {
        **greeter.page(address).form(address),
        "number": "2",
        "lines": str(small_mall.lines["ktp"].pk),
        "priority": "regular",
    }
    for _ in range(2):
        assert "A-002 sudah antre" in greeter.send(address, form).text
    assert Visit.objects.count() == 1


@pytest.mark.parametrize(
    ("answers", "status", "words"),
    [
        ({"number": "6"}, 409, "antara 1 dan 5"),
        ({"number": ""}, 422, "Tulis nomor"),
        ({"number": "dua"}, 422, "Tulis nomor"),
        ({"number": "１"}, 422, "Tulis nomor"),
        ({"number": "1", "lines": []}, 422, "paling sedikit satu layanan"),
        ({"number": "1", "lines": "999999"}, 422, "Pilih salah satu"),
        ({"number": "1", "quantity": "0"}, 422, "paling sedikit 1"),
    ],
)
def test_errors_keep_the_answers_and_enter_nothing(small_mall, greeter, block, answers, status, words):
    page = _enters(small_mall, greeter, block, status, **answers)
    assert words in page.text and page.title.startswith("Galat:") and not Visit.objects.exists()
    assert page.find("input", name="number")[0].get("value") == answers["number"]


def test_a_kiosks_block_and_another_malls_pad_are_not_there(small_mall, greeter, block):
    LabelBlock.objects.update(device=small_mall.devices["kiosk"])
    assert greeter.get(url(f"paper/{block.pk}/")).status_code == 404
    other = type(small_mall.mall)(code="lain", name="Lain", short_name="Lain")
    other.save()
    LabelBlock.objects.update(device=None, mall=other)
    for rest in ("", "print/"):
        assert greeter.get(url(f"paper/{block.pk}/{rest}")).status_code == 404


@pytest.mark.parametrize("name", ["petugas1", "sekda"])
def test_others_make_and_enter_nothing(small_mall, block, name):
    other = client(small_mall, name)
    for rest in ("paper/", f"paper/{block.pk}/"):
        assert other.post(url(rest), {}).status_code == 403
    assert LabelBlock.objects.count() == 1 and not Visit.objects.exists()
