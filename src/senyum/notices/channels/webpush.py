"""Web push: a message that a browser shows although its page is closed.

Encrypted for that browser alone (RFC 8291 with the content coding aes128gcm of RFC 8188), posted to its push service
(RFC 8030), which learns who sends (VAPID, RFC 8292) and how large it is, not what it says. All messages are padded to
one length. The address of a letter is the `uid` of a subscription.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from senyum.core.secrets import push_key
from senyum.notices.channels import http
from senyum.notices.channels.letter import Letter, Refused
from senyum.notices.models import Subscription

WHO = "the push service"
#: One record holds all; push services take 4096 bytes at least (RFC 8030, 7.2).
RECORD = 4096
#: The plain text with its padding (bytes): so the length tells nothing.
PADDED = 2048
#: A signature is good for so long (RFC 8292: a day at most), a message waits for its browser so long at most.
SIGNED = timedelta(hours=12)
LONGEST_TTL = 24 * 3600
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class Gone(Refused):
    """The browser has given its subscription up, or lost it."""


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes of base64url without padding. ValueError for anything else."""
    if not _BASE64URL.fullmatch(text.rstrip("=")):
        raise ValueError("this is no base64url")
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def check(*, endpoint: str, p256dh: str, auth: str) -> None:
    """Raise ValueError for keys that are none, and for an endpoint that is not of a push service of `PUSH_HOSTS`."""
    if len(unb64(auth)) != 16:
        raise ValueError("the secret of a subscription has 16 bytes")
    _point(unb64(p256dh))
    url = urlsplit(endpoint)
    host = url.hostname or ""
    known = any(host == name or host.endswith(f".{name}") for name in settings.PUSH_HOSTS if name)
    if url.scheme != "https" or not known or url.username or url.port not in (None, 443) or len(endpoint) > 2000:
        raise ValueError("this is no address of a push service that this hall knows")


def _point(data: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)


def _raw(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=salt, info=info).derive(secret)


def encrypt(
    text: bytes,
    *,
    p256dh: bytes,
    auth: bytes,
    own: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
    padded: int = 0,
) -> bytes:
    """`text` for the browser with the key `p256dh` (uncompressed point) and the secret `auth`: header and one record.

    `own` and `salt` are made anew for each message; only the example of RFC 8291 gives them. Padded to `padded` bytes.
    ValueError when the text does not fit into a record.
    """
    own = own or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(16)
    theirs, ours = _point(p256dh), _raw(own.public_key())
    shared = own.exchange(ec.ECDH(), theirs)
    material = _hkdf(auth, shared, b"WebPush: info\x00" + p256dh + ours, 32)
    key = _hkdf(salt, material, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _hkdf(salt, material, b"Content-Encoding: nonce\x00", 12)
    # 2 ends the text of the last record; zeros after it are padding (RFC 8188, 2).
    plain = text + b"\x02" + bytes(max(0, padded - len(text) - 1))
    head = salt + RECORD.to_bytes(4, "big") + bytes([len(ours)]) + ours
    sealed = AESGCM(key).encrypt(nonce, plain, None)
    if len(head) + len(sealed) > RECORD:
        raise ValueError("the message is too long for a push service")
    return head + sealed


@lru_cache(maxsize=4)
def _key(directory: Path) -> ec.EllipticCurvePrivateKey:
    return push_key(directory)


def public_key() -> str:
    """The hall's key as a browser wants it when it subscribes (`applicationServerKey`)."""
    return b64(_raw(_key(Path(settings.DATA_DIR)).public_key()))


def authorization(endpoint: str, at: datetime) -> str:
    """The header by which the push service knows the hall (RFC 8292): a token signed with ES256, and the public key."""
    url = urlsplit(endpoint)
    claims = {
        "aud": f"{url.scheme}://{url.netloc}",
        "exp": int((at + SIGNED).timestamp()),
        "sub": contact(),
    }
    parts = [_json({"typ": "JWT", "alg": "ES256"}), _json(claims)]
    signed = ".".join(b64(part) for part in parts)
    r, s = decode_dss_signature(_key(Path(settings.DATA_DIR)).sign(signed.encode(), ec.ECDSA(SHA256())))
    token = f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    return f"vapid t={token}, k={public_key()}"


def contact() -> str:
    """Whom a push service may ask when something is wrong: `PUSH_CONTACT`, else the sender of mails, else the pages."""
    if settings.PUSH_CONTACT:
        return str(settings.PUSH_CONTACT)
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if sender and not sender.endswith("@localhost"):
        return f"mailto:{sender}"
    return settings.PUBLIC_URL if settings.PUBLIC_URL.startswith("https://") else "mailto:senyum@example.com"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def payload(letter: Letter) -> bytes:
    """What the service worker reads: {title, body, tag, url}. `url` is a path: the browser knows the host it asked."""
    link = urlsplit(str(letter.data.get("link", "")))
    row = {
        "title": letter.subject,
        "body": letter.short or letter.body,
        # One notification for one thing: "called" takes the place of "your turn is near".
        "tag": "-".join(letter.about[:2]),
        "url": link.path or "/",
    }
    return _json(row)


def send(letter: Letter) -> None:
    """Encrypt and post to the subscription that the letter names. Raises Gone, Refused or Unreachable (later)."""
    post(letter)


def post(letter: Letter, *, guards: http.Guards = http.PUBLIC) -> None:
    """Send it and judge the answer. Errors as `send`."""
    row = Subscription.objects.filter(uid=letter.address).first()
    if row is None:
        raise Refused("the browser no longer wants to be told")
    try:
        check(endpoint=row.endpoint, p256dh=row.p256dh, auth=row.auth)
        body = encrypt(payload(letter), p256dh=unb64(row.p256dh), auth=unb64(row.auth), padded=PADDED)
    except ValueError as error:
        raise Refused(str(error)) from error
    ttl = LONGEST_TTL if letter.useful_seconds is None else min(letter.useful_seconds, LONGEST_TTL)
    headers = {
        "content-type": "application/octet-stream",
        "content-encoding": "aes128gcm",
        "ttl": str(ttl),
        "urgency": "high",
        # Still undelivered, the newer takes the place of the older (RFC 8030, 5.4).
        "topic": _topic(letter),
        "authorization": authorization(row.endpoint, letter.at),
    }
    answer = http.post(row.endpoint, body, headers, who=WHO, guards=guards)
    if answer.status in (404, 410):
        raise Gone(f"{WHO} says that the browser is gone ({answer.status})")
    if answer.status in (401, 403):
        # Another key than the one that the browser subscribed with: it can never be reached again by this way.
        raise Gone(f"{WHO} does not take the hall's key ({answer.status})")
    http.judge(answer, WHO)


def _topic(letter: Letter) -> str:
    """Names the thing, not to be read: at most 32 characters of base64url."""
    return b64(hashlib.sha256("-".join(letter.about[:2]).encode()).digest())[:32]
