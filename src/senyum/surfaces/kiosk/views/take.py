"""What to bring and how long, "Perlu bantuan?", and the number: one press, one ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.surfaces.kiosk.frame import (
    LIMIT_SECONDS,
    LIMIT_TICKETS,
    Choice,
    Frame,
    choice_of,
    device_of,
    frame_of,
    remember_visit,
    scope_of,
    visit_token,
)
from senyum.surfaces.kiosk.views.booked import AGAIN, KEPT, LATE
from senyum.surfaces.ui import words
from senyum.surfaces.ui.access import device
from senyum.surfaces.ui.once import digest_of, key_of
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.slip import Slip, slip_of
from senyum.surfaces.ui.words import language
from senyum.visits import announce, classes, commands
from senyum.visits import queries as visits
from senyum.visits.queries import ServiceToday, VisitView
from senyum.visits.rules import MAX_LEGS, MAX_QUANTITY


@dataclass(frozen=True)
class Chosen:
    """A chosen service in words; `without` is the screen without it ("" when it is the only one)."""

    today: ServiceToday
    people: str
    wait: str
    opens: str
    without: str


@dataclass(frozen=True)
class CheckContext:
    """What to expect. `fewer` and `more` change the quantity ("" at an end); `next` asks about help."""

    frame: Frame
    chosen: tuple[Chosen, ...]
    quantity: int
    fewer: str
    more: str
    add: str
    next: str


@dataclass(frozen=True)
class HelpContext:
    """ "Perlu bantuan?": each answer takes the number. `problem` is what the command refused."""

    frame: Frame
    action: str
    regular: str
    helps: tuple[tuple[str, str | Promise], ...]
    problem: str | Promise


@dataclass(frozen=True)
class TicketContext:
    """The number. `said` is how it is spoken ("" where no voice reads the language); `failed`: nothing was printed.

    `note`: how the booking it came from counts ("" without one).
    """

    frame: Frame
    view: VisitView
    slip: Slip
    said: str
    failed: bool
    note: str


class HelpForm(forms.Form):
    """The answer to "Perlu bantuan?": a class, nobody asks for a proof."""

    priority = forms.ChoiceField(choices=list(classes.CLASSES.items()))


def _offered(mall: Mall) -> dict[int, ServiceToday]:
    return {s.info.id: s for s in visits.services_today(mall, clock.now(), language())}


@device("kiosk", or_staff="pair_device")
@require_safe
def check(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The chosen services: papers, fee, people ahead and the range of minutes."""
    offered = _offered(mall)
    choice = choice_of(request, list(offered))
    if not choice.lines:
        return HttpResponseRedirect(reverse("kiosk:agencies", args=[mall.code]))
    here, now = reverse("kiosk:check", args=[mall.code]), clock.now()
    rest = Choice(choice.lines[:-1], choice.quantity)
    chosen = tuple(
        Chosen(
            today=offered[line],
            people=words.people(offered[line].state.waiting),
            wait=words.minutes_range(offered[line].state.p50, offered[line].state.p90),
            opens=words.when(offered[line].opens_at, now),
            without=here + choice.minus(line).query() if len(choice.lines) > 1 else "",
        )
        for line in choice.lines
    )
    takes = all(offered[line].state.takes_tickets for line in choice.lines)
    context = CheckContext(
        frame=frame_of(request, mall, back=reverse("kiosk:agencies", args=[mall.code]) + rest.query()),
        chosen=chosen,
        quantity=choice.quantity,
        fewer=here + choice.times(choice.quantity - 1).query() if choice.quantity > 1 else "",
        more=here + choice.times(choice.quantity + 1).query() if choice.quantity < MAX_QUANTITY else "",
        add=reverse("kiosk:agencies", args=[mall.code]) + choice.query() if len(choice.lines) < MAX_LEGS else "",
        next=reverse("kiosk:take", args=[mall.code]) + choice.query() if takes else "",
    )
    return page(request, "kiosk/check.html", context)


@device("kiosk", or_staff="pair_device")
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, mall: Mall) -> HttpResponse:
    """GET offers help, POST gives the number."""
    choice = choice_of(request, list(_offered(mall)))
    if not choice.lines:
        return HttpResponseRedirect(reverse("kiosk:agencies", args=[mall.code]))
    if request.method != "POST":
        return _help(request, mall, choice)
    form = HelpForm(request.POST)
    if not form.is_valid():
        return _help(request, mall, choice, _("Pilih salah satu dari daftar."), status=422)
    now = clock.now()
    key = commands.Key(scope_of(request), key_of(request), digest_of(request).hex())
    wait = _wait_seconds(key, now)
    if wait:
        return _too_many(request, mall, choice, wait)
    try:
        issued = commands.issue_visit(
            mall=mall,
            line_ids=choice.lines,
            priority=form.cleaned_data["priority"],
            channel="kiosk",
            actor=request.actor,  # type: ignore[attr-defined]  # set by @device
            now=now,
            quantity=choice.quantity,
            language=language(),
            key=key,
        )
    except NotPossible as refusal:
        return _refused(request, mall, choice, refusal)
    response = HttpResponseRedirect(reverse("kiosk:ticket", args=[mall.code]))
    remember_visit(response, mall, issued.token)
    return response


def _wait_seconds(key: commands.Key, now: datetime) -> int:
    """Seconds until this kiosk gives a new number, 0 for now. A repeated press is no new number."""
    lately = visits.issued_since(key.scope, now - timedelta(seconds=LIMIT_SECONDS))
    if len(lately) < LIMIT_TICKETS or not visits.is_new(key.scope, key.key):
        return 0
    return max(1, LIMIT_SECONDS - int((now - lately[-LIMIT_TICKETS]).total_seconds()))


def _too_many(request: HttpRequest, mall: Mall, choice: Choice, wait: int) -> HttpResponse:
    sentence = _(
        "Kios ini baru saja mengeluarkan banyak nomor. Tunggu %(seconds)s detik, lalu tekan lagi, "
        "atau temui petugas penyambut."
    )
    response = _help(request, mall, choice, sentence % {"seconds": wait}, status=429)
    response.headers["Retry-After"] = str(wait)
    return response


def _refused(request: HttpRequest, mall: Mall, choice: Choice, refusal: NotPossible) -> HttpResponse:
    if refusal.code == "key_reused" and visit_token(request):
        # A slipping finger touched a second answer: the first one counts.
        return HttpResponseRedirect(reverse("kiosk:ticket", args=[mall.code]))
    return _help(request, mall, choice, refusal.sentence, status=409)


def _help(
    request: HttpRequest, mall: Mall, choice: Choice, problem: str | Promise = "", status: int = 200
) -> HttpResponse:
    context = HelpContext(
        frame=frame_of(request, mall, back=reverse("kiosk:check", args=[mall.code]) + choice.query()),
        action=reverse("kiosk:take", args=[mall.code]) + choice.query(),
        regular=classes.REGULAR,
        helps=tuple((code, word) for code, word in classes.CLASSES.items() if code != classes.REGULAR),
        problem=problem,
    )
    return page(request, "kiosk/help.html", context, status=status)


def _booked_note(how: str) -> str:
    return {
        KEPT: _("Pesanan Anda tercatat. Giliran dihitung dari jam pesanan."),
        LATE: _("Jam pesanan sudah lewat, jadi giliran dihitung dari sekarang."),
        AGAIN: _("Anda sudah terdaftar hadir. Ini nomor Anda."),
    }.get(how, "")


@device("kiosk", or_staff="pair_device")
@require_safe
def ticket(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The number just taken: printed, spoken, and huge with its QR."""
    visit = visits.visit_by_token(visit_token(request))
    if visit is None or visit.mall_id != mall.pk:
        return HttpResponseRedirect(reverse("kiosk:start", args=[mall.code]))
    frame = frame_of(request, mall)
    view = visits.visit_view(visit, clock.now(), language())
    said = ""
    if frame.reads:
        said = _("Nomor antrean Anda %(label)s.") % {"label": announce.label_words(visit.label, language())}
    context = TicketContext(
        frame=frame,
        view=view,
        slip=slip_of(request, view),
        said=said,
        failed="fail" in request.GET or frame.printer_out or device_of(request) is None,
        note=_booked_note(request.GET.get("booked", "")) if visit.booking_id else "",
    )
    response = page(request, "kiosk/ticket.html", context)
    response.headers["Cache-Control"] = "no-store, private"
    return response
