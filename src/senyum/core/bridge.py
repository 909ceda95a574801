"""One address for both worlds: a threaded WSGI application behind an ASGI server.

Written for Django under granian; a2wsgi hung at shutdown and halved throughput. The threads live as long as the
process, so Django's connection of each thread does too. docs/decisions/0020 has the measurements.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

Message = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

IN_MEMORY = 256 * 1024
_PLAIN = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


class TooLarge(Exception):
    """The body is longer than the bridge takes."""


class Gone(Exception):
    """The client left before its request was complete."""


class Bridge:
    """An ASGI application that runs `wsgi` in the threads of `executor`.

    Bodies up to `largest` bytes are read before the call; a short response is sent in one piece, a long one
    as it is made, without getting ahead of the client by more than one piece. With more than `waiting` requests
    in line it answers 503 at once.
    """

    def __init__(
        self, wsgi: Wsgi, executor: Executor, *, largest: int = 32 * 1024 * 1024, waiting: int = 1_000
    ) -> None:
        self.wsgi = wsgi
        self.executor = executor
        self.largest = largest
        self.waiting = waiting
        self.running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.running >= self.waiting:
            await _say(send, 503, b"busy")
            return
        try:
            body = await read_body(receive, self.largest) if has_body(scope) else io.BytesIO()
        except TooLarge:
            await _say(send, 413, b"too large")
            return
        except Gone:
            return
        loop = asyncio.get_running_loop()
        self.running += 1
        try:
            head, rest = await loop.run_in_executor(self.executor, self._call, scope, body, send, loop)
        finally:
            self.running -= 1
            body.close()
        if head is not None:
            await send(head)
        await send({"type": "http.response.body", "body": rest, "more_body": False})

    def _call(
        self, scope: Scope, body: Any, send: Send, loop: asyncio.AbstractEventLoop
    ) -> tuple[Message | None, bytes]:
        """In a thread: the head, unless it was sent already, and the (last) piece of the body."""
        head: Message = {}

        def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            head.update(type="http.response.start", status=int(status[:3]), headers=pairs)

        pieces: list[bytes] = []
        held = 0
        sent = False
        response = self.wsgi(environment(scope, body), start_response)
        try:
            for piece in response:
                pieces.append(piece)
                held += len(piece)
                if held > IN_MEMORY:
                    messages = [] if sent else [head]
                    chunk = {"type": "http.response.body", "body": b"".join(pieces), "more_body": True}
                    asyncio.run_coroutine_threadsafe(_send_all(send, [*messages, chunk]), loop).result()
                    sent = True
                    pieces, held = [], 0
        finally:
            close = getattr(response, "close", None)
            if close is not None:
                close()
        whole = b"".join(pieces)
        if not sent:
            _complete(head, len(whole))
        return (None if sent else head), whole


def _complete(head: Message, length: int) -> None:
    """Say how long a response is, unless it says so itself or may have no body."""
    bodiless = head["status"] < 200 or head["status"] in (204, 304)
    if not bodiless and not any(name == b"content-length" for name, _ in head["headers"]):
        head["headers"].append((b"content-length", str(length).encode()))


async def _send_all(send: Send, messages: list[Message]) -> None:
    for message in messages:
        await send(message)


async def _say(send: Send, status: int, text: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(text)).encode())]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    await _send_all(
        send,
        [
            {"type": "http.response.start", "status": status, "headers": headers},
            {"type": "http.response.body", "body": text, "more_body": False},
        ],
    )


def has_body(scope: Scope) -> bool:
    """Whether a request may have a body. Asking the server for an empty one costs a sixth of the requests a second."""
    names = {name for name, value in scope["headers"] if value != b"0"}
    if not names.isdisjoint((b"content-length", b"transfer-encoding")):
        return True
    # HTTP/2 needs no header to announce a body.
    return scope["http_version"] != "1.1" and scope["method"] not in ("GET", "HEAD", "OPTIONS")


async def read_body(receive: Receive, largest: int) -> Any:
    """The request's body as a file at its start: in memory when short. Raises TooLarge, Gone."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    body = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > largest:
            raise TooLarge
        return io.BytesIO(body)
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed by the caller
    size = 0
    try:
        while True:
            size += len(body)
            if size > largest:
                raise TooLarge
            file.write(body)
            if not message.get("more_body"):
                break
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            body = message.get("body", b"")
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def environment(scope: Scope, body: Any) -> dict[str, Any]:
    """The WSGI environ (PEP 3333) of an ASGI request."""
    root = scope.get("root_path", "")
    path = scope["path"]
    if root and path.startswith(root):
        path = path[len(root) :]
    server = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": _latin(root),
        "PATH_INFO": _latin(path),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1] or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    client = scope.get("client")
    if client:
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = str(client[0]), str(client[1])
    for name, value in scope["headers"]:
        key = _PLAIN.get(name) or "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        # An underscore in a header's name would let it pose as another one.
        if b"_" in name:
            continue
        text = value.decode("latin-1")
        if key in environ and key.startswith("HTTP_"):
            text = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + text
        environ[key] = text
    with suppress(AttributeError):
        # What was sent in chunks has no length of its own; Django reads only as far as it is told.
        if "CONTENT_LENGTH" not in environ and (length := body.seek(0, io.SEEK_END)):
            environ["CONTENT_LENGTH"] = str(length)
        body.seek(0)
    return environ


def _latin(text: str) -> str:
    return text.encode("utf-8").decode("latin-1")
