"""Refusals as RFC 9457 problem documents, with a sentence in the asked language."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import structlog
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from senyum.core.errors import NotAllowed, NotPossible, SenyumError
from senyum.surfaces.ui.trouble import RETRY_SECONDS, said_of

log = structlog.get_logger(__name__)

#: Codes of `NotPossible` that speak of the request itself, not of the state of things.
_BAD_REQUEST_CODES = frozenset(
    {
        "age_band",
        "bad_time",
        "case_needed",
        "channel",
        "code",
        "contact",
        "contact_needed",
        "delay_minutes",
        "key_reused",
        "missing_needed",
        "no_class",
        "no_line",
        "no_service",
        "no_slot",
        "not_bookable",
        "one_day",
        "outcome",
        "overlap",
        "quantity",
        "same_services",
        "reason_needed",
        "score",
        "services_many",
    }
)
_NOT_THERE_CODES = frozenset(
    {"no_mall", "no_booking", "no_counter", "no_ticket", "no_visit", "no_service", "no_standard"}
)


class Problem(Schema):
    """RFC 9457. `code` is stable, `detail` a sentence in the asked language that says what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    now: dict[str, Any] = {}


class NotThere(Exception):
    """What the address names does not exist, or belongs to somebody else."""


class TooMany(Exception):
    """The bearer asks too often; `seconds` until it may again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


_TITLES = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    409: "Conflict",
    415: "Unsupported media type",
    422: "Unprocessable content",
    429: "Too many requests",
    503: "Service unavailable",
}


def asked_language(request: HttpRequest) -> str:
    """The first of id, su, en in Accept-Language; Indonesian when none is asked."""
    return language_of(request.headers.get("Accept-Language", ""))


def language_of(accepted: str) -> str:
    """As `asked_language`, of the header's value."""
    for part in accepted.split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in ("id", "su", "en"):
            return code
    return "id"


def document(language: str, status: int, code: str, detail: Any, now: dict[str, Any] | None = None) -> dict[str, Any]:
    """The document in `language`."""
    with translation.override(language):
        return {
            "type": f"/api/v1/docs#{code}",
            "title": _TITLES.get(status, "Error"),
            "status": status,
            "detail": str(detail),
            "code": code,
            "now": now or {},
        }


def problem(
    request: HttpRequest, status: int, code: str, detail: Any, now: dict[str, Any] | None = None
) -> HttpResponse:
    """The document as a response."""
    body = document(asked_language(request), status, code, detail, now)
    response = HttpResponse(json.dumps(body), status=status, content_type="application/problem+json")
    response["Content-Language"] = asked_language(request)
    return response


def refusal(request: HttpRequest, error: SenyumError) -> HttpResponse:
    """NotAllowed 403; NotPossible 404, 422 or 409 by what it speaks of."""
    if isinstance(error, NotAllowed):
        status = 403
    elif error.code in _NOT_THERE_CODES:
        status = 404
    elif error.code in _BAD_REQUEST_CODES:
        status = 422
    else:
        status = 409
    now = {name: value for name, value in error.now_true.items() if value is not None}
    return problem(request, status, error.code, error.sentence, now)


def install(api: NinjaAPI) -> None:
    """Every error of the API leaves as a problem document."""

    @api.exception_handler(NotPossible)
    def _not_possible(request: HttpRequest, error: NotPossible) -> HttpResponse:
        return refusal(request, error)

    @api.exception_handler(NotAllowed)
    def _not_allowed(request: HttpRequest, error: NotAllowed) -> HttpResponse:
        return refusal(request, error)

    @api.exception_handler(NotThere)
    def _not_there(request: HttpRequest, error: NotThere) -> HttpResponse:
        return problem(request, 404, "not_found", _("Tidak ditemukan."))

    @api.exception_handler(TooMany)
    def _too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
        response = problem(request, 429, "too_many", _("Terlalu sering. Tunggu sebentar, lalu coba lagi."))
        response["Retry-After"] = str(error.seconds)
        return response

    @api.exception_handler(AuthenticationError)
    def _unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        response = problem(request, 401, "unauthorized", _("Token tidak ada, tidak dikenal, atau sudah dicabut."))
        response["WWW-Authenticate"] = "Bearer"
        return response

    @api.exception_handler(ValidationError)
    def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        fields = {".".join(str(p) for p in e["loc"]): e["msg"] for e in error.errors[:20]}
        return problem(
            request, 422, "invalid", _("Isian belum benar. Periksa bagian yang disebut."), {"fields": fields}
        )

    # Three of them: the hot statements have psycopg's own cursor, and a lost connection may speak for itself.
    @api.exception_handler(DatabaseError)
    @api.exception_handler(InterfaceError)
    @api.exception_handler(psycopg.Error)
    def _database(request: HttpRequest, error: Exception) -> HttpResponse:
        said = said_of(error)
        if said is None:
            raise error
        trouble, status, sentence = said
        log.warning("database.trouble", trouble=trouble, error=type(error).__name__, path=request.path)
        if status == 400:
            return problem(request, 422, "invalid", sentence)
        response = problem(request, status, f"database_{trouble}", sentence)
        response["Retry-After"] = str(RETRY_SECONDS[trouble])
        return response

    @api.exception_handler(HttpError)
    def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(request, error.status_code, "bad_request", _("Permintaan tidak bisa dibaca."))
