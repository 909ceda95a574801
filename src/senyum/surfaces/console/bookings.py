"""Bookings in the console: how each service may be booked, what that offers, and a day in numbers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from senyum.bookings import commands, hall_queries
from senyum.bookings.hall_queries import DayNumbers, Preview, QuotaDay, SlotDay
from senyum.bookings.models import Contact
from senyum.bookings.plan import BookLine, Policy
from senyum.catalogue.models import Line
from senyum.catalogue.queries import LineInfo, lines_of
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.people import access
from senyum.people.models import User
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language

#: The address of the hall's own policy, beside those of the lines.
HALL = 0


class PolicyForm(forms.Form):
    """A policy (`bookings.models.BookingPolicy`); what its numbers may be, the command says."""

    open = forms.BooleanField(label=_("Boleh dipesan"), required=False)
    slot_minutes = forms.IntegerField(label=_("Lama satu jam pesan (menit)"))
    walkin_percent = forms.IntegerField(
        label=_("Bagian untuk yang datang tanpa pesan (persen)"),
        help_text=_("Dari loket dan dari kuota. Bagian ini tidak pernah dijual lewat pemesanan."),
    )
    places = forms.IntegerField(
        label=_("Tempat tiap jam pesan"),
        required=False,
        help_text=_("Kosongkan supaya dihitung dari loket dan menit layanan."),
    )
    most_quantity = forms.IntegerField(label=_("Paling banyak berkas atau orang dalam satu pemesanan"))
    days_ahead = forms.IntegerField(label=_("Dibuka berapa hari sebelumnya"))
    opens_at = forms.TimeField(
        label=_("Dibuka pukul"),
        input_formats=["%H:%M", "%H.%M"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    closes_minutes = forms.IntegerField(label=_("Ditutup berapa menit sebelum jamnya"))
    early_minutes = forms.IntegerField(label=_("Boleh hadir berapa menit sebelum jamnya"))
    late_minutes = forms.IntegerField(
        label=_("Tempat dilepas berapa menit sesudah jamnya"),
        help_text=_("Yang datang sesudah itu tetap dilayani, dengan urutan seperti orang yang datang tanpa pesan."),
    )
    contact = forms.ChoiceField(
        label=_("Cara menghubungi"),
        choices=[
            (Contact.OPTIONAL.value, _("boleh dikosongkan")),
            (Contact.CONFIRMED.value, _("wajib, dan dikonfirmasi dengan kode")),
        ],
    )
    hold_minutes = forms.IntegerField(label=_("Menit untuk menulis kode konfirmasi"))
    offer_minutes = forms.IntegerField(label=_("Menit untuk menjawab tawaran daftar tunggu"))
    remind_hours = forms.IntegerField(label=_("Pengingat pertama, jam sebelumnya (0: tidak)"))
    remind_again_hours = forms.IntegerField(label=_("Pengingat kedua, jam sebelumnya (0: tidak)"))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors:
            try:
                commands.check_policy(values)
            except NotPossible as refusal:
                self.add_error(refusal.now_true["field"], str(refusal.sentence))
        return values

    def policy(self) -> Policy:
        """What was typed, once it is valid."""
        return Policy(**self.cleaned_data)


@dataclass(frozen=True)
class LineRow:
    """A line in the list: `preview` of its policy; `edit` "" for who may not change it."""

    name: str
    line: BookLine
    own: bool
    preview: Preview
    edit: str


@dataclass(frozen=True)
class AgencyRows:
    name: str
    rows: tuple[LineRow, ...]


@dataclass(frozen=True)
class PoliciesContext:
    """The policies by agency, above them the hall's and today in numbers."""

    usual: Policy
    edit_usual: str
    agencies: tuple[AgencyRows, ...]
    today: DayNumbers
    totals: dict[str, int]


@dataclass(frozen=True)
class EditContext:
    """The form of one policy; `line` None: the hall's. `previews`: what it would offer, by the line's name."""

    form: PolicyForm
    name: str
    line: BookLine | None
    own: bool
    previews: tuple[tuple[str, Preview], ...]
    tried: bool


@dataclass(frozen=True)
class DayContext:
    """A day in numbers. `slots` and `quotas` with the names of their services."""

    day: datetime
    is_today: bool
    before: str
    after: str
    slots: tuple[tuple[str, SlotDay], ...]
    quotas: tuple[tuple[str, QuotaDay], ...]
    waiting: tuple[tuple[str, int], ...]
    totals: dict[str, int]


def _agencies(request: HttpRequest, mall: Mall, *permissions: str) -> list[int]:
    assert isinstance(request.user, User)  # set by @staff
    return access.agencies_with(request.user, mall, *permissions)


def _totals(numbers: DayNumbers) -> dict[str, int]:
    return {name: numbers.total(name) for name in ("booked", "held", "arrived", "missed", "cancelled")}


@staff("see_bookings")
@require_safe
def show(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The policies of the viewer's agencies, and today in numbers."""
    now = clock.now()
    seen, mine = _agencies(request, mall, "see_bookings"), _agencies(request, mall, "set_bookings")
    usual, rows = hall_queries.policies_of(mall, seen)
    names = {info.id: info.name for info in lines_of(mall, language())}
    by_agency: dict[str, list[LineRow]] = defaultdict(list)
    for row in rows:
        edit = f"/console/{mall.code}/bookings/{row.line.id}/" if row.line.agency_id in mine else ""
        preview = hall_queries.preview_of(mall, row.line, row.line.policy, now)
        by_agency[row.line.agency].append(
            LineRow(names.get(row.line.id, row.line.code), row.line, row.own, preview, edit)
        )
    today = hall_queries.day_of(mall, malls.local_day(mall, now), seen)
    context = PoliciesContext(
        usual=usual,
        edit_usual=f"/console/{mall.code}/bookings/{HALL}/" if _agencies(request, mall, "set_hall_bookings") else "",
        agencies=tuple(AgencyRows(name, tuple(those)) for name, those in by_agency.items()),
        today=today,
        totals=_totals(today),
    )
    return page(request, "console/bookings.html", context)


@staff("set_bookings")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, mall: Mall, line: int) -> HttpResponse:
    """GET the form; POST shows what it would offer, or with "save" keeps it."""
    mine = _agencies(request, mall, "set_bookings" if line else "set_hall_bookings")
    usual, rows = hall_queries.policies_of(mall, mine)
    row = next((row for row in rows if row.line.id == line), None)
    if not mine or (line and row is None):
        raise Http404
    kept = row.line.policy if row else usual
    if request.method != "POST":
        form = PolicyForm(initial=asdict(kept))
        return _edit_page(request, mall, form, row, rows, kept)
    form = PolicyForm(request.POST)
    if not form.is_valid():
        return _edit_page(request, mall, form, row, rows, None, status=422)
    if request.POST.get("do") != "save":
        return _edit_page(request, mall, form, row, rows, form.policy())
    commands.put_policy(
        mall=mall,
        line=Line.objects.get(pk=line, mall=mall) if line else None,
        now=clock.now(),
        actor=request.actor,  # type: ignore[attr-defined]  # set by @staff
        **form.cleaned_data,
    )
    messages.success(request, _("Tersimpan. Yang sudah dipesan tetap berlaku."))
    return redirect("console:bookings", mall.code)


def _edit_page(
    request: HttpRequest,
    mall: Mall,
    form: PolicyForm,
    row: hall_queries.PolicyRow | None,
    rows: list[hall_queries.PolicyRow],
    policy: Policy | None,
    status: int = 200,
) -> HttpResponse:
    names = {info.id: f"{info.name}, {info.agency}" for info in lines_of(mall, language())}
    shown = [row] if row else [other for other in rows if not other.own]
    previews = tuple(
        (names.get(one.line.id, one.line.code), hall_queries.preview_of(mall, one.line, policy, clock.now()))
        for one in shown
        if policy is not None
    )
    context = EditContext(
        form=form,
        name=names.get(row.line.id, row.line.code) if row else "",
        line=row.line if row else None,
        own=row.own if row else False,
        previews=previews,
        tried=request.method == "POST",
    )
    return page(request, "console/booking_policy.html", context, status=status)


@staff("see_bookings")
@require_safe
def day(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The bookings of `?day=`, else of today, in numbers: nobody's name, contact or code."""
    today = malls.local_day(mall, clock.now())
    wanted = _day(request.GET.get("day", ""), today)
    numbers = hall_queries.day_of(mall, wanted, _agencies(request, mall, "see_bookings"))
    infos = {info.id: info for info in lines_of(mall, language())}
    names = {line: info.name for line, info in infos.items()}
    context = DayContext(
        day=datetime(wanted.year, wanted.month, wanted.day, 12, tzinfo=timezone.get_current_timezone()),
        is_today=wanted == today,
        before=(wanted - timedelta(days=1)).isoformat(),
        after=(wanted + timedelta(days=1)).isoformat(),
        slots=tuple((names.get(slot.line_id, ""), slot) for slot in numbers.slots),
        quotas=tuple((_whose(quota, infos), quota) for quota in numbers.quotas),
        waiting=tuple((names.get(line, ""), n) for line, n in sorted(numbers.waiting.items())),
        totals=_totals(numbers),
    )
    return page(request, "console/bookings_day.html", context)


def _whose(quota: QuotaDay, infos: dict[int, LineInfo]) -> str:
    first = infos.get(quota.line_ids[0])
    if first is None:
        return ""
    return first.name if len(quota.line_ids) == 1 else first.agency


def _day(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return today
    return found if abs((found - today).days) <= 400 else today
