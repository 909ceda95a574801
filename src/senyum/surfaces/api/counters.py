"""What an officer's program does at a counter. Each action carries the ticket that was seen; stale is 409."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled
from ninja import Path, Router

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.core.idempotency import once
from senyum.malls.models import Counter
from senyum.people.models import User
from senyum.people.tokens import Identity
from senyum.roster import commands as roster
from senyum.roster.models import CounterSession
from senyum.surfaces.api.auth import caller
from senyum.surfaces.api.problems import NotThere, Problem
from senyum.surfaces.api.schemas import (
    CloseIn,
    CounterNow,
    FinishIn,
    ForwardIn,
    Identifier,
    NextOut,
    ParkIn,
    PauseIn,
    Seen,
    SeenTicket,
    UnparkIn,
)
from senyum.surfaces.api.visits import Key, json_response
from senyum.visits import commands, queries
from senyum.visits.hall import Hall, hall_of, mall_of_counter

router = Router(tags=["counters"])
ANSWERS = {
    200: CounterNow,
    401: Problem,
    403: Problem,
    404: Problem,
    409: Problem,
    422: Problem,
    429: Problem,
}
CounterId: Any = Path(..., ge=1, le=9_000_000_000_000_000)  # type: ignore[type-arg]  # ninja declares a class, used as a function


def _enter(request: HttpRequest, counter_id: int) -> tuple[Identity, Hall]:
    """The bearer, at a counter of their own agency; NotThere for any other counter."""
    identity = caller(request, "counters:write")
    try:
        mall = mall_of_counter(counter_id)
    except NotPossible as error:
        raise NotThere from error
    hall = hall_of(mall, clock.now())
    counter = hall.counters.get(counter_id)
    if mall.pk != identity.mall_id or counter is None or identity.user_id is None:
        raise NotThere
    if identity.agency_id is not None and counter.agency_id != identity.agency_id:
        raise NotThere
    return identity, hall


def _now(counter_id: int) -> dict[str, Any]:
    view = queries.counter_view(counter_id, clock.now(), clock.wall())
    return {
        "counter": counter_id,
        "number": view.number,
        "session": view.session_id,
        "state": view.session_state,
        "ticket": view.here.ticket_id if view.here else None,
        "label": view.here.label if view.here else None,
        "ticket_state": view.here.state if view.here else None,
        "service": view.here.service if view.here else None,
        "waiting": view.waiting_count,
    }


def _session(counter_id: int, identity: Identity) -> int:
    with scopes_disabled():
        session = (
            CounterSession.objects.filter(counter_id=counter_id, user_id=identity.user_id or 0)
            .exclude(state="closed")
            .values_list("pk", flat=True)
            .first()
        )
    if session is None:
        raise NotPossible("not_open", _("Loket ini belum Anda buka. Buka loket lebih dulu."))
    return session


def _with(identity: Identity, **more: Any) -> dict[str, Any]:
    return {
        "actor": identity.actor,
        "user_id": identity.user_id,
        "now": clock.now(),
        "wall": clock.wall(),
        **more,
    }


@router.post("/counters/{counter_id}/open", response=ANSWERS, summary="Sit down at a counter")
def open_counter(request: HttpRequest, counter_id: Identifier = CounterId, key: str = Key) -> dict[str, Any]:
    identity, _hall = _enter(request, counter_id)
    now = clock.now()

    def work() -> dict[str, Any]:
        counter = Counter.objects.select_related("booth").get(pk=counter_id)
        user = User.objects.get(pk=identity.user_id or 0)
        roster.open_session(counter=counter, user=user, now=now, actor=identity.actor)
        return _now(counter_id)

    digest = hashlib.sha256(f"open:{counter_id}".encode()).digest()
    answer, _replayed = once(scope=f"token:{identity.token_id}", key=key, digest=digest, now=now, work=work)
    return answer


@router.post("/counters/{counter_id}/pause", response=ANSWERS, summary="Pause with a reason")
def pause(request: HttpRequest, body: PauseIn, counter_id: Identifier = CounterId) -> dict[str, Any]:
    identity, _hall = _enter(request, counter_id)
    roster.pause_session(
        session_id=_session(counter_id, identity),
        reason=body.reason,
        back_at=body.back_at,
        now=clock.now(),
        actor=identity.actor,
    )
    return _now(counter_id)


@router.post("/counters/{counter_id}/resume", response=ANSWERS, summary="Come back from a pause")
def resume(request: HttpRequest, counter_id: Identifier = CounterId) -> dict[str, Any]:
    identity, _hall = _enter(request, counter_id)
    roster.resume_session(session_id=_session(counter_id, identity), now=clock.now(), actor=identity.actor)
    return _now(counter_id)


@router.post("/counters/{counter_id}/close", response=ANSWERS, summary="End the session")
def close(request: HttpRequest, body: CloseIn, counter_id: Identifier = CounterId) -> dict[str, Any]:
    identity, _hall = _enter(request, counter_id)
    commands.close_counter(
        counter_id=counter_id,
        reason=body.reason,
        actor=identity.actor,
        now=clock.now(),
        user_id=identity.user_id,
    )
    return _now(counter_id)


@router.post(
    "/counters/{counter_id}/next",
    response={**ANSWERS, 200: NextOut},
    summary="Finish the running ticket as done and call whoever is next",
)
def call_next(request: HttpRequest, body: Seen, counter_id: Identifier = CounterId) -> HttpResponse:
    identity, _hall = _enter(request, counter_id)
    result = commands.call_next(counter_id=counter_id, seen=body.seen, **_with(identity))
    return json_response(
        {
            "counter": counter_id,
            "ticket": result.ticket_id,
            "why": result.why,
            "passed_over": result.passed_over,
            "finished": result.finished_id,
        }
    )


@router.post("/counters/{counter_id}/recall", response=ANSWERS, summary="Call the called person once more")
def recall(request: HttpRequest, body: SeenTicket, counter_id: Identifier = CounterId) -> dict[str, Any]:
    identity, _hall = _enter(request, counter_id)
    commands.recall(counter_id=counter_id, seen=body.seen, **_with(identity))
    return _now(counter_id)


@router.post("/counters/{counter_id}/absent", response=ANSWERS, summary="The called person did not come")
def absent(request: HttpRequest, body: SeenTicket, counter_id: Identifier = CounterId) -> dict[str, Any]:
    identity, _hall = _enter(request, counter_id)
    commands.absent(counter_id=counter_id, seen=body.seen, **_with(identity))
    return _now(counter_id)


@router.post("/counters/{counter_id}/serve", response=ANSWERS, summary="The called person came")
def serve(request: HttpRequest, body: SeenTicket, counter_id: Identifier = CounterId) -> dict[str, Any]:
    identity, _hall = _enter(request, counter_id)
    commands.serve(counter_id=counter_id, seen=body.seen, **_with(identity))
    return _now(counter_id)


@router.post("/counters/{counter_id}/park", response=ANSWERS, summary="Set the person aside")
def park(request: HttpRequest, body: ParkIn, counter_id: Identifier = CounterId) -> dict[str, Any]:
    identity, _hall = _enter(request, counter_id)
    commands.park(counter_id=counter_id, seen=body.seen, note=body.note, **_with(identity))
    return _now(counter_id)


@router.post(
    "/counters/{counter_id}/unpark",
    response=ANSWERS,
    summary="Take a parked person back, or put them back into the line",
)
def unpark(request: HttpRequest, body: UnparkIn, counter_id: Identifier = CounterId) -> dict[str, Any]:
    identity, _hall = _enter(request, counter_id)
    if body.to_line:
        commands.requeue(
            ticket_id=body.ticket,
            counter_id=counter_id,
            actor=identity.actor,
            now=clock.now(),
            user_id=identity.user_id,
        )
    else:
        commands.unpark(counter_id=counter_id, seen=body.seen, ticket_id=body.ticket, **_with(identity))
    return _now(counter_id)


@router.post("/counters/{counter_id}/forward", response=ANSWERS, summary="Finish here, open the next leg elsewhere")
def forward(request: HttpRequest, body: ForwardIn, counter_id: Identifier = CounterId) -> dict[str, Any]:
    identity, hall = _enter(request, counter_id)
    commands.forward(
        counter_id=counter_id,
        seen=body.seen,
        line_id=hall.line_by_code(body.service).id,
        note=body.note,
        **_with(identity),
    )
    return _now(counter_id)


@router.post("/counters/{counter_id}/finish", response=ANSWERS, summary="Finish with an outcome")
def finish(request: HttpRequest, body: FinishIn, counter_id: Identifier = CounterId) -> dict[str, Any]:
    identity, _hall = _enter(request, counter_id)
    commands.finish(
        counter_id=counter_id,
        seen=body.seen,
        outcome=body.outcome,
        missing_id=body.missing,
        case_number=body.case_number,
        **_with(identity),
    )
    return _now(counter_id)


@router.post("/counters/{counter_id}/undo", response=ANSWERS, summary="Take back the last press, within ten seconds")
def undo(request: HttpRequest, counter_id: Identifier = CounterId) -> dict[str, Any]:
    identity, _hall = _enter(request, counter_id)
    commands.undo(counter_id=counter_id, **_with(identity))
    return _now(counter_id)
