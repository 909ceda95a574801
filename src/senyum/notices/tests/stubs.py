"""A mail server and a webhook's receiver on this machine, for tests of the channels."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from senyum.notices.channels import Letter


def letter(address: str, **more: Any) -> Letter:
    """A letter as the job would make it."""
    given = {
        "uid": "0b9c2f0e-0000-4000-8000-000000000001",
        "mall": "contoh",
        "address": address,
        "kind": "emergency",
        "subject": "Bantuan: loket 3",
        "body": "Mohon datang.\n.\nSenyum",
        "at": datetime(2026, 3, 2, 3, 0, tzinfo=UTC),
        "about": ("emergency", "1", "3"),
        "data": {"counter": "3"},
    }
    return Letter(**{**given, **more})


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks enough SMTP to take mails. `refuse`: command word -> the answer that it gets instead of 250."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.mails: list[str] = []
        self.refuse: dict[str, str] = {}

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Mail(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 stub")
        while line := self.rfile.readline().decode():
            word = line[:4].strip().upper()
            if word in self.server.refuse:
                self._say(self.server.refuse[word])
            elif word == "DATA":
                self._say("354 go on")
                self._take()
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        if "TEXT" in self.server.refuse:
            self._say(self.server.refuse["TEXT"])
            return
        self.server.mails.append("\n".join(lines))
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Receiver(HTTPServer):
    """An https server that notes each POST as (path, headers, body) and gives `status`, `headers` and `answer`."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.status, self.headers, self.answer = 204, dict[str, str](), b""
        self.posts: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that distrusts the certificate hangs up: that is what its test is about."""


class _Post(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.posts.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.server.answer:
            self.wfile.write(self.server.answer)

    def log_message(self, *args: Any) -> None:
        """Say nothing on standard error."""


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """Run the server in a thread while the block lasts."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
