"""A service's standard for everybody: the version in force, what is proposed, and what people say of it."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from senyum.catalogue import standard_commands
from senyum.catalogue import standard_queries as queries
from senyum.catalogue.content import content_of
from senyum.catalogue.models import Comment, Line, Standard
from senyum.catalogue.queries import line_at
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.malls.queries import local_day
from senyum.surfaces.citizen.addresses import page_address, standard_of
from senyum.surfaces.citizen.browser import browser_of, new_browser, remember
from senyum.surfaces.citizen.meta import in_language
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.links import outward
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.robots import indexable
from senyum.surfaces.ui.words import language

_VOICES = [
    ("", _("tidak disebut")),
    ("user", _("pengguna layanan")),
    ("expert", _("ahli atau akademisi")),
    ("agency", _("instansi terkait")),
    ("organisation", _("organisasi masyarakat")),
    ("media", _("media")),
]


class CommentForm(forms.Form):
    """What somebody says of a proposed standard; the name is optional."""

    text = forms.CharField(label=_("Tanggapan Anda"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    speaks_as = forms.ChoiceField(label=_("Anda menulis sebagai"), choices=_VOICES, required=False)
    name = forms.CharField(
        label=_("Nama"),
        max_length=80,
        required=False,
        help_text=_("Nama tampil bersama tanggapan, dan dihapus setelah 30 hari."),
    )


@dataclass(frozen=True)
class StandardContext:
    """`current`: the version in force; `proposed`: the one open to comments, with what it changes."""

    line: Line
    current: Standard | None
    parts: tuple[queries.Part, ...]
    proposed: Standard | None
    changes: tuple[queries.Change, ...]
    comments: tuple[Comment, ...]
    form: CommentForm
    canonical: str


def _show(request: HttpRequest, mall: Mall, number: int, form: CommentForm | None = None) -> HttpResponse:
    line = _line(mall, number)
    current = line.service.current
    proposed = queries.public_version(line.service, local_day(mall, clock.now()))
    known = content_of(current) if current else None
    context = StandardContext(
        line=line,
        current=current,
        parts=queries.parts(known) if known else (),
        proposed=proposed,
        changes=queries.changes(known, content_of(proposed)) if proposed and known else (),
        comments=tuple(queries.comments_of(proposed, shown_only=True)) if proposed else (),
        form=form or CommentForm(),
        canonical=in_language(
            outward(request, standard_of(page_address(mall.code, line.service.agency.code, line.service.slug))),
            language(),
        ),
    )
    return page(request, "citizen/standard.html", context, status=422 if form else 200)


def _line(mall: Mall, number: int) -> Line:
    lines = Line.objects.filter(mall=mall, pk=number, active=True)
    found = lines.select_related("service__agency", "service__current").first()
    if found is None:
        raise Http404
    return found


@public
@indexable
@require_GET
def show_at(request: HttpRequest, mall: Mall, agency: str, slug: str) -> HttpResponse:
    """The standard by the service's readable address; an earlier name's address leads to the present one."""
    found = line_at(mall, agency, slug)
    if found is None:
        raise Http404
    line, present = found
    if present != slug:
        return HttpResponsePermanentRedirect(standard_of(page_address(mall.code, agency, present)))
    return _show(request, mall, line)


@public
@indexable
@require_GET
def show(request: HttpRequest, mall: Mall, line: int) -> HttpResponse:
    """The standard of a line's service."""
    return _show(request, mall, line)


@public
@require_POST
def comment(request: HttpRequest, mall: Mall, line: int) -> HttpResponse:
    """Say something of the proposed version; shown once a person has read it."""
    service = _line(mall, line).service
    form = CommentForm(request.POST)
    now = clock.now()
    proposed = queries.public_version(service, local_day(mall, now))
    if not form.is_valid() or proposed is None:
        if proposed is None:
            form.add_error(None, str(_("Masa tanggapan untuk standar ini tidak sedang terbuka.")))
        return _show(request, mall, line, form)
    browser = browser_of(request) or new_browser()
    try:
        standard_commands.add_comment(
            standard_id=proposed.pk,
            now=now,
            today=local_day(mall, now),
            # Not the phone's number itself: comments cannot be joined with its tickets.
            browser=salted_hmac("senyum.comment", browser, algorithm="sha256").hexdigest()[:32],
            **form.cleaned_data,
        )
    except NotPossible as refusal:
        form.add_error("text", str(refusal.sentence))
        return _show(request, mall, line, form)
    messages.success(request, _("Terima kasih. Tanggapan Anda tampil setelah dibaca petugas."))
    response = redirect("citizen_standard", mall.code, line)
    remember(response, browser)
    return response
