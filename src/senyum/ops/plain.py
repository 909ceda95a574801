"""The plain listener beside `--tls`: `/trust/` and its files; all else is sent to the secure address.

A device that does not yet trust the hall's authority could not read that page over https.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from servestatic import ServeStatic

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senyum.settings")

_pages = get_wsgi_application()
settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
_files = ServeStatic(_pages, root=settings.STATIC_ROOT, prefix=settings.STATIC_URL)


_NO_PLAIN_API = (
    b'{"type": "about:blank", "status": 403, '
    b'"detail": "API hanya lewat https. Token yang terlanjur terkirim di sini sebaiknya dicabut."}'
)


def secure_address(host: str, port: str, path: str, query: str) -> str:
    """The https address of a plain one; `host` is a Host header, with or without a port."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") and host.rpartition(":")[2].isdigit() else host
    shown = "" if port == "443" else f":{port}"
    return f"https://{name}{shown}{path}{'?' + query if query else ''}"


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI."""
    path = environ.get("PATH_INFO", "/")
    if path.startswith(("/trust/", settings.STATIC_URL)):
        answer: Iterable[bytes] = _files(environ, start_response)
        return answer
    if path.startswith("/api/"):
        # A program that sends its token in the clear shall find out, not be helped along (ASVS 4.1.2).
        start_response(
            "403 Forbidden", [("Content-Type", "application/problem+json"), ("Content-Length", str(len(_NO_PLAIN_API)))]
        )
        return [_NO_PLAIN_API]
    target = secure_address(
        environ.get("HTTP_HOST", "localhost"),
        os.environ.get("SENYUM_TLS_PORT", "443"),
        path,
        environ.get("QUERY_STRING", ""),
    )
    start_response("307 Temporary Redirect", [("Location", target), ("Content-Length", "0")])
    return [b""]
