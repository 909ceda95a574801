"""A closed loop of HTTP clients on raw sockets, in one process: little of the machine's time goes to asking."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Measured:
    """What a closed loop measured: answers by status, and seconds from the last byte sent to the last byte received."""

    seconds: float
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def quantile_ms(self, share: float) -> float:
        """The latency below which `share` of the answers lie, in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class _Client:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, place: int, port: int) -> None:
        self.place = place
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        self.sent_at = time.perf_counter()
        self.sock.sendall(request)

    def receive(self) -> tuple[int, bytes] | None:
        """(status, body) once the answer is whole."""
        piece = self.sock.recv(65536)
        if not piece:
            raise ConnectionError("the server closed the connection")
        self.buffer += piece
        head, gap, rest = self.buffer.partition(b"\r\n\r\n")
        if not gap:
            return None
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _colon, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if len(rest) < length:
            return None
        self.buffer = rest[length:]
        return int(head[9:12]), rest[:length]


def closed_loop(
    port: int,
    clients: int,
    seconds: float,
    ask: Callable[[int], bytes | None],
    hear: Callable[[int, int, bytes], None] = lambda place, status, body: None,
) -> Measured:
    """`clients` connections, each asking again as soon as it was answered, for `seconds`.

    `ask(place)` makes the next request of a client (None: it has no more), `hear(place, status, body)` gets its
    answer. Only answers with a status below 400 count into the latencies.
    """
    selector = selectors.DefaultSelector()
    loop = [_Client(place, port) for place in range(clients)]
    result = Measured(seconds)
    begin = time.perf_counter()
    for client in loop:
        selector.register(client.sock, selectors.EVENT_READ, client)
        first = ask(client.place)
        if first is None:
            raise ValueError("every client begins with a request")
        client.send(first)
    busy = clients
    while busy:
        for key, _events in selector.select(timeout=10):
            client = key.data
            answer = client.receive()
            if answer is None:
                continue
            now = time.perf_counter()
            status, body = answer
            result.statuses[status] = result.statuses.get(status, 0) + 1
            if status < 400:
                result.latencies.append(now - client.sent_at)
            hear(client.place, status, body)
            request = ask(client.place) if now - begin < seconds else None
            if request is not None:
                client.send(request)
            else:
                selector.unregister(client.sock)
                client.sock.close()
                busy -= 1
    result.seconds = time.perf_counter() - begin
    return result


def get(path: str, token: str) -> bytes:
    """A GET request, as bytes."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def post(path: str, token: str, body: bytes, key: str = "") -> bytes:
    """A POST request with a JSON body, as bytes."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    if key:
        head += f"Idempotency-Key: {key}\r\n"
    return head.encode() + b"\r\n" + body
