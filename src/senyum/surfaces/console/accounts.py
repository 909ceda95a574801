"""Accounts: who works in the hall with which roles, and what an administrator does about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.people import commands, queries
from senyum.people.models import AGENCY_ROLES, Role, RoleName, User
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import page

_EMAIL = _("Ke sini pemberitahuan dikirim, misalnya tombol darurat kepada pengelola.")


class RoleForm(forms.Form):
    """A role, and for officers and coordinators their agency."""

    role = forms.ChoiceField(label=_("Peran"), choices=RoleName.choices)
    agency = forms.ChoiceField(
        label=_("Instansi"), required=False, help_text=_("Hanya untuk petugas loket dan koordinator.")
    )

    def __init__(self, data: Any = None, *, mall: Mall) -> None:
        super().__init__(data)
        self.agencies = {row.code: row for row in queries.agencies_of(mall)}
        choice: Any = self.fields["agency"]
        choice.choices = [("", _("Tanpa instansi")), *((code, row.short_name) for code, row in self.agencies.items())]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "role" in values and (values["role"] in AGENCY_ROLES) != bool(values.get("agency")):
            self.add_error("agency", _("Petugas dan koordinator perlu instansi; peran lain tidak memakainya."))
        values["office"] = self.agencies.get(values.get("agency", ""))
        return values


class PersonForm(forms.Form):
    """Name and e-mail address."""

    name = forms.CharField(label=_("Nama"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label=_("Surel"),
        required=False,
        max_length=254,
        help_text=_EMAIL,
        error_messages={"invalid": _("Alamat surel itu tidak lengkap. Contoh: nama@instansi.go.id")},
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class NewPersonForm(PersonForm, RoleForm):
    """Somebody new: log-in name, name, address, first role."""

    username = forms.CharField(
        label=_("Nama pengguna"),
        max_length=60,
        help_text=_("Untuk masuk. Huruf kecil, angka, titik, atau tanda hubung."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    field_order = ("name", "username", "role", "agency", "email")


class ReasonForm(forms.Form):
    """Why; it stands in the journal."""

    reason = forms.CharField(label=_("Alasan"), min_length=3, max_length=200, help_text=_("Tercatat di jurnal."))


@dataclass(frozen=True)
class AccountsContext:
    """The list with its filters, and the form for somebody new."""

    people: tuple[queries.Person, ...]
    text: str
    role: str
    roles: tuple[tuple[str, Any], ...]
    form: NewPersonForm


@dataclass(frozen=True)
class AccountContext:
    """One person with the forms about them. `is_self`: what one may not do to oneself is not offered."""

    person: queries.Person
    is_self: bool
    form: PersonForm
    role_form: RoleForm
    reason_form: ReasonForm


@dataclass(frozen=True)
class SecretContext:
    """A first password, shown once."""

    person: queries.Person
    secret: str


def _person(mall: Mall, person: int) -> tuple[User, queries.Person]:
    found = queries.people_of(mall, only=person)
    if not found:
        raise Http404
    return User.objects.get(pk=person), found[0]


def _list(request: HttpRequest, mall: Mall, form: NewPersonForm | None = None) -> HttpResponse:
    text, role = request.GET.get("q", "")[:80], request.GET.get("role", "")
    context = AccountsContext(
        people=tuple(queries.people_of(mall, text=text, role=role)),
        text=text,
        role=role,
        roles=tuple(RoleName.choices),
        form=form or NewPersonForm(mall=mall),
    )
    return page(request, "console/accounts.html", context, status=422 if form else 200)


def _one(
    request: HttpRequest,
    mall: Mall,
    person: int,
    *,
    form: PersonForm | None = None,
    role_form: RoleForm | None = None,
    reason_form: ReasonForm | None = None,
) -> HttpResponse:
    user, shown = _person(mall, person)
    context = AccountContext(
        person=shown,
        is_self=user.pk == request.user.pk,
        form=form or PersonForm({"name": shown.name, "email": shown.email}),
        role_form=role_form or RoleForm(mall=mall),
        reason_form=reason_form or ReasonForm(),
    )
    wrong = form or role_form or reason_form
    return page(request, "console/account.html", context, status=422 if wrong else 200)


def _secret(request: HttpRequest, mall: Mall, user: User, secret: str) -> HttpResponse:
    return page(request, "console/account_secret.html", SecretContext(_person(mall, user.pk)[1], secret))


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"now": clock.now(), "actor": request.actor}  # type: ignore[attr-defined]  # set by @staff


@staff("manage_people")
@require_safe
def show(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Everybody who works in the hall."""
    return _list(request, mall)


@staff("manage_people")
@require_POST
def add(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Somebody new; the answer shows the first password, once."""
    form = NewPersonForm(request.POST, mall=mall)
    if not form.is_valid():
        return _list(request, mall, form)
    values = form.cleaned_data
    try:
        user, secret = commands.add_person(
            mall=mall,
            username=values["username"],
            name=values["name"],
            email=values["email"],
            role=values["role"],
            agency=values["office"],
            wall=clock.wall(),
            **_by(request),
        )
    except NotPossible as refusal:
        form.add_error("username", str(refusal.sentence))
        return _list(request, mall, form)
    return _secret(request, mall, user, secret)


@staff("manage_people")
@require_safe
def one(request: HttpRequest, mall: Mall, person: int) -> HttpResponse:
    """One person."""
    return _one(request, mall, person)


@staff("manage_people")
@require_POST
def change(request: HttpRequest, mall: Mall, person: int) -> HttpResponse:
    """Set name and e-mail address."""
    user, _shown = _person(mall, person)
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _one(request, mall, person, form=form)
    commands.change_person(
        user=user, mall=mall, name=form.cleaned_data["name"], email=form.cleaned_data["email"], **_by(request)
    )
    messages.success(request, _("Tersimpan."))
    return redirect("console:account", mall.code, person)


@staff("manage_people")
@require_POST
def give(request: HttpRequest, mall: Mall, person: int) -> HttpResponse:
    """One more role."""
    user, _shown = _person(mall, person)
    form = RoleForm(request.POST, mall=mall)
    if not form.is_valid():
        return _one(request, mall, person, role_form=form)
    commands.give_role(
        user=user, mall=mall, role=form.cleaned_data["role"], agency=form.cleaned_data["office"], **_by(request)
    )
    messages.success(request, _("Peran diberikan."))
    return redirect("console:account", mall.code, person)


@staff("manage_people")
@require_POST
def take(request: HttpRequest, mall: Mall, person: int) -> HttpResponse:
    """One role less."""
    wish = request.POST.get("role", "")
    number = int(wish) if wish.isascii() and wish.isdecimal() and len(wish) < 18 else 0
    held = Role.objects.filter(pk=number, user=person, mall=mall).select_related("user", "mall", "agency").first()
    if held is None:
        raise Http404
    commands.take_role(role=held, **_by(request))
    messages.success(request, _("Peran dicabut."))
    if not queries.people_of(mall, only=person):
        return redirect("console:accounts", mall.code)
    return redirect("console:account", mall.code, person)


@staff("manage_people")
@require_POST
def reset(request: HttpRequest, mall: Mall, person: int) -> HttpResponse:
    """A new first password, shown once."""
    user, _shown = _person(mall, person)
    secret = commands.reset_access(user=user, mall=mall, wall=clock.wall(), **_by(request))
    return _secret(request, mall, user, secret)


@staff("manage_people")
@require_POST
def factors(request: HttpRequest, mall: Mall, person: int) -> HttpResponse:
    """Take lost passkeys and code apps away."""
    return _with_reason(request, mall, person, commands.remove_factors, _("Pengaman kedua dihapus."))


@staff("manage_people")
@require_POST
def disable(request: HttpRequest, mall: Mall, person: int) -> HttpResponse:
    """Switch somebody off."""
    return _with_reason(request, mall, person, commands.disable_person, _("Akun dinonaktifkan. Ia sudah keluar."))


@staff("manage_people")
@require_POST
def enable(request: HttpRequest, mall: Mall, person: int) -> HttpResponse:
    """Switch somebody on again."""
    user, _shown = _person(mall, person)
    commands.enable_person(user=user, mall=mall, **_by(request))
    messages.success(request, _("Akun aktif lagi."))
    return redirect("console:account", mall.code, person)


def _with_reason(request: HttpRequest, mall: Mall, person: int, command: Any, done: Any) -> HttpResponse:
    user, _shown = _person(mall, person)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _one(request, mall, person, reason_form=form)
    command(user=user, mall=mall, reason=form.cleaned_data["reason"], **_by(request))
    messages.success(request, done)
    return redirect("console:account", mall.code, person)
