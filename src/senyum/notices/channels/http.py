"""One guarded POST to the internet, for all channels that speak https.

https only, to public addresses only; the name is resolved once and that very address is connected to, so that a name
that changes its mind between the look and the call reaches nothing inside. Redirects are never followed; proxies are
not used. A conversation may take `WHOLE_SECONDS`, whatever the other side does.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from senyum.notices.channels.letter import Refused, Unreachable

#: For one step of the conversation, and for all of it (seconds).
STEP_SECONDS, WHOLE_SECONDS = 5.0, 15.0
#: So much of an answer is read (bytes).
LONGEST_ANSWER = 16_384
_LATER = frozenset({408, 425, 429})
Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True)
class Answer:
    """What the other side said: the status, and the beginning of its text."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it was taken."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Guards:
    """How names become addresses, which may be called, whose certificates are trusted (None: the system's)."""

    find: Resolve
    allowed: Callable[[str], bool]
    trust: ssl.SSLContext | None = None


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


PUBLIC = Guards(resolve, is_public)


def post(address: str, body: bytes, headers: Mapping[str, str], *, who: str, guards: Guards = PUBLIC) -> Answer:
    """POST to the first address of the host, if all of them are allowed. `who`: the other side, for what went wrong.

    Raises Unreachable (no answer) or Refused (an address that may not be called).
    """
    url = _checked(address, who)
    host, port = str(url.hostname), url.port or 443
    try:
        addresses = guards.find(host, port)
    except OSError as error:
        raise Unreachable(f"{who}'s name is not known") from error
    if not addresses or not all(guards.allowed(address) for address in addresses):
        raise Refused(f"{who}'s name leads into a private network")
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    connection = Pinned(host, port, addresses[0], guards.trust or ssl.create_default_context())
    return _answer(connection, path, body, {"user-agent": "Senyum", **headers}, who)


def judge(answer: Answer, who: str) -> None:
    """Return for 2xx. Raises Unreachable for 408, 425, 429 and 5xx; Refused for all else, redirects included."""
    if answer.ok:
        return
    if 300 <= answer.status < 400:
        raise Refused(f"{who} answered with a redirect ({answer.status})")
    if answer.status in _LATER or answer.status >= 500:
        raise Unreachable(f"{who} answered {answer.status}")
    raise Refused(f"{who} answered {answer.status}")


def _checked(address: str, who: str) -> SplitResult:
    try:
        url = urlsplit(address)
        port = url.port
    except ValueError as error:
        raise Refused(f"{who}'s address cannot be read") from error
    if url.scheme != "https" or not url.hostname or port == 0:
        raise Refused(f"{who} needs an https address")
    if url.username or url.password:
        raise Refused(f"{who}'s address holds no password")
    return url


class Pinned(http.client.HTTPSConnection):
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


def _answer(connection: Pinned, path: str, body: bytes, headers: Mapping[str, str], who: str) -> Answer:
    # A server that answers one byte at a time would otherwise outlast the lease.
    timer = threading.Timer(WHOLE_SECONDS, connection.cut)
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST", path, body, dict(headers))
        response = connection.getresponse()
        return Answer(response.status, response.read(LONGEST_ANSWER))
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"{who}'s certificate is not valid") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"{who} does not answer: {type(error).__name__}") from error
    finally:
        timer.cancel()
        connection.close()
