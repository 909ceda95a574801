"""A signed POST to the hall's webhook, in the form of the Standard Webhooks specification.

Headers `webhook-id` (the same in every attempt), `webhook-timestamp` (epoch seconds) and `webhook-signature`
(`v1,` + base64 of HMAC-SHA256 over `id.timestamp.body` with the hall's secret). Source: standardwebhooks.com.

https only, to public addresses only; the name is resolved once and that very address is connected to, so that a name
that changes its mind between the look and the call reaches nothing inside. A redirect is a refusal.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from senyum.notices.channels.letter import Letter, Refused, Unreachable

#: For one step of the conversation, and for all of it (seconds).
STEP_SECONDS, WHOLE_SECONDS = 5.0, 15.0
_LATER = frozenset({408, 425, 429})
Resolve = Callable[[str, int], list[str]]


def send(letter: Letter) -> None:
    """POST the letter to its address. Raises Unreachable (no answer, 5xx, 429, 408) or Refused."""
    secret = settings.NOTICE_WEBHOOK_SECRET
    if not secret:
        raise Unreachable("the webhook has no secret: SENYUM_WEBHOOK_SECRET is empty")
    post(letter, secret.encode())


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host name. OSError when it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet: not this machine, not this network, not a tunnel into them."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def signature(secret: bytes, uid: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    digest = hmac.new(secret, f"{uid}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def payload(letter: Letter) -> bytes:
    """The body: {id, type, timestamp, mall, about, data, text}."""
    kind, about_id, label = letter.about
    row = {
        "id": letter.uid,
        "type": letter.kind,
        "timestamp": letter.at.isoformat(),
        "mall": letter.mall,
        "about": {"kind": kind, "id": about_id, "label": label},
        "data": dict(letter.data),
        "text": f"{letter.subject}\n\n{letter.body}",
    }
    return json.dumps(row, ensure_ascii=False).encode()


def post(
    letter: Letter,
    secret: bytes,
    *,
    find: Resolve = resolve,
    allowed: Callable[[str], bool] = is_public,
    trust: ssl.SSLContext | None = None,
) -> None:
    """Send to the first address of the host, if all of them are allowed. Errors as `send`."""
    url = _checked(letter.address)
    host, port = str(url.hostname), url.port or 443
    try:
        addresses = find(host, port)
    except OSError as error:
        raise Unreachable("the webhook's name is not known") from error
    if not addresses or not all(allowed(address) for address in addresses):
        raise Refused("the webhook's name leads into a private network")
    body, timestamp = payload(letter), int(letter.at.timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "Senyum",
        "webhook-id": letter.uid,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, letter.uid, timestamp, body),
    }
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    _judge(_status(_Pinned(host, port, addresses[0], trust or ssl.create_default_context()), path, body, headers))


def _checked(address: str) -> SplitResult:
    try:
        url = urlsplit(address)
        port = url.port
    except ValueError as error:
        raise Refused("the webhook's address cannot be read") from error
    if url.scheme != "https" or not url.hostname or port == 0:
        raise Refused("a webhook needs an https address")
    if url.username or url.password:
        raise Refused("a webhook's address holds no password")
    return url


class _Pinned(http.client.HTTPSConnection):
    """A connection to one IP address whose certificate must be that of the host name."""

    def __init__(self, host: str, port: int, address: str, trust: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=STEP_SECONDS, context=trust)
        self._address, self._trust, self._over = address, trust, False

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        # The handshake begins when `cut` can reach it.
        self.sock = self._trust.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        if self._over:
            raise TimeoutError
        self.sock.do_handshake()

    def cut(self) -> None:
        """End the conversation from another thread."""
        self._over = True
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _status(connection: _Pinned, path: str, body: bytes, headers: dict[str, str]) -> int:
    # A server that answers one byte at a time would otherwise outlast the lease.
    timer = threading.Timer(WHOLE_SECONDS, connection.cut)
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    except ssl.SSLCertVerificationError as error:
        raise Unreachable("the webhook's certificate is not valid") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"the webhook does not answer: {type(error).__name__}") from error
    finally:
        timer.cancel()
        connection.close()


def _judge(status: int) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise Refused(f"the webhook answered with a redirect ({status})")
    if status in _LATER or status >= 500:
        raise Unreachable(f"the webhook answered {status}")
    raise Refused(f"the webhook answered {status}")
