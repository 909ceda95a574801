"""What a hall offers and how it stands."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router

from senyum.catalogue import queries as catalogue
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.surfaces.api.auth import caller
from senyum.surfaces.api.moments import zoned
from senyum.surfaces.api.problems import Problem, asked_language
from senyum.surfaces.api.schemas import BoardOut, LinesOut, MallDetail, MallsOut, ServicesOut
from senyum.visits import queries as visits
from senyum.visits.hall import hall_of

router = Router(tags=["malls"])
BY_STATE = {401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem, 429: Problem}
REFUSED = {401: Problem, 403: Problem, 404: Problem, 422: Problem, 429: Problem}
MallCode: Any = Path(..., min_length=1, max_length=32, pattern=r"^[a-z0-9-]+$")  # type: ignore[type-arg]  # ninja declares a class, used as a function


AT: Any = Query(  # type: ignore[type-arg]  # as MallCode
    None,
    max_length=40,
    description="Later today: a time of the hall's clock (10:30 or 10.30), or a moment with its zone"
    " (2026-11-24T10:30:00+07:00, the + written %2B). Anything else is refused with a sentence.",
    examples=["10:30"],
)
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)", re.ASCII)


def _mall_out(mall: Mall) -> dict[str, Any]:
    return {
        "code": mall.code,
        "name": mall.name,
        "short_name": mall.short_name,
        "timezone": mall.timezone,
        "address": mall.address,
        "languages": mall.languages,
        "is_sample": mall.is_sample,
    }


@router.get("/malls", response={200: MallsOut, 401: Problem, 403: Problem, 429: Problem}, summary="All malls")
def list_malls(request: HttpRequest) -> dict[str, Any]:
    caller(request, "hall:read")
    return {"malls": [_mall_out(mall) for mall in malls.malls()]}


@router.get("/malls/{code}", response={200: MallDetail, **REFUSED}, summary="One mall and its hours today")
def one_mall(request: HttpRequest, code: str = MallCode) -> dict[str, Any]:
    caller(request, "hall:read")
    mall, now = malls.mall_by_code(code), clock.now()
    hall = hall_of(mall, now)
    pause = malls.hall_pause(mall)
    agencies = {line.booth_id: line.agency_short for line in hall.lines.values()}
    return {
        **_mall_out(mall),
        "day": hall.day.isoformat(),
        "now": now,
        "paused": pause is not None,
        "pause_reason": pause.reason if pause else "",
        "priorities": list(hall.policies),
        "hours": [
            {
                "agency": agencies.get(booth_id, ""),
                "open_today": day.is_open,
                "opens": day.opens,
                "last_ticket": day.last_ticket,
                "closes": day.closes,
                "reason": str(day.reason),
                "next_open": day.next_open.isoformat() if day.next_open else None,
            }
            for booth_id, day in hall.hours.items()
        ],
    }


def _moment(mall: Mall, at: str | None, now: datetime) -> datetime | None:
    """The moment that `at` means, as `AT` says. Raises NotPossible("bad_time")."""
    if at is None:
        return None
    if found := _CLOCK.fullmatch(at.strip()):
        local = malls.local_time(mall.timezone, now)
        return local.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    if (moment := zoned(at)) is not None:
        return moment
    raise NotPossible("bad_time", _("Tulis jamnya seperti 10:30, atau lengkap dengan zonanya."))


@router.get("/malls/{code}/services", response={200: ServicesOut, **BY_STATE}, summary="Services and requirements")
def services(request: HttpRequest, code: str = MallCode, at: str | None = AT) -> dict[str, Any]:
    """`version`: of the service's standard in force (`services/{code}/standard` has it whole).

    With `at` (later today), `if_i_came` says for each service who would stand ahead then, and how long one waits."""
    caller(request, "hall:read")
    mall, now = malls.mall_by_code(code), clock.now()
    hall = hall_of(mall, now)
    language = asked_language(request)
    moment = _moment(mall, at, now)
    with translation.override(language):
        coming = visits.lines_at(mall, moment, now) if moment is not None else {}
    offered = [line for line in catalogue.lines_of(mall, language) if line.id in hall.lines]
    versions = catalogue.versions_in_force([line.service_id for line in offered])
    return {
        "services": [
            {
                "code": hall.lines[line.id].code,
                "line": line.id,
                "name": hall.lines[line.id].name(language),
                "agency": line.agency,
                "prefix": line.prefix,
                "kind": line.kind,
                "standard_minutes": line.standard_minutes,
                "fee": str(line.fee),
                "requirements": [requirement.text for requirement in line.requirements],
                "version": versions.get(line.service_id),
                "if_i_came": _coming_out(coming.get(line.id)),
            }
            for line in offered
        ]
    }


@router.get("/malls/{code}/lines", response={200: LinesOut, **BY_STATE}, summary="Waiting, longest wait, open counters")
def lines(request: HttpRequest, code: str = MallCode, at: str | None = AT) -> dict[str, Any]:
    """With `at` (later today), `wait` and `people_ahead` are of somebody who comes then; the rest is of now."""
    caller(request, "hall:read")
    mall, now = malls.mall_by_code(code), clock.now()
    hall = hall_of(mall, now)
    moment = _moment(mall, at, now)
    coming = visits.lines_at(mall, moment, now) if moment is not None else {}
    return {
        "as_of": now,
        "lines": [
            {
                "line": state.line_id,
                "service": state.service,
                "agency": state.agency,
                "code": hall.lines[state.line_id].code,
                "waiting": state.waiting,
                "longest_wait_minutes": state.longest_minutes,
                "past_promise": state.past_promise,
                "open_counters": state.open_counters,
                "helping_counters": state.helping_counters,
                "takes_tickets": state.takes_tickets,
                "closed_reason": str(state.closed_reason),
                "wait": _wait_out(coming.get(state.line_id, state)),
                "at": moment,
                "people_ahead": coming[state.line_id].people_ahead if state.line_id in coming else None,
            }
            for state in visits.line_states(mall, now, asked_language(request))
        ],
    }


def _wait_out(of: visits.LineState | visits.ComingAt) -> dict[str, float | None]:
    return {"p10": of.p10, "p50": of.p50, "p90": of.p90}


def _coming_out(of: visits.ComingAt | None) -> dict[str, Any] | None:
    if of is None:
        return None
    return {
        "at": of.at,
        "people_ahead": of.people_ahead,
        **_wait_out(of),
        "takes_tickets": of.takes_tickets,
        "reason": str(of.reason),
    }


def _call_out(call: visits.BoardCall | None) -> dict[str, Any] | None:
    if call is None:
        return None
    return {
        "call": call.call_id,
        "at": call.at,
        "label": call.label,
        "counter": call.counter_number,
        "agency": call.agency_short,
        "service": call.service,
        "kind": call.kind,
        "withdrawn": call.withdrawn,
    }


@router.get(
    "/malls/{code}/board", response={200: BoardOut, **REFUSED}, summary="The calls, as the hall's board shows them"
)
def board(request: HttpRequest, code: str = MallCode) -> dict[str, Any]:
    caller(request, "hall:read")
    mall, now = malls.mall_by_code(code), clock.now()
    shown = visits.board(mall, now)
    return {
        "as_of": now,
        "newest": _call_out(shown.newest),
        "recent": [_call_out(call) for call in shown.recent],
        "counters": [
            {
                "id": counter.counter_id,
                "number": counter.number,
                "agency": counter.agency,
                "state": counter.state,
                "back_at": counter.back_at,
                "pause_reason": counter.pause_reason,
            }
            for counter in visits.open_counters(mall, now)
        ],
        "waiting": shown.waiting,
        "open_counters": shown.open_counters,
        "all_counters": shown.all_counters,
        "pause_reason": shown.pause_reason,
    }
