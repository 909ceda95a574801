"""The address under which other devices reach this hall: links that leave the screen are built on it."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from urllib.parse import urlsplit


def checked(url: str) -> str:
    """A public base address without its last slash, "" for none. ValueError unless it is `http(s)://host[:port]`."""
    url = url.strip().rstrip("/")
    parts = urlsplit(url)
    if url and (
        parts.scheme not in ("http", "https") or not parts.hostname or url != f"{parts.scheme}://{parts.netloc}"
    ):
        raise ValueError(f"{url!r} is no http(s)://host[:port]")
    if parts.username or parts.password:
        raise ValueError("A public address holds no log-in")
    return url


def is_loopback(host: str) -> bool:
    """Whether a host name or address (without port) means this machine only."""
    host = host.strip("[]").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def lan_address() -> str:
    """This machine's IPv4 address in its network, "" when it has none.

    No packet is sent: connecting a datagram socket only asks the routing table. Without a way out (a hall with no
    gateway) the machine's own name is asked.
    """
    found: list[str] = []
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        found.append(str(probe.getsockname()[0]))
    if not found:
        with suppress(OSError):
            found = [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    return next((address for address in found if not is_loopback(address) and address != "0.0.0.0"), "")  # nosec B104


def base_of_hall(*, public: str, listens: str) -> str:
    """The base address for other devices, as far as the hall knows without a request.

    `public`: what the operator said (`SENYUM_PUBLIC_URL`). `listens`: where `senyum up` listens,
    `http(s)://host:port`, "" when something else serves the pages. "" when no other device can get in, or
    nobody knows how.
    """
    if public or not listens:
        return public
    parts = urlsplit(listens)
    host = str(parts.hostname)
    if host in ("0.0.0.0", "::"):  # nosec B104
        host = lan_address()
    if not host or is_loopback(host):
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{parts.port}"
