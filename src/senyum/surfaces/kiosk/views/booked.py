""" "Saya sudah memesan": the code, typed on the screen, by a keyboard or by a scanner, becomes the number."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from senyum.bookings import rules
from senyum.bookings.plan import plan_of
from senyum.bookings.queries import booking_by_reference
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.surfaces.kiosk.frame import Frame, frame_of, remember_visit, scope_of
from senyum.surfaces.ui.access import device
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language
from senyum.visits import commands
from senyum.visits import queries as visits

#: Codes that no booking has, from one kiosk in `WRONG_SECONDS` of wall time: more than people mistype, and so few that
#: guessing one of 31^7 is hopeless.
WRONG_CODES, WRONG_SECONDS = 8, 120
#: The letters of `rules.ALPHABET` where a keyboard has them.
PAD = ("23456789", "QWERTYUP", "ASDFGHJK", "ZXCVBNM")
#: Refusals after which another try with the code in hand makes sense: it stays on the screen to be mended.
_TYPED_WRONG = ("code_short", "no_booking")
#: What the ticket says about the booking it came from.
KEPT, LATE, AGAIN = "kept", "late", "again"


@dataclass(frozen=True)
class BookedContext:
    """The code's screen. `problem` was refused; `mend`: it can be mended here, else only another way leads on.

    `take` leads to a number without a booking ("" while none is given).
    """

    frame: Frame
    action: str
    typed: str
    pad: tuple[str, ...]
    problem: str | Promise
    mend: bool
    take: str


def offers_bookings(mall: Mall) -> bool:
    """Whether anything can be booked in this hall."""
    plan = plan_of(mall)
    return any(plan.bookable(line) for line in plan.lines)


@device("kiosk", or_staff="pair_device")
@require_http_methods(["GET", "HEAD", "POST"])
def booked(request: HttpRequest, mall: Mall) -> HttpResponse:
    """GET asks for the code, POST makes the booking's visit, once; doing it again shows the same number."""
    if request.method != "POST":
        return _ask(request, mall)
    typed = request.POST.get("reference", "")[:40].strip()
    wait = _wait_seconds(request)
    if wait:
        return _held(request, mall, wait)
    try:
        token, how = _checked_in(request, mall, typed)
    except NotPossible as refusal:
        if refusal.code in ("no_booking", "other_mall"):
            _note_wrong(request)
        status = 422 if refusal.code == "code_short" else 409
        mend = refusal.code in _TYPED_WRONG
        return _ask(request, mall, typed=typed, problem=refusal.sentence, mend=mend, status=status)
    response = HttpResponseRedirect(reverse("kiosk:ticket", args=[mall.code]) + f"?booked={how}")
    remember_visit(response, mall, token)
    return response


def _checked_in(request: HttpRequest, mall: Mall, typed: str) -> tuple[str, str]:
    """(token of the visit, what the ticket says about it). Raises NotPossible."""
    if not rules.tidy_reference(typed):
        raise NotPossible(
            "code_short",
            _("Kode pemesanan terdiri dari tujuh huruf dan angka, seperti 7K3-F2QA. Lengkapi, lalu tekan lagi."),
        )
    now = clock.now()
    found = commands.check_in(
        mall=mall,
        token=booking_by_reference(mall, typed).token,
        channel="kiosk",
        now=now,
        actor=request.actor,  # type: ignore[attr-defined]  # set by @device
    )
    if not found.again:
        return found.token, KEPT if found.kept else LATE
    visit = visits.visit_by_token(found.token)
    if visit is None or visits.visit_view(visit, now, language()).current is None:
        raise NotPossible(
            "booking_used",
            _("Kode ini sudah dipakai dan kunjungannya sudah selesai. Untuk keperluan lain, ambil nomor biasa."),
        )
    return found.token, AGAIN


def _wrong(request: HttpRequest) -> list[float]:
    """When this kiosk was given codes that no booking has, lately: seconds of the wall's clock."""
    since = clock.wall().timestamp() - WRONG_SECONDS
    return [at for at in cache.get(f"wrong_code:{scope_of(request)}", ()) if at > since]


def _note_wrong(request: HttpRequest) -> None:
    kept = [*_wrong(request), clock.wall().timestamp()][-WRONG_CODES:]
    cache.set(f"wrong_code:{scope_of(request)}", kept, WRONG_SECONDS)


def _wait_seconds(request: HttpRequest) -> int:
    """Seconds until this kiosk looks for a code again, 0 for now."""
    wrong = _wrong(request)
    if len(wrong) < WRONG_CODES:
        return 0
    return max(1, int(wrong[0] + WRONG_SECONDS - clock.wall().timestamp()))


def _held(request: HttpRequest, mall: Mall, wait: int) -> HttpResponse:
    sentence = _(
        "Terlalu banyak kode yang tidak dikenal di kios ini. Tunggu %(seconds)s detik, atau tunjukkan kodenya "
        "kepada petugas penyambut."
    )
    response = _ask(request, mall, problem=sentence % {"seconds": wait}, status=429)
    response.headers["Retry-After"] = str(wait)
    return response


def _ask(
    request: HttpRequest,
    mall: Mall,
    *,
    typed: str = "",
    problem: str | Promise = "",
    mend: bool = False,
    status: int = 200,
) -> HttpResponse:
    takes = any(s.state.takes_tickets for s in visits.services_today(mall, clock.now(), language()))
    context = BookedContext(
        frame=frame_of(request, mall, back=reverse("kiosk:start", args=[mall.code])),
        action=reverse("kiosk:booked", args=[mall.code]),
        typed=typed if mend else "",
        pad=PAD,
        problem=problem,
        mend=mend or not problem,
        take=reverse("kiosk:agencies", args=[mall.code]) if takes else "",
    )
    response = page(request, "kiosk/booked.html", context, status=status)
    response.headers["Cache-Control"] = "no-store, private"
    return response
