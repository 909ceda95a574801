from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from senyum.core.bridge import IN_MEMORY, Bridge


class Answer:
    """What came out of the bridge for one request."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    async def send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return list(self.messages[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(m["body"] for m in self.messages[1:])


def ask(
    wsgi: Any, *parts: bytes, left: bool = False, largest: int = 1 << 20, waiting: int = 10, **scope: Any
) -> Answer:
    answer = Answer()
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": left or number < len(parts)}
        for number, part in enumerate(parts, 1)
    ] or [{"type": "http.request", "body": b""}]
    if left:
        messages.append({"type": "http.disconnect"})

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    headers = [(b"transfer-encoding", b"chunked")] if parts else []
    whole = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "root_path": "",
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "https",
        "server": ("127.0.0.1", 8000),
        "client": ("10.0.0.9", 5),
        "headers": headers,
        **scope,
    }
    with ThreadPoolExecutor(2) as executor:
        asyncio.run(Bridge(wsgi, executor, largest=largest, waiting=waiting)(whole, receive, answer.send))
    return answer


class Recorder:
    """A WSGI application that keeps what it was given."""

    def __init__(self, pieces: Iterable[bytes] = (b"ok",), status: str = "200 OK", headers: Any = ()) -> None:
        self.pieces, self.status, self.given = pieces, status, list(headers)
        self.environ: dict[str, Any] = {}
        self.body = b""
        self.closed = 0
        self.thread = ""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.environ = environ
        self.body = environ["wsgi.input"].read()
        self.thread = threading.current_thread().name
        start_response(self.status, self.given)
        return self

    def __iter__(self) -> Any:
        return iter(self.pieces)

    def close(self) -> None:
        self.closed += 1


def test_the_environ_says_what_was_asked() -> None:
    wsgi = Recorder()
    ask(
        wsgi,
        b"a=1",
        method="POST",
        path="/mpp/loket/ké",
        root_path="/mpp",
        query_string=b"q=%20x",
        headers=[
            (b"host", b"mpp.go.id"),
            (b"content-type", b"text/plain"),
            (b"content-length", b"3"),
            (b"cookie", b"a=1"),
            (b"cookie", b"b=2"),
            (b"accept", b"x"),
            (b"accept", b"y"),
            (b"x_forwarded_for", b"6.6.6.6"),
        ],
    )
    e = wsgi.environ
    assert (e["REQUEST_METHOD"], e["SCRIPT_NAME"], e["QUERY_STRING"]) == ("POST", "/mpp", "q=%20x")
    assert e["PATH_INFO"].encode("latin-1").decode() == "/loket/ké"
    assert (e["HTTP_HOST"], e["CONTENT_TYPE"], e["CONTENT_LENGTH"]) == ("mpp.go.id", "text/plain", "3")
    assert (e["HTTP_COOKIE"], e["HTTP_ACCEPT"]) == ("a=1; b=2", "x,y")
    assert (e["wsgi.url_scheme"], e["REMOTE_ADDR"], e["SERVER_PORT"]) == ("https", "10.0.0.9", "8000")
    assert "HTTP_X_FORWARDED_FOR" not in e
    assert wsgi.body == b"a=1"
    assert wsgi.closed == 1


@pytest.mark.parametrize(
    ("method", "version", "headers", "read"),
    [
        ("GET", "1.1", [], False),
        ("POST", "1.1", [], False),
        ("POST", "1.1", [(b"content-length", b"0")], False),
        ("POST", "1.1", [(b"content-length", b"4")], True),
        ("GET", "1.1", [(b"transfer-encoding", b"chunked")], True),
        ("GET", "2", [], False),
        ("POST", "2", [], True),
    ],
)
def test_only_a_body_that_may_be_there_is_asked_for(method: str, version: str, headers: Any, read: bool) -> None:
    wsgi = Recorder()
    ask(wsgi, b"body", method=method, http_version=version, headers=headers)
    assert wsgi.body == (b"body" if read else b"")


def test_a_short_answer_is_one_piece_with_its_length() -> None:
    wsgi = Recorder([b"ab", b"c"], headers=[("Content-Type", "text/plain"), ("Set-Cookie", "a"), ("Set-Cookie", "b")])
    answer = ask(wsgi)
    assert answer.status == 200
    assert answer.headers == [
        (b"content-type", b"text/plain"),
        (b"set-cookie", b"a"),
        (b"set-cookie", b"b"),
        (b"content-length", b"3"),
    ]
    assert [m["type"] for m in answer.messages] == ["http.response.start", "http.response.body"]
    assert answer.body == b"abc"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_body_gets_no_length(status: str) -> None:
    assert ask(Recorder([], status)).headers == []


def test_a_body_in_pieces_is_put_together_and_gets_its_length() -> None:
    wsgi = Recorder()
    big = b"x" * (IN_MEMORY + 1)
    ask(wsgi, b"one", big, b"end", method="POST")
    assert wsgi.body == b"one" + big + b"end"
    assert wsgi.environ["CONTENT_LENGTH"] == str(len(wsgi.body))


def test_a_long_answer_is_sent_as_it_is_made() -> None:
    piece = b"y" * 100_000
    wsgi = Recorder(piece for _ in range(10))
    answer = ask(wsgi)
    assert answer.body == piece * 10
    assert len(answer.messages) > 3
    assert [m["more_body"] for m in answer.messages[1:]] == [True] * (len(answer.messages) - 2) + [False]
    assert wsgi.closed == 1


@pytest.mark.parametrize("parts", [(b"x" * 11,), (b"x" * 6, b"x" * 6)])
def test_a_body_that_is_too_long_never_reaches_the_house(parts: tuple[bytes, ...]) -> None:
    wsgi = Recorder()
    assert ask(wsgi, *parts, largest=10).status == 413
    assert wsgi.environ == {}


def test_a_client_that_leaves_while_it_sends_is_not_served() -> None:
    wsgi = Recorder()
    answer = ask(wsgi, b"half", left=True)
    assert answer.messages == []
    assert wsgi.environ == {}


def test_a_full_house_says_so_at_once() -> None:
    wsgi = Recorder()
    answer = ask(wsgi, waiting=0)
    assert answer.status == 503
    assert (b"retry-after", b"1") in answer.headers


def test_an_error_of_the_application_is_not_swallowed() -> None:
    closed: list[int] = []

    class Broken(Recorder):
        def __iter__(self) -> Any:
            raise ZeroDivisionError

        def close(self) -> None:
            closed.append(1)

    with pytest.raises(ZeroDivisionError):
        ask(Broken())
    assert closed == [1]
