"""Running log-ins: how long they last, what they still owe, the list of one's own, and the events in the log.

A log-in ends at two in the night of its person's hall, whatever happens in it: nobody is thrown out in front of a
citizen, and no computer of the evening is open in the morning. Before that it ends when it lies idle (`IDLE`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import structlog
from allauth.account.signals import password_changed, password_set
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from senyum.core import clock
from senyum.people import commands, queries
from senyum.people.access import actor_of
from senyum.people.models import Role, RoleName, User
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import page

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]

#: Roles that change what others may do or see everything: they end sooner, and owe a second factor.
STEERING = frozenset({RoleName.MANAGER, RoleName.LEADERSHIP, RoleName.ADMINISTRATOR})
NIGHT = time(2)
#: Without a press. At a counter or a door an open page that follows the hall counts as use.
IDLE = timedelta(hours=4)
IDLE_STEERING = timedelta(hours=2)
#: That often a log-in in use is noted.
NOTED_EVERY = timedelta(minutes=1)
_KEY = "login"
#: What somebody reaches who still owes a password or a factor.
_OPEN = ("/accounts/", "/language/", "/static/", "/live/", "/privacy/", "/trust/")


def night_after(user: User, now: datetime) -> datetime:
    """The next two o'clock in the night of the user's hall, an hour ahead at least."""
    zone = Role.objects.filter(user=user).order_by("id").values_list("mall__timezone", flat=True).first()
    here = now.astimezone(ZoneInfo(zone or settings.TIME_ZONE))
    night = datetime.combine(here.date(), NIGHT, here.tzinfo)
    while night - here < timedelta(hours=1):
        night += timedelta(days=1)
    return night


_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def browser_words(agent: str) -> str:
    """A browser by its `User-Agent`, for its owner: "Firefox, Windows". Nothing finer is kept."""
    names = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    found = [next((word for sign, word in table if sign in agent), "") for table in (names, _SYSTEMS)]
    return ", ".join(word for word in found if word)


def _steers(user: User) -> bool:
    return Role.objects.filter(user=user, role__in=STEERING).exists()


def _owes(user: User, steers: bool) -> str:
    """What somebody must do before anything else: "password", "factor" or ""."""
    if user.password_until is not None:
        return "password"
    if settings.SECOND_FACTOR != "steering" or not steers:
        return ""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return "" if Authenticator.objects.filter(user=user, type__in=kinds).exists() else "factor"


def _begin(request: HttpRequest, user: User) -> dict[str, Any]:
    now = clock.wall()
    key = str(request.session.session_key)
    steers = _steers(user)
    kept = {
        "key": key,
        "seen": now.timestamp(),
        "ends": night_after(user, now).timestamp(),
        "steers": steers,
        "owes": _owes(user, steers),
    }
    request.session[_KEY] = kept
    commands.note_login(
        user=user, session_key=key, browser=browser_words(request.META.get("HTTP_USER_AGENT", "")), now=now
    )
    return kept


class LoginMiddleware:
    """Ends log-ins whose time is over, notes those in use, and leads whoever owes something to where it is done."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not request.path.startswith("/api/"):
            elsewhere = None
            # A database that cannot answer or write is told by the page, which asks it again.
            with suppress(DatabaseError, InterfaceError, psycopg.Error):
                elsewhere = self._look(request, request.user) if isinstance(request.user, User) else None
            if elsewhere is not None:
                return elsewhere
        return self.get_response(request)

    def _look(self, request: HttpRequest, user: User) -> HttpResponse | None:
        now = clock.wall()
        kept = request.session.get(_KEY) or _begin(request, user)
        idle = now - datetime.fromtimestamp(kept["seen"], now.tzinfo)
        if now.timestamp() >= kept["ends"] or idle >= (IDLE_STEERING if kept["steers"] else IDLE):
            log.info("login.ended", user=user.pk, why="night" if now.timestamp() >= kept["ends"] else "idle")
            logout(request)
            messages.info(request, _("Anda sudah lama tidak memakai Senyum, jadi kami keluarkan. Silakan masuk lagi."))
            return None
        if idle >= NOTED_EVERY and (not kept["steers"] or _pressed(request)):
            kept = self._note(request, user, kept, now)
        elif kept["owes"]:
            owes = _owes(user, kept["steers"])
            if owes != kept["owes"]:
                kept = request.session[_KEY] = {**kept, "owes": owes}
        return _lead(request, kept["owes"])

    def _note(self, request: HttpRequest, user: User, kept: dict[str, Any], now: datetime) -> dict[str, Any]:
        if kept["key"] != request.session.session_key:
            # The session got another key (a new password); its place in the list goes with it.
            commands.forget_login(session_key=kept["key"], now=now)
            return _begin(request, user)
        commands.touch_login(session_key=kept["key"], now=now)
        steers = _steers(user)
        kept = {**kept, "seen": now.timestamp(), "steers": steers, "owes": _owes(user, steers)}
        request.session[_KEY] = kept
        return kept


def _pressed(request: HttpRequest) -> bool:
    """Whether a person asked, not a page that follows the hall by itself."""
    return request.method != "GET" or request.headers.get("HX-Request") != "true"


def _lead(request: HttpRequest, owes: str) -> HttpResponse | None:
    if not owes or request.path.startswith(_OPEN):
        return None
    there = resolve_url("account_change_password" if owes == "password" else "mfa_index")
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = there
        return response
    messages.warning(
        request,
        _("Pilih kata sandi Anda sendiri dulu.")
        if owes == "password"
        else _("Peran Anda perlu pengaman kedua. Pasang kunci sandi atau aplikasi kode dulu."),
    )
    return redirect(there)


# What the log-in library tells


def began(sender: object, request: HttpRequest, user: User, **_more: Any) -> None:
    """A log-in begins."""
    _begin(request, user)
    log.info("login.made", user=user.pk)


def ended(sender: object, request: HttpRequest, user: User | None, **_more: Any) -> None:
    """Somebody logs out."""
    key = request.session.session_key
    if user is not None and key:
        commands.forget_login(session_key=key, now=clock.wall())
        log.info("login.left", user=user.pk)


def failed(sender: object, credentials: dict[str, Any], **_more: Any) -> None:
    """A wrong password. The typed name is not kept: people type passwords there."""
    name = str(credentials.get("username", ""))[:150]
    user = User.objects.filter(username__iexact=name).values_list("pk", flat=True).first() if name else None
    log.warning("login.failed", user=user)


def chose(sender: object, request: HttpRequest, user: User, **_more: Any) -> None:
    """A user has chosen a password: it lasts, and all other log-ins are over."""
    commands.note_own_password(
        user=user, session_key=str(request.session.session_key), now=clock.now(), actor=actor_of(user)
    )


def listen() -> None:
    """Hear the library's signals, each once."""
    for signal, heard in (
        (user_logged_in, began),
        (user_logged_out, ended),
        (user_login_failed, failed),
        (password_changed, chose),
        (password_set, chose),
    ):
        signal.connect(heard, dispatch_uid=f"senyum.{heard.__name__}")


# The list of one's own


@dataclass(frozen=True)
class LoginRow:
    """A running log-in: the browser in words, since when, last used, and whether it is this one."""

    browser: str
    began_at: datetime
    seen_at: datetime
    is_here: bool


@dataclass(frozen=True)
class LoginsContext:
    """One's own running log-ins, the last used first."""

    rows: tuple[LoginRow, ...]
    others: int


@staff()
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """One's own running log-ins."""
    user = request.user
    found = queries.logins_of(user) if isinstance(user, User) else []
    rows = tuple(
        LoginRow(row.browser, row.began_at, row.seen_at, row.session_key == request.session.session_key)
        for row in found
    )
    return page(request, "ui/logins.html", LoginsContext(rows, sum(not row.is_here for row in rows)))


@staff()
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End every log-in but this one."""
    user = request.user
    if isinstance(user, User):
        commands.end_other_logins(
            user=user, but=str(request.session.session_key), now=clock.now(), actor=actor_of(user)
        )
    messages.success(request, _("Semua yang lain sudah keluar."))
    return redirect("logins")
