"""What the pages of the counter show, as values, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senyum.core import clock
from senyum.malls.models import Counter, Mall
from senyum.malls.queries import local_day
from senyum.people import access
from senyum.people.models import User
from senyum.surfaces.ui.words import language
from senyum.surveys import queries as surveys
from senyum.visits import classes
from senyum.visits import queries as visits

MINE, FREE, TAKEN = "mine", "free", "taken"
#: Minutes an officer may say until they come back from a pause.
BACK_MINUTES = (5, 10, 15, 30, 45, 60)
#: What may be open over the page, and whether it speaks of the person at the counter.
PANELS: dict[str, bool] = {
    "forward": True,
    "incomplete": True,
    "case": True,
    "park": True,
    "pause": False,
    "close": False,
    "walk-in": False,
    "ticket": False,
}


@dataclass(frozen=True)
class MallsContext:
    """The malls in which somebody may work at a counter."""

    malls: tuple[Mall, ...]


@dataclass(frozen=True)
class ChooseContext:
    """Which counter to sit at. `elsewhere`: where this user still sits; `own`: their id."""

    counters: tuple[visits.CounterChoice, ...]
    elsewhere: visits.SeatPlace | None
    may_serve: bool
    own: int
    live: str
    as_of: datetime


@dataclass(frozen=True)
class PanelContext:
    """What is open over the page, and what was typed in it before it was refused."""

    name: str
    typed: Mapping[str, str]
    lines: tuple[visits.ForwardLine, ...] = ()
    ticket: visits.AgencyTicket | None = None


@dataclass(frozen=True)
class OwnSmile:
    """The user's own smiles today, 1 (sad) to 4 (glad): `mean` over `n`, a multiple of `group`; None before that."""

    n: int
    mean: float | None
    group: int


@dataclass(frozen=True)
class DeskContext:
    """One counter, for the person who looks at it.

    `mode`: mine, free, taken. `base`: the address all actions start with. `token` says what was seen: when the live
    part's token differs, the page is behind. `said`: what the last press did (`acted`: there was one). `elsewhere`:
    where this user sits instead. `changed`: the sentence for a page that is behind; `lock`: its actions are not this
    user's any more.
    """

    view: visits.CounterView
    mode: str
    base: str
    seen: str
    token: str
    day: visits.MyDay | None
    smile: OwnSmile | None
    may_serve: bool
    elsewhere: visits.SeatPlace | None
    panel: PanelContext | None
    alert: str | Promise
    said: str | Promise
    acted: bool
    changed: str | Promise
    lock: bool
    pause_reasons: Mapping[str, str | Promise]
    back_minutes: tuple[int, ...]
    priorities: Mapping[str, str | Promise]
    live: str


@dataclass(frozen=True)
class Desk:
    """A counter that this user may see, checked."""

    counter: Counter
    mall: Mall
    user: User

    @property
    def may_serve(self) -> bool:
        """Whether the user is staff of the counter's agency. A manager is not, and may only take over."""
        return self.counter.booth.agency_id in access.agencies_with(self.user, self.mall, "serve")

    @property
    def base(self) -> str:
        """The address of this counter's page."""
        return reverse("counter:desk", args=[self.mall.code, self.counter.number])


def user_of(request: HttpRequest) -> User:
    """The member of staff, whom the access decorator has let in."""
    assert isinstance(request.user, User)
    return request.user


def desk_of(request: HttpRequest, mall: Mall, number: int) -> Desk:
    """The active counter of that number when it belongs to an agency the user serves or steers; else 404."""
    user = user_of(request)
    counter = Counter.objects.select_related("booth", "mall").filter(mall=mall, number=number, active=True).first()
    reach = access.agencies_with(user, mall, "take_over")
    if counter is None or counter.booth.agency_id not in reach:
        raise Http404
    return Desk(counter, mall, user)


def desk_context(
    desk: Desk,
    *,
    panel: PanelContext | None = None,
    alert: str | Promise = "",
    said: str | Promise = "",
    acted: bool = False,
    seen_token: str | None = None,
) -> DeskContext:
    """Everything the page shows now. `seen_token`: what a page that asks for its live parts believes."""
    now, wall = clock.now(), clock.wall()
    view = visits.counter_view(desk.counter.pk, now, wall, language())
    mode = FREE if view.session_id is None else MINE if view.session_user_id == desk.user.pk else TAKEN
    if panel is not None and PANELS[panel.name] and view.here is None:
        panel = None
    token = f"{view.session_id or 0}.{view.session_state}.{view.here.ticket_id if view.here else 0}"
    token += f".{view.here.state if view.here else ''}.{bool(view.hall_paused):d}"
    changed, lock = _changed(view, mode, token, seen_token)
    return DeskContext(
        view=view,
        mode=mode,
        base=desk.base,
        seen=str(view.here.ticket_id) if view.here else "",
        token=seen_token or token,
        day=visits.my_day(desk.user.pk, desk.counter.pk, now) if mode == MINE else None,
        smile=_own_smile(desk, now) if mode == MINE else None,
        may_serve=mode == FREE and desk.may_serve,
        elsewhere=visits.seat_place(desk.user.pk) if mode != MINE else None,
        panel=panel if mode == MINE else None,
        alert=alert,
        said=said,
        acted=acted,
        changed=changed,
        lock=lock,
        pause_reasons=classes.PAUSE_REASONS,
        back_minutes=BACK_MINUTES,
        priorities=classes.CLASSES,
        live=f"/live/{desk.mall.code}/?kinds=ticket,visit,session,emergency,hall",
    )


def _own_smile(desk: Desk, now: datetime) -> OwnSmile:
    n, mean = surveys.smile_of_session_user(desk.user.pk, desk.mall, local_day(desk.mall, now))
    return OwnSmile(n, mean, surveys.SMALLEST)


def _changed(view: visits.CounterView, mode: str, token: str, seen_token: str | None) -> tuple[str | Promise, bool]:
    """What to tell a page that is behind, and whether its actions are no longer this user's."""
    if seen_token is None or seen_token == token:
        return "", False
    session = seen_token.partition(".")[0]
    if session == str(view.session_id or 0):
        return _("Keadaan loket ini baru saja berubah."), False
    if mode == TAKEN:
        return _("Loket ini diambil alih oleh %(name)s.") % {"name": view.session_user or _("petugas lain")}, True
    if mode == FREE:
        return _("Sesi loket ini sudah ditutup."), True
    return _("Loket ini dibuka lagi di tempat lain."), True


def panel_of(desk: Desk, name: str, typed: Mapping[str, str]) -> PanelContext:
    """The panel with what it needs. 404 for an unknown one, or for a ticket that is not this agency's."""
    if name not in PANELS:
        raise Http404
    now = clock.now()
    lines: tuple[visits.ForwardLine, ...] = ()
    ticket = None
    if name in ("forward", "ticket"):
        lines = tuple(visits.forward_lines(desk.counter.pk, now, language()))
    if name == "ticket":
        wanted = typed.get("ticket", "")
        ticket = visits.agency_ticket(desk.counter.pk, int(wanted), now, language()) if wanted.isdecimal() else None
        if ticket is None:
            raise Http404
    return PanelContext(name=name, typed=typed, lines=lines, ticket=ticket)
