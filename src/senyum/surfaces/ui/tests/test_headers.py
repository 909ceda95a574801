"""What a browser is told with every answer, and how cookies are set."""

from __future__ import annotations

import pytest
from django.test import Client

from senyum.surfaces.kiosk.tests import stand

pytestmark = pytest.mark.django_db

ADDRESSES = ["/", "/m/contoh/", "/accounts/login/", "/device/", "/privacy/", "/nowhere/", "/t/AbCdEfGhIjKlMnOpQrSt/"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_forbids_foreign_scripts_frames_sniffing_and_referrers(small_mall, address):
    answer = Client().get(address)
    policy = {part.split()[0]: part.split()[1:] for part in answer["Content-Security-Policy"].split("; ") if part}
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == ["'self'"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize("address", ["/m/contoh/", "/nowhere/", "/device/"])
def test_pages_are_not_kept_by_caches(small_mall, address):
    assert "no-store" in Client().get(address)["Cache-Control"]


def test_cookies_are_for_this_site_and_not_for_scripts(small_mall):
    device = stand.kiosk(small_mall)
    officer, staff = small_mall.users["petugas1"], Client()
    officer.set_password("kata-sandi-uji")
    officer.save(update_fields=["password"])
    staff.post("/accounts/login/", {"login": "petugas1", "password": "kata-sandi-uji"})
    phone = Client()
    phone.get(f"/m/contoh/take/?line={small_mall.lines['ktp'].pk}")
    cookies = {**device.cookies, **staff.cookies, **phone.cookies}
    assert {"sessionid", "senyum_device"} <= set(cookies)
    for name, cookie in cookies.items():
        assert cookie["samesite"] in ("Lax", "Strict"), name
        # The form token of this library and the language are no secrets.
        assert cookie["httponly"] or name in ("csrftoken", "django_language"), name


def test_logging_in_makes_a_new_session_and_logging_out_ends_it(small_mall):
    officer, staff = small_mall.users["petugas1"], Client()
    officer.set_password("kata-sandi-uji")
    officer.save(update_fields=["password"])
    for _time in range(2):
        staff.post("/accounts/login/", {"login": "petugas1", "password": "kata-sandi-uji"})
        assert staff.get("/my-work/").status_code == 200
        first = staff.cookies["sessionid"].value
        staff.post("/accounts/logout/")
        thief = Client()
        thief.cookies["sessionid"] = first
        assert thief.get("/my-work/").status_code == 302
        staff.post("/accounts/login/", {"login": "petugas1", "password": "kata-sandi-uji"})
        assert staff.cookies["sessionid"].value != first
        staff.post("/accounts/logout/")


@pytest.mark.parametrize("method", ["trace", "put", "delete", "patch"])
def test_methods_that_nobody_needs_are_refused(small_mall, method):
    for address in ("/", "/m/contoh/", "/api/v1/malls"):
        assert getattr(Client(), method)(address).status_code in (401, 403, 405), address
