"""Bearer tokens: made once, shown once, kept as a digest, looked up from memory."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import datetime

from senyum.core.db import raw_cursor
from senyum.journal.actor import Actor
from senyum.people.models import DeviceKind, RoleName

#: What a token of each role may do; `senyum token create` gives these, an administrator may give fewer.
SCOPES: dict[str, tuple[str, ...]] = {
    DeviceKind.KIOSK: ("hall:read", "visits:write", "events:read"),
    DeviceKind.DISPLAY: ("hall:read", "events:read"),
    DeviceKind.SMILE: ("hall:read", "smile:write"),
    RoleName.GREETER: ("hall:read", "visits:write", "events:read"),
    RoleName.OFFICER: ("hall:read", "counters:write", "events:read"),
    RoleName.COORDINATOR: ("hall:read", "counters:write", "events:read"),
    RoleName.MANAGER: ("hall:read", "visits:write", "counters:write", "events:read"),
    RoleName.LEADERSHIP: ("hall:read", "events:read"),
    RoleName.ADMINISTRATOR: ("hall:read", "events:read"),
}
ALL_SCOPES = tuple(sorted({scope for scopes in SCOPES.values() for scope in scopes}))

#: A revoked token, or one whose user or device was switched off, still works this long (seconds) in a process.
KEPT_SECONDS = 5.0
_MAX_KEPT = 10_000


@dataclass(frozen=True)
class Identity:
    """What a valid token says of its bearer."""

    token_id: int
    role: str
    mall_id: int
    mall_code: str
    agency_id: int | None
    user_id: int | None
    device_id: int | None
    scopes: frozenset[str]
    actor: Actor


def new_secret() -> tuple[str, str, bytes]:
    """(secret to show once, prefix, digest): 256 bits from the operating system."""
    prefix = secrets.token_hex(4)
    secret = f"sny_{prefix}_{secrets.token_urlsafe(32)}"
    return secret, prefix, digest(secret)


def digest(secret: str) -> bytes:
    """SHA-256 of the secret: enough for 256 random bits, and fast."""
    return hashlib.sha256(secret.encode()).digest()


_kept: dict[bytes, tuple[float, Identity | None]] = {}
_lock = threading.Lock()


def look_up(secret: str, now: datetime) -> Identity | None:
    """The bearer of `secret`, or None when it is unknown, expired, revoked or its user or device is switched off.

    Answers come from memory for `KEPT_SECONDS`; `now` is wall time.
    """
    key = digest(secret)
    clock = time.monotonic()
    kept = _kept.get(key)
    if kept is not None and clock - kept[0] < KEPT_SECONDS:
        return kept[1]
    identity = _read(secret, key, now)
    with _lock:
        if len(_kept) >= _MAX_KEPT:
            _kept.clear()
        _kept[key] = (clock, identity)
    return identity


def peek(secret: str) -> Identity | None:
    """The bearer as this process kept it; None when it must be looked up. Never asks the database."""
    kept = _kept.get(digest(secret))
    return kept[1] if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS else None


def forget() -> None:
    """Forget what this process kept (after a revocation here, and in tests)."""
    with _lock:
        _kept.clear()


def _read(secret: str, key: bytes, now: datetime) -> Identity | None:
    parts = secret.split("_", 2)
    if len(parts) != 3 or parts[0] != "sny":
        return None
    with raw_cursor() as cursor:
        row = cursor.execute(_BEARER, {"prefix": parts[1]}, prepare=True).fetchone()
    if row is None or not hmac.compare_digest(bytes(row[0]), key) or (row[1] is not None and row[1] <= now):
        return None
    _digest, _expires, works, token_id, role, mall_id, mall, agency_id, user_id, device_id, scopes, name = row
    if not works:
        return None
    return Identity(
        token_id=token_id,
        role=role,
        mall_id=mall_id,
        mall_code=mall,
        agency_id=agency_id,
        user_id=user_id,
        device_id=device_id,
        scopes=frozenset(scopes),
        actor=_actor(user_id, device_id, name, parts[1], role),
    )


def _actor(user_id: int | None, device_id: int | None, name: str | None, prefix: str, role: str) -> Actor:
    if user_id is not None:
        return Actor("user", str(user_id), name or "")
    if device_id is not None:
        return Actor("device", str(device_id), name or "")
    return Actor("token", prefix, role)


#: Asked at every press of an officer who presses once a minute: one prepared statement, not four joined models.
_BEARER = """
SELECT t.digest, t.expires_at, coalesce(u.is_active, true) AND coalesce(d.active, true), t.id, t.role, t.mall_id,
       m.code, t.agency_id, t.user_id, t.device_id, ARRAY(SELECT jsonb_array_elements_text(t.scopes)),
       CASE WHEN t.user_id IS NOT NULL THEN u.username ELSE d.name END
FROM people_apitoken t JOIN malls_mall m ON m.id = t.mall_id
LEFT JOIN people_user u ON u.id = t.user_id LEFT JOIN people_device d ON d.id = t.device_id
WHERE t.prefix = %(prefix)s::text AND t.revoked_at IS NULL
"""
