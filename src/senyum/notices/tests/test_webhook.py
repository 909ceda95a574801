"""The webhook: signed, over https, to the public internet and nowhere else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from senyum.core import tls
from senyum.notices import channels
from senyum.notices.channels import Refused, Unreachable, http, webhook
from senyum.notices.tests.stubs import Receiver, letter, serving

SECRET = b"rahasia-yang-panjang"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tls.Certificates:
    return tls.ensure(Path(tmp_path_factory.mktemp("tls")), ["hook.example"], datetime.now(UTC))


@pytest.fixture
def receiver(certificates: tls.Certificates) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    server = Receiver(context)
    with serving(server):
        yield server


@pytest.fixture
def trust(certificates: tls.Certificates) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificates.authority))


def here(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def post(receiver: Receiver, trust: ssl.SSLContext | None, host: str = "hook.example", path: str = "/in?a=1") -> None:
    url = f"https://{host}:{receiver.port}{path}"
    webhook.post(letter(url), SECRET, guards=http.Guards(here, lambda address: True, trust))


def test_a_letter_arrives_signed(receiver: Receiver, trust: ssl.SSLContext) -> None:
    post(receiver, trust)
    ((path, headers, body),) = receiver.posts
    assert path == "/in?a=1" and headers["Host"].startswith("hook.example")
    row = json.loads(body)
    assert (row["id"], row["type"], row["mall"]) == (letter("").uid, "emergency", "contoh")
    assert row["about"] == {"kind": "emergency", "id": "1", "label": "3"} and row["data"] == {"counter": "3"}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{right}"
    assert int(headers["webhook-timestamp"]) == int(letter("").at.timestamp())


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of the Standard Webhooks reference libraries.
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    said = webhook.signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, Refused) for status in (301, 307, 400, 404, 410)),
        *((status, Unreachable) for status in (408, 429, 500, 503)),
    ],
)
def test_what_the_receiver_answers(receiver: Receiver, trust: ssl.SSLContext, status: int, error: type) -> None:
    receiver.status, receiver.headers = status, {"location": "https://127.0.0.1/inside"}
    with pytest.raises(error, match=str(status)):
        post(receiver, trust)
    assert len(receiver.posts) == 1


def test_a_certificate_of_nobody_or_of_another_host_is_not_trusted(receiver: Receiver, trust: ssl.SSLContext) -> None:
    for host, context in [("hook.example", None), ("other.example", trust)]:
        with pytest.raises(Unreachable, match="certificate is not valid"):
            post(receiver, context, host)
    assert receiver.posts == []


def test_a_slow_receiver_is_cut_off(monkeypatch: pytest.MonkeyPatch, receiver: Receiver, trust: ssl.SSLContext) -> None:
    cut = threading.Event()
    monkeypatch.setattr(http, "WHOLE_SECONDS", 0.05)
    monkeypatch.setattr(http, "STEP_SECONDS", 30.0)
    original = http.Pinned.cut

    def ended(connection: http.Pinned) -> None:
        original(connection)
        cut.set()

    monkeypatch.setattr(http.Pinned, "cut", ended)
    monkeypatch.setattr(receiver, "finish_request", lambda *_: cut.wait(30))
    with pytest.raises(Unreachable, match="does not answer"):
        post(receiver, trust)
    assert cut.is_set()


INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not http.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert http.is_public(address)


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], []])
def test_a_name_that_leads_inside_is_refused_before_any_connection(found: list[str]) -> None:
    with pytest.raises(Refused, match="private network"):
        guards = http.Guards(lambda host, port: found, http.is_public)
        webhook.post(letter("https://hook.example/"), SECRET, guards=guards)


def test_a_name_that_nobody_knows_is_tried_later() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(Unreachable, match="name is not known"):
        webhook.post(letter("https://hook.example/"), SECRET, guards=http.Guards(unknown, http.is_public))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hook.example/", "https"),
        ("ftp://hook.example/", "https"),
        ("https:///x", "https"),
        ("hook.example", "https"),
        ("https://user:pw@hook.example/", "no password"),
        ("https://hook.example:99999/", "cannot be read"),
        ("https://localhost/", "private"),
        ("https://127.0.0.1/", "private"),
        ("https://[::1]/", "private"),
        ("https://2130706433/", "private"),
        ("https://0x7f.1/", "private"),
    ],
)
def test_addresses_that_are_never_called(url: str, why: str, settings: Any) -> None:
    settings.NOTICE_WEBHOOK_SECRET = "x"
    with pytest.raises(Refused, match=why):
        channels.send("webhook", letter(url))


def test_without_a_secret_nothing_is_posted(settings: Any) -> None:
    settings.NOTICE_WEBHOOK_SECRET = ""
    with pytest.raises(Unreachable, match="SENYUM_WEBHOOK_SECRET is empty"):
        channels.send("webhook", letter("https://hook.example/"))
