"""One press, one change: the key of a form (`{% once_key %}`) makes its command run once."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from senyum.core import idempotency
from senyum.core.errors import NotPossible

FIELD = "once"
_LEAVE_OUT = (FIELD, "csrfmiddlewaretoken")


def new_key() -> str:
    """A key for one form."""
    return secrets.token_hex(16)


def key_of(request: HttpRequest) -> str:
    """The key of the sent form; NotPossible when it carries none."""
    key = request.POST.get(FIELD, "")
    if not 16 <= len(key) <= 64:
        raise NotPossible("no_key", _("Formulir ini tidak lengkap. Muat ulang halaman, lalu coba lagi."))
    return key


def digest_of(request: HttpRequest) -> bytes:
    """The SHA-256 of the address and the answers: the same for the same request only."""
    answers = sorted((name, request.POST.getlist(name)) for name in request.POST if name not in _LEAVE_OUT)
    return hashlib.sha256(json.dumps([request.get_full_path(), answers]).encode()).digest()


def once(request: HttpRequest, scope: str, now: datetime, work: Callable[[], object]) -> int:
    """Run the command `work` unless this form was sent before; its answer (an id, else 0) both times.

    `scope` names whose form it is. Raises what `work` raises, and NotPossible("key_reused") for a key that came
    with other answers.
    """

    def answered() -> dict[str, int]:
        value = work()
        return {"id": value if isinstance(value, int) else 0}

    answer, _replayed = idempotency.once(
        scope=scope, key=key_of(request), digest=digest_of(request), now=now, work=answered
    )
    return int(answer["id"])
