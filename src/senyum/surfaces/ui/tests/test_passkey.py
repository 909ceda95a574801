"""A passkey opens the house it was made for, and no other: an authenticator in software signs for several origins."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from senyum.people.models import Login, User

pytestmark = pytest.mark.django_db
HOUSE = "testserver"
LOG_IN = "/accounts/2fa/webauthn/login/"
FLAG = AuthenticatorData.FLAG


class Passkey:
    """The key of one user, as a phone holds it."""

    def __init__(self, user: User) -> None:
        self.user, self.id = user, b"passkey-of-a-test"
        self.key = ec.generate_private_key(ec.SECP256R1())
        public = ES256.from_cryptography_key(self.key.public_key())
        own = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        made = AuthenticatorData.create(self._house(HOUSE), FLAG.UP | FLAG.UV | FLAG.AT, 0, own)
        client = CollectedClientData.create("webauthn.create", b"x" * 32, f"https://{HOUSE}")
        answer = {"clientDataJSON": client, "attestationObject": AttestationObject.create("none", made, {})}
        kept = {name: websafe_encode(value) for name, value in answer.items()}
        credential = {**self._envelope(), "response": kept, "clientExtensionResults": {"credProps": {"rk": True}}}
        WebAuthn.add(user, "Ponsel", credential)

    def sign(self, challenge: str, origin: str, house: str = HOUSE, kind: str = "webauthn.get") -> str:
        """What the browser posts after the finger was put on."""
        client = CollectedClientData.create(kind, challenge, origin)
        data = AuthenticatorData.create(self._house(house), FLAG.UP | FLAG.UV, 1)
        signature = self.key.sign(bytes(data) + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        answer = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": websafe_encode(user_pk_to_url_str(self.user).encode()),
        }
        return json.dumps({**self._envelope(), "response": answer, "clientExtensionResults": {}})

    def _envelope(self) -> dict[str, Any]:
        return {"type": "public-key", "id": websafe_encode(self.id), "rawId": websafe_encode(self.id)}

    @staticmethod
    def _house(name: str) -> bytes:
        return hashlib.sha256(name.encode()).digest()


@pytest.fixture
def passkey(small_mall) -> Passkey:
    return Passkey(small_mall.users["petugas1"])


def challenge(browser: Client) -> str:
    asked = browser.get(LOG_IN, headers={"X-Requested-With": "XMLHttpRequest"}, secure=True).json()
    return str(asked["request_options"]["publicKey"]["challenge"])


def is_in(browser: Client) -> bool:
    return browser.get("/my-work/", secure=True).status_code == 200


def test_a_passkey_from_the_right_origin_logs_in(passkey):
    browser = Client()
    browser.post(LOG_IN, {"credential": passkey.sign(challenge(browser), f"https://{HOUSE}")}, secure=True)
    assert is_in(browser)
    assert Login.objects.filter(user=passkey.user).count() == 1


@pytest.mark.parametrize(
    ("origin", "house"),
    [
        ("https://senyum-masuk.example", HOUSE),
        (f"http://{HOUSE}", HOUSE),
        (f"https://{HOUSE}.jahat.example", HOUSE),
        (f"https://jahat{HOUSE}", HOUSE),
        (f"https://{HOUSE}", "senyum-masuk.example"),
    ],
)
def test_a_passkey_from_the_wrong_origin_opens_nothing(passkey, origin, house):
    browser = Client()
    browser.post(LOG_IN, {"credential": passkey.sign(challenge(browser), origin, house)}, secure=True)
    assert not is_in(browser)


def test_an_answer_to_an_older_question_opens_nothing(passkey):
    browser = Client()
    older = passkey.sign(challenge(browser), f"https://{HOUSE}")
    challenge(browser)
    browser.post(LOG_IN, {"credential": older}, secure=True)
    assert not is_in(browser)


def test_what_was_signed_for_a_registration_opens_nothing(passkey):
    browser = Client()
    signed = passkey.sign(challenge(browser), f"https://{HOUSE}", kind="webauthn.create")
    browser.post(LOG_IN, {"credential": signed}, secure=True)
    assert not is_in(browser)


def test_a_passkey_of_somebody_switched_off_opens_nothing(passkey):
    User.objects.filter(pk=passkey.user.pk).update(is_active=False)
    browser = Client()
    browser.post(LOG_IN, {"credential": passkey.sign(challenge(browser), f"https://{HOUSE}")}, secure=True)
    assert not is_in(browser)
