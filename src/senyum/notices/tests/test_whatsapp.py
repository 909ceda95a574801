"""WhatsApp, through a gateway of the Cloud API's form on this machine."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from senyum.core import tls
from senyum.notices import channels, messages, outbox, ways
from senyum.notices.channels import Refused, Unreachable, http, whatsapp
from senyum.notices.models import Notice
from senyum.notices.tests.stubs import Receiver, letter, serving
from senyum.notices.tests.test_messages import sample
from senyum.notices.tests.test_outbox import BOOKING, NOW

TAKEN = b'{"messaging_product": "whatsapp", "messages": [{"id": "wamid.X"}]}'


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tls.Certificates:
    return tls.ensure(Path(tmp_path_factory.mktemp("tls")), ["gateway.example"], datetime.now(UTC))


@pytest.fixture
def gateway(certificates: tls.Certificates, settings: Any) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    server = Receiver(context)
    server.status, server.answer = 200, TAKEN
    settings.WHATSAPP_URL = f"https://gateway.example:{server.port}/v23.0"
    settings.WHATSAPP_PHONE_ID, settings.WHATSAPP_TOKEN = "1060", "token-rahasia"
    with serving(server):
        yield server


@pytest.fixture
def guards(certificates: tls.Certificates) -> http.Guards:
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    return http.Guards(lambda host, port: ["127.0.0.1"], lambda address: True, trust)


def booking(number: str = "0812-3456-7890", **more: Any) -> Any:
    return letter(number, **{"kind": "booking_made", "data": sample("booking_made"), **more})


def test_a_template_arrives_with_what_fills_its_places(gateway: Receiver, guards: http.Guards) -> None:
    whatsapp.post(booking(language="en"), guards=guards)
    ((path, headers, body),) = gateway.posts
    assert path == "/v23.0/1060/messages" and headers["authorization"] == "Bearer token-rahasia"
    row = json.loads(body)
    assert (row["messaging_product"], row["to"], row["type"]) == ("whatsapp", "6281234567890", "template")
    assert row["biz_opaque_callback_data"] == headers["idempotency-key"] == booking().uid
    assert row["template"]["name"] == "senyum_booking_made"
    assert row["template"]["language"]["code"] == "en"
    (part,) = row["template"]["components"]
    sent = [value["text"] for value in part["parameters"]]
    assert part["type"] == "body" and tuple(sent) == messages.parameters("booking_made", sample("booking_made"), "en")
    assert "https://mpp.example/b/abc/" in sent and "10:00 WIB" in sent


def test_sundanese_people_get_the_indonesian_template(gateway: Receiver, guards: http.Guards) -> None:
    whatsapp.post(booking(language="su"), guards=guards)
    template = json.loads(gateway.posts[0][2])["template"]
    assert template["language"]["code"] == "id"
    assert "10.00 WIB" in [value["text"] for value in template["components"][0]["parameters"]]


def test_a_code_goes_as_an_authentication_template(gateway: Receiver, guards: http.Guards) -> None:
    whatsapp.post(booking(kind="contact_code", data=sample("contact_code")), guards=guards)
    body, button = json.loads(gateway.posts[0][2])["template"]["components"]
    assert body["parameters"] == button["parameters"] == [{"type": "text", "text": "042917"}]
    assert (button["type"], button["sub_type"], button["index"]) == ("button", "url", "0")


def test_a_second_attempt_has_the_same_key(gateway: Receiver, guards: http.Guards) -> None:
    for _ in range(2):
        whatsapp.post(booking(), guards=guards)
    assert len({headers["idempotency-key"] for _, headers, _ in gateway.posts}) == 1


@pytest.mark.parametrize(
    ("status", "code", "error", "whole", "says"),
    [
        (400, 131026, Refused, None, "code 131026"),
        (400, 131056, Unreachable, False, "code 131056"),
        (429, 130429, Unreachable, True, "code 130429"),
        (400, 131048, Unreachable, True, "code 131048"),
        (404, 132001, Unreachable, False, "template senyum_booking_made"),
        (400, 132000, Unreachable, False, "template senyum_booking_made"),
        (401, 190, Unreachable, True, "token, phone id"),
        (403, 10, Unreachable, True, "token, phone id"),
        (400, 200, Unreachable, True, "token, phone id"),
        (404, None, Unreachable, True, "token, phone id"),
        (500, 131000, Unreachable, True, "131000"),
        (503, None, Unreachable, True, "503"),
        (429, None, Unreachable, True, "429"),
        (400, 100, Refused, None, "400"),
        (400, None, Refused, None, "400"),
        (302, None, Unreachable, True, "redirect"),
    ],
)
def test_what_the_gateway_answers(
    gateway: Receiver, guards: http.Guards, status: int, code: int | None, error: type, whole: bool | None, says: str
) -> None:
    said = {"message": "6281234567890 is not here", "code": code}
    gateway.status, gateway.headers = status, {"location": "https://127.0.0.1/"}
    gateway.answer = json.dumps({"error": said}).encode() if code is not None else b"<html>"
    with pytest.raises(error, match=says) as caught:
        whatsapp.post(booking(), guards=guards)
    assert getattr(caught.value, "whole", None) is whole
    assert "6281" not in str(caught.value) and "rahasia" not in str(caught.value)
    assert len(gateway.posts) == 1


def test_a_number_that_is_none_leaves_nothing(gateway: Receiver, guards: http.Guards) -> None:
    with pytest.raises(Refused, match="no Indonesian mobile number"):
        whatsapp.post(booking("0261-1234"), guards=guards)
    assert gateway.posts == []


@pytest.mark.parametrize("url", ["https://127.0.0.1", "http://gateway.example", "https://10.0.0.1/v23.0"])
def test_a_gateway_inside_is_never_called_and_the_message_waits(gateway: Receiver, settings: Any, url: str) -> None:
    settings.WHATSAPP_URL = url
    with pytest.raises(Unreachable, match=r"private network|https address"):
        channels.send("whatsapp", booking())
    assert gateway.posts == []


@pytest.mark.django_db
class TestOnlyWhereTheHallSetItUp:
    def tell(self, *numbers: str) -> int:
        with transaction.atomic():
            return outbox.tell(
                mall="contoh",
                template="booking_made",
                data=BOOKING,
                subject=("booking", 7, "x"),
                once="booking_made:7",
                ways_out=[("whatsapp", number) for number in numbers],
                now=NOW,
            )

    def test_without_a_gateway_no_number_is_kept(self, settings: Any) -> None:
        settings.WHATSAPP_URL = ""
        assert not ways.is_open("whatsapp")
        assert self.tell("0812-3456-7890") == 0 and not Notice.objects.exists()
        with pytest.raises(Unreachable, match="not set up"):
            channels.send("whatsapp", booking())

    def test_one_number_typed_in_two_ways_is_one_message(self, gateway: Receiver) -> None:
        assert self.tell("0812-3456-7890", "+62 812 3456 7890") == 1
        assert Notice.objects.get().address == "6281234567890"
        with pytest.raises(ValueError, match="no Indonesian mobile number"):
            self.tell("12345")

    def test_in_a_demo_it_ends_in_the_file(self, settings: Any, tmp_path: Path) -> None:
        settings.DEMO, settings.DATA_DIR, settings.WHATSAPP_URL = True, tmp_path, ""
        assert ways.is_open("whatsapp")
        channels.send("whatsapp", booking())
        row = json.loads((tmp_path / "log" / "notices.jsonl").read_text())
        assert (row["channel"], row["to"]) == ("whatsapp", "0812-3456-7890")
