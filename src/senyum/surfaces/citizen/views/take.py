"""Taking a number by phone: check, add another service, confirm once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.surfaces.citizen import browser as browsers
from senyum.surfaces.citizen.forms import TakeForm
from senyum.surfaces.citizen.views.hall import ServiceRow, line_ids, own_visits, row_of
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language
from senyum.visits import commands
from senyum.visits import queries as visits
from senyum.visits.queries import OwnVisit
from senyum.visits.rules import MAX_LEGS


@dataclass(frozen=True)
class Chosen:
    """A chosen service and the address of the form without it ("" when it is the only one)."""

    row: ServiceRow
    without: str


@dataclass(frozen=True)
class TakeContext:
    """The form: `problem` is what a command refused; `add` leads to the hall to add another service."""

    form: TakeForm
    action: str
    chosen: tuple[Chosen, ...]
    add: str
    asks: bool
    full: bool
    own: tuple[OwnVisit, ...]
    problem: str | Promise
    closed: bool


@public
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, mall: Mall) -> HttpResponse:
    """GET shows the form for the lines in the address, POST gives one label for all of them."""
    browser = browsers.browser_of(request)
    if request.method != "POST":
        response = _form(request, mall, TakeForm(mall=mall, initial={"key": secrets.token_hex(16)}))
        if browser is None:
            browsers.remember(response, browsers.new_browser())
        return response
    form = TakeForm(request.POST, mall=mall)
    if browser is None:
        return _form(request, mall, form, _("Ponsel ini belum dikenal. Tekan sekali lagi."), renew=True, status=409)
    if not form.is_valid():
        return _form(request, mall, form, status=422)
    return _issue(request, mall, form, browser)


def _issue(request: HttpRequest, mall: Mall, form: TakeForm, browser: str) -> HttpResponse:
    now, scope, lines = clock.now(), browsers.scope_of(browser), list(line_ids(request))
    asked = form.cleaned_data
    key = commands.Key(scope, asked["key"], form.digest(mall, lines))
    if visits.is_new(key.scope, key.key) and len(visits.own_visits(scope, mall, now)) >= browsers.MAX_OPEN_VISITS:
        return _form(
            request,
            mall,
            form,
            _("Dari ponsel ini sudah ada %(count)s nomor yang terbuka. Selesaikan atau batalkan salah satunya dulu.")
            % {"count": browsers.MAX_OPEN_VISITS},
            status=429,
        )
    try:
        issued = commands.issue_visit(
            mall=mall,
            line_ids=lines,
            priority=asked["priority"],
            channel="phone",
            actor=None,
            now=now,
            quantity=asked["quantity"],
            language=language(),
            age_band=asked["age_band"],
            district=asked["district"],
            has_phone=True,
            key=key,
        )
    except NotPossible as refusal:
        return _refused(request, mall, form, refusal)
    response = HttpResponseRedirect(f"/t/{issued.token}/")
    browsers.remember(response, browser)
    browsers.remember_asked(response)
    return response


def _refused(request: HttpRequest, mall: Mall, form: TakeForm, refusal: NotPossible) -> HttpResponse:
    """The form again with the reason and a new key; the answers are kept."""
    if refusal.code == "key_reused":
        sentence: str | Promise = _("Nomor dari formulir ini sudah diambil. Untuk nomor lain, tekan sekali lagi.")
        return _form(request, mall, form, sentence, renew=True, status=409)
    return _form(request, mall, form, refusal.sentence, renew=True, status=409)


def _form(
    request: HttpRequest,
    mall: Mall,
    form: TakeForm,
    problem: str | Promise = "",
    *,
    renew: bool = False,
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    offered = {s.info.id: s for s in visits.services_today(mall, now, language())}
    lines = [line for line in line_ids(request) if line in offered]
    if not lines:
        return HttpResponseRedirect(f"/m/{mall.code}/")
    here = f"/m/{mall.code}/take/?"
    chosen = tuple(
        Chosen(row_of(mall, offered[line], now), here + _query(lines, but=line) if len(lines) > 1 else "")
        for line in lines
    )
    if renew:
        form.data = {**{name: form.data.get(name) for name in form.data}, "key": secrets.token_hex(16)}
    context = TakeContext(
        form=form,
        action=here + _query(lines),
        chosen=chosen,
        add=f"/m/{mall.code}/?{_query(lines, name='with')}" if len(lines) < MAX_LEGS else "",
        asks=not browsers.asked_before(request),
        full=status == 429,
        own=own_visits(request, mall, now),
        problem=problem,
        closed=not all(offered[line].state.takes_tickets for line in lines),
    )
    response = page(request, "citizen/take.html", context, status=status)
    if renew and browsers.browser_of(request) is None:
        browsers.remember(response, browsers.new_browser())
    return response


def _query(lines: list[int], *, but: int | None = None, name: str = "line") -> str:
    return "&".join(f"{name}={line}" for line in lines if line != but)
