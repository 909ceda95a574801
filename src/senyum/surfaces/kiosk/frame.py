"""What stands around every screen of the kiosk, and how a person's traces are wiped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from senyum.core.cookies import named
from senyum.malls.models import Mall
from senyum.people.models import Device
from senyum.surfaces.ui import voice
from senyum.surfaces.ui.access import PairedDevice
from senyum.surfaces.ui.middleware import keep_language
from senyum.surfaces.ui.words import language
from senyum.visits.rules import MAX_LEGS, MAX_QUANTITY

#: Seconds of wall time without a touch until the kiosk asks, and until it wipes.
WARN_SECONDS, WIPE_SECONDS = 40, 60
#: A screen takes no touch for so long: the second half of a double tap is not meant for it.
SETTLE_MS = 400
PER_SCREEN = 6
#: Tickets that one kiosk gives in `LIMIT_SECONDS`: more than people can take one after another, less than a game needs.
LIMIT_TICKETS, LIMIT_SECONDS = 6, 60
CONTRAST = named("senyum_contrast")
VISIT = named("senyum_kiosk_visit", path="/kiosk/")
VISIT_SALT = "senyum.kiosk.visit"
#: The ticket stays on the screen for so long at most, also where no script wipes it.
VISIT_SECONDS = 180


@dataclass(frozen=True)
class Frame:
    """`home` begins anew, `wipe` forgets the person first, `back` is "" on the first screen.

    `reads`: a voice reads this language. `printer_out`: somebody said that the paper is out. `fresh`: nothing was
    changed on the first screen, so there is nothing to wipe.
    """

    home: str
    wipe: str
    back: str
    alive: str
    live_src: str
    contrast: bool
    reads: bool
    printer_out: bool
    paired: bool
    fresh: bool
    warn_seconds: int
    wipe_seconds: int
    settle_ms: int


def device_of(request: HttpRequest) -> PairedDevice | None:
    """The kiosk, or None for somebody of the staff who looks at its screens."""
    return getattr(request, "device", None)


def scope_of(request: HttpRequest) -> str:
    """The scope of this kiosk's once-keys."""
    own = device_of(request)
    return f"kiosk:{own.id}" if own else f"kiosk-preview:{request.user.pk}"


def printer_out(request: HttpRequest) -> bool:
    """Whether somebody reported that the kiosk's paper is out."""
    own = device_of(request)
    if own is None:
        return False
    kept = Device.objects.values_list("settings", flat=True).get(pk=own.id)
    return kept.get("printer_out") is True


def frame_of(request: HttpRequest, mall: Mall, *, back: str = "", first: bool = False) -> Frame:
    """The frame of a screen."""
    home = reverse("kiosk:start", args=[mall.code])
    contrast = request.COOKIES.get(CONTRAST) == "1"
    return Frame(
        home=home,
        wipe=f"{home}?wipe=1",
        back=back,
        alive=reverse("kiosk:alive", args=[mall.code]),
        live_src=f"/live/{mall.code}/?kinds=hall",
        contrast=contrast,
        reads=voice.speaks(language()),
        printer_out=printer_out(request),
        paired=device_of(request) is not None,
        fresh=first and not contrast and language() == hall_language(mall),
        warn_seconds=WARN_SECONDS,
        wipe_seconds=WIPE_SECONDS,
        settle_ms=SETTLE_MS,
    )


def hall_language(mall: Mall) -> str:
    """The language the kiosk begins in: the first in which the hall calls."""
    return str(mall.languages[0]) if mall.languages else "id"


def forget_person(response: HttpResponse, mall: Mall) -> HttpResponse:
    """Nothing of the last person stays: language, contrast, ticket."""
    keep_language(response, hall_language(mall))
    response.delete_cookie(CONTRAST)
    response.delete_cookie(VISIT, path=reverse("kiosk:start", args=[mall.code]))
    return response


def remember_visit(response: HttpResponse, mall: Mall, token: str) -> None:
    """Keep which ticket is on the screen, out of the address and for a short time."""
    response.set_signed_cookie(
        VISIT,
        token,
        salt=VISIT_SALT,
        max_age=VISIT_SECONDS,
        path=reverse("kiosk:start", args=[mall.code]),
        httponly=True,
        samesite="Lax",
        secure=settings.TLS,
    )


def visit_token(request: HttpRequest) -> str:
    """The token of the ticket on the screen, "" when it was wiped."""
    return request.get_signed_cookie(VISIT, default="", salt=VISIT_SALT, max_age=VISIT_SECONDS) or ""


@dataclass(frozen=True)
class Choice:
    """What was chosen so far: the lines and for how many documents or people."""

    lines: tuple[int, ...]
    quantity: int

    def query(self, **more: str) -> str:
        """The choice as the end of an address."""
        pairs = [("line", str(line)) for line in self.lines]
        pairs += [("quantity", str(self.quantity))] if self.quantity > 1 else []
        pairs += [(name, value) for name, value in more.items() if value]
        return f"?{urlencode(pairs)}" if pairs else ""

    def plus(self, line: int) -> Choice:
        """The choice with one more service."""
        return Choice((*self.lines, line), self.quantity)

    def minus(self, line: int) -> Choice:
        """The choice without a service."""
        return Choice(tuple(other for other in self.lines if other != line), self.quantity)

    def times(self, quantity: int) -> Choice:
        """The choice for another number of documents or people."""
        return Choice(self.lines, quantity)


def choice_of(request: HttpRequest, offered: Sequence[int]) -> Choice:
    """The choice in the address; what this hall does not offer is left out."""
    given = [number(text) for text in request.GET.getlist("line")]
    lines = tuple(dict.fromkeys(line for line in given if line in offered))[:MAX_LEGS]
    quantity = number(request.GET.get("quantity", "1"))
    return Choice(lines, min(max(quantity, 1), MAX_QUANTITY))


def number(text: str) -> int:
    """A plain positive number, 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
