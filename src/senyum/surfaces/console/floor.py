"""The floor: the hall as those see it who steer it, the pause of the whole hall, and the life of one ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from senyum.core import clock
from senyum.engine.discipline import Why
from senyum.malls.models import Mall
from senyum.people import access
from senyum.people.models import User
from senyum.surfaces.console.floor_staff import Staff, staff_now
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import is_htmx, page
from senyum.surfaces.ui.words import language, minutes_range
from senyum.visits import classes, commands
from senyum.visits.queries import floor as query
from senyum.visits.queries.lines import LineState


@dataclass(frozen=True)
class Sign:
    """How a state of a counter is shown: a word, an icon, and the state of the pill."""

    word: str | Promise
    icon: str
    pill: str


SIGNS: Mapping[str, Sign] = {
    query.SERVING: Sign(_("melayani"), "user-check", "ok"),
    query.CALLED: Sign(_("memanggil"), "bell-ring", "calm"),
    query.IDLE: Sign(_("menganggur, ada yang menunggu"), "hourglass", "late"),
    query.FREE: Sign(_("buka, tidak ada antrean"), "circle-check", "ok"),
    query.PAUSED: Sign(_("jeda"), "coffee", "wait"),
    query.CLOSED: Sign(_("tutup"), "lock", ""),
}
TICKET_STATES: Mapping[str, str | Promise] = {
    "waiting": _("Menunggu"),
    "called": _("Dipanggil"),
    "serving": _("Sedang dilayani"),
    "parked": _("Ditunda"),
    "absent": _("Tidak hadir"),
    "served": _("Selesai dilayani"),
    "left": _("Pergi"),
    "lapsed": _("Hangus"),
    "cancelled": _("Dibatalkan"),
}
KINDS: Mapping[str, str | Promise] = {
    "visit.issued": _("Nomor diambil"),
    "visit.greeted": _("Disambut di pintu"),
    "visit.priority_changed": _("Prioritas diubah"),
    "ticket.added": _("Layanan ditambahkan"),
    "ticket.called": _("Dipanggil"),
    "ticket.recalled": _("Dipanggil ulang"),
    "ticket.serving": _("Mulai dilayani"),
    "ticket.absent": _("Tidak hadir"),
    "ticket.rejoined": _("Kembali ke antrean"),
    "ticket.parked": _("Ditunda"),
    "ticket.requeued": _("Dikembalikan ke antrean"),
    "ticket.served": _("Selesai dilayani"),
    "ticket.forwarded": _("Diteruskan"),
    "ticket.redirected": _("Pindah layanan"),
    "ticket.delayed": _("Minta ditunda"),
    "ticket.undone": _("Langkah terakhir dibatalkan"),
    "ticket.handed_over": _("Diserahkan ke petugas lain"),
    "ticket.left": _("Pergi"),
    "ticket.lapsed": _("Hangus"),
    "ticket.cancelled": _("Dibatalkan"),
}
WHY: Mapping[str, str | Promise] = {
    Why.EARLIEST.value: _("giliran paling awal"),
    Why.PAST_PROMISE.value: _("janjinya sudah lewat"),
    Why.HELPING.value: _("membantu antrean lain"),
    Why.BY_HAND.value: _("dipilih petugas"),
    "recall": _("panggilan ulang"),
}


class PauseForm(forms.Form):
    """Why the whole hall stands still, and until when, in the hall's own time."""

    reason = forms.CharField(label=_("Alasan"), min_length=3, max_length=200, help_text=_("Papan menampilkannya."))
    back_at = forms.TimeField(
        label=_("Kembali pukul"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Kosongkan bila belum diketahui."),
    )

    def __init__(self, data: Mapping[str, str] | None = None, *, now: datetime) -> None:
        super().__init__(data)
        self.now = now

    def clean_back_at(self) -> datetime | None:
        """Today at that time in the mall's zone; it must be ahead."""
        value = self.cleaned_data["back_at"]
        if value is None:
            return None
        here = timezone.localtime(self.now)
        moment = here.replace(hour=value.hour, minute=value.minute, second=0, microsecond=0)
        if moment <= here:
            raise forms.ValidationError(_("Jam kembali harus setelah jam sekarang."))
        return moment


@dataclass(frozen=True)
class CounterCard:
    """A counter of the plan with its sign and the pause's reason in words."""

    counter: query.FloorCounter
    sign: Sign
    pause: str | Promise


@dataclass(frozen=True)
class LineRow:
    """A line with the wait a newcomer is told."""

    line: LineState
    range: str


@dataclass(frozen=True)
class FloorContext:
    """The floor page. `here` is its address with the filters; `may_steer`: may pause the hall.

    `may_plan`: sees rosters and plans.

    `rows` are the lines in which somebody waits, the latest first (`all_lines`: all of them, in their own order);
    `other_lines`: the address that shows the others, `empty_lines` of them, or hides them again.
    """

    floor: query.Floor
    cards: tuple[CounterCard, ...]
    rows: tuple[LineRow, ...]
    all_lines: bool
    empty_lines: int
    other_lines: str
    states: Mapping[str, Sign]
    agency: str
    state: str
    base: str
    here: str
    pause_here: str
    may_steer: bool
    may_plan: bool
    staff: Staff
    form: PauseForm
    live: str
    nav: str


@dataclass(frozen=True)
class EntryRow:
    """One entry of the journal with its words."""

    entry: query.LifeEntry
    word: str | Promise


@dataclass(frozen=True)
class CallRow:
    """One call with why in words."""

    call: query.LifeCall
    why: str | Promise


@dataclass(frozen=True)
class LifeContext:
    """The life of one ticket."""

    life: query.TicketLife
    state: str | Promise
    priority: str | Promise
    entries: tuple[EntryRow, ...]
    calls: tuple[CallRow, ...]
    here: str
    live: str


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _context(request: HttpRequest, mall: Mall, form: PauseForm | None = None) -> FloorContext:
    user, now = _user(request), clock.now()
    floor = query.floor(mall, now, language())
    agency, state = request.GET.get("agency", ""), request.GET.get("state", "")
    # A filter from an old bookmark shows everything rather than nothing.
    agency = agency if agency in dict(floor.agencies) else ""
    state = state if state in query.COUNTER_STATES else ""
    base = reverse("console:floor", args=[mall.code])
    all_lines = request.GET.get("lines") == "all"
    filters = {name: value for name, value in (("agency", agency), ("state", state)) if value}
    chosen = filters | ({"lines": "all"} if all_lines else {})
    lines = [x for x in floor.lines if agency in ("", x.agency_code)]
    waiting = sorted((x for x in lines if x.waiting), key=lambda x: (-x.past_promise, -x.longest_minutes))
    return FloorContext(
        floor=floor,
        cards=tuple(
            CounterCard(c, SIGNS[c.state], classes.PAUSE_REASONS.get(c.pause_reason, c.pause_reason))
            for c in floor.counters
            if agency in ("", c.agency_code) and state in ("", c.state)
        ),
        rows=tuple(LineRow(x, minutes_range(x.p50, x.p90)) for x in (lines if all_lines else waiting)),
        all_lines=all_lines,
        empty_lines=len(lines) - len(waiting),
        other_lines=f"{base}?{urlencode(filters if all_lines else {**filters, 'lines': 'all'})}",
        states=SIGNS,
        agency=agency,
        state=state,
        base=base,
        here=f"{base}?{urlencode(chosen)}" if chosen else base,
        pause_here=f"{base}?{urlencode({**chosen, 'part': 'pause'})}",
        may_steer=access.may(user, mall, "steer_floor"),
        may_plan=access.may(user, mall, "see_plan"),
        staff=staff_now(mall, now, agency),
        form=form or PauseForm(now=now),
        live=f"/live/{mall.code}/?kinds=ticket,visit,session,emergency,hall",
        nav="floor",
    )


@staff("see_floor")
@require_safe
def show(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The floor; for htmx its live part, or with `?part=pause` the pause of the hall."""
    template = "console/floor.html"
    if is_htmx(request):
        template = "console/floor_pause.html" if request.GET.get("part") == "pause" else "console/floor_now.html"
    return page(request, template, _context(request, mall))


@staff("steer_floor")
@require_POST
def pause(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Pause the whole hall. A form with errors comes back with what was typed (422)."""
    now = clock.now()
    form = PauseForm(request.POST.dict(), now=now)
    if not form.is_valid():
        return page(request, "console/floor.html", _context(request, mall, form), status=422)
    commands.pause_hall(
        mall=mall,
        reason=form.cleaned_data["reason"],
        back_at=form.cleaned_data["back_at"],
        now=now,
        actor=access.actor_of(_user(request)),
    )
    messages.success(request, _("Seluruh MPP dijeda. Papan menampilkan alasannya."))
    return redirect("console:floor", mall=mall.code)


@staff("steer_floor")
@require_POST
def resume(request: HttpRequest, mall: Mall) -> HttpResponse:
    """End the pause of the hall."""
    commands.resume_hall(mall=mall, now=clock.now(), actor=access.actor_of(_user(request)))
    messages.success(request, _("MPP dilanjutkan. Janji semua yang menunggu digeser selama jeda."))
    return redirect("console:floor", mall=mall.code)


@staff("see_floor")
@require_safe
def life(request: HttpRequest, mall: Mall, ticket: int) -> HttpResponse:
    """One ticket from issue to end; 404 for a ticket of an agency the viewer does not see."""
    found = query.ticket_life(mall, ticket, language())
    if found is None:
        raise Http404
    context = LifeContext(
        life=found,
        state=TICKET_STATES[found.state],
        priority=classes.CLASSES.get(found.priority, found.priority),
        entries=tuple(EntryRow(e, KINDS.get(e.kind, e.kind)) for e in found.entries),
        calls=tuple(CallRow(c, WHY.get(c.why, c.why)) for c in found.calls),
        here=request.path,
        live=f"/live/{mall.code}/?kinds=ticket,visit",
    )
    return page(request, "console/floor_ticket_now.html" if is_htmx(request) else "console/floor_ticket.html", context)
