"""Names of cookies: behind https the browser itself refuses one that another host or a plain page wants to plant."""

from __future__ import annotations

from django.conf import settings


def named(name: str, *, path: str = "/") -> str:
    """`name` with the prefix that fits: `__Host-` over https, `__Secure-` for a cookie of one path, none without TLS.

    RFC 6265bis, "Cookie name prefixes"; ASVS 5.0, 3.3.1 and 3.3.3.
    """
    if not settings.TLS:
        return name
    return f"__Host-{name}" if path == "/" else f"__Secure-{name}"
