"""The manager's floor: how each counter and line of the hall stands now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from senyum.core import clock
from senyum.malls.models import Mall
from senyum.people import access
from senyum.people.models import User
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import page
from senyum.visits import commands, queries
from senyum.visits.queries import LineState, OpenCounter


@dataclass(frozen=True)
class FloorContext:
    """The hall at `as_of`; `agency` is the filter of the address, "" for all."""

    mall: Mall
    as_of: datetime
    agency: str
    agencies: tuple[str, ...]
    counters: tuple[OpenCounter, ...]
    lines: tuple[LineState, ...]
    waiting: int
    past_promise: int
    open_counters: int
    longest_agency: str
    longest_minutes: int
    pause_reason: str
    may_steer: bool
    live_src: str


def _context(request: HttpRequest, mall: Mall) -> FloorContext:
    now = clock.now()
    board = queries.board(mall, now)
    counters, lines = queries.open_counters(mall, now), queries.line_states(mall, now)
    agencies = tuple(sorted({line.agency for line in lines}))
    wanted = request.GET.get("agency", "")
    agency = wanted if wanted in agencies else ""
    assert isinstance(request.user, User)  # @staff let only users in
    return FloorContext(
        mall=mall,
        as_of=now,
        agency=agency,
        agencies=agencies,
        counters=tuple(c for c in counters if agency in ("", c.agency)),
        lines=tuple(line for line in lines if agency in ("", line.agency) and (line.waiting or line.open_counters)),
        waiting=board.waiting,
        past_promise=sum(line.past_promise for line in lines),
        open_counters=board.open_counters,
        longest_agency=board.longest[0] if board.longest else "",
        longest_minutes=board.longest[1] if board.longest else 0,
        pause_reason=board.pause_reason,
        may_steer=access.may(request.user, mall, "steer_floor"),
        live_src=f"/live/{mall.code}/",
    )


@require_safe
@staff("see_floor")
def floor(request: HttpRequest, mall: Mall) -> HttpResponse:
    return page(request, "console/floor.html", _context(request, mall))


@require_POST
@staff("steer_floor")
def pause(request: HttpRequest, mall: Mall) -> HttpResponse:
    commands.pause_hall(
        mall=mall,
        reason=request.POST.get("reason", ""),
        back_at=None,
        now=clock.now(),
        actor=request.actor,  # type: ignore[attr-defined]  # set by @staff
    )
    return redirect("console:floor", mall=mall.code)


@require_POST
@staff("steer_floor")
def resume(request: HttpRequest, mall: Mall) -> HttpResponse:
    commands.resume_hall(
        mall=mall,
        now=clock.now(),
        actor=request.actor,  # type: ignore[attr-defined]  # set by @staff
    )
    return redirect("console:floor", mall=mall.code)
