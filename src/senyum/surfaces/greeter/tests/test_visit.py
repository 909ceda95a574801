"""A visit in the greeter's hands: print, send, add, move, change, come back, leave."""

from __future__ import annotations

import logging

import pytest
from django.db import connection
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.surfaces.greeter.tests.door import call, client, come, sit, url
from senyum.visits import commands, states
from senyum.visits.models import Ticket, Visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


@pytest.fixture
def greeter(small_mall):
    return client(small_mall)


@pytest.fixture
def visit(small_mall):
    return Visit.objects.get(pk=come(small_mall, "ktp").visit_id)


def _at(visit: Visit, rest: str = "") -> str:
    return url(f"visit/{visit.pk}/{rest}")


def _acts(greeter, visit, action: str, status: int = 200, **answers):
    return greeter.send(
        _at(visit, f"{action}/"), {**greeter.page(_at(visit)).form(_at(visit, f"{action}/")), **answers}, status=status
    )


def test_the_label_its_qr_and_the_slip_to_print(small_mall, greeter, visit):
    page = greeter.page(_at(visit, "?new=1"))
    assert page.heading == "A-001" and page.title.startswith("Nomor A-001")
    (slip,) = page.find("section", class_="slip")
    for words in ("MPP Contoh", "A-001", "KTP elektronik", "0 orang di depan Anda", "WIB", "data contoh"):
        assert words in " ".join(slip.text.split())
    assert len(page.find("svg", class_="qr")) == 2 and [b for b in page.find("button") if "data-print" in b.attrs]
    assert f"/t/{visit.token}/" not in page.html, "the link is in the picture only"


def test_a_link_for_whatsapp_that_is_stored_nowhere(small_mall, greeter, visit, caplog):
    caplog.set_level(logging.DEBUG)
    page = greeter.send(_at(visit, "message/"), {"phone": "0812 3456 7890"})
    (link,) = [a.get("href") for a in page.find("a") if "wa.me" in a.get("href")]
    assert link.startswith("https://wa.me/6281234567890?text=")
    assert all(a.get("rel") == "noopener noreferrer" for a in page.find("a", href=link))
    # Nowhere in the database, nor in the log.
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" row WHERE row::text LIKE %s', ["%81234567890%"])
            assert cursor.fetchone()[0] == 0, table
    assert "81234567890" not in caplog.text


def test_a_number_that_is_none_is_explained(greeter, visit):
    page = greeter.send(_at(visit, "message/"), {"phone": "123"}, status=422)
    assert "Nomor ini belum lengkap" in page.text and page.find("input", name="phone")[0].get("value") == "123"
    assert "wa.me" not in page.html


def test_a_service_is_added_once(small_mall, greeter, visit):
    form = {**greeter.page(_at(visit)).form(_at(visit, "add/")), "line": str(small_mall.lines["skck"].pk)}
    for _ in range(2):
        assert "Polres" in greeter.send(_at(visit, "add/"), form).text
    assert Ticket.objects.filter(visit=visit).count() == 2


def test_a_service_that_is_there_already_is_refused_with_a_sentence(small_mall, greeter, visit):
    page = _acts(greeter, visit, "add", 409, line=str(small_mall.lines["ktp"].pk))
    assert "sudah antre di layanan itu" in page.text and page.title.startswith("Galat:")


def test_the_wrong_line_is_mended_and_the_place_kept(small_mall, greeter, visit):
    before = Ticket.objects.get()
    _acts(greeter, visit, "redirect", line=str(small_mall.lines["kk"].pk))
    after = Ticket.objects.get()
    assert after.line == small_mall.lines["kk"] and after.turn_at == before.turn_at


def test_a_class_is_changed_with_a_reason_only(greeter, visit):
    assert "alasan" in _acts(greeter, visit, "priority", 409, priority="elderly", reason=" ").text
    _acts(greeter, visit, "priority", priority="elderly", reason="Usia 70")
    visit.refresh_from_db()
    assert visit.priority == "elderly"
    assert Entry.objects.get(kind="visit.priority_changed").reason == "Usia 70"


def test_somebody_absent_comes_back(small_mall, greeter, visit):
    sit(small_mall)
    ticket = call(small_mall)
    commands.absent(counter_id=small_mall.counters[1].pk, seen=ticket, actor=SYSTEM, now=clock.now(), wall=clock.wall())
    assert "Tidak hadir" in greeter.page(_at(visit)).text
    _acts(greeter, visit, "rejoin")
    assert Ticket.objects.get().state == states.WAITING


def test_a_leg_is_left_and_nothing_is_offered_any_more(greeter, visit):
    page = _acts(greeter, visit, "leave")
    assert Ticket.objects.get().state == states.LEFT and "Meninggalkan antrean" in page.text
    assert not [f for f in page.find("form") if f.get("action") in (_at(visit, "add/"), _at(visit, "priority/"))]
    greeter.send(_at(visit, "leave/"), {"once": "k" * 20}, status=409)


def test_a_whole_visit_is_left(small_mall, greeter):
    visit = Visit.objects.get(pk=come(small_mall, "ktp", "skck").visit_id)
    greeter.send(_at(visit, "leave/"), {"once": "k" * 20})
    assert set(Ticket.objects.values_list("state", flat=True)) == {states.LEFT}


@pytest.mark.parametrize("action", ["rejoin", "redirect", "leave"])
def test_a_ticket_of_another_visit_is_not_touched(small_mall, greeter, visit, action):
    other = come(small_mall, "kk").tickets[0].id
    line = small_mall.lines["skck"].pk
    greeter.raise_request_exception = False
    response = greeter.post(_at(visit, f"{action}/"), {"once": "k" * 20, "ticket": other, "line": line})
    assert response.status_code == 404
    assert Ticket.objects.get(pk=other).state == states.WAITING


def test_an_unknown_deed_or_visit_is_not_there(greeter, visit):
    assert greeter.post(_at(visit, "fly/"), {"once": "k" * 20}).status_code == 404
    assert greeter.get(url("visit/999999/")).status_code == 404


def test_a_visit_of_another_mall_is_not_there(small_mall, greeter, visit):
    other = type(small_mall.mall)(code="lain", name="Lain", short_name="Lain")
    other.save()
    Visit.objects.update(mall=other)
    assert greeter.get(_at(visit)).status_code == 404
    assert greeter.post(_at(visit, "leave/"), {"once": "k" * 20}).status_code == 404


@pytest.mark.parametrize("name", ["petugas1", "petugas3", "koordinator", "sekda", "admin"])
def test_others_do_not_get_in(small_mall, visit, name):
    other = client(small_mall, name)
    for rest in ("message/", "leave/", "priority/"):
        assert other.post(_at(visit, rest), {"once": "k" * 20}).status_code == 403
    assert other.get(_at(visit)).status_code == 403
