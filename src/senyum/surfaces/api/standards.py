"""The standard of a service: what the law wants said of it, in the version of a moment (UU 25/2009 art. 21)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router

from senyum.catalogue import queries as catalogue
from senyum.catalogue import standard_queries
from senyum.catalogue.content import FeeText, RequirementText, content_of
from senyum.catalogue.standard_queries import Part
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.surfaces.api.auth import caller
from senyum.surfaces.api.moments import zoned
from senyum.surfaces.api.problems import Problem, asked_language
from senyum.surfaces.api.schemas import StandardOut

router = Router(tags=["catalogue"])
REFUSED = {401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem, 429: Problem}
ServiceCode: Any = Path(  # type: ignore[type-arg]  # ninja declares a class, used as a function
    ...,
    max_length=80,
    pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$",
    description="Agency and service, as in `malls/{code}/services`.",
    examples=["disdukcapil.ktp-baru"],
)
MOMENT: Any = Query(  # type: ignore[type-arg]  # as ServiceCode
    None,
    max_length=40,
    description="A moment with its zone (2026-11-24T10:30:00+07:00, the + written %2B); without it, now.",
    examples=["2026-11-24T10:30:00+07:00"],
)


@router.get("/services/{code}/standard", response={200: StandardOut, **REFUSED}, summary="A service's standard")
def standard(request: HttpRequest, code: str = ServiceCode, at: str | None = MOMENT) -> dict[str, Any]:
    """The version in force at a moment: what a visit, booking or case that began then holds to.

    All 14 components are listed; `filled` is false where the agency has not written anything yet.
    """
    caller(request, "hall:read")
    agency, _dot, name = code.partition(".")
    service = catalogue.service_by_code(agency, name)
    if service is None:
        raise NotPossible("no_service", _("Layanan dengan kode itu tidak ada. Lihat daftar layanan MPP."))
    found = catalogue.standard_at(service.pk, _moment(at))
    if found is None:
        raise NotPossible("no_standard", _("Waktu itu belum ada standar pelayanan yang berlaku untuk layanan ini."))
    language = asked_language(request)
    content = content_of(found)
    with translation.override(language):
        parts = standard_queries.parts(content)
        return {
            "service": code,
            "name": catalogue.name_in(service, language),
            "agency": service.agency.name,
            "version": found.number,
            "adopted": found.adopted,
            "in_force_from": found.in_force_from,
            "in_force_to": found.in_force_to,
            "decree_number": content.decree_number,
            "effective_on": content.effective_on,
            "standard_minutes": content.standard_minutes,
            "requirements": [_requirement(row, language) for row in content.requirements],
            "fees": [_fee(words, fee) for part in parts for words, fee in part.fees],
            "components": [
                {
                    "code": part.code,
                    "group": part.group,
                    "title": str(part.title),
                    "filled": not part.empty,
                    "text": _text(part, language),
                }
                for part in parts
            ],
        }


def _moment(at: str | None) -> datetime:
    """The moment that `at` means. Raises NotPossible("bad_time")."""
    if at is None:
        return clock.now()
    found = zoned(at)
    if found is None:
        raise NotPossible("bad_time", _("Tulis waktunya lengkap dengan zonanya, misalnya 2026-11-24T10:30:00+07:00."))
    return found


def _requirement(row: RequirementText, language: str) -> dict[str, Any]:
    return {
        "text": catalogue.text_in(row, language),
        "legal_basis": row.legal_basis,
        "reason": row.reason,
        "issued_by": row.issued_by,
        "accepted_forms": row.forms,
        "example_url": row.example_url,
    }


def _fee(words: str, row: FeeText) -> dict[str, Any]:
    return {
        "variant": row.variant,
        "amount_rupiah": row.amount_rupiah,
        "words": words,
        "kind": row.kind,
        "legal_basis": row.legal_basis,
    }


def _text(part: Part, language: str) -> str:
    """A component as text; those that are kept in rows, a line a row."""
    rows = [catalogue.text_in(need, language) for need in part.requirements]
    rows += [": ".join(filter(None, (fee.variant, words))) for words, fee in part.fees]
    return "\n".join([*([part.text] if part.text else []), *rows])
