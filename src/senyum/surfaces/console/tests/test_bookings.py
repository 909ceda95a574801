"""Bookings in the console: who sets which policy, what it would offer, and a day in numbers."""

from __future__ import annotations

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from senyum.bookings import commands, hall_queries
from senyum.bookings.commands.quota import take_quota
from senyum.bookings.models import BookingPolicy
from senyum.bookings.plan import Policy, forget, plan_of
from senyum.bookings.tests.days import DAY, NOW, at, open_bookings
from senyum.core import clock
from senyum.core.errors import NotAllowed, NotPossible
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.malls.models import Booth
from senyum.people.access import actor_of
from senyum.surfaces.ui.browser import DESK, PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.surfaces.ui.testing import PageClient
from senyum.visits import commands as visits

pytestmark = pytest.mark.django_db
LIST = "/console/contoh/bookings/"
GOOD = {
    "open": "on",
    "slot_minutes": "60",
    "walkin_percent": "50",
    "places": "",
    "most_quantity": "5",
    "days_ahead": "7",
    "opens_at": "08.00",
    "closes_minutes": "60",
    "early_minutes": "30",
    "late_minutes": "20",
    "contact": "confirmed",
    "hold_minutes": "10",
    "offer_minutes": "30",
    "remind_hours": "24",
    "remind_again_hours": "2",
}


@pytest.fixture(autouse=True)
def _wednesday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    forget()
    with scopes_disabled():
        yield
    forget()


def client(hall, name):
    browser = PageClient(raise_request_exception=True)
    browser.force_login(hall.users[name])
    return browser


def line_url(hall, code):
    return f"{LIST}{hall.lines[code].pk}/"


def quota(hall, agency, n):
    Booth.objects.filter(pk=hall.booths[agency].pk).update(quota_per_day=n)
    forget()


SEES = {"pengelola": 200, "koordinator": 200, "sekda": 200, "petugas1": 403, "penyambut": 403, "admin": 403}


@pytest.mark.parametrize("name", SEES)
def test_who_sees_the_policies_and_the_day(small_mall, name):
    for address in (LIST, f"{LIST}day/"):
        client(small_mall, name).page(address, status=SEES[name], max_queries=60)


def test_a_citizen_is_sent_to_the_log_in(small_mall, page_client):
    assert page_client.get(LIST)["Location"].startswith("/accounts/login/")
    assert page_client.post(line_url(small_mall, "ktp"), GOOD)["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("name", "own", "other", "hall"),
    [
        ("pengelola", 200, 200, 200),
        ("koordinator", 200, 404, 404),
        ("sekda", 403, 403, 403),
        ("petugas1", 403, 403, 403),
    ],
)
def test_who_sets_which(small_mall, name, own, other, hall):
    browser = client(small_mall, name)
    for address, status in (
        (line_url(small_mall, "ktp"), own),
        (line_url(small_mall, "skck"), other),
        (f"{LIST}0/", hall),
    ):
        assert browser.get(address).status_code == status, address
        browser.post(address, {**GOOD, "do": "save"})
    assert BookingPolicy.objects.count() == [own, other, hall].count(200)


def test_the_command_knows_too(small_mall):
    coordinator = actor_of(small_mall.users["koordinator"])
    with pytest.raises(NotAllowed):
        commands.put_policy(mall=small_mall.mall, line=small_mall.lines["skck"], now=NOW, actor=coordinator)
    with pytest.raises(NotAllowed):
        commands.put_policy(mall=small_mall.mall, line=None, now=NOW, actor=coordinator)
    with pytest.raises(NotAllowed):
        commands.put_policy(
            mall=small_mall.mall, line=small_mall.lines["ktp"], now=NOW, actor=actor_of(small_mall.users["petugas1"])
        )
    assert not BookingPolicy.objects.exists()
    commands.put_policy(mall=small_mall.mall, line=small_mall.lines["ktp"], now=NOW, actor=coordinator)
    assert BookingPolicy.objects.get().line_id == small_mall.lines["ktp"].pk


def test_what_is_saved_holds_and_is_in_the_journal(small_mall):
    page = client(small_mall, "koordinator").send(line_url(small_mall, "ktp"), {**GOOD, "do": "save"}, max_queries=90)
    assert "Tersimpan" in page.text and "aturan sendiri" in page.text
    row = BookingPolicy.objects.get()
    assert (row.slot_minutes, row.walkin_percent, row.places, row.contact) == (60, 50, None, "confirmed")
    assert (row.opens_at.hour, row.late_minutes) == (8, 20)
    entry = Entry.objects.get(kind="policy.booking")
    assert entry.actor_label == "koordinator" and entry.data["late_minutes"] == "20"


def test_looking_first_keeps_nothing_and_says_what_it_would_offer(small_mall):
    quota(small_mall, "dukcapil", 20)
    answers = {**GOOD, "places": "9", "walkin_percent": "60", "do": "try"}
    page = client(small_mall, "koordinator").send(line_url(small_mall, "ktp"), answers, max_queries=90)
    assert "Kalau disimpan" in page.text and "paling banyak 8 tempat dipesan" in page.text
    assert "Kuota 20 sehari: 8 boleh dipesan, sekurangnya 12" in page.text
    assert "kuota hanya mengizinkan 8" in page.text, "what the slots hold beyond the quota is said"
    assert page.find("input", name="places")[0].get("value") == "9"
    assert not BookingPolicy.objects.exists() and not Entry.objects.filter(kind="policy.booking").exists()


def test_what_is_previewed_is_what_is_sold(small_mall):
    """The preview's places are those that the same policy offers once it is saved."""
    line = plan_of(small_mall.mall).lines[small_mall.lines["ktp"].pk]
    wanted = Policy(slot_minutes=45, walkin_percent=30, places=3)
    before = hall_queries.preview_of(small_mall.mall, line, wanted, NOW)
    commands.put_policy(
        mall=small_mall.mall,
        line=small_mall.lines["ktp"],
        now=NOW,
        actor=SYSTEM,
        slot_minutes=45,
        walkin_percent=30,
        places=3,
    )
    plan = plan_of(small_mall.mall)
    assert tuple(plan.slots(plan.lines[line.id], before.day)) == before.slots and before.slots[0].capacity == 3


WRONG = [
    ("slot_minutes", "4", "5 sampai 480"),
    ("slot_minutes", "", "wajib"),
    ("walkin_percent", "101", "0 sampai 100"),
    ("walkin_percent", "-1", "0 sampai 100"),
    ("places", "0", "kosong supaya dihitung"),
    ("days_ahead", "181", "0 sampai 180"),
    ("late_minutes", "241", "0 sampai 240"),
    ("offer_minutes", "1", "5 sampai 1440"),
    ("opens_at", "25.00", ""),
    ("contact", "maybe", ""),
    ("most_quantity", "99999999999999999999", ""),
]


@pytest.mark.parametrize(("field", "value", "words"), WRONG)
@pytest.mark.parametrize("do", ["save", "try"])
def test_what_makes_no_sense_is_said_beside_its_field(small_mall, field, value, words, do):
    page = client(small_mall, "pengelola").send(
        line_url(small_mall, "ktp"), {**GOOD, field: value, "do": do}, status=422, max_queries=90
    )
    assert words in page.text.lower() or words in page.text
    assert page.find(page_tag(field), name=field)[0].get("aria-invalid") == "true"
    assert not BookingPolicy.objects.exists()


def page_tag(field):
    return "select" if field == "contact" else "input"


def test_the_command_refuses_what_makes_no_sense(small_mall):
    with pytest.raises(NotPossible) as caught:
        commands.put_policy(mall=small_mall.mall, line=None, now=NOW, actor=SYSTEM, late_minutes=999)
    assert caught.value.now_true == {"field": "late_minutes"}


def test_what_was_sold_stays_when_the_policy_shrinks(small_mall):
    open_bookings(small_mall, places=3)
    for _ in range(3):
        _book(small_mall)
    client(small_mall, "pengelola").send(
        line_url(small_mall, "ktp"), {**GOOD, "places": "1", "do": "save"}, max_queries=90
    )
    numbers = hall_queries.day_of(small_mall.mall, DAY, [small_mall.lines["ktp"].agency_id])
    assert [(s.booked, s.capacity) for s in numbers.slots] == [(3, 3)]


def _book(hall, line="ktp", hour=9, **more):
    legs = [(hall.lines[line].pk, at(hour))]
    return commands.book(mall=hall.mall, legs=legs, **{"quantity": 1, "channel": "phone", "now": NOW, **more})


def _a_day(hall):
    """One came, one missed, two cancelled, five to come; three without a booking."""
    quota(hall, "dukcapil", 40)
    open_bookings(hall, places=8)
    came, missed = _book(hall), _book(hall)
    commands.cancel(token=_book(hall, quantity=2).token, now=NOW)
    _book(hall, hour=13, quantity=2, contact_kind="email", contact="siti.aminah@example.id")
    _book(hall, hour=13, quantity=3)
    _book(hall, "skck")
    visits.check_in(mall=hall.mall, token=came.token, channel="greeter", now=at(8, 50), actor=SYSTEM)
    commands.release_missed(now=at(9, 30))
    take_quota(key=f"booth:{hall.booths['dukcapil'].pk}", day=DAY, quota=40, count=3)
    return missed


def test_a_day_in_numbers_without_anybody_in_it(small_mall):
    missed = _a_day(small_mall)
    page = client(small_mall, "koordinator").page(f"{LIST}day/?day={DAY}", max_queries=60)
    rows = [[cell.text for cell in row.all("th", "td")] for row in page.find("tr")][1:]
    assert rows == [
        ["09.00", "KTP elektronik", "8", "0", "1", "1", "2"],
        ["13.00", "KTP elektronik", "8", "5", "0", "0", "0"],
    ], "another agency's are not shown"
    assert "kuota 40, dipesan 6 dari paling banyak 16, tanpa pesan 3, sisa 31" in page.text
    for secret in ("siti", "example.id", missed.reference, missed.token):
        assert secret not in page.html
    manager = client(small_mall, "pengelola").page(f"{LIST}day/?day={DAY}", max_queries=60)
    assert "SKCK" in manager.text


@pytest.mark.parametrize("day", ["", "x", "2026-99-99", "9999-01-01", "0001-01-01"])
def test_a_day_that_is_none_is_today(small_mall, day):
    assert "hari ini" in client(small_mall, "pengelola").page(f"{LIST}day/?day={day}", max_queries=60).text


def test_another_halls_manager_finds_nothing(small_mall):
    other = type(small_mall.mall)(code="lain", name="Lain", short_name="Lain")
    other.save()
    for rest in ("", "day/", "0/"):
        assert client(small_mall, "pengelola").get(f"/console/lain/bookings/{rest}").status_code == 404


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_how_it_looks(page, context, live_server, small_mall, monkeypatch):
    _a_day(small_mall)
    monkeypatch.setattr(clock, "now", lambda: at(9, 30))
    browser = Client()
    browser.force_login(small_mall.users["pengelola"])
    context.add_cookies([{"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": live_server.url}])

    def sound(name):
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            assert_axe_clean(page)
            assert_targets(page)
            assert_fits(page)
            shoot(page, f"bookings-{name}-{size['width']}", full=size == PHONE)
        page.set_viewport_size(DESK)

    page.goto(live_server.url + LIST)
    page.locator("summary").first.click()
    sound("list")
    page.goto(f"{live_server.url}{LIST}day/")
    sound("day")
    page.goto(live_server.url + line_url(small_mall, "ktp"))
    page.locator("[name=late_minutes]").fill("999")
    page.get_by_role("button", name="Lihat hasilnya dulu").click()
    page.locator(".summary").wait_for()
    sound("policy-wrong")
    page.locator("[name=late_minutes]").fill("20")
    page.locator("[name=late_minutes]").press("Enter")
    page.get_by_text("Kalau disimpan").wait_for()
    sound("policy")
