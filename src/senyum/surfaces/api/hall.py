"""What a hall offers and how it stands."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Router
from pydantic import AwareDatetime

from senyum.catalogue import queries as catalogue
from senyum.core import clock
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.surfaces.api.auth import caller
from senyum.surfaces.api.problems import Problem, asked_language
from senyum.surfaces.api.schemas import BoardOut, LinesOut, MallDetail, MallsOut, ServicesOut
from senyum.visits import queries as visits
from senyum.visits.hall import hall_of

router = Router(tags=["malls"])
REFUSED = {401: Problem, 403: Problem, 404: Problem, 422: Problem, 429: Problem}
MallCode: Any = Path(..., min_length=1, max_length=32, pattern=r"^[a-z0-9-]+$")  # type: ignore[type-arg]  # ninja declares a class, used as a function


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


@router.get("/malls/{code}/services", response={200: ServicesOut, **REFUSED}, summary="Services and requirements")
def services(request: HttpRequest, code: str = MallCode) -> dict[str, Any]:
    caller(request, "hall:read")
    mall = malls.mall_by_code(code)
    hall = hall_of(mall, clock.now())
    language = asked_language(request)
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
            }
            for line in catalogue.lines_of(mall, language)
            if line.id in hall.lines
        ]
    }


@router.get("/malls/{code}/lines", response={200: LinesOut, **REFUSED}, summary="Waiting, longest wait, open counters")
def lines(request: HttpRequest, code: str = MallCode, at: AwareDatetime | None = None) -> dict[str, Any]:
    """With `at` (later today), `wait` is of somebody who comes then; the other figures stay those of now."""
    caller(request, "hall:read")
    mall, now = malls.mall_by_code(code), clock.now()
    hall = hall_of(mall, now)
    coming = visits.lines_at(mall, at, now) if at is not None else {}
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
                "at": at,
            }
            for state in visits.line_states(mall, now, asked_language(request))
        ],
    }


def _wait_out(of: visits.LineState | visits.ComingAt) -> dict[str, float | None]:
    return {"p10": of.p10, "p50": of.p50, "p90": of.p90}


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
