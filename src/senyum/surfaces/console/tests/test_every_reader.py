"""Staff pages for those who zoom to 320 px, use forced colours, or have a keyboard alone."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import expect

from senyum.people.models import User
from senyum.surfaces.ui.browser import assert_axe_clean, assert_fits

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Address -> who opens it. "" is nobody.
PAGES = {
    "/accounts/login/": "",
    "/device/": "",
    "/privacy/": "",
    "/my-work/": "admin",
    "/my-work/logins/": "admin",
    "/accounts/2fa/": "admin",
    "/console/contoh/accounts/": "admin",
    "/console/contoh/devices/": "admin",
    "/console/contoh/floor/": "pengelola",
    "/greeter/contoh/": "penyambut",
    "/counter/contoh/": "petugas1",
}


@pytest.fixture
def enter(small_mall, live_server, context, page):
    def as_(name: str) -> None:
        context.clear_cookies()
        if name:
            browser = Client()
            browser.force_login(small_mall.users[name])
            value = browser.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": value, "url": live_server.url}])

    return as_


@pytest.mark.parametrize(("address", "name"), PAGES.items())
def test_it_reflows_at_320_pixels_and_keeps_its_signs_in_forced_colours(enter, live_server, page, address, name):
    enter(name)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(live_server.url + address)
    assert_fits(page)
    page.emulate_media(forced_colors="active")
    assert_axe_clean(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    focus = page.evaluate(
        "() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]; }"
    )
    assert focus[0] != "none", "the focus is not to be seen"
    assert focus[1] != "0px", "the focus is not to be seen"


def _tab_to(page, role: str, name: str) -> None:
    """Press Tab until the named thing has the focus, as somebody without a mouse does."""
    wanted = page.get_by_role(role, name=name).first
    for _press in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError(f"{role} {name!r} is not reached by Tab")


def test_from_the_log_in_to_a_new_account_by_keys_alone(small_mall, live_server, page):
    admin = small_mall.users["admin"]
    admin.set_password("pagar-biru-tujuh")
    admin.save(update_fields=["password"])
    page.goto(live_server.url + "/accounts/login/?next=/console/contoh/accounts/")
    _tab_to(page, "textbox", "Nama pengguna")
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type("pagar-biru-tujuh")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/contoh/accounts/")
    summary = page.locator(".accounts-new summary")
    for _press in range(30):
        page.keyboard.press("Tab")
        if summary.evaluate("e => e === document.activeElement"):
            break
    page.keyboard.press("Enter")
    _tab_to(page, "textbox", "Nama")
    page.keyboard.type("Siti Aminah")
    page.keyboard.press("Tab")
    page.keyboard.type("siti")
    page.keyboard.press("Tab")
    page.keyboard.type("Petugas penyambut")
    _tab_to(page, "button", "Buat akun")
    page.keyboard.press("Enter")
    expect(page.locator("#first-password")).to_be_visible()
    assert User.objects.get(username="siti").roles.get().role == "greeter"
