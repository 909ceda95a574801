"""Service standards in the console: what is missing, drafting, comparing, review, approval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from senyum.catalogue import components, standard_commands, states
from senyum.catalogue import standard_queries as queries
from senyum.catalogue.content import FEE_KINDS, Content, FeeText, RequirementText, content_of, problems, tidy
from senyum.catalogue.models import Comment, Service, Standard
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.core.text import plain
from senyum.malls.models import Agency, Mall
from senyum.malls.queries import local_day
from senyum.people.access import agencies_with
from senyum.people.models import User
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import page

#: Empty rows that a form offers beside those it has; saving gives more.
SPARE = 2
_STATES = {
    states.DRAFT: _("rancangan"),
    states.IN_REVIEW: _("ditanggapi warga"),
    states.APPROVED: _("disetujui"),
    states.IN_FORCE: _("berlaku"),
    states.SUPERSEDED: _("digantikan"),
    states.WITHDRAWN: _("ditarik"),
}
_NEED = {
    "text": _("Syarat"),
    "legal_basis": _("Dasar hukum"),
    "reason": _("Mengapa diminta"),
    "issued_by": _("Diterbitkan oleh"),
    "forms": _("Bentuk yang diterima"),
    "example_url": _("Alamat contoh (https)"),
    "text_su": _("Dalam bahasa Sunda"),
    "text_en": _("Dalam bahasa Inggris"),
}
_FEE = {
    "variant": _("Varian"),
    "amount_rupiah": _("Rupiah"),
    "amount_text": _("Keterangan tarif"),
    "kind": _("Jenis tarif"),
    "legal_basis": _("Dasar hukum"),
}
_KINDS = [("", _("belum diisi")), *FEE_KINDS.items()]


class StandardForm(forms.Form):
    """The fourteen components; requirements and fees are rows, and there are always some empty ones."""

    def __init__(self, data: Any = None, *, content: Content, seen: str, note: str = "") -> None:
        needs, fees = len(content.requirements) + SPARE, len(content.fees) + SPARE
        if data is not None:
            needs, fees = (_count(data, name) for name in ("needs", "fees"))
        super().__init__(data)
        self.counts = {"needs": needs, "fees": fees}
        add = self.fields.__setitem__
        for name, value in (("needs", needs), ("fees", fees), ("seen", seen)):
            add(name, forms.CharField(widget=forms.HiddenInput, initial=value, required=False))
        add("standard_minutes", forms.IntegerField(label=_("Menit di loket"), initial=content.standard_minutes))
        for component in components.COMPONENTS:
            if component.code == components.TIME:
                add("time_text", _text(component.title, content.time_text, component.hint))
            elif component.code in components.TEXTS:
                text = content.components.get(component.code, "")
                add(component.code, _text(component.title, text, component.hint, area=True))
        add("change_note", _text(_("Apa yang berubah, dan mengapa"), note, area=True))
        for row in range(needs):
            known = content.requirements[row] if row < len(content.requirements) else None
            for name, label in _NEED.items():
                add(f"need-{row}-{name}", _text(label, getattr(known, name, "")))
        for row in range(fees):
            price = content.fees[row] if row < len(content.fees) else None
            for name, label in _FEE.items():
                value = "" if price is None else getattr(price, name)
                add(f"fee-{row}-{name}", _text(label, "" if value is None else value))
            add(f"fee-{row}-kind", forms.ChoiceField(label=_FEE["kind"], choices=_KINDS, required=False))
            self.fields[f"fee-{row}-kind"].initial = price.kind if price else ""

    def rows(self, kind: str, names: Any) -> tuple[tuple[forms.BoundField, ...], ...]:
        """The fields of the rows of a kind (need, fee)."""
        return tuple(tuple(self[f"{kind}-{row}-{name}"] for name in names) for row in range(self.counts[f"{kind}s"]))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        needs = [
            RequirementText(**{n: values.get(f"need-{r}-{n}", "") for n in _NEED}) for r in range(self.counts["needs"])
        ]
        fees = [self._fee(values, row) for row in range(self.counts["fees"])]
        if self.errors:
            return values
        written = Content(
            standard_minutes=values["standard_minutes"],
            time_text=values["time_text"],
            components={code: values[code] for code in components.TEXTS},
            requirements=needs,
            fees=fees,
        )
        content = tidy(written)
        # A tidy content has lost its empty rows: the place of each that is left.
        places = {
            "requirements": [i for i, n in enumerate(needs) if any(v.strip() for v in vars(n).values())],
            "fees": [i for i, f in enumerate(fees) if tidy(Content(1, fees=(f,))).fees],
        }
        for problem in problems(content):
            self.add_error(_field(problem.where, places), str(problem.sentence))
        values["content"] = content
        return values

    def _fee(self, values: dict[str, Any], row: int) -> FeeText:
        amount = str(values.get(f"fee-{row}-amount_rupiah", "")).strip().replace(".", "")
        if amount and not (amount.isascii() and amount.isdecimal() and len(amount) < 16):
            self.add_error(f"fee-{row}-amount_rupiah", _("Tulis tarif sebagai bilangan rupiah bulat, misalnya 30000."))
            amount = ""
        texts = {
            name: values.get(f"fee-{row}-{name}", "") for name in ("variant", "amount_text", "kind", "legal_basis")
        }
        return FeeText(int(amount) if amount else None, **texts)


def _field(where: str, places: dict[str, list[int]]) -> str | None:
    head, _dot, rest = where.partition(".")
    if head in places:
        if not rest:
            return None
        row, _dot, name = rest.partition(".")
        return f"{'need' if head == 'requirements' else 'fee'}-{places[head][int(row)]}-{name}"
    return rest if head == "components" else where


def _count(data: Any, name: str) -> int:
    text = str(data.get(name, ""))
    return min(int(text), 80) if text.isascii() and text.isdecimal() and len(text) < 4 else SPARE


def _text(label: Any, value: Any, hint: Any = "", *, area: bool = False) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3}) if area else forms.TextInput()
    return forms.CharField(label=label, initial=value, help_text=hint, required=False, widget=widget)


class ReviewForm(forms.Form):
    """First and last day of the public's comments."""

    review_from = forms.DateField(
        label=_("Tanggapan dari"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    review_to = forms.DateField(
        label=_("Tanggapan sampai"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )


class ApproveForm(forms.Form):
    """Number of the decree, and from when it holds."""

    decree_number = forms.CharField(label=_("Nomor SK"), max_length=120)
    effective_on = forms.DateField(
        label=_("Berlaku mulai"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )


class WhyForm(forms.Form):
    """Why it goes back, or ends."""

    reason = forms.CharField(label=_("Alasan"), max_length=500)


@dataclass(frozen=True)
class AgencyRows:
    """An agency's services; `incomplete` and `waiting`: with a component missing, with a version that is still open."""

    agency: Agency
    rows: tuple[queries.ServiceRow, ...]
    incomplete: int
    waiting: int


@dataclass(frozen=True)
class ListContext:
    """The services that were asked for, by agency; `number` and `incomplete` count all that one sees.

    `q`, `kept`: the filter, `kept` one of `FILTERS`. `opened`: show the services at once.
    """

    agencies: tuple[AgencyRows, ...]
    may_edit: bool
    number: int
    incomplete: int
    q: str
    kept: str
    filters: dict[str, Any]
    opened: bool


#: What the list can be narrowed to.
FILTERS = {"": _("Semua"), "incomplete": _("Belum lengkap"), "open": _("Sedang disusun atau dibahas")}
#: With so few agencies their services are shown at once.
_FEW_AGENCIES = 2


@dataclass(frozen=True)
class OneContext:
    """A version as the public will see it, with what can be done with it."""

    standard: Standard
    state: Any
    parts: tuple[queries.Part, ...]
    changes: tuple[queries.Change, ...]
    against: Standard | None
    versions: tuple[tuple[Standard, Any], ...]
    comments: tuple[Comment, ...]
    may_edit: bool
    may_approve: bool
    wrote_it: bool
    review_form: ReviewForm
    approve_form: ApproveForm
    why_form: WhyForm
    wrong: forms.Form | None


@dataclass(frozen=True)
class EditContext:
    """The form of a draft."""

    standard: Standard
    form: StandardForm
    texts: tuple[forms.BoundField, ...]
    needs: tuple[tuple[forms.BoundField, ...], ...]
    fees: tuple[tuple[forms.BoundField, ...], ...]


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _by(request: HttpRequest, mall: Mall) -> dict[str, Any]:
    return {"by": _user(request), "mall": mall, "now": clock.now()}


def _found(request: HttpRequest, mall: Mall, standard: int) -> Standard:
    found = queries.standard_in(standard, agencies_with(_user(request), mall, "see_standards"))
    if found is None:
        raise Http404
    return found


@staff("see_standards")
@require_GET
def show(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Every service of the agencies one sees, with what is missing in its standard."""
    rows = queries.services_of(agencies_with(_user(request), mall, "see_standards"))
    q, kept = plain(request.GET.get("q", ""))[:80], request.GET.get("show", "")
    asked = [row for row in rows if _asked(row, q, kept)]
    agencies = tuple(
        AgencyRows(agency, tuple(mine), sum(1 for r in mine if r.missing), sum(1 for r in mine if r.open))
        for agency, group in groupby(asked, key=lambda row: row.service.agency)
        for mine in [list(group)]
    )
    context = ListContext(
        agencies=agencies,
        may_edit=bool(agencies_with(_user(request), mall, "edit_standard")),
        number=len(rows),
        incomplete=sum(1 for row in rows if row.missing),
        q=q,
        kept=kept if kept in FILTERS else "",
        filters=FILTERS,
        opened=bool(q) or len(agencies) <= _FEW_AGENCIES,
    )
    return page(request, "console/standards.html", context)


def _asked(row: queries.ServiceRow, q: str, kept: str) -> bool:
    named = f"{row.service.name} {row.service.agency.name} {row.service.agency.short_name}".casefold()
    return (
        all(word in named for word in q.casefold().split())
        and (kept != "incomplete" or bool(row.missing))
        and (kept != "open" or row.open is not None)
    )


@staff("edit_standard")
@require_POST
def new(request: HttpRequest, mall: Mall, service: int) -> HttpResponse:
    """Begin a draft, or go on with the one that is open."""
    seen = agencies_with(_user(request), mall, "edit_standard")
    if not Service.objects.filter(pk=service, agency__in=seen).exists():
        raise Http404
    try:
        draft = standard_commands.start_draft(service_id=service, **_by(request, mall)).pk
    except NotPossible as refusal:
        if refusal.code != "draft_open":
            raise
        draft = refusal.now_true["standard"]
        return redirect("console:standard", mall.code, draft)
    return redirect("console:standard_edit", mall.code, draft)


def _page(request: HttpRequest, mall: Mall, found: Standard, wrong: forms.Form | None = None) -> HttpResponse:
    user, agency = _user(request), found.service.agency_id
    old = found.based_on or (found.service.current if found.pk != found.service.current_id else None)
    today = local_day(mall, clock.now())
    given = {type(wrong): wrong}
    content = content_of(found)
    context = OneContext(
        standard=found,
        state=_STATES[found.state],
        parts=queries.parts(content),
        changes=queries.changes(content_of(old), content) if old else (),
        against=old,
        versions=tuple((version, _STATES[version.state]) for version in queries.versions_of(found.service)),
        comments=tuple(queries.comments_of(found, shown_only=False)),
        may_edit=agency in agencies_with(user, mall, "edit_standard"),
        may_approve=agency in agencies_with(user, mall, "approve_standard"),
        wrote_it=user.pk == found.author_id or user.pk in found.writers,
        review_form=given.get(ReviewForm)  # type: ignore[arg-type]  # its own class
        or ReviewForm(initial={"review_from": today, "review_to": today + timedelta(days=13)}),
        approve_form=given.get(ApproveForm) or ApproveForm(initial={"decree_number": found.decree_number}),  # type: ignore[arg-type]  # its own class
        why_form=given.get(WhyForm) or WhyForm(),  # type: ignore[arg-type]  # its own class
        wrong=wrong,
    )
    return page(request, "console/standard.html", context, status=422 if wrong else 200)


@staff("see_standards")
@require_GET
def one(request: HttpRequest, mall: Mall, standard: int) -> HttpResponse:
    """One version: preview, comparison, comments, what can be done."""
    return _page(request, mall, _found(request, mall, standard))


def _edit_page(request: HttpRequest, found: Standard, form: StandardForm, status: int = 200) -> HttpResponse:
    texts = tuple(form[name] for name in ("standard_minutes", "time_text", *components.TEXTS))
    context = EditContext(found, form, texts, form.rows("need", _NEED), form.rows("fee", _FEE))
    return page(request, "console/standard_edit.html", context, status=status)


@staff("edit_standard")
@require_GET
def edit(request: HttpRequest, mall: Mall, standard: int) -> HttpResponse:
    """The form of a draft."""
    found = _found(request, mall, standard)
    if found.state != states.DRAFT:
        return redirect("console:standard", mall.code, standard)
    seen = found.saved_at.isoformat()
    return _edit_page(request, found, StandardForm(content=content_of(found), seen=seen, note=found.change_note))


@staff("edit_standard")
@require_POST
def save(request: HttpRequest, mall: Mall, standard: int) -> HttpResponse:
    """Keep the draft; with "more", come back to the form with further empty rows."""
    found = _found(request, mall, standard)
    form = StandardForm(request.POST, content=content_of(found), seen=found.saved_at.isoformat())
    if not form.is_valid():
        return _edit_page(request, found, form, 422)
    try:
        seen = datetime.fromisoformat(form.cleaned_data["seen"])
    except ValueError:
        seen = None
    try:
        standard_commands.save_draft(
            standard_id=standard,
            content=form.cleaned_data["content"],
            change_note=form.cleaned_data["change_note"],
            seen=seen,
            **_by(request, mall),
        )
    except NotPossible as refusal:
        form.add_error(None, str(refusal.sentence))
        return _edit_page(request, found, form, 422)
    messages.success(request, _("Tersimpan."))
    return redirect("console:standard_edit" if "more" in request.POST else "console:standard", mall.code, standard)


def _do(
    request: HttpRequest,
    mall: Mall,
    standard: int,
    form: forms.Form,
    field: str,
    command: Callable[..., Any],
    done: Any,
) -> HttpResponse:
    """Run a command with the form's values; a refusal stands beside `field`."""
    found = _found(request, mall, standard)
    if form.is_valid():
        try:
            command(standard_id=standard, **form.cleaned_data, **_by(request, mall))
        except NotPossible as refusal:
            form.add_error(refusal.code if refusal.code in form.fields else field, str(refusal.sentence))
        else:
            messages.success(request, done)
            return redirect("console:standard", mall.code, standard)
    return _page(request, mall, found, form)


@staff("edit_standard")
@require_POST
def submit(request: HttpRequest, mall: Mall, standard: int) -> HttpResponse:
    """Open it to the public's comments."""
    form = ReviewForm(request.POST)
    done = _("Dibuka untuk tanggapan warga.")
    return _do(request, mall, standard, form, "review_from", standard_commands.submit, done)


@staff("approve_standard")
@require_POST
def approve(request: HttpRequest, mall: Mall, standard: int) -> HttpResponse:
    """Approve what somebody else wrote."""
    form = ApproveForm(request.POST)
    done = _("Disetujui. Berlaku pada tanggalnya.")
    return _do(request, mall, standard, form, "decree_number", standard_commands.approve, done)


@staff("approve_standard")
@require_POST
def give_back(request: HttpRequest, mall: Mall, standard: int) -> HttpResponse:
    """Back to its writers."""
    done = _("Dikembalikan kepada penulisnya.")
    return _do(request, mall, standard, WhyForm(request.POST), "reason", standard_commands.give_back, done)


@staff("edit_standard")
@require_POST
def withdraw(request: HttpRequest, mall: Mall, standard: int) -> HttpResponse:
    """End an open version."""
    return _do(request, mall, standard, WhyForm(request.POST), "reason", standard_commands.withdraw, _("Ditarik."))


@staff("edit_standard")
@require_POST
def moderate(request: HttpRequest, mall: Mall, standard: int, comment: int) -> HttpResponse:
    """Show a comment or hide it, with an answer."""
    found = _found(request, mall, standard)
    if not Comment.objects.filter(pk=comment, standard=found).exists():
        raise Http404
    show_it, answer = request.POST.get("do") == "show", request.POST.get("answer", "")
    standard_commands.moderate(comment_id=comment, show=show_it, answer=answer, **_by(request, mall))
    messages.success(request, _("Tersimpan."))
    return redirect("console:standard", mall.code, standard)
