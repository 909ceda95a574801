"""A client of the live application without a server, and a source of events without a journal."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import psycopg

from senyum.core.live import CHANNEL, Event, Hub, Limits, Page, connection_parameters, encode
from senyum.core.live_app import Doors, LiveApp

QUICK = Limits(
    streams=200,
    queue=40,
    ring=20,
    page=7,
    replay=100,
    beat_seconds=0.3,
    look_seconds=0.2,
    write_seconds=0.4,
    sweep_seconds=0.05,
)


class Seen(NamedTuple):
    kind: str
    id: int | None
    data: dict[str, Any]


class FakeSource:
    """Events in memory; `publish` adds one and tells the channel, unless told to be silent."""

    def __init__(self) -> None:
        self.events: dict[str, list[Event]] = {}
        self.oldest_unsealed: int | None = None
        self.reads = 0

    def add(self, mall: str = "smd", kind: str = "ticket.called", about: Sequence[str] = ()) -> int:
        events = self.events.setdefault(mall, [])
        seq = len(events) + 1
        events.append(Event(seq, kind, frozenset(about), encode(kind, {"n": seq}, seq)))
        return seq

    async def publish(self, mall: str = "smd", kind: str = "ticket.called", about: Sequence[str] = ()) -> int:
        seq = self.add(mall, kind, about)
        await self.tell(f"{mall}:{seq}")
        return seq

    async def tell(self, payload: str) -> None:
        connection = await psycopg.AsyncConnection.connect(**connection_parameters(), autocommit=True)
        async with connection:
            await connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])

    async def read(self, connection: Any, mall: str, after: int, limit: int) -> Page:
        self.reads += 1
        found = self.events.get(mall, [])[after : after + limit]
        return Page(found, found[-1].seq if found else after, len(found) == limit)

    async def heads(self, connection: Any, malls: Sequence[str]) -> dict[str, int]:
        return {mall: len(self.events[mall]) for mall in malls if self.events.get(mall)}

    async def tail(self, connection: Any) -> int | None:
        return self.oldest_unsealed


def doors() -> Doors:
    """A house with the malls smd and jtn, the visit "secret" (number 7) and the tokens "good" and "weak"."""
    return Doors(
        knows_mall=lambda code: code in ("smd", "jtn"),
        visit_of=lambda token, mall: "visit:7" if token == "secret" else None,
        authorize=lambda secret, mall: {"good": 200, "weak": 403}.get(secret, 401),
    )


class Client:
    """One stream; `hold` stops it from taking what is sent, as a client does that does not read."""

    def __init__(self, app: LiveApp, query: str = "", *, path: str = "/live/smd/", method: str = "GET", **headers: str):
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()],
        }
        self.app = app
        self.status = 0
        self.head: dict[str, str] = {}
        self.raw = b""
        self.ended = False
        self.free = asyncio.Event()
        self.free.set()
        self.left = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def open(self) -> Client:
        self.task = asyncio.create_task(self.app(self.scope, self._receive, self._send))
        return self

    def hold(self) -> None:
        self.free.clear()

    def leave(self) -> None:
        self.left.set()

    async def _receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        await self.free.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.head = {n.decode(): v.decode() for n, v in message["headers"]}
            return
        self.raw += message["body"]
        self.ended = not message["more_body"]

    @property
    def all(self) -> list[Seen]:
        """Everything received so far, beats included."""
        seen = []
        for block in self.raw.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "event" in fields:
                number = int(fields["id"]) if "id" in fields else None
                seen.append(Seen(fields["event"], number, json.loads(fields["data"])))
        return seen

    @property
    def events(self) -> list[Seen]:
        return [one for one in self.all if one.kind != "beat"]

    @property
    def seqs(self) -> list[int | None]:
        return [one.id for one in self.events]


async def until(condition: Callable[[], object], seconds: float = 6.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.005)


class House:
    """A started hub with its application, to be used in `async with`."""

    def __init__(self, limits: Limits = QUICK) -> None:
        self.source = FakeSource()
        self.hub = Hub(self.source, beat=lambda: {"now": "noon"}, limits=limits)
        self.executor = ThreadPoolExecutor(2)
        self.app = LiveApp(self.hub, doors(), self.executor)

    async def __aenter__(self) -> House:
        await self.hub.start()
        await until(lambda: self.hub.connected)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hub.stop()
        self.executor.shutdown(wait=False)

    async def client(self, query: str = "", **more: Any) -> Client:
        """An opened stream that follows."""
        one = Client(self.app, query, **more).open()
        await until(lambda: one.all or one.ended)
        return one
