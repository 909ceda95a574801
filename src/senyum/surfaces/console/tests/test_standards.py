"""Standards in the console: who sees and does what, the form without JavaScript, the way to in force, the look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from senyum.catalogue import standard_commands as commands
from senyum.catalogue.content import content_of
from senyum.catalogue.models import Comment, Service, Standard
from senyum.core import clock
from senyum.malls.queries import local_day
from senyum.people.models import Role, User
from senyum.surfaces.ui.browser import DESK, PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.surfaces.ui.testing import PageClient

LIST = "/console/contoh/standards/"
pytestmark = pytest.mark.django_db


def client(hall, name):
    browser = PageClient(raise_request_exception=True)
    browser.force_login(User.objects.get(username=name))
    return browser


def ktp(hall):
    return Service.objects.get(pk=hall.lines["ktp"].service_id)


def drafted(hall, name="koordinator"):
    """A draft of the KTP service's standard."""
    client(hall, name).send(f"{LIST}new/{ktp(hall).pk}/", {})
    return Standard.objects.get(service=ktp(hall), state="draft")


def reviewed(hall):
    """The draft in review whose last day is yesterday."""
    draft = drafted(hall)
    before = clock.now() - timedelta(days=3)
    first = local_day(hall.mall, before)
    commands.submit(
        standard_id=draft.pk,
        review_from=first,
        review_to=first + timedelta(days=1),
        by=User.objects.get(username="koordinator"),
        mall=hall.mall,
        now=before,
    )
    return draft


@pytest.mark.parametrize(("name", "status"), [("petugas1", 403), ("penyambut", 403), ("sekda", 200), ("admin", 200)])
def test_who_opens_the_list(small_mall, name, status):
    client(small_mall, name).page(LIST, status=status)


def test_a_citizen_is_sent_to_the_log_in(small_mall, page_client):
    draft = drafted(small_mall)
    for address in (LIST, f"{LIST}{draft.pk}/", f"{LIST}{draft.pk}/edit/"):
        assert page_client.get(address)["Location"].startswith("/accounts/login/")


def test_the_list_says_what_is_missing_and_is_ones_own(small_mall):
    seen = client(small_mall, "pengelola").page(LIST)
    assert "5 layanan, 5 di antaranya belum lengkap" in seen.text
    assert "komponen belum diisi" in seen.text and "Dasar hukum" in seen.text and "SKCK" in seen.text
    own = client(small_mall, "koordinator").page(LIST)
    assert "KTP elektronik" in own.text and "SKCK" not in own.text


def test_the_list_is_narrowed_by_words_and_by_what_is_open(small_mall):
    browser = client(small_mall, "pengelola")
    found = browser.page(f"{LIST}?q=skck")
    assert "SKCK" in found.text and "KTP elektronik" not in found.text
    assert "5 layanan, 5 di antaranya belum lengkap" in found.text
    assert "Tidak ada yang cocok" in browser.page(f"{LIST}?show=open").text
    drafted(small_mall)
    still_open = browser.page(f"{LIST}?show=open")
    assert "1 sedang disusun" in still_open.text and "SKCK" not in still_open.text
    assert "KTP elektronik" in browser.page(f"{LIST}?show=nonsense&q=KTP").text


def test_leadership_reads_and_changes_nothing(small_mall):
    draft = drafted(small_mall)
    reader = client(small_mall, "sekda")
    assert "Ubah isinya" not in reader.page(f"{LIST}{draft.pk}/").text
    for action in ("edit", "save", "submit", "approve", "give-back", "withdraw"):
        address = f"{LIST}{draft.pk}/{action}/"
        reader.page(address, status=403) if action == "edit" else reader.send(address, {}, status=403)


def test_another_agencys_coordinator_finds_nothing(small_mall):
    draft = drafted(small_mall)
    other = User.objects.create(username="polisi")
    Role.objects.create(
        user=other, mall=small_mall.mall, role="coordinator", agency=small_mall.lines["skck"].service.agency
    )
    browser = client(small_mall, "polisi")
    browser.page(f"{LIST}{draft.pk}/", status=404)
    browser.page(f"{LIST}{draft.pk}/edit/", status=404)
    browser.send(f"{LIST}new/{ktp(small_mall).pk}/", {}, status=404)
    for action in ("save", "submit", "withdraw"):
        browser.send(f"{LIST}{draft.pk}/{action}/", {"reason": "x"}, status=404)
    assert Standard.objects.get(pk=draft.pk).state == "draft"


def test_a_draft_is_opened_once_and_gone_on_with(small_mall):
    draft = drafted(small_mall)
    again = client(small_mall, "pengelola").send(f"{LIST}new/{ktp(small_mall).pk}/", {})
    assert again.find("form", action=f"{LIST}{draft.pk}/submit/") and "Ubah isinya" in again.text


def test_the_form_writes_all_fourteen_and_gives_more_rows(small_mall):
    draft = drafted(small_mall)
    browser = client(small_mall, "koordinator")
    values = browser.page(f"{LIST}{draft.pk}/edit/").form(f"{LIST}{draft.pk}/save/")
    assert values["need-0-text"] == "KTP" and values["needs"] == "4", "two rows and two spare ones"
    values.update(
        {
            "time_text": "1 hari kerja",
            "product": "KTP-el",
            "safety": "Data dijaga",
            "need-0-text": "",
            "need-3-text": "Surat <b>pengantar</b>",
            "need-3-example_url": "https://contoh.id/surat.png",
            "fee-0-variant": "Biasa",
            "fee-1-variant": "Kilat",
            "fee-1-amount_rupiah": "25.000",
            "fee-1-kind": "retribution",
            "more": "1",
        }
    )
    saved = browser.send(f"{LIST}{draft.pk}/save/", values)
    assert saved.find("input", name="need-3-text") and "Tersimpan." in saved.text
    content = content_of(Standard.objects.get(pk=draft.pk))
    assert [n.text for n in content.requirements] == ["Kartu keluarga", "Surat <b>pengantar</b>"]
    assert [(f.variant, f.amount_rupiah, f.kind) for f in content.fees] == [
        ("Biasa", 0, ""),
        ("Kilat", 25000, "retribution"),
    ]
    assert (content.components["product"], content.time_text) == ("KTP-el", "1 hari kerja")
    shown = browser.page(f"{LIST}{draft.pk}/")
    assert "Surat <b>pengantar</b>" in shown.text and "Rp25.000" in shown.text and "Gratis" in shown.text
    assert "belum diisi" in shown.text and any(
        "KTP-el" in node.text and "ditambah:" in node.text for node in shown.find("ins")
    )
    assert shown.find("ins") and shown.find("del")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"need-3-reason": "tanpa teks"}, "Tulis dokumen atau keadaan"),
        ({"need-0-example_url": "http://a.id"}, "diawali https://"),
        ({"fee-0-amount_rupiah": "banyak"}, "bilangan rupiah bulat"),
        ({"fee-1-variant": "Kilat"}, "Tulis tarifnya"),
        ({"standard_minutes": "0"}, "dari 1 sampai 480"),
        ({"standard_minutes": ""}, "kosong"),
        ({"product": "x" * 8001}, "Terlalu panjang"),
        ({"seen": "2026-01-01T00:00:00+00:00"}, "Orang lain baru saja menyimpan"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(small_mall, changes, words):
    draft = drafted(small_mall)
    browser = client(small_mall, "koordinator")
    values = browser.page(f"{LIST}{draft.pk}/edit/").form(f"{LIST}{draft.pk}/save/")
    values.update({"complaints": "Tetap di sini", **changes})
    again = browser.send(f"{LIST}{draft.pk}/save/", values, status=422)
    assert words in again.text and "Tetap di sini" in again.text
    assert "complaints" not in content_of(Standard.objects.get(pk=draft.pk)).components


def test_counts_from_outside_are_bounded(small_mall):
    draft = drafted(small_mall)
    browser = client(small_mall, "koordinator")
    values = browser.page(f"{LIST}{draft.pk}/edit/").form(f"{LIST}{draft.pk}/save/")
    browser.send(f"{LIST}{draft.pk}/save/", {**values, "needs": "999", "fees": "-1"})


def test_the_way_to_in_force(small_mall):
    draft = drafted(small_mall)
    own, manager = client(small_mall, "koordinator"), client(small_mall, "pengelola")
    values = own.page(f"{LIST}{draft.pk}/").form(f"{LIST}{draft.pk}/submit/")
    own.send(f"{LIST}{draft.pk}/submit/", values)
    assert Standard.objects.get(pk=draft.pk).state == "in_review"
    assert "ditanggapi warga" in manager.page(f"{LIST}{draft.pk}/").text
    later = local_day(small_mall.mall, clock.now()) + timedelta(days=30)
    wish = {"decree_number": "SK 9", "effective_on": later.isoformat()}
    early = manager.send(f"{LIST}{draft.pk}/approve/", wish, status=422)
    assert "Masa tanggapan belum selesai" in early.text
    manager.send(f"{LIST}{draft.pk}/give-back/", {"reason": "Kurang jelas"})
    assert "Kurang jelas" in own.page(f"{LIST}{draft.pk}/").text
    own.send(f"{LIST}{draft.pk}/withdraw/", {"reason": ""}, status=422)
    own.send(f"{LIST}{draft.pk}/withdraw/", {"reason": "Tidak jadi"})
    assert Standard.objects.get(pk=draft.pk).state == "withdrawn"


def test_comments_are_read_answered_and_then_it_is_approved(small_mall):
    draft = reviewed(small_mall)
    said = Comment.objects.create(standard=draft, at=clock.now(), text="Mengapa <i>KK</i>?", name="Ani")
    own, manager = client(small_mall, "koordinator"), client(small_mall, "pengelola")
    assert "1 tanggapan baru" in own.page(LIST).text
    later = local_day(small_mall.mall, clock.now()) + timedelta(days=5)
    wish = {"decree_number": "SK 9", "effective_on": later.isoformat()}
    assert "belum dibaca" in manager.send(f"{LIST}{draft.pk}/approve/", wish, status=422).text
    own.send(f"{LIST}{draft.pk}/comment/{said.pk}/", {"do": "show", "answer": "Untuk mencocokkan"})
    own.send(f"{LIST}{draft.pk}/comment/0/", {"do": "show"}, status=404)
    seen = own.page(f"{LIST}{draft.pk}/").text
    assert "Mengapa <i>KK</i>?" in seen and "Untuk mencocokkan" in seen
    assert "Persetujuan" not in seen, "a coordinator does not approve"
    manager.send(f"{LIST}{draft.pk}/approve/", wish)
    found = Standard.objects.get(pk=draft.pk)
    assert (found.state, found.approver.username) == ("approved", "pengelola")


def test_nobody_is_offered_to_approve_their_own(small_mall):
    draft = reviewed(small_mall)
    Standard.objects.filter(pk=draft.pk).update(state="in_review")
    manager = User.objects.get(username="pengelola")
    Role.objects.create(user=User.objects.get(username="koordinator"), mall=small_mall.mall, role="manager")
    later = local_day(small_mall.mall, clock.now()) + timedelta(days=5)
    own = client(small_mall, "koordinator")
    assert "Mintalah orang lain menyetujuinya" in own.page(f"{LIST}{draft.pk}/").text
    wish = {"decree_number": "SK 9", "effective_on": later.isoformat()}
    assert "Mintalah orang lain" in own.send(f"{LIST}{draft.pk}/approve/", wish, status=422).text
    assert manager.username == "pengelola"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_pages_fit_and_axe_finds_nothing(small_mall, live_server, context, page):
    draft = drafted(small_mall)
    browser = Client()
    browser.force_login(User.objects.get(username="koordinator"))
    value = browser.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": value, "url": live_server.url}])
    for name, address in (("list", LIST), ("one", f"{LIST}{draft.pk}/"), ("edit", f"{LIST}{draft.pk}/edit/")):
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            page.goto(live_server.url + address)
            assert_fits(page)
            assert_axe_clean(page)
            assert_targets(page)
            shoot(page, f"standards-{name}-{size['width']}")
