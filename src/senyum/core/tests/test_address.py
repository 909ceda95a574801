"""Which address links get that leave the screen."""

from __future__ import annotations

import pytest

from senyum.core import address


@pytest.mark.parametrize(
    "url", ["", "https://mpp.sumedang.example", "http://192.168.1.5:8000", "http://[2001:db8::5]:80"]
)
def test_a_base_is_a_scheme_a_host_and_perhaps_a_port(url):
    assert address.checked(f" {url}/ ") == url


@pytest.mark.parametrize(
    "url", ["mpp.example", "ftp://mpp.example", "https://", "https://mpp.example/sub", "https://a:b@c.example"]
)
def test_anything_else_is_refused(url):
    with pytest.raises(ValueError, match=r"public|http"):
        address.checked(url)


@pytest.mark.parametrize("host", ["localhost", "kiosk.localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"])
def test_this_machine_only(host):
    assert address.is_loopback(host)


@pytest.mark.parametrize("host", ["192.168.1.5", "mpp.example", "localhost.example", ""])
def test_not_this_machine_only(host):
    assert not address.is_loopback(host)


@pytest.mark.parametrize(
    ("public", "listens", "expected"),
    [
        ("https://mpp.example", "http://127.0.0.1:8000", "https://mpp.example"),
        ("", "http://0.0.0.0:8000", "http://192.168.1.5:8000"),
        ("", "https://[::]:8443", "https://192.168.1.5:8443"),
        ("", "http://10.0.0.7:80", "http://10.0.0.7:80"),
        ("", "http://[2001:db8::5]:80", "http://[2001:db8::5]:80"),
        ("", "http://127.0.0.1:8000", ""),
        ("", "", ""),
    ],
)
def test_the_base_of_a_hall(monkeypatch, public, listens, expected):
    monkeypatch.setattr(address, "lan_address", lambda: "192.168.1.5")
    assert address.base_of_hall(public=public, listens=listens) == expected


def test_a_machine_without_a_network_has_no_base(monkeypatch):
    monkeypatch.setattr(address, "lan_address", lambda: "")
    assert address.base_of_hall(public="", listens="http://0.0.0.0:8000") == ""


def test_the_machines_own_address_is_never_a_loopback():
    found = address.lan_address()
    assert found == "" or not address.is_loopback(found)
