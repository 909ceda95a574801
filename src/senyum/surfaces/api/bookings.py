"""Free times, book, look, confirm, move, cancel, check in. Once booked, the booking's own token is the credential."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Query, Router

from senyum.bookings import commands, queries
from senyum.bookings.plan import plan_of
from senyum.bookings.queries import BookingView
from senyum.core import clock
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.surfaces.api.auth import caller, hold_visit
from senyum.surfaces.api.problems import Problem
from senyum.surfaces.api.schemas import BookingIn, BookingOut, CheckedInOut, CheckInIn, CodeIn, MoveIn, TimesOut
from senyum.surfaces.api.visits import json_response
from senyum.visits import commands as visits

router = Router(tags=["bookings"])
Key: Any = Header(..., alias="Idempotency-Key", min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_.:-]{8,80}$")  # type: ignore[type-arg]  # ninja declares a class, used as a function
Token: Any = Path(..., min_length=16, max_length=32, pattern=r"^[A-Za-z0-9_-]+$")  # type: ignore[type-arg]  # ninja declares a class, used as a function
Day: Any = Query(...)  # type: ignore[type-arg]  # ninja declares a class, used as a function
BY_TOKEN = {404: Problem, 409: Problem, 422: Problem, 429: Problem}
FULL = {401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem, 429: Problem}


@router.get(
    "/malls/{code}/times",
    response={200: TimesOut, **FULL},
    summary="Free times of services, one after another, on a day",
)
def times(
    request: HttpRequest,
    code: str,
    services: str = Query(..., min_length=1, max_length=600, pattern=r"^[a-z0-9_.,-]+$"),  # type: ignore[type-arg]  # ninja declares a class
    day: date = Day,
    quantity: int = Query(1, ge=1, le=50),  # type: ignore[type-arg]  # ninja declares a class
) -> dict[str, Any]:
    caller(request, "hall:read", code)
    mall = malls.mall_by_code(code)
    now = clock.now()
    plan = plan_of(mall)
    lines = [plan.line_by_code(name).id for name in dict.fromkeys(services.split(",")[:6])]
    found = queries.proposals(mall, lines, day, quantity=quantity, now=now)
    following = [] if found else queries.next_free(mall, lines, quantity=quantity, now=now, after=day)
    return {
        "day": day,
        "as_of": now,
        "times": [_proposal(mall, proposal) for proposal in found],
        "next_free": [_proposal(mall, proposal) for proposal in following],
    }


def _proposal(mall: Mall, proposal: queries.Proposal) -> dict[str, Any]:
    lines = plan_of(mall).lines
    return {
        "starts": proposal.starts,
        "ends": proposal.ends,
        "legs": [{"service": lines[line].code, "starts": starts} for line, starts in proposal.legs],
    }


@router.post("/bookings", response={201: BookingOut, **FULL}, summary="Book services of one visit, all or none")
def book(request: HttpRequest, body: BookingIn, key: str = Key) -> HttpResponse:
    identity = caller(request, "visits:write", body.mall)
    mall = malls.mall_by_code(body.mall)
    plan = plan_of(mall)
    view = commands.book(
        mall=mall,
        legs=[(plan.line_by_code(leg.service).id, leg.starts) for leg in body.legs],
        quantity=body.quantity,
        channel=body.channel,
        now=clock.now(),
        actor=identity.actor,
        language=body.language,
        priority=body.priority,
        contact_kind=body.contact_kind,
        contact=body.contact,
        key=(f"token:{identity.token_id}", key, hashlib.sha256(request.body).hexdigest()),
    )
    return json_response(booking_body(mall, view), 201)


def booking_body(mall: Mall, view: BookingView) -> dict[str, Any]:
    """A booking as `BookingOut` describes it."""
    lines = plan_of(mall).lines
    return {
        "reference": view.reference,
        "token": view.token,
        "state": view.state,
        "day": view.day,
        "starts": view.starts,
        "quantity": view.quantity,
        "held_until": view.held_until,
        "contact": view.contact,
        "legs": [
            {"service": lines[leg.line_id].code if leg.line_id in lines else "", "starts": leg.starts, "ends": leg.ends}
            for leg in view.legs
        ],
        "may": [name for name, allowed in (("move", view.may_move), ("cancel", view.may_cancel)) if allowed],
    }


def _answer(view: BookingView) -> HttpResponse:
    return json_response(booking_body(Mall.objects.get(pk=view.mall_id), view))


@router.get("/bookings/{token}", auth=None, response={200: BookingOut, **BY_TOKEN}, summary="A booking by its link")
def look(request: HttpRequest, token: str = Token) -> HttpResponse:
    hold_visit(token)
    return _answer(queries.booking_by_token(token))


@router.post(
    "/bookings/{token}/confirm",
    auth=None,
    response={200: BookingOut, **BY_TOKEN},
    summary="The code came to the contact",
)
def confirm(request: HttpRequest, body: CodeIn, token: str = Token) -> HttpResponse:
    hold_visit(token)
    return _answer(commands.confirm(token=token, code=body.code, now=clock.now()))


@router.post(
    "/bookings/{token}/move", auth=None, response={200: BookingOut, **BY_TOKEN}, summary="Another time, same services"
)
def move(request: HttpRequest, body: MoveIn, token: str = Token) -> HttpResponse:
    hold_visit(token)
    view = queries.booking_by_token(token)
    plan = plan_of(Mall.objects.get(pk=view.mall_id))
    legs: list[tuple[int, datetime]] = [(plan.line_by_code(leg.service).id, leg.starts) for leg in body.legs]
    return _answer(commands.move(token=token, legs=legs, now=clock.now()))


@router.post("/bookings/{token}/cancel", auth=None, response={200: BookingOut, **BY_TOKEN}, summary="Give it back")
def cancel(request: HttpRequest, token: str = Token) -> HttpResponse:
    hold_visit(token)
    return _answer(commands.cancel(token=token, now=clock.now()))


@router.post(
    "/malls/{code}/check-in",
    response={200: CheckedInOut, **FULL},
    summary="Somebody with a booking is here; twice gives the same visit",
)
def check_in(request: HttpRequest, code: str, body: CheckInIn) -> dict[str, Any]:
    identity = caller(request, "visits:write", code)
    mall = malls.mall_by_code(code)
    view = queries.booking_by_reference(mall, body.reference)
    found = visits.check_in(mall=mall, token=view.token, channel=body.channel, now=clock.now(), actor=identity.actor)
    return {"token": found.token, "label": found.label, "kept": found.kept, "again": found.again}
