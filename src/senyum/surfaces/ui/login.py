"""How staff log in: allauth without sign-up, held back against guessing without locking anybody out.

A hall shares one address, so an address alone says nothing. A browser in which somebody logged in before carries a
signed *device cookie* for that person (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"): its wrong
passwords count for itself, and nothing that others try from the same address holds it back.
"""

from __future__ import annotations

import secrets
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from senyum.core import clock
from senyum.core.cookies import named
from senyum.people.models import User

log = structlog.get_logger(__name__)

COOKIE = named("senyum_known")
_SALT = "senyum.known"
#: So many wrong passwords of strange browsers in five minutes, of any names, and the address waits.
WRONG_AT_ADDRESS = 40
_WINDOW = 300
_SECONDS = 180 * 86400
#: A browser remembers so many people: a counter's computer is shared by shifts.
_MOST = 8


class HouseBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth is untyped
    """Users who are switched on, and whose password, if somebody else chose it, has not run out."""

    def user_can_authenticate(self, user: User) -> bool:
        """Asked at the log-in and for each request of a running one."""
        lasts = user.password_until is None or user.password_until > clock.wall()
        return lasts and bool(super().user_can_authenticate(user))


class HouseAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Accounts are made by an administrator; nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Hold back: eight wrong passwords in five minutes for one name, and forty from one address, of any names.

        The second counts strange browsers only, and only strange browsers wait for it.
        """
        known = self._known(request, credentials)
        if not known and cache.get(self._address_key(request), 0) >= WRONG_AT_ADDRESS:
            log.warning("login.held", why="address", user=None)
            raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A wrong password from a strange browser counts against its address."""
        if not self._known(request, credentials):
            key = self._address_key(request)
            cache.set(key, cache.get(key, 0) + 1, _WINDOW)

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        """The browser now knows this person."""
        response: HttpResponse = super().post_login(request, user, **details)
        browser, people = _browser(request)
        kept = [str(user.pk), *(pk for pk in people if pk != str(user.pk))][:_MOST]
        response.set_signed_cookie(
            COOKIE,
            ".".join([browser or secrets.token_hex(8), *kept]),
            salt=_SALT,
            max_age=_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=settings.TLS,
        )
        return response

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        where = self._known(request, credentials) or f"address:{self.get_client_ip(request)}"
        return f"{where}:{credentials.get('username', '').lower()}"

    def _known(self, request: HttpRequest, credentials: dict[str, Any]) -> str:
        """The browser's number if the named person logged in here before, else ""."""
        browser, people = _browser(request)
        if not people:
            return ""
        name = str(credentials.get("username", "")).lower()
        user = User.objects.filter(username__iexact=name).values_list("pk", flat=True).first() if name else None
        return browser if user is not None and str(user) in people else ""

    def _address_key(self, request: HttpRequest) -> str:
        window = int(clock.wall().timestamp() // _WINDOW)
        return f"login.address:{self.get_client_ip(request)}:{window}"


def _browser(request: HttpRequest) -> tuple[str, list[str]]:
    value = request.get_signed_cookie(COOKIE, default="", salt=_SALT, max_age=_SECONDS) or ""
    browser, *people = value.split(".")
    return browser, people
