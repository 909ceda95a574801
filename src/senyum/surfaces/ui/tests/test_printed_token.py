"""From the token that the command prints to a device that works, as docs/operation.md tells it."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from senyum.people import tokens
from senyum.people.cli import app
from senyum.people.models import ApiToken, Device
from senyum.surfaces.ui.testing import PageClient

pytestmark = pytest.mark.django_db


def create(*more: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["create", "--mall", "contoh", *more])
    assert done.exit_code == code, done.output
    tokens.forget()
    return done.output.strip()


@pytest.mark.parametrize(
    ("kind", "start", "words"),
    [
        ("kiosk", "/kiosk/contoh/", "Sentuh untuk mulai"),
        ("display", "/display/contoh/", ""),
        ("smile", "/smile/contoh/", ""),
    ],
)
def test_a_printed_token_makes_a_device(small_mall, kind, start, words):
    secret = create("--role", kind, "--device", "Perangkat baru")
    browser = PageClient(raise_request_exception=True)
    assert "Perangkat baru" in browser.send("/device/pair/", {"token": f" {secret}\n"}).text
    page = browser.page(start, max_queries=40)
    assert words in page.text
    assert Device.objects.get(name="Perangkat baru").kind == kind


def test_a_second_token_is_for_the_same_device(small_mall):
    for _ in range(2):
        create("--role", "kiosk", "--device", "Kios utara")
    device = Device.objects.get(name="Kios utara")
    assert ApiToken.objects.filter(device=device).count() == 2


def test_a_token_without_a_device_is_for_programs_and_the_pairing_says_so(small_mall, page_client):
    secret = create("--role", "kiosk")
    assert "belum menyebut perangkatnya" in page_client.send("/device/pair/", {"token": secret}, status=422).text
    asked = page_client.get("/api/v1/malls/contoh", headers={"Authorization": f"Bearer {secret}"})
    assert asked.status_code == 200


def test_a_name_belongs_to_one_kind(small_mall):
    create("--role", "kiosk", "--device", "Kios utara")
    assert "another kind" in create("--role", "display", "--device", "Kios utara", code=2)
