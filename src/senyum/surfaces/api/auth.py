"""Who calls: bearer tokens with scopes, held to a pace of their own."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja.security import HttpBearer

from senyum.core import clock
from senyum.core.errors import NotAllowed
from senyum.people import tokens
from senyum.people.commands import note_device_seen
from senyum.people.commands.devices import SEEN_EVERY
from senyum.people.tokens import Identity
from senyum.surfaces.api.problems import TooMany

#: Requests a second and at once, for one token in one web process. By token, never by address: a hall shares one.
RATE = float(os.environ.get("SENYUM_API_RATE", "20"))
BURST = 4 * RATE


class Pace:
    """A token bucket per key, in memory: `take` says how many seconds to wait (0: go on)."""

    def __init__(self, rate: float, burst: float, most: int = 20_000) -> None:
        self._rate, self._burst, self._most = rate, burst, most
        self._buckets: dict[object, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, key: object) -> float:
        clock_now = time.monotonic()
        with self._lock:
            level, since = self._buckets.get(key, (self._burst, clock_now))
            level = min(self._burst, level + (clock_now - since) * self._rate)
            if level < 1:
                self._buckets[key] = (level, clock_now)
                return (1 - level) / self._rate
            if len(self._buckets) >= self._most:
                self._buckets.clear()
            self._buckets[key] = (level - 1, clock_now)
            return 0.0


_pace = Pace(RATE, BURST)
#: A visit's own link is a credential too; nobody asks for theirs more often than this.
_visit_pace = Pace(2.0, 20.0)


def hold(pace: Pace, key: object) -> None:
    """Raise TooMany when `key` asks too often."""
    seconds = pace.take(key)
    if seconds:
        raise TooMany(int(seconds) + 1)


def hold_bearer(identity: Identity) -> None:
    """The pace of one token."""
    hold(_pace, identity.token_id)


def hold_visit(token: str) -> None:
    """The pace of one visit's link."""
    hold(_visit_pace, token)


class Bearer(HttpBearer):
    """`Authorization: Bearer sny_...`; the identity becomes `request.auth`. A token in the address is not read."""

    def authenticate(self, request: HttpRequest, token: str) -> Identity | None:
        identity = tokens.look_up(token, clock.wall())
        if identity is not None:
            hold_bearer(identity)
            _note_seen(identity)
        return identity


#: device -> when this process noted it last; the database is asked no more often than that.
_noted: dict[int, float] = {}


def _note_seen(identity: Identity) -> None:
    """Note that a device is in use. Not on the way of the two hot presses, which know their bearer from memory."""
    if identity.device_id is None:
        return
    moment = time.monotonic()
    if moment - _noted.get(identity.device_id, -1e9) < SEEN_EVERY.total_seconds():
        return
    _noted[identity.device_id] = moment
    with suppress(DatabaseError):
        note_device_seen(device_id=identity.device_id, now=clock.wall())


bearer = Bearer()


def caller(request: HttpRequest, scope: str, mall_code: str | None = None) -> Identity:
    """The bearer, if they hold the scope and belong to the mall; NotAllowed otherwise."""
    identity: Identity = request.auth  # type: ignore[attr-defined]  # set by ninja
    if scope not in identity.scopes:
        raise NotAllowed("scope", _("Token ini tidak memiliki cakupan %(scope)s.") % {"scope": scope})
    if mall_code is not None and identity.mall_code != mall_code:
        raise NotAllowed("other_mall", _("Token ini milik MPP lain."))
    return identity
