"""Live streams of one web process: listens once, reads each new event once, hands it to every stream.

No stream holds a database connection, none can hold up another: what a stream cannot take is thrown away
with the stream, and its client comes back with the number of the last event it saw. docs/live.md has the protocol.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import psycopg
import structlog
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg_pool import AsyncConnectionPool

CHANNEL = "senyum"
"""The channel of PostgreSQL on which the sequencer says "<mall>:<seq> <mall>:<seq>"."""

_DRAIN_SECONDS = 0.25

log = structlog.get_logger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]


def connection_parameters() -> dict[str, Any]:
    """Django's database as keyword arguments of `psycopg.connect`, without Django's own cursors and adapters."""
    given = connections[DEFAULT_DB_ALIAS].get_connection_params()
    own = ("cursor_factory", "context", "prepare_threshold")
    return {name: value for name, value in given.items() if name not in own}


def encode(kind: str, data: Mapping[str, Any], seq: int | None = None) -> bytes:
    """One server-sent event. `seq` becomes its id, with which a client asks for what came after."""
    head = "" if seq is None else f"id: {seq}\n"
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"{head}event: {kind}\ndata: {text}\n\n".encode()


@dataclass(frozen=True)
class Event:
    """`about` names what it concerns, as "line:12" or "counter:3"; an empty one concerns the whole hall."""

    seq: int
    kind: str
    about: frozenset[str]
    encoded: bytes


@dataclass(frozen=True)
class Page:
    """Events in the order of `seq`; `last` is how far the page reaches, entries without an event included."""

    events: Sequence[Event]
    last: int
    more: bool


@dataclass(frozen=True)
class Filter:
    """What a stream wants: events of one of `kinds` ("ticket" takes all "ticket.*"), about one of `about`."""

    kinds: frozenset[str] = frozenset()
    about: frozenset[str] = frozenset()

    def wants(self, event: Event) -> bool:
        if self.kinds and event.kind not in self.kinds and event.kind.partition(".")[0] not in self.kinds:
            return False
        return not self.about or not event.about or not self.about.isdisjoint(event.about)


class Source(Protocol):
    """Where events come from; given from above, so that this module knows no journal."""

    async def read(
        self,
        connection: psycopg.AsyncConnection[Any],
        mall: str,
        after: int,
        limit: int,
    ) -> Page:
        """The events after `after`, looking at no more than `limit` entries."""

    async def heads(self, connection: psycopg.AsyncConnection[Any], malls: Sequence[str]) -> dict[str, int]:
        """The last `seq` of each of the malls that has one."""

    async def tail(self, connection: psycopg.AsyncConnection[Any]) -> int | None:
        """The oldest change that has no `seq` yet: seen twice, the sequencer stands still."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one web process; seconds and counts."""

    streams: int = 12_000
    anonymous_share: float = 0.8
    streams_per_key: int = 12
    queue: int = 1_000
    ring: int = 2_000
    page: int = 200
    replay: int = 5_000
    beat_seconds: float = 5.0
    look_seconds: float = 5.0
    write_seconds: float = 10.0
    life_seconds: float = 3_600.0
    sweep_seconds: float = 0.5


class Stream:
    """One open stream: a bounded queue and the one task that writes it out."""

    __slots__ = (
        "closed",
        "filter",
        "key",
        "limit",
        "mall",
        "opened",
        "pending",
        "queue",
        "task",
        "waiting",
        "writing",
    )

    def __init__(self, mall: str, wanted: Filter, key: str, limit: int) -> None:
        self.mall = mall
        self.filter = wanted
        self.key = key
        self.limit = limit
        self.queue: list[bytes] = []
        self.pending = 0
        self.opened = time.monotonic()
        self.closed = ""
        self.writing = 0.0
        self.waiting: asyncio.Future[None] | None = None
        self.task: asyncio.Task[Any] | None = None

    def push(self, encoded: bytes, count: int = 1) -> None:
        """Hand over `count` events without waiting; a stream that has too many in its queue is closed."""
        if self.closed:
            return
        if self.pending + count > self.limit:
            self.close("slow")
            return
        self.queue.append(encoded)
        self.pending += count
        self._wake()

    def close(self, why: str) -> None:
        """End the stream; one that is stuck in writing is cut off."""
        if self.closed:
            return
        self.closed = why
        self.queue.clear()
        if self.writing and self.task is not None:
            self.task.cancel()
        self._wake()

    def _wake(self) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)

    async def pump(self, send: Send) -> None:
        """Write out what arrives until the stream is closed, then end the response."""
        loop = asyncio.get_running_loop()
        while not self.closed:
            if not self.queue:
                self.waiting = loop.create_future()
                await self.waiting
                continue
            chunk = self.queue[0] if len(self.queue) == 1 else b"".join(self.queue)
            self.queue.clear()
            self.pending = 0
            await self.write(send, chunk)
        with suppress(Exception):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def write(self, send: Send, chunk: bytes) -> None:
        """Send one piece; the hub's sweep watches how long that takes."""
        self.writing = time.monotonic()
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        self.writing = 0.0


@dataclass
class Channel:
    """One mall in this process: how far it was handed out, the newest events, and the streams by their filter."""

    mall: str
    last: int
    ring: deque[Event]
    covered_after: int
    streams: dict[Filter, set[Stream]] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def take(self, page: Page) -> None:
        """Hand a page to the streams and remember it. Never waits."""
        events = [event for event in page.events if event.seq > self.last]
        self.last = max(self.last, page.last)
        for event in events:
            if len(self.ring) == self.ring.maxlen:
                self.covered_after = self.ring[0].seq
            self.ring.append(event)
        for wanted, streams in self.streams.items():
            chosen = [event.encoded for event in events if wanted.wants(event)]
            if chosen:
                encoded = b"".join(chosen)
                for stream in list(streams):
                    stream.push(encoded, len(chosen))

    def since(self, after: int, wanted: Filter) -> bytes | None:
        """The wanted events after `after` up to now; None when the ring does not reach back so far."""
        if after < self.covered_after:
            return None
        return b"".join(event.encoded for event in self.ring if event.seq > after and wanted.wants(event))

    def attach(self, stream: Stream) -> None:
        self.streams.setdefault(stream.filter, set()).add(stream)

    def detach(self, stream: Stream) -> None:
        group = self.streams.get(stream.filter)
        if group is not None:
            group.discard(stream)
            if not group:
                del self.streams[stream.filter]

    def everyone(self) -> Iterable[Stream]:
        return [stream for group in self.streams.values() for stream in group]

    def start_over(self, head: int) -> None:
        """The journal is another one (a restored backup): every page must read itself anew."""
        self.last = self.covered_after = head
        self.ring.clear()
        for stream in self.everyone():
            stream.push(encode("reset", {"seq": head}, head))


class Full(Exception):
    """No more streams: `status` 429 for one key, 503 for the process."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class Hub:
    """All streams of this process. `beat` gives the data of the `beat` event (the hall's time)."""

    def __init__(
        self,
        source: Source,
        parameters: Callable[[], dict[str, Any]] = connection_parameters,
        beat: Callable[[], Mapping[str, Any]] = dict,
        limits: Limits | None = None,
    ) -> None:
        self.source = source
        self.parameters = parameters
        self.beat = beat
        self.limits = limits or Limits()
        self.channels: dict[str, Channel] = {}
        self.keys: Counter[str] = Counter()
        self.count = 0
        self.connected = False
        self.stalled = False
        self.closing = False
        self._tail: int | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] | None = None

    # Life

    async def start(self) -> None:
        """Start to listen, in the running loop. Returns at once; a database that is away is waited for."""
        self._pool = AsyncConnectionPool(
            kwargs={**self.parameters(), "autocommit": True},
            min_size=0,
            max_size=2,
            max_idle=30.0,
            timeout=5.0,
            open=False,
            check=AsyncConnectionPool.check_connection,
        )
        await self._pool.open()
        self._tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._sweep()),
        ]

    async def stop(self) -> None:
        """End all streams and let go of the database."""
        self.close_streams()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._pool is not None:
            await self._pool.close(timeout=1.0)

    def close_streams(self) -> None:
        """End every stream, and refuse new ones: the process is about to end."""
        self.closing = True
        for channel in self.channels.values():
            for stream in channel.everyone():
                stream.close("closing")

    # Listening

    async def _listen(self) -> None:
        patience = 0.1
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(**self.parameters(), autocommit=True)
                async with connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    await self._look()
                    self.connected = True
                    patience = 0.1
                    await self._follow(connection)
            except Exception as error:
                # Whatever it was, boards must come back by themselves.
                log.warning("live.listen.again", error=type(error).__name__, seconds=patience)
            finally:
                self.connected = False
            await asyncio.sleep(patience)
            patience = min(patience * 2, 2.0)

    async def _follow(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Read on each notification; a look every few seconds finds what a lost notification would have told."""
        looked = time.monotonic()
        while True:
            async for notice in connection.notifies(timeout=self.limits.look_seconds, stop_after=1):
                for word in notice.payload.split():
                    mall, _, seq = word.rpartition(":")
                    channel = self.channels.get(mall)
                    if channel is not None and seq.isdecimal() and int(seq) > channel.last:
                        await self._catch_up(channel)
            if time.monotonic() - looked >= self.limits.look_seconds:
                await self._look()
                looked = time.monotonic()

    async def _look(self) -> None:
        assert self._pool is not None
        before = {mall: channel.last for mall, channel in self.channels.items()}
        async with self._pool.connection() as reader:
            heads = await self.source.heads(reader, list(before))
            tail = await self.source.tail(reader)
        self.stalled = tail is not None and tail == self._tail
        self._tail = tail
        for mall, last in before.items():
            channel, head = self.channels[mall], heads.get(mall, 0)
            # Compared with what was known before the look: others read on meanwhile.
            if head < last:
                channel.start_over(head)
            elif head > channel.last:
                await self._catch_up(channel)

    async def _catch_up(self, channel: Channel) -> None:
        assert self._pool is not None
        async with channel.lock:
            more = True
            while more:
                async with self._pool.connection() as reader:
                    page = await self.source.read(reader, channel.mall, channel.last, self.limits.page)
                channel.take(page)
                more = page.more
                if more:
                    await self._let_drain(channel)

    async def _let_drain(self, channel: Channel) -> None:
        """In a burst (a hall that closes), give healthy streams a moment to write before the next page."""
        until = time.monotonic() + _DRAIN_SECONDS
        await asyncio.sleep(0)
        room = self.limits.queue - self.limits.page
        while any(s.pending > room for s in channel.everyone()) and time.monotonic() < until:
            await asyncio.sleep(0.01)

    async def _channel(self, mall: str) -> Channel:
        channel = self.channels.get(mall)
        if channel is None:
            assert self._pool is not None
            async with self._pool.connection() as reader:
                heads = await self.source.heads(reader, [mall])
            head = heads.get(mall, 0)
            fresh = Channel(mall, head, deque(maxlen=self.limits.ring), head)
            channel = self.channels.setdefault(mall, fresh)
            # What was sealed between the look at the head and now had nobody to go to.
            await self._catch_up(channel)
        return channel

    # Streams

    def admit(self, key: str) -> None:
        """Count a stream in. Raises Full. Streams without a key leave room for those with one."""
        share = 1.0 if key else self.limits.anonymous_share
        if self.closing or self.count >= self.limits.streams * share:
            raise Full(503)
        if key and self.keys[key] >= self.limits.streams_per_key:
            raise Full(429)
        self.count += 1
        self.keys[key] += 1

    def dismiss(self, key: str) -> None:
        """Count a stream out."""
        self.count -= 1
        self.keys[key] -= 1
        if self.keys[key] <= 0:
            del self.keys[key]

    async def serve(self, stream: Stream, after: int | None, send: Send) -> None:
        """Replay what came after event `after` (None: nothing), then follow, until the stream is closed.

        The caller has sent the response's head. Raises psycopg.Error or PoolTimeout if the replay cannot be read.
        """
        stream.task = asyncio.current_task()
        channel = await self._channel(stream.mall)
        try:
            backlog = await self._replay(channel, stream, after, send)
            # Nothing is awaited between the look at the ring and the attachment: no event falls in between.
            channel.attach(stream)
            backlog += self._beat(channel)
            if backlog:
                await stream.write(send, backlog)
            await stream.pump(send)
        finally:
            channel.detach(stream)

    async def _replay(self, channel: Channel, stream: Stream, after: int | None, send: Send) -> bytes:
        assert self._pool is not None
        if after is None:
            return b""
        while not stream.closed:
            if after > channel.last:
                # A moment ahead: served by another process before, or read from the source just now.
                await self._catch_up(channel)
            if after > channel.last or channel.last - after > self.limits.replay:
                return encode("reset", {"seq": channel.last}, channel.last)
            kept = channel.since(after, stream.filter)
            if kept is not None:
                return kept
            async with self._pool.connection() as reader:
                page = await self.source.read(reader, channel.mall, after, self.limits.page)
            wanted = b"".join(event.encoded for event in page.events if stream.filter.wants(event))
            if wanted:
                await stream.write(send, wanted)
            after = page.last
        return b""

    def _beat(self, channel: Channel) -> bytes:
        """Empty while the database is lost or nothing is sealed: then pages must say that they are not up to date."""
        if not self.connected or self.stalled:
            return b""
        return encode("beat", {**self.beat(), "seq": channel.last}, channel.last)

    async def _sweep(self) -> None:
        """Beats, a slice of the streams at a time; cuts off who does not take what is written; ends old streams."""
        slices = max(1, round(self.limits.beat_seconds / self.limits.sweep_seconds))
        turn = 0
        while True:
            await asyncio.sleep(self.limits.sweep_seconds)
            turn = (turn + 1) % slices
            now = time.monotonic()
            for channel in list(self.channels.values()):
                beat = self._beat(channel)
                for stream in channel.everyone():
                    if stream.writing:
                        if now - stream.writing > self.limits.write_seconds:
                            stream.close("slow")
                    elif now - stream.opened > self.limits.life_seconds:
                        stream.close("old")
                    elif beat and id(stream) // 64 % slices == turn:
                        stream.push(beat, 0)
