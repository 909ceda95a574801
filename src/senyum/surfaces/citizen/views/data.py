"""My data: everything that is held about my visit or booking, and its erasure, by the link alone (decision 0220)."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.rights import commands, queries, words
from senyum.rights import person as people
from senyum.rights.person import Person
from senyum.rights.queries import Copy
from senyum.surfaces.citizen.sealed import sealed
from senyum.surfaces.ui.access import in_hall, public
from senyum.surfaces.ui.refusal import refuse
from senyum.surfaces.ui.render import page


@dataclass(frozen=True)
class DataContext:
    """The copy, where the page that it belongs to stands (`back`), and what was refused."""

    copy: Copy
    mall: Mall
    back: str
    elsewhere: tuple[str | Promise, ...]
    problem: str | Promise


@dataclass(frozen=True)
class EraseContext:
    """The question before, and (`gone`) the answer after."""

    name: str
    mall: Mall
    back: str
    gone: bool


def _of(request: HttpRequest, kind: str, token: str) -> tuple[Person, Mall] | HttpResponse:
    """Whose link it is. A ticket's link is none of a booking; every wrong guess is answered alike."""
    try:
        found = people.by_token(token)
        mall = found.mall
        own = {"t": [v.token for v in found.visits], "b": [b.token for b in found.bookings]}[kind]
        if mall is None or token not in own:
            raise NotPossible("nobody", "")
    except NotPossible:
        sentence = _("Tautan ini tidak dikenal atau masa simpannya sudah habis. Bertanyalah di meja depan.")
        return refuse(request, 404, sentence)
    in_hall(request, mall)
    return found, mall


def _show(request: HttpRequest, kind: str, token: str, problem: str | Promise = "", status: int = 200) -> HttpResponse:
    found = _of(request, kind, token)
    if isinstance(found, HttpResponse):
        return sealed(found)
    person, mall = found
    copy = queries.copy_of(person, now=clock.now(), whole=False)
    context = DataContext(copy, mall, f"/{kind}/{token}/", words.ELSEWHERE, problem)
    return sealed(page(request, "citizen/data.html", context, status=status))


def _file(request: HttpRequest, kind: str, token: str) -> HttpResponse:
    found = _of(request, kind, token)
    if isinstance(found, HttpResponse):
        return sealed(found)
    copy = queries.copy_of(found[0], now=clock.now(), whole=False)
    response = HttpResponse(copy.as_json(), content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="data.json"'
    return sealed(response)


def _erase(request: HttpRequest, kind: str, token: str) -> HttpResponse:
    found = _of(request, kind, token)
    if isinstance(found, HttpResponse):
        return sealed(found)
    person, mall = found
    context = EraseContext(person.name, mall, f"/{kind}/{token}/", gone=request.method == "POST")
    if request.method == "POST":
        try:
            commands.erase(person=person, now=clock.now())
        except NotPossible as refusal:
            return _show(request, kind, token, refusal.sentence, 409)
    return sealed(page(request, "citizen/erase.html", context))


@public
@require_safe
def visit(request: HttpRequest, token: str) -> HttpResponse:
    """Everything held about the visit of this ticket, to read."""
    return _show(request, "t", token)


@public
@require_safe
def visit_file(request: HttpRequest, token: str) -> HttpResponse:
    """The same as JSON (docs/privacy.md)."""
    return _file(request, "t", token)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def visit_erase(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks once more; POST erases. Refused while the visit goes on."""
    return _erase(request, "t", token)


@public
@require_safe
def booking(request: HttpRequest, token: str) -> HttpResponse:
    """Everything held about the booking and the visit that came of it, to read."""
    return _show(request, "b", token)


@public
@require_safe
def booking_file(request: HttpRequest, token: str) -> HttpResponse:
    """The same as JSON (docs/privacy.md)."""
    return _file(request, "b", token)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def booking_erase(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks once more; POST erases. Refused while the booking is to come."""
    return _erase(request, "b", token)
