"""The busiest requests, *issue*, *next* and (`hot_bookings`) *book*, without the way through Django's request handling.

The same tokens, shapes, rules and statements; only the plain case is answered here: a known token, a fresh snapshot
of the hall, a valid body, no quota. Whatever is out of the ordinary (and every refusal) goes on to the full API with
the request untouched, so there is one place that says no. Requests that come together share one durable commit:
the event loop gathers them while the batch before is on its way. docs/benchmarks.md has what that brings.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from pydantic import ValidationError

from senyum.core import clock
from senyum.core.batches import Batches, Failed
from senyum.core.errors import SenyumError
from senyum.people import tokens
from senyum.people.tokens import Identity
from senyum.surfaces.api.auth import hold_bearer
from senyum.surfaces.api.hot_bookings import BookingDoor
from senyum.surfaces.api.problems import TooMany, language_of
from senyum.surfaces.api.schemas import Seen, VisitIn
from senyum.surfaces.api.visits import KEY_PATTERN, issued_body
from senyum.visits import commands, hall
from senyum.visits.commands import call, issue

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
_NEXT = re.compile(r"/api/v1/counters/(\d{1,15})/next")
_KEY = re.compile(KEY_PATTERN)
_MADE = frozenset({"/api/v1/visits", "/api/v1/bookings"})
_LONGEST_BODY = 16 * 1024


class Declined(Exception):
    """Not the plain case: the full API answers."""


class HotDoor:
    """An ASGI application in front of `full`: answers the plain case of two requests, hands everything else on."""

    def __init__(self, full: Application) -> None:
        self.full = full
        self.issues: Batches[dict[str, Any], commands.Issued | None] = Batches(issue.run_prepared, 64)
        self.presses: Batches[call.Press, dict[str, Any]] = Batches(call.run_presses, 32)
        self.desk = ThreadPoolExecutor(1, thread_name_prefix="hot-bearer")
        self.bookings = BookingDoor(self.desk)
        self.served = 0

    def warm(self) -> None:
        """Open the connections of its threads and look at every hall: blocking, before the first request."""
        for thread in (self.issues.thread, self.presses.thread, self.desk):
            thread.submit(_open_connection).result()
        self.desk.submit(hall.warm, clock.now()).result()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = scope["path"]
        pressed = None
        if scope["method"] != "POST" or not (path in _MADE or (pressed := _NEXT.fullmatch(path))):
            await self.full(scope, receive, send)
            return
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        if not length.isdigit() or int(length) > _LONGEST_BODY:
            await self.full(scope, receive, send)
            return
        body, left = await _read(receive, int(length))
        if left:
            return
        try:
            identity = await self._bearer(headers)
            if path == "/api/v1/bookings":
                status, answer = await self._book(identity, headers, body)
            elif pressed is None:
                status, answer = 201, await self._issue(identity, headers, body)
            else:
                status, answer = 200, await self._next(identity, int(pressed[1]), body)
        except (Declined, Failed, SenyumError, ValidationError, TooMany):
            await self.full(scope, _again(body, receive), send)
            return
        self.served += 1
        await _say(send, status, answer)

    async def _book(self, identity: Identity, headers: dict[bytes, bytes], body: bytes) -> tuple[int, dict[str, Any]]:
        key = headers.get(b"idempotency-key", b"").decode("latin-1")
        if not _KEY.fullmatch(key):
            raise Declined
        language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
        answer = await self.bookings.book(identity, key, body, language)
        if answer is None:
            raise Declined
        return answer

    async def _bearer(self, headers: dict[bytes, bytes]) -> Identity:
        """The bearer, from memory or looked up; Declined when unknown."""
        kind, _gap, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if kind.lower() != "bearer":
            raise Declined
        identity = tokens.peek(secret)
        if identity is None:
            identity = await asyncio.get_running_loop().run_in_executor(self.desk, _look_up, secret)
        if identity is None:
            raise Declined
        return identity

    async def _issue(self, identity: Identity, headers: dict[bytes, bytes], body: bytes) -> dict[str, Any]:
        key = headers.get(b"idempotency-key", b"").decode("latin-1")
        if not _KEY.fullmatch(key):
            raise Declined
        asked = VisitIn.model_validate_json(body)
        if "visits:write" not in identity.scopes or asked.mall != identity.mall_code:
            raise Declined
        now = clock.now()
        place = _fresh(identity, now)
        item, limits = issue.prepare_visit(
            place,
            [place.line_by_code(code).id for code in asked.services],
            now=now,
            priority=asked.priority,
            channel=asked.channel,
            actor=identity.actor,
            quantity=asked.quantity,
            language=asked.language,
            greeted=asked.channel == "greeter",
            key=commands.Key(f"token:{identity.token_id}", key, hashlib.sha256(body).hexdigest()),
        )
        if limits:
            raise Declined
        hold_bearer(identity)
        issued = await self.issues.submit(item)
        if issued is None:
            raise Declined
        return issued_body(place, issued)

    async def _next(self, identity: Identity, counter_id: int, body: bytes) -> dict[str, Any]:
        asked = Seen.model_validate_json(body)
        now = clock.now()
        place = _fresh(identity, now)
        counter = place.counters.get(counter_id)
        if counter is None or identity.user_id is None or "counters:write" not in identity.scopes:
            raise Declined
        if identity.agency_id is not None and counter.agency_id != identity.agency_id:
            raise Declined
        press = call.prepare_press(
            counter_id=counter_id,
            seen=asked.seen,
            actor=identity.actor,
            now=now,
            wall=clock.wall(),
            day=place.day,
            user_id=identity.user_id,
        )
        hold_bearer(identity)
        row = await self.presses.submit(press)
        if row["ready"] is None:
            raise Declined
        if row["called"] is None:
            # Perhaps nobody waits; that is looked at more than once before it is said.
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(self.presses.thread, call.settle_press, press, row)
        else:
            result = commands.CallResult(row["called"], row["why"], row["passed_over"], row["finished"])
        return {
            "counter": counter_id,
            "ticket": result.ticket_id,
            "why": result.why,
            "passed_over": result.passed_over,
            "finished": result.finished_id,
        }


async def _read(receive: Any, length: int) -> tuple[bytes, bool]:
    """(the body, whether the client left). The server may say that more comes when all is here: the length decides."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body, True
        body += message.get("body", b"")
        if len(body) >= length or not message.get("more_body"):
            return body, False


def _again(body: bytes, receive: Any) -> Callable[[], Awaitable[Any]]:
    """`receive` as if nothing had been read."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> Any:
        return waiting.pop() if waiting else await receive()

    return read


def _open_connection() -> None:
    # Asked in the thread itself: `connection` is another one in each.
    connection.ensure_connection()


def _look_up(secret: str) -> Identity | None:
    try:
        return tokens.look_up(secret, clock.wall())
    except Exception:
        # The full API says what is wrong; a broken connection is not used again.
        connection.close()
        return None


def _fresh(identity: Identity, now: Any) -> hall.Hall:
    place = hall.peek(identity.mall_id, now)
    if place is None:
        raise Declined
    return place


def _moment(value: Any) -> str:
    """Times and days as the full API writes them."""
    return str(_ENCODER.default(value))


_ENCODER = DjangoJSONEncoder()


async def _say(send: Any, status: int, answer: dict[str, Any]) -> None:
    body = json.dumps(answer, default=_moment).encode()
    headers = [
        (b"content-type", b"application/json" if status < 400 else b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
