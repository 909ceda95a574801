"""Knowing a phone again without an account: a random number in a signed cookie, and nothing else.

It is the scope of this browser's idempotency keys, so the server can tell how many of its visits are still
open. An address is never asked: a hall and a carrier share one (decision 0062).
"""

from __future__ import annotations

import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from senyum.core.cookies import named

COOKIE = named("senyum_phone")
_SALT = "senyum.phone"
_SECONDS = 400 * 86400
_SHAPE = re.compile(r"[0-9a-f]{32}")
#: So many visits of one browser may be open on one day.
MAX_OPEN_VISITS = 3
#: Set once the optional questions were shown and sent: they are asked once.
ASKED = named("senyum_asked")


def browser_of(request: HttpRequest) -> str | None:
    """The number of this browser, or None when it has none yet or was tampered with."""
    value = request.get_signed_cookie(COOKIE, default=None, salt=_SALT, max_age=_SECONDS)
    return value if value and _SHAPE.fullmatch(value) else None


def new_browser() -> str:
    """A new number: 128 random bits."""
    return secrets.token_hex(16)


def scope_of(browser: str) -> str:
    """The scope of a browser's idempotency keys."""
    return f"phone:{browser}"


def remember(response: HttpResponse, browser: str) -> None:
    """Give the browser its number."""
    response.set_signed_cookie(
        COOKIE, browser, salt=_SALT, max_age=_SECONDS, httponly=True, samesite="Lax", secure=settings.TLS
    )


def asked_before(request: HttpRequest) -> bool:
    """Whether this browser was asked the optional questions before."""
    return ASKED in request.COOKIES


def remember_asked(response: HttpResponse) -> None:
    """Do not ask this browser again."""
    response.set_cookie(ASKED, "1", max_age=_SECONDS, httponly=True, samesite="Lax", secure=settings.TLS)
