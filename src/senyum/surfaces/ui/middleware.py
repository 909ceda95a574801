"""Language of a request, and refusals turned into answers."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db.utils import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from psycopg.errors import LockNotAvailable, QueryCanceled

from senyum.core.errors import NotAllowed, NotPossible
from senyum.surfaces.ui.refusal import refuse

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
        if request.GET.get("lang") == language:
            keep_language(response, language)
        return response


def keep_language(response: HttpResponse, language: str) -> None:
    """Remember the language on this device."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=LANGUAGE_SECONDS, samesite="Lax", secure=settings.TLS
    )


class RefusalMiddleware:
    """Turns what a command refused, and a database that is too busy, into an answer a person understands.

    NotAllowed -> 403, NotPossible (also Stale) -> 409, a lock that was not given in time -> 503. The API answers
    for itself.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if request.path.startswith("/api/"):
            return None
        answer = _status_and_sentence(exception)
        if answer is None:
            return None
        status, sentence = answer
        response = refuse(request, status, sentence)
        if status == 503:
            response.headers["Retry-After"] = "2"
        return response


def _status_and_sentence(exception: Exception) -> tuple[int, str | Promise] | None:
    if isinstance(exception, NotAllowed):
        return 403, exception.sentence
    if isinstance(exception, NotPossible):
        return 409, exception.sentence
    if isinstance(exception, OperationalError) and isinstance(exception.__cause__, (LockNotAvailable, QueryCanceled)):
        return 503, _("Sedang ramai sekali. Tidak ada yang berubah. Tunggu sebentar, lalu coba lagi.")
    return None
