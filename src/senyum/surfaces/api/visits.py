"""A citizen's visit: issue, look, leave, delay, smile. After issue, the visit's own token is the credential."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Router

from senyum.core import clock
from senyum.core.idempotency import once
from senyum.malls import queries as malls
from senyum.surfaces.api.auth import caller, hold_visit
from senyum.surfaces.api.problems import NotThere, Problem, asked_language
from senyum.surfaces.api.schemas import DelayIn, Done, LeaveIn, SmileIn, VisitIn, VisitIssued, VisitOut
from senyum.surveys.commands import smile as give_smile
from senyum.visits import commands, queries
from senyum.visits.hall import Hall, hall_of
from senyum.visits.models import Visit

router = Router(tags=["visits"])
KEY_PATTERN = r"^[A-Za-z0-9_.:-]{8,80}$"
Key: Any = Header(..., alias="Idempotency-Key", min_length=8, max_length=80, pattern=KEY_PATTERN)  # type: ignore[type-arg]  # ninja declares a class, used as a function
Token: Any = Path(..., min_length=16, max_length=32, pattern=r"^[A-Za-z0-9_-]+$")  # type: ignore[type-arg]  # ninja declares a class, used as a function
BY_TOKEN = {404: Problem, 422: Problem, 429: Problem}


def json_response(body: dict[str, Any], status: int = 200) -> HttpResponse:
    """JSON without a second validation: the hot answers are built here and checked by the tests against the schema."""
    response = HttpResponse(json.dumps(body, cls=DjangoJSONEncoder), status=status, content_type="application/json")
    # A policy for scripts and styles says nothing about JSON, and building it costs a tenth of the request.
    response._csp_exempt = True  # type: ignore[attr-defined]  # read by django-csp
    return response


@router.post(
    "/visits",
    response={201: VisitIssued, 401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem, 429: Problem},
    summary="Issue a label and its tickets",
)
def issue(request: HttpRequest, body: VisitIn, key: str = Key) -> HttpResponse:
    identity = caller(request, "visits:write", body.mall)
    now = clock.now()
    mall = malls.mall_by_code(body.mall)
    hall = hall_of(mall, now)
    issued = commands.issue_visit(
        mall=mall,
        line_ids=[hall.line_by_code(code).id for code in body.services],
        priority=body.priority,
        channel=body.channel,
        actor=identity.actor,
        now=now,
        quantity=body.quantity,
        language=body.language,
        greeted=body.channel == "greeter",
        key=commands.Key(f"token:{identity.token_id}", key, hashlib.sha256(request.body).hexdigest()),
    )
    return json_response(issued_body(hall, issued), 201)


def issued_body(hall: Hall, issued: commands.Issued) -> dict[str, Any]:
    """The answer to an issued visit, as `VisitIssued` describes it, ready for JSON."""
    tickets = [
        {
            "id": ticket.id,
            "service": hall.lines[ticket.line_id].code,
            "line": ticket.line_id,
            "leg": ticket.leg,
            "people_ahead": ticket.people_ahead,
            "wait": {"p10": ticket.wait_p10, "p50": ticket.wait_p50, "p90": ticket.wait_p90},
            "turn_at": ticket.turn_at.isoformat(),
            "promised_by": ticket.promised_by.isoformat(),
        }
        for ticket in issued.tickets
    ]
    return {
        "token": issued.token,
        "label": issued.label,
        "tickets": tickets,
        "people_ahead": tickets[0]["people_ahead"],
        "wait": tickets[0]["wait"],
    }


def _visit(token: str) -> Visit:
    hold_visit(token)
    visit = queries.visit_by_token(token)
    if visit is None:
        raise NotThere
    return visit


def _own_ticket(visit: Visit, ticket_id: int) -> int:
    """The id, if it is a leg of this visit; NotThere otherwise, the same for every guess."""
    view = queries.visit_view(visit, clock.now())
    if ticket_id not in {leg.ticket_id for leg in view.legs}:
        raise NotThere
    return ticket_id


@router.get("/visits/{token}", auth=None, response={200: VisitOut, **BY_TOKEN}, summary="Where this visit stands")
def look(request: HttpRequest, token: str = Token) -> dict[str, Any]:
    view = queries.visit_view(_visit(token), clock.now(), asked_language(request))
    return {
        "label": view.label,
        "day": view.day,
        "priority": view.priority,
        "quantity": view.quantity,
        "arrived_at": view.arrived_at,
        "as_of": view.as_of,
        "hall_paused": view.hall_paused,
        "tickets": [
            {
                "id": leg.ticket_id,
                "service": leg.service,
                "agency": leg.agency,
                "line": leg.line_id,
                "leg": leg.leg,
                "state": leg.state,
                "outcome": leg.outcome,
                "counter": leg.counter_number,
                "people_ahead": leg.people_ahead,
                "wait": {
                    "p10": leg.p10,
                    "p50": leg.p50,
                    "p90": leg.p90,
                    "why": leg.why,
                    "counter": leg.why_counter,
                },
                "promised": {"p10": leg.promise_p10, "p50": leg.promise_p50, "p90": leg.promise_p90},
                "promised_by": leg.promised_by,
                "called_at": leg.called_at,
                "may": [
                    name
                    for name, allowed in (
                        ("leave", leg.may_leave),
                        ("delay", leg.may_delay),
                        ("smile", leg.may_smile),
                    )
                    if allowed
                ],
            }
            for leg in view.legs
        ],
    }


@router.post(
    "/visits/{token}/leave",
    auth=None,
    response={200: Done, 409: Problem, **BY_TOKEN},
    summary="Leave one line or the mall",
)
def leave(request: HttpRequest, body: LeaveIn, token: str = Token) -> dict[str, Any]:
    visit = _visit(token)
    if body.ticket is None:
        commands.leave_visit(visit_id=visit.pk, now=clock.now(), reason=body.reason)
    else:
        commands.leave(ticket_id=_own_ticket(visit, body.ticket), now=clock.now(), reason=body.reason)
    return {"done": True}


@router.post(
    "/visits/{token}/delay",
    auth=None,
    response={200: Done, 409: Problem, **BY_TOKEN},
    summary="Be passed over for some minutes; the turn is kept",
)
def delay(request: HttpRequest, body: DelayIn, token: str = Token) -> dict[str, Any]:
    visit = _visit(token)
    commands.delay(ticket_id=_own_ticket(visit, body.ticket), minutes=body.minutes, now=clock.now())
    return {"done": True}


@router.post(
    "/visits/{token}/smile",
    auth=None,
    response={200: Done, 409: Problem, **BY_TOKEN},
    summary="One of four faces for a served ticket, once",
)
def smile(request: HttpRequest, body: SmileIn, token: str = Token, key: str = Key) -> dict[str, Any]:
    visit = _visit(token)
    ticket_id = _own_ticket(visit, body.ticket)
    now = clock.now()

    def work() -> dict[str, Any]:
        give_smile(ticket_id=ticket_id, score=body.score, channel="api", now=now)
        return {"done": True}

    answer, _replayed = once(
        scope=f"visit:{visit.pk}", key=key, digest=hashlib.sha256(request.body).digest(), now=now, work=work
    )
    return answer
