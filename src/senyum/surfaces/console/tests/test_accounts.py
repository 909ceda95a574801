"""The pages of accounts and devices: who opens them, what they do, how they look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.people.commands import create_token
from senyum.people.models import ApiToken, Device, Role, User
from senyum.rehearsal.queries import SmallHall
from senyum.surfaces.ui.browser import DESK, PHONE, assert_axe_clean, assert_fits, assert_targets, shoot
from senyum.surfaces.ui.testing import PageClient

LIST, DEVICES = "/console/contoh/accounts/", "/console/contoh/devices/"
NEW = {
    "name": "Siti Aminah",
    "username": "siti",
    "role": "officer",
    "agency": "contoh-dukcapil",
    "email": "siti@mpp.example",
}

pytestmark = pytest.mark.django_db


def client(hall: SmallHall, name: str) -> PageClient:
    browser = PageClient(raise_request_exception=True)
    browser.force_login(hall.users[name])
    return browser


def one(hall: SmallHall, name: str) -> str:
    return f"{LIST}{hall.users[name].pk}/"


@pytest.mark.parametrize("name", ["petugas1", "koordinator", "penyambut", "pengelola", "sekda"])
def test_only_an_administrator_opens_and_changes_accounts(small_mall, name):
    browser, person = client(small_mall, name), one(small_mall, "petugas2")
    browser.page(LIST, status=403)
    browser.page(person, status=403)
    browser.send(f"{LIST}add/", NEW, status=403)
    for action in ("change", "give", "take", "reset", "factors", "disable", "enable"):
        browser.send(f"{person}{action}/", {"reason": "coba", "name": "X"}, status=403)
    assert not User.objects.filter(username="siti").exists()
    assert User.objects.get(username="petugas2").is_active


def test_a_stranger_is_sent_to_the_log_in(small_mall, page_client):
    assert page_client.get(LIST)["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("name", "status"), [("petugas1", 403), ("penyambut", 403), ("sekda", 403), ("pengelola", 200), ("admin", 200)]
)
def test_who_opens_the_devices(small_mall, name, status):
    client(small_mall, name).page(DEVICES, status=status)


def test_the_list_names_everybody_and_can_be_searched(small_mall):
    browser = client(small_mall, "admin")
    page = browser.page(LIST)
    assert len(page.find("a", class_="accounts-name")) == len(small_mall.users)
    found = browser.page(LIST, data={"q": "pengelola"}).find("a", class_="accounts-name")
    assert [link.text for link in found] == [str(small_mall.users["pengelola"])]
    assert len(browser.page(LIST, data={"role": "officer"}).find("a", class_="accounts-name")) == 4
    assert "Tidak ada orang yang cocok" in browser.page(LIST, data={"q": "zzz"}).text


def test_adding_somebody_shows_the_first_password_once(small_mall):
    browser = client(small_mall, "admin")
    page = browser.send(f"{LIST}add/", NEW)
    user = User.objects.get(username="siti")
    (shown,) = page.find("dd", id="first-password")
    assert user.check_password(shown.text)
    assert page.response["Cache-Control"] == "no-store"
    assert shown.text not in browser.page(f"{LIST}{user.pk}/").html
    assert "belum ganti sandi" in browser.page(LIST).text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"username": "petugas1"}, "sudah dipakai"),
        ({"username": "Siti A"}, "huruf kecil"),
        ({"email": "siti"}, "surel"),
        ({"agency": ""}, "perlu instansi"),
        ({"role": "manager"}, "perlu instansi"),
        ({"agency": "nowhere"}, ""),
    ],
)
def test_what_is_wrong_is_said_in_the_form(small_mall, given, said):
    page = client(small_mall, "admin").send(f"{LIST}add/", {**NEW, **given}, status=422)
    assert page.title.startswith("Galat:")
    assert said in page.text
    assert not User.objects.filter(username="siti").exists()


def test_address_roles_and_switches_of_one_person(small_mall):
    browser, person = client(small_mall, "admin"), one(small_mall, "petugas1")
    browser.send(f"{person}change/", {"name": "Nama Baru", "email": "baru@mpp.example"})
    user = User.objects.get(username="petugas1")
    assert (user.name, user.email) == ("Nama Baru", "baru@mpp.example")
    browser.send(f"{person}change/", {"name": "", "email": "x"}, status=422)
    browser.send(f"{person}give/", {"role": "greeter", "agency": ""})
    browser.send(f"{person}give/", {"role": "greeter", "agency": "contoh-polres"}, status=422)
    held = Role.objects.get(user=user, role="greeter")
    browser.send(f"{person}take/", {"role": str(held.pk)})
    assert not Role.objects.filter(pk=held.pk).exists()
    browser.send(f"{person}disable/", {"reason": ""}, status=422)
    browser.send(f"{person}disable/", {"reason": "pindah tugas"})
    assert "nonaktif" in browser.page(person).text
    browser.send(f"{person}enable/")
    assert User.objects.get(pk=user.pk).is_active


def test_the_last_role_taken_leads_back_to_the_list(small_mall):
    held = Role.objects.get(user=small_mall.users["petugas1"])
    page = client(small_mall, "admin").send(f"{one(small_mall, 'petugas1')}take/", {"role": str(held.pk)})
    assert page.heading == "Akun petugas"


@pytest.mark.parametrize("wish", ["", "x", "９", "99999999999999999999", "-1"])
def test_an_odd_role_is_not_found(small_mall, wish):
    browser = client(small_mall, "admin")
    assert browser.post(f"{one(small_mall, 'petugas1')}take/", {"role": wish}).status_code == 404
    other = Role.objects.get(user=small_mall.users["petugas2"])
    assert browser.post(f"{one(small_mall, 'petugas1')}take/", {"role": str(other.pk)}).status_code == 404


def test_ones_own_access_is_not_offered(small_mall):
    page = client(small_mall, "admin").page(one(small_mall, "admin"))
    assert not [f for f in page.find("form") if f.get("action").endswith(("/disable/", "/reset/"))]
    assert "diurus administrator lain" in page.text


def test_somebody_without_a_role_here_is_not_found(small_mall):
    stranger = User.objects.create(username="jauh")
    browser = client(small_mall, "admin")
    assert browser.get(f"{LIST}{stranger.pk}/").status_code == 404
    assert browser.post(f"{LIST}{stranger.pk}/disable/", {"reason": "coba"}).status_code == 404


def test_a_pairing_ends_from_the_list(small_mall):
    kiosk = small_mall.devices["kiosk"]
    create_token(role="kiosk", mall=small_mall.mall, device=kiosk, now=clock.wall(), actor=SYSTEM)
    Device.objects.filter(pk=kiosk.pk).update(last_seen_at=clock.wall() - timedelta(days=20))
    browser = client(small_mall, "pengelola")
    assert "terakhir dipakai 20 hari lalu" in browser.page(DEVICES).text
    assert "lama diam" in browser.page(DEVICES).text
    browser.send(f"{DEVICES}{kiosk.pk}/end/")
    assert ApiToken.objects.get(device=kiosk).revoked_at is not None
    assert browser.post(f"{DEVICES}{kiosk.pk}/end/").status_code == 409
    assert browser.post(f"{DEVICES}999999/end/").status_code == 404


def test_a_page_of_a_device_writes_when_it_was_seen_and_then_not_again(small_mall, page_client):
    secret = create_token(
        role="display",
        mall=small_mall.mall,
        device=small_mall.devices["display"],
        now=clock.wall(),
        actor=SYSTEM,
    )
    page_client.send("/device/pair/", {"token": secret})
    device = small_mall.devices["display"]
    Device.objects.filter(pk=device.pk).update(last_seen_at=clock.wall() - timedelta(hours=2))
    page_client.get("/display/contoh/")
    device.refresh_from_db()
    assert clock.wall() - device.last_seen_at < timedelta(minutes=1)
    with CaptureQueriesContext(connection) as asked:
        page_client.get("/display/contoh/")
    assert not [q for q in asked if q["sql"].startswith("UPDATE")]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_accounts_and_devices_in_a_browser(small_mall, live_server, context, page):
    manager = small_mall.users["pengelola"]
    User.objects.filter(pk=manager.pk).update(email="pengelola@mpp.example", last_login=clock.wall())
    create_token(role="kiosk", mall=small_mall.mall, device=small_mall.devices["kiosk"], now=clock.wall(), actor=SYSTEM)
    browser = Client()
    browser.force_login(small_mall.users["admin"])
    context.add_cookies([{"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": live_server.url}])
    person = one(small_mall, "petugas1")
    for address, name in ((LIST, "accounts"), (person, "account"), (DEVICES, "devices")):
        page.set_viewport_size(DESK)
        page.goto(live_server.url + address)
        shoot(page, f"{name}-desk")
        for closed in page.locator("main details").all():
            closed.evaluate("d => { d.open = true }")
        assert_axe_clean(page)
        assert_targets(page)
        assert_fits(page)
        page.set_viewport_size(PHONE)
        assert_fits(page)
        page.reload()
        shoot(page, f"{name}-phone")
