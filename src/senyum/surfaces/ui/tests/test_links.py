"""Links on paper and in messages open on a phone, whatever the address the kiosk was opened at."""

from __future__ import annotations

import re

import pytest
from django.test import RequestFactory

from scripts import build_locale
from senyum.core import address
from senyum.surfaces.ui.links import outward


@pytest.fixture(autouse=True)
def in_a_network(monkeypatch):
    monkeypatch.setattr(address, "lan_address", lambda: "192.168.1.5")


@pytest.mark.parametrize(
    ("public", "listens", "host", "expected"),
    [
        ("", "http://0.0.0.0:8000", "localhost:8000", "http://192.168.1.5:8000/t/abc/"),
        ("", "https://0.0.0.0:8443", "[::1]:8443", "https://192.168.1.5:8443/t/abc/"),
        ("", "http://0.0.0.0:8000", "mpp.example", "http://mpp.example/t/abc/"),
        # Nobody else gets in there: the link at least works on this machine.
        ("", "http://127.0.0.1:8000", "localhost:8000", "http://localhost:8000/t/abc/"),
        ("", "", "localhost", "http://localhost/t/abc/"),
        ("https://mpp.example", "http://0.0.0.0:8000", "localhost:8000", "https://mpp.example/t/abc/"),
        # A forged Host header does not reach the paper.
        ("https://mpp.example", "", "evil.example", "https://mpp.example/t/abc/"),
    ],
)
def test_what_a_phone_can_open(settings, public, listens, host, expected):
    settings.PUBLIC_URL, settings.LISTENS, settings.ALLOWED_HOSTS = public, listens, ["*"]
    request = RequestFactory(headers={"host": host}).get("/kiosk/sumedang/")
    assert outward(request, "/t/abc/") == expected


def test_no_surface_makes_such_a_link_itself():
    makers = [
        file.relative_to(build_locale.SOURCE).as_posix()
        for file in sorted((build_locale.SOURCE / "surfaces").rglob("*.py"))
        if "tests" not in file.parts and re.search(r"build_absolute_uri|\.get_raw_uri", file.read_text())
    ]
    assert makers == ["surfaces/ui/links.py"]
