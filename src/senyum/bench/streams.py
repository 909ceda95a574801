"""One client process of `senyum bench live`: many open streams on raw sockets, each noting when an event arrived.

    python -m senyum.bench.streams PORT MALL COUNT

Says "open" when every stream follows. Then it reads one line, a JSON object of event number -> moment of its commit
(seconds of the machine's monotonic clock, which all processes share), and answers with one line of JSON:
`histogram` (tenths of a millisecond -> receipts), `received`, `disordered` (an event that came twice or out of order),
`ended` (streams that the server closed).
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import Counter

_LABEL = re.compile(rb'"label":"A-(\d+)"')
_LONGEST_MARK = 40
_AT_ONCE = 64


class Following(asyncio.Protocol):
    """One stream."""

    receipts: list[tuple[int, float]]

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.rest = b""
        self.last = 0
        self.receipts = []
        self.disordered = 0
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        if not self.open.done() and b"event: beat" in self.rest + data:
            self.open.set_result(None)
        data = self.rest + data
        end = 0
        for found in _LABEL.finditer(data):
            number, end = int(found[1]), found.end()
            self.disordered += number <= self.last
            self.last = number
            self.receipts.append((number, now))
        self.rest = data[end:][-_LONGEST_MARK:]

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        if not self.open.done():
            self.open.set_exception(ConnectionError("the stream was refused"))


async def follow(port: int, mall: str, count: int) -> None:
    """Open the streams, follow until the moments of commit are told, print what was seen."""
    loop = asyncio.get_running_loop()
    request = f"GET /live/{mall}/ HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode()
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one() -> Following:
        async with gate:
            _, protocol = await loop.create_connection(lambda: Following(request), "127.0.0.1", port)
            await protocol.open
            return protocol

    streams = await asyncio.gather(*(one() for _ in range(count)))
    print("open", flush=True)
    told = await loop.run_in_executor(None, sys.stdin.readline)
    committed = {int(number): moment for number, moment in json.loads(told).items()}
    receipts = [receipt for stream in streams for receipt in stream.receipts if receipt[0] in committed]
    # An event can arrive a moment before the publisher hears of its own commit: then it took no time.
    tenths = Counter(max(0, round((moment - committed[number]) * 10_000)) for number, moment in receipts)
    answer = {
        "histogram": tenths,
        "received": len(receipts),
        "disordered": sum(stream.disordered for stream in streams),
        "ended": sum(stream.ended for stream in streams),
    }
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(follow(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
