"""The pages that belong to no surface."""

from __future__ import annotations

import pytest

from senyum.people.access import console_of, places
from senyum.surfaces.ui.testing import PageClient, PageProblem

pytestmark = pytest.mark.django_db


def test_home_says_what_to_do_when_there_is_no_mall(page_client: PageClient) -> None:
    page = page_client.page("/")
    assert "Belum ada mal di sini" in page.text


def test_work_sends_strangers_to_the_log_in(page_client: PageClient) -> None:
    response = page_client.get("/my-work/")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/my-work/"


def test_log_in(page_client: PageClient) -> None:
    page_client.page("/accounts/login/")


def test_device(page_client: PageClient) -> None:
    page = page_client.page("/device/")
    assert page.heading == "Perangkat ini"


def test_home_leads_to_each_mall(page_client: PageClient, small_mall) -> None:
    page = page_client.page("/", max_queries=2)
    assert page.find("a", href="/m/contoh/")
    assert "Anda petugas?" in page.text


def test_work_shows_the_places_of_each_role(page_client: PageClient, small_mall) -> None:
    page_client.force_login(small_mall.users["petugas1"])
    page = page_client.page("/my-work/")
    assert page.find("a", href="/counter/contoh/")
    assert not page.find("a", href="/greeter/contoh/")
    page_client.force_login(small_mall.users["pengelola"])
    page = page_client.page("/my-work/")
    assert page.find("a", href="/greeter/contoh/")
    assert page.find("a", href="/console/contoh/floor/")


@pytest.mark.parametrize("name", ["koordinator", "penyambut", "pengelola", "sekda", "admin"])
def test_every_part_of_the_console_that_is_offered_opens_with_the_same_tabs(
    page_client: PageClient, small_mall, name
) -> None:
    page_client.force_login(small_mall.users[name])
    user = small_mall.users[name]
    parts = console_of(user, small_mall.mall)
    assert parts and {part.url for part in parts} <= {place.url for place in places(user)}
    for part in parts:
        page = page_client.page(part.url)
        tabs = page.find("nav", class_="tabs")
        assert bool(tabs) == (len(parts) > 1)
        if tabs:
            assert [tab.get("href") for tab in tabs[0].all("a")] == [other.url for other in parts]
            assert page.find("a", href=part.url, aria_current="page")


def test_work_says_what_to_do_without_a_role(page_client: PageClient, django_user_model) -> None:
    page_client.force_login(django_user_model.objects.create(username="baru"))
    assert "Minta administrator memberi Anda peran" in page_client.page("/my-work/").text


def test_signing_up_is_closed(page_client: PageClient) -> None:
    assert page_client.page("/accounts/signup/").heading == "Akun dibuat oleh administrator"


def test_a_wrong_password_is_told_in_a_summary_and_the_name_is_kept(page_client: PageClient) -> None:
    page = page_client.send("/accounts/login/", {"login": "siti", "password": "salah-sekali"})
    assert page.title.startswith("Galat:")
    assert page.find("div", class_="summary")
    assert page.find("input", name="login")[0].get("value") == "siti"


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/2fa/",
        "/accounts/2fa/webauthn/",
        "/accounts/2fa/totp/activate/",
        "/accounts/reauthenticate/",
        "/accounts/password/change/",
        "/accounts/logout/",
        "/accounts/email/",
    ],
)
def test_pages_of_an_account(page_client: PageClient, django_user_model, address: str) -> None:
    django_user_model.objects.create_user("siti", password="kata sandi panjang")
    page_client.send("/accounts/login/", {"login": "siti", "password": "kata sandi panjang"}, max_queries=48)
    page_client.send("/accounts/reauthenticate/", {"password": "kata sandi panjang"}, max_queries=48)
    page_client.page(address)


def test_a_passkey_is_the_one_thing_that_needs_a_script(page_client: PageClient, django_user_model) -> None:
    page_client.force_login(django_user_model.objects.create_user("siti"))
    with pytest.raises(PageProblem) as told:
        page_client.page("/accounts/2fa/webauthn/add/")
    assert str(told.value).splitlines()[1:] == [
        "- the form to '/accounts/2fa/webauthn/add/' cannot be sent without a script"
    ]
