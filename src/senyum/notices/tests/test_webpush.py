"""Web push: encrypted for one browser, signed by the hall, posted to known push services only."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from senyum.core import tls
from senyum.core.secrets import push_key
from senyum.jobs.send_notices import send_notices
from senyum.notices import channels, commands, queries, states, ways
from senyum.notices.channels import Refused, Unreachable, http, webpush
from senyum.notices.channels.webpush import Gone, b64, unb64
from senyum.notices.models import Notice, Subscription
from senyum.notices.tests.stubs import Receiver, letter, serving
from senyum.notices.tests.test_outbox import NOW, book

HOST = "push.example"


class Browser:
    """Holds a browser's keys and reads what was sent to it: the receiving side of RFC 8291, written from the RFC."""

    def __init__(self, key: ec.EllipticCurvePrivateKey | None = None, auth: bytes = b"0123456789abcdef") -> None:
        self.key, self.auth = key or ec.generate_private_key(ec.SECP256R1()), auth
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def read(self, body: bytes) -> bytes:
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert length == 65 and len(sealed) <= size
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        info = b"WebPush: info\x00" + self.point + sender
        material = HKDF(SHA256(), 32, salt=self.auth, info=info).derive(shared)
        key = HKDF(SHA256(), 16, salt=salt, info=b"Content-Encoding: aes128gcm\x00").derive(material)
        nonce = HKDF(SHA256(), 12, salt=salt, info=b"Content-Encoding: nonce\x00").derive(material)
        plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert plain[-1:] == b"\x02"
        return plain[:-1]


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unb64(text), "big"), ec.SECP256R1())


# The example of RFC 8291, section 5 and appendix A.
RFC_TEXT = b"When I grow up, I want to be a watermelon"
RFC_AUTH = unb64("BTBZMqHH6r4Tts7J_aSIgg")
RFC_SALT = unb64("DGv6ra1nlYgDCS1FRnbzlw")
RFC_SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RFC_BROWSER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RFC_MESSAGE = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_rfc_comes_out_byte_by_byte() -> None:
    browser = Browser(private(RFC_BROWSER), RFC_AUTH)
    body = webpush.encrypt(RFC_TEXT, p256dh=browser.point, auth=RFC_AUTH, own=private(RFC_SENDER), salt=RFC_SALT)
    assert b64(body) == RFC_MESSAGE
    # And the reader of these tests reads the RFC's own message.
    assert browser.read(unb64(RFC_MESSAGE)) == RFC_TEXT


def test_only_that_browser_reads_it_and_the_length_tells_nothing() -> None:
    browser, other = Browser(), Browser()
    short, long = (
        webpush.encrypt(text, p256dh=browser.point, auth=browser.auth, padded=webpush.PADDED)
        for text in (b"Ya", "Antrean é".encode() * 50)
    )
    assert browser.read(short) == b"Ya" and browser.read(long) == "Antrean é".encode() * 50
    assert len(short) == len(long) <= webpush.RECORD and short[:86] != long[:86]
    with pytest.raises(Exception, match=r"^$"):
        other.read(short)
    with pytest.raises(ValueError, match="too long"):
        webpush.encrypt(bytes(4000), p256dh=browser.point, auth=browser.auth)


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = push_key(tmp_path).private_numbers()
    assert push_key(tmp_path).private_numbers() == first
    assert (tmp_path / "push.key").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["push.key"]
    (tmp_path / "push.key").write_text("nonsense")
    with pytest.raises(ValueError):
        push_key(tmp_path)


def test_the_token_is_signed_by_the_key_that_browsers_are_given(settings: Any) -> None:
    settings.PUSH_CONTACT = "mailto:pengelola@mpp.example"
    said = webpush.authorization(f"https://{HOST}/send/abc?x=1", NOW)
    kind, _, rest = said.partition(" ")
    parts = dict(part.split("=", 1) for part in rest.split(", "))
    head, claims, signature = parts["t"].split(".")
    assert kind == "vapid" and json.loads(unb64(head)) == {"typ": "JWT", "alg": "ES256"}
    assert json.loads(unb64(claims)) == {
        "aud": f"https://{HOST}",
        "exp": int((NOW + timedelta(hours=12)).timestamp()),
        "sub": "mailto:pengelola@mpp.example",
    }
    assert parts["k"] == webpush.public_key() and len(unb64(parts["k"])) == 65
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(parts["k"]))
    raw = unb64(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    assert len(raw) == 64
    key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        key.verify(der, f"{head}.{claims}x".encode(), ec.ECDSA(SHA256()))


@pytest.mark.parametrize(
    ("given", "sender", "public", "said"),
    [
        ("https://mpp.example/kontak", "a@mpp.example", "", "https://mpp.example/kontak"),
        ("", "MPP <a@mpp.example>", "", "mailto:a@mpp.example"),
        ("", "senyum@localhost", "https://mpp.example", "https://mpp.example"),
        ("", "senyum@localhost", "http://mpp.example", "mailto:senyum@example.com"),
    ],
)
def test_whom_a_push_service_may_ask(settings: Any, given: str, sender: str, public: str, said: str) -> None:
    settings.PUSH_CONTACT, settings.DEFAULT_FROM_EMAIL, settings.PUBLIC_URL = given, sender, public
    assert webpush.contact() == said


#: Parameters have the same names in every worker: this key is the same in all of them.
POINT = b64(Browser(private(RFC_BROWSER)).point)
AUTH = b64(bytes(16))


@pytest.mark.parametrize(
    ("endpoint", "p256dh", "auth"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", POINT, AUTH),
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", POINT, AUTH + "=="),
        ("https://web.push.apple.com/abc", POINT, AUTH),
        ("https://wns2-sg2p.notify.windows.com/w/?token=a", POINT, AUTH),
    ],
)
def test_the_push_services_of_the_browsers_are_known(endpoint: str, p256dh: str, auth: str) -> None:
    webpush.check(endpoint=endpoint, p256dh=p256dh, auth=auth)


@pytest.mark.parametrize(
    ("endpoint", "p256dh", "auth"),
    [
        ("http://fcm.googleapis.com/x", POINT, AUTH),
        ("https://evil.example/x", POINT, AUTH),
        ("https://evilfcm.googleapis.com.evil.example/x", POINT, AUTH),
        ("https://notpush.apple.com/x", POINT, AUTH),
        ("https://a@fcm.googleapis.com/x", POINT, AUTH),
        ("https://fcm.googleapis.com:8443/x", POINT, AUTH),
        ("https://fcm.googleapis.com/" + "x" * 2000, POINT, AUTH),
        ("https://127.0.0.1/x", POINT, AUTH),
        ("", POINT, AUTH),
        ("https://fcm.googleapis.com/x", b64(bytes(65)), AUTH),
        ("https://fcm.googleapis.com/x", b64(b"\x04" + bytes(64)), AUTH),
        ("https://fcm.googleapis.com/x", "!", AUTH),
        ("https://fcm.googleapis.com/x", "", AUTH),
        ("https://fcm.googleapis.com/x", POINT, b64(bytes(15))),
        ("https://fcm.googleapis.com/x", POINT, "sandi"),
    ],
)
def test_what_is_no_subscription_is_refused(endpoint: str, p256dh: str, auth: str) -> None:
    with pytest.raises(ValueError):
        webpush.check(endpoint=endpoint, p256dh=p256dh, auth=auth)


# The conversation with a push service


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tls.Certificates:
    return tls.ensure(Path(tmp_path_factory.mktemp("tls")), [HOST], datetime.now(UTC))


@pytest.fixture
def service(certificates: tls.Certificates, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A push service on this machine. Only name and port lead there: all else is as in the world outside."""
    settings.PUSH_HOSTS = [HOST]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    server = Receiver(context)
    server.status = 201
    trust = ssl.create_default_context(cafile=str(certificates.authority))

    class Here(http.Pinned):
        def __init__(self, host: str, port: int, address: str, trust: ssl.SSLContext) -> None:
            super().__init__(host, server.port, address, trust)

    monkeypatch.setattr(http, "Pinned", Here)
    guards = http.Guards(lambda host, port: ["127.0.0.1"], lambda address: True, trust)
    post = webpush.post
    monkeypatch.setattr(webpush, "post", lambda letter: post(letter, guards=guards))
    with serving(server):
        yield server


def follow(browser: Browser, subject: int = 7, path: str = "abc", **more: Any) -> str:
    given = {
        "kind": "booking",
        "subject_id": subject,
        "endpoint": f"https://{HOST}/send/{path}",
        "p256dh": b64(browser.point),
        "auth": b64(browser.auth),
        "language": "id",
        "useful_until": NOW + timedelta(days=2),
        "now": NOW,
    }
    return str(commands.follow(**{**given, **more}))


@pytest.mark.django_db
class TestPosting:
    def test_the_browser_reads_title_text_and_where_to_go(self, service: Receiver) -> None:
        browser = Browser()
        uid = follow(browser)
        link = "https://mpp.example/b/rahasia0000000000/"
        told = letter(uid, subject="Ada tempat", short="KTP", about=("booking", "7", "x"), data={"link": link})
        channels.send("webpush", told)
        ((path, headers, body),) = service.posts
        assert json.loads(browser.read(body)) == {
            "title": "Ada tempat",
            "body": "KTP",
            "tag": "booking-7",
            "url": "/b/rahasia0000000000/",
        }
        assert path == "/send/abc" and headers["content-encoding"] == "aes128gcm"
        assert headers["authorization"].startswith("vapid t=") and headers["urgency"] == "high"
        assert headers["ttl"] == str(24 * 3600) and len(headers["topic"]) == 32
        # Nothing of it is to be read on the way.
        assert b"rahasia" not in body and b"KTP" not in body

    @pytest.mark.parametrize(("seconds", "ttl"), [(0, "0"), (90, "90"), (10**6, "86400")])
    def test_it_waits_for_the_browser_as_long_as_it_is_of_use(self, service: Receiver, seconds: int, ttl: str) -> None:
        channels.send("webpush", letter(follow(Browser()), useful_seconds=seconds))
        assert service.posts[0][1]["ttl"] == ttl

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            *((status, Gone) for status in (401, 403, 404, 410)),
            *((status, Refused) for status in (302, 400, 413)),
            *((status, Unreachable) for status in (429, 500, 503)),
        ],
    )
    def test_what_the_service_answers(self, service: Receiver, status: int, error: type) -> None:
        service.status = status
        with pytest.raises(error, match=str(status)) as caught:
            channels.send("webpush", letter(follow(Browser())))
        assert "send/abc" not in str(caught.value) and len(service.posts) == 1

    def test_a_subscription_that_is_forgotten_is_not_called(self, service: Receiver) -> None:
        uid = follow(Browser())
        assert commands.unfollow(kind="booking", subject_id=7, now=NOW) == 1
        with pytest.raises(Refused, match="no longer wants"):
            channels.send("webpush", letter(uid))
        assert service.posts == []

    def test_a_service_that_is_no_longer_known_is_not_called(self, service: Receiver, settings: Any) -> None:
        uid = follow(Browser())
        settings.PUSH_HOSTS = ["other.example"]
        with pytest.raises(Refused, match="push service that this hall knows"):
            channels.send("webpush", letter(uid))
        assert service.posts == []

    def test_from_the_outbox_to_the_browser_and_gone_when_it_is_gone(self, service: Receiver) -> None:
        browser = Browser()
        follow(browser)
        follow(browser, subject=8)
        follow(Browser(), path="other")
        found = queries.push_ways(kind="booking", subject_id=7, now=NOW)
        assert book(ways_out=[way for way, _ in found]) == 2
        assert send_notices(0) == 2
        body = next(body for path, _, body in service.posts if path == "/send/abc")
        assert json.loads(browser.read(body))["url"] == "/b/rahasia0000000000/"
        assert set(Notice.objects.values_list("state", "address")) == {(states.SENT, "")}
        service.status = 410
        book(ways_out=[found[0][0]], once="again")
        assert send_notices(0) == 0
        assert Notice.objects.get(state=states.DEAD).trouble.endswith("(410)")
        # Its endpoint is gone for all that it followed; the other browser stays.
        assert [row.endpoint for row in Subscription.objects.all()] == [f"https://{HOST}/send/other"]


@pytest.mark.django_db
class TestFollowing:
    @pytest.fixture(autouse=True)
    def _host(self, settings: Any) -> None:
        settings.PUSH_HOSTS = [HOST]

    def test_asking_twice_is_one_subscription_with_the_newest_keys(self) -> None:
        first, browser = follow(Browser()), Browser()
        assert follow(browser, language="en") == first
        row = Subscription.objects.get()
        assert (row.p256dh, row.language) == (b64(browser.point), "en")

    def test_only_the_newest_five_follow_one_thing(self) -> None:
        follow(Browser(), subject=8)
        for n in range(7):
            follow(Browser(), path=str(n))
        kept = Subscription.objects.filter(subject_id="7").order_by("id").values_list("endpoint", flat=True)
        assert [endpoint[-1] for endpoint in kept] == ["2", "3", "4", "5", "6"]
        assert Subscription.objects.filter(subject_id="8").count() == 1

    def test_a_browser_leaves_alone_or_all_do(self) -> None:
        for n in range(3):
            follow(Browser(), path=str(n))
        endpoint = f"https://{HOST}/send/1"
        assert commands.unfollow(kind="booking", subject_id=8, endpoint=endpoint, now=NOW) == 0
        assert commands.unfollow(kind="booking", subject_id=7, endpoint=endpoint, now=NOW) == 1
        assert commands.unfollow(kind="booking", subject_id=7, now=NOW) == 2

    def test_it_ends_with_its_thing(self) -> None:
        follow(Browser(), useful_until=NOW)
        follow(Browser(), subject=8)
        assert queries.push_ways(kind="booking", subject_id=7, now=NOW) == []
        assert queries.followed(kind="booking", now=NOW) == ["8"]
        assert queries.fingerprints(kind="booking", subject_id=7, now=NOW) == []
        assert commands.forget_subscriptions(now=NOW) == 1
        assert [row.subject_id for row in Subscription.objects.all()] == ["8"]

    def test_what_was_told_is_not_told_again(self) -> None:
        uid = follow(Browser())
        ask = {"kind": "booking", "subject_id": 7, "now": NOW, "untold": "near:1"}
        assert [way for way, _ in queries.push_ways(**ask)] == [("webpush", uid)]
        commands.note_told(uids=[uid], what="near:1", now=NOW)
        assert queries.push_ways(**ask) == []
        assert len(queries.push_ways(**{**ask, "untold": "called:1"})) == 1

    def test_a_hall_without_push_queues_none(self, settings: Any) -> None:
        uid = follow(Browser())
        settings.PUSH = False
        assert not ways.is_open(ways.WEBPUSH) and book(ways_out=[(ways.WEBPUSH, uid)]) == 0
        settings.PUSH = True
        with pytest.raises(ValueError):
            book(ways_out=[(ways.WEBPUSH, "https://push.example/x")])
