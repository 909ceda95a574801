"""Links that leave the screen: on paper, in a QR, in a message. The phone that opens them is another machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from senyum.core import address


def outward(request: HttpRequest, path: str) -> str:
    """`path` (from /) as an address that a phone can open.

    The operator's address if one is set; else the address this page was asked at; and where that is `localhost`,
    the machine's address in the hall's network, provided that `senyum up` listens there (docs/decisions/0095).
    """
    if settings.PUBLIC_URL:
        return f"{settings.PUBLIC_URL}{path}"
    if address.is_loopback(urlsplit(f"//{request.get_host()}").hostname or ""):
        base = address.base_of_hall(public="", listens=settings.LISTENS)
        if base:
            return f"{base}{path}"
    return request.build_absolute_uri(path)
