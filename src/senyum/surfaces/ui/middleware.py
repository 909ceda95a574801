"""Language of a request, and refusals turned into answers."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from senyum.core.errors import NotAllowed, NotPossible
from senyum.surfaces.ui.refusal import refuse
from senyum.surfaces.ui.trouble import RETRY_SECONDS, said_of

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]
LANGUAGE_SECONDS = 365 * 86400


def chosen_language(request: HttpRequest) -> str:
    """The language of the address (`?lang=su`), else of the cookie, else Indonesian. The browser's is not asked:
    phones are sold in English to people who read Indonesian."""
    known = {code for code, _name in settings.LANGUAGES}
    for wish in (request.GET.get("lang"), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)):
        if wish in known:
            return str(wish)
    return settings.LANGUAGE_CODE


class LanguageMiddleware:
    """Speaks the person's language, and forgets the time zone of the mall the thread served before."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = chosen_language(request)
        timezone.deactivate()
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if settings.HSTS_SECONDS:
            response.headers["Strict-Transport-Security"] = f"max-age={settings.HSTS_SECONDS}"
        if request.GET.get("lang") == language:
            keep_language(response, language)
        return response


def keep_language(response: HttpResponse, language: str) -> None:
    """Remember the language on this device."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=LANGUAGE_SECONDS, samesite="Lax", secure=settings.TLS
    )


class RefusalMiddleware:
    """Turns what a command refused, and a database that cannot, into an answer a person understands.

    NotAllowed -> 403, NotPossible (also Stale) -> 409; a database that is busy, full, read-only or gone -> 503 with
    Retry-After; a character it cannot store -> 400. The API answers for itself.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if request.path.startswith("/api/"):
            return None
        if isinstance(exception, NotAllowed):
            return refuse(request, 403, exception.sentence)
        if isinstance(exception, NotPossible):
            return refuse(request, 409, exception.sentence)
        return _of_the_database(request, exception)


def _of_the_database(request: HttpRequest, exception: Exception) -> HttpResponse | None:
    said = said_of(exception)
    if said is None:
        return None
    trouble, status, sentence = said
    log.warning("database.trouble", trouble=trouble, error=type(exception).__name__, path=request.path)
    try:
        response = refuse(request, status, sentence)
    except (DatabaseError, InterfaceError, psycopg.Error):
        # The page's head asks who is logged in, and nobody answers: the page that asks nothing.
        response = render(None, "ui/fault.html", status=status)
    if trouble in RETRY_SECONDS:
        response.headers["Retry-After"] = str(RETRY_SECONDS[trouble])
    return response
