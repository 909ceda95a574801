"""The addresses of the live streams, as a plain ASGI application beside Django."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs

import psycopg
import structlog
from django.db import DatabaseError
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from psycopg_pool import PoolTimeout

from senyum.core.live import Filter, Full, Hub, Send, Stream

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
T = TypeVar("T")

PAGES = re.compile(r"^/live/(?P<mall>[\w.-]{1,60})/$")
API = re.compile(r"^/api/v1/malls/(?P<mall>[\w.-]{1,60})/events$")
#: A bearer's right to its stream is asked again that often; whoever was switched off is out within this.
RECHECK_SECONDS = 5.0
RETRY = b"retry: 1500\n\n"
_LONGEST_QUERY = 2_000
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]
_SENTENCES: dict[int, str | Promise] = {
    400: _("Permintaan tidak dapat dibaca."),
    401: _("Token diperlukan atau tidak berlaku."),
    403: _("Token ini tidak boleh membaca kejadian di mal ini."),
    404: _("Mal atau kunjungan ini tidak ditemukan."),
    405: _("Alamat ini hanya dapat dibaca."),
    429: _("Terlalu banyak sambungan langsung dari perangkat ini."),
    503: _("Server sedang penuh. Coba lagi sebentar lagi."),
}

log = structlog.get_logger(__name__)


class Refused(Exception):
    """A stream is not opened; `status` is the HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(frozen=True)
class Doors:
    """What the streams ask the house, each a blocking call that runs in a thread.

    `knows_mall(code)`; `visit_of(token, mall)` gives what a visit's events are about ("visit:12") or None;
    `authorize(secret, mall)` gives 200, 401 or 403 for a bearer token.
    """

    knows_mall: Callable[[str], bool]
    visit_of: Callable[[str, str], str | None]
    authorize: Callable[[str, str], int]


class LiveApp:
    """Serves `/live/<mall>/` to pages and `/api/v1/malls/<mall>/events` to bearers of a token."""

    def __init__(self, hub: Hub, doors: Doors, executor: Executor) -> None:
        self.hub = hub
        self.doors = doors
        self.executor = executor

    @staticmethod
    def takes(path: str) -> bool:
        """Whether an address belongs to this application."""
        return path.startswith("/live/") or (path.endswith("/events") and API.match(path) is not None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            stream, after, secret = await self._enter(scope)
            self.hub.admit(stream.key)
        except (Refused, Full) as refusal:
            await refuse(scope, send, refusal.status)
            return
        except (psycopg.Error, PoolTimeout):
            await refuse(scope, send, 503)
            return
        try:
            await self._run(stream, after, receive, send, secret)
        finally:
            self.hub.dismiss(stream.key)

    async def _run(self, stream: Stream, after: int | None, receive: Receive, send: Send, secret: str) -> None:
        watching = [asyncio.create_task(_until_gone(stream, receive))]
        if secret:
            watching.append(asyncio.create_task(self._until_refused(stream, secret)))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await stream.write(send, RETRY)
            await self.hub.serve(stream, after, send)
        except (psycopg.Error, PoolTimeout) as error:
            # The client comes back by itself, with the number of what it saw last.
            log.warning("live.stream.ended", error=type(error).__name__)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except asyncio.CancelledError:
            if not stream.closed:
                raise
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

    async def _until_refused(self, stream: Stream, secret: str) -> None:
        """End a bearer's stream once the token is revoked or its user or device switched off."""
        while not stream.closed:
            await asyncio.sleep(RECHECK_SECONDS)
            with suppress(psycopg.Error, DatabaseError):
                if await self._ask(self.doors.authorize, secret, stream.mall) != 200:
                    stream.close("refused")

    async def _enter(self, scope: Scope) -> tuple[Stream, int | None, str]:
        """The asked stream, where it begins, and the bearer's secret, "" for pages. Raises Refused."""
        if scope["method"] != "GET":
            raise Refused(405)
        path: str = scope["path"]
        page, api = PAGES.match(path), API.match(path)
        found = page or api
        if found is None:
            raise Refused(404)
        mall = found["mall"]
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        asked = _query(scope["query_string"])
        key = secret = ""  # nosec B105 - nobody yet
        if api:
            secret = await self._bearer(headers.get(b"authorization", ""), mall)
            key = f"token:{hash(secret)}"
        elif not await self._ask(self.doors.knows_mall, mall):
            raise Refused(404)
        about = _about(asked)
        if token := asked.get("visit", ""):
            visit = await self._ask(self.doors.visit_of, token, mall)
            if visit is None:
                raise Refused(404)
            about.add(visit)
            key = key or visit
        wanted = Filter(frozenset(_words(asked, "kinds")), frozenset(about))
        after = _number(headers.get(b"last-event-id"))
        if after is None:
            after = _number(asked.get("after"))
        return Stream(mall, wanted, key, self.hub.limits.queue), after, secret

    async def _bearer(self, header: str, mall: str) -> str:
        scheme, _space, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Refused(401)
        status = await self._ask(self.doors.authorize, secret.strip(), mall)
        if status != 200:
            raise Refused(status)
        return secret.strip()

    async def _ask(self, question: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, partial(question, *arguments))


async def _until_gone(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.close("gone")


def _query(raw: bytes) -> dict[str, str]:
    if len(raw) > _LONGEST_QUERY:
        raise Refused(400)
    try:
        return {name: values[-1] for name, values in parse_qs(raw.decode("ascii"), max_num_fields=10).items()}
    except ValueError as error:
        raise Refused(400) from error


def _words(asked: dict[str, str], name: str) -> list[str]:
    return [word for word in asked.get(name, "").split(",") if word]


def _about(asked: dict[str, str]) -> set[str]:
    lines = {f"line:{word}" for word in _words(asked, "lines")}
    return lines | {f"counter:{word}" for word in _words(asked, "counter")}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


async def refuse(scope: Scope, send: Send, status: int) -> None:
    """Answer with a problem document (RFC 9457) whose sentence is in the asked language."""
    headers = dict(scope["headers"])
    asked = headers.get(b"accept-language", b"").decode("latin-1")[:2].lower()
    with translation.override(asked if asked in ("id", "su", "en") else "id"):
        problem = {
            "type": "about:blank",
            "status": status,
            "detail": str(_SENTENCES[status]),
        }
    body = json.dumps(problem, ensure_ascii=False).encode()
    extra = {
        401: [(b"www-authenticate", b"Bearer")],
        405: [(b"allow", b"GET")],
        429: [(b"retry-after", b"5")],
        503: [(b"retry-after", b"5")],
    }
    own = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*own, *extra.get(status, [])],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
