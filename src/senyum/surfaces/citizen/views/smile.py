"""The tablet at the exit: the label, then four faces. It forgets everything after ten seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.surfaces.citizen.forms import SmileForm
from senyum.surfaces.ui.access import device
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language
from senyum.surveys import commands as surveys
from senyum.surveys import queries as smiles
from senyum.surveys.queries import Invitation
from senyum.visits import queries as visits

#: After so many seconds without a touch the tablet shows its first screen again.
WIPE_SECONDS = 10
_LINK = re.compile(r"/t/([A-Za-z0-9_-]{16,32})/?")
_LABEL = re.compile(r"([A-Z]{1,2})0*(\d{1,6})")


@dataclass(frozen=True)
class TabletContext:
    """The tablet: `asked` is the label, `open` its served tickets with their service's name, `prefixes` the letters."""

    label: str
    open: tuple[tuple[Invitation, str], ...]
    prefixes: tuple[str, ...]
    problem: str | Promise
    thanks: bool
    home: str
    wipe_seconds: int


def label_of(text: str, mall: Mall) -> str:
    """The label in what was typed ("a27", "A-027") or scanned (the ticket's link); "" when there is none."""
    found = _LINK.search(text)
    if found:
        visit = visits.visit_by_token(found[1])
        return visit.label if visit and visit.mall_id == mall.pk else ""
    plain = "".join(ch for ch in text.upper() if ch.isascii() and ch.isalnum())
    typed = _LABEL.fullmatch(plain)
    return f"{typed[1]}-{int(typed[2]):03d}" if typed else ""


@device("smile")
@require_safe
def tablet(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The number pad; with `label`, the faces for what was served today; with `thanks`, thanks."""
    asked = request.GET.get("label", "")[:200]
    label = label_of(asked, mall) if asked else ""
    if label and _LINK.search(asked):
        # The link's secret does not stay in the tablet's address.
        return HttpResponseRedirect(f"/smile/{mall.code}/?label={label}")
    found = smiles.invitations(mall, label, clock.now()) if label else []
    return _page(request, mall, label, found, _problem(asked, label, found))


def _problem(asked: str, label: str, found: list[Invitation]) -> str:
    if not asked or found:
        return ""
    if not label:
        return _("Nomor itu tidak terbaca. Tulis seperti di tiket, misalnya A-027.")
    return _("%(label)s belum selesai dilayani hari ini, atau senyumnya sudah diberikan.") % {"label": label}


def _page(
    request: HttpRequest, mall: Mall, label: str, found: list[Invitation], problem: str | Promise, status: int = 200
) -> HttpResponse:
    prefixes = {s.info.prefix for s in visits.services_today(mall, clock.now())}
    context = TabletContext(
        label=label,
        open=tuple((one, one.name(language())) for one in found),
        prefixes=tuple(sorted(prefixes)),
        problem=problem,
        thanks="thanks" in request.GET,
        home=f"/smile/{mall.code}/",
        wipe_seconds=WIPE_SECONDS,
    )
    return page(request, "citizen/tablet.html", context, status=status)


@device("smile")
@require_POST
def give(request: HttpRequest, mall: Mall) -> HttpResponse:
    """One tap for one served ticket of the label on the screen."""
    form, label = SmileForm(request.POST), label_of(request.POST.get("label", ""), mall)
    found = smiles.invitations(mall, label, clock.now()) if label else []
    if not form.is_valid() or form.cleaned_data["ticket"] not in {one.ticket_id for one in found}:
        problem = _("Senyum hanya bisa diberikan sekali, setelah dilayani. Terima kasih!")
        return _page(request, mall, "", [], problem, status=409)
    try:
        surveys.smile(
            ticket_id=form.cleaned_data["ticket"],
            score=form.cleaned_data["score"],
            channel="tablet",
            now=clock.now(),
        )
    except NotPossible as refusal:
        return _page(request, mall, label, found, refusal.sentence, status=409)
    more = f"&label={label}" if len(found) > 1 else ""
    return HttpResponseRedirect(f"/smile/{mall.code}/?thanks=1{more}")
