"""The pages that belong to no surface."""

from __future__ import annotations

import pytest

from senyum.surfaces.ui.testing import PageClient

pytestmark = pytest.mark.django_db


def test_home_says_what_to_do_when_there_is_no_mall(page_client: PageClient) -> None:
    page = page_client.page("/")
    assert "Belum ada mal di sini" in page.text


def test_work_sends_strangers_to_the_log_in(page_client: PageClient) -> None:
    response = page_client.get("/work/")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/work/"


def test_log_in(page_client: PageClient) -> None:
    page_client.page("/accounts/login/")


def test_device(page_client: PageClient) -> None:
    page = page_client.page("/device/")
    assert page.heading == "Perangkat ini"
