"""A request that creates something happens once, however often it is sent (*issue* does the same in its own SQL)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from senyum.core.errors import NotPossible
from senyum.core.models import IdempotencyKey


def once(
    *, scope: str, key: str, digest: bytes, now: datetime, work: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """(answer, replayed): what `work` answered the first time that `key` came, from then on without `work`.

    `work` runs in the same transaction as the key; if it raises, the key is free again. A second request that comes
    while the first still runs waits for it. NotPossible("key_reused") when the key came with another body.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO core_idempotencykey (scope, key, digest, status, answer, at)"
                " VALUES (%s, %s, %s, 200, NULL, %s) ON CONFLICT (scope, key) DO NOTHING",
                [scope, key, digest, now],
            )
            first = cursor.rowcount == 1
        if first:
            answer = work()
            IdempotencyKey.objects.filter(scope=scope, key=key).update(answer=answer)
            return answer, False
        kept = IdempotencyKey.objects.get(scope=scope, key=key)
    if bytes(kept.digest) != digest:
        raise NotPossible(
            "key_reused", _("Kunci permintaan ini sudah dipakai untuk isi yang lain. Buat permintaan baru.")
        )
    assert kept.answer is not None  # the first request committed it together with the key
    return kept.answer, True


def forget(*, before: datetime) -> int:
    """Drop the keys of requests older than `before`; their repetition would now be a new request. Returns how many."""
    return IdempotencyKey.objects.filter(at__lt=before).delete()[0]


def forget_person(*, scopes: Collection[str], tokens: Mapping[str, str]) -> int:
    """Forget the answers of `scopes`, and name in others no longer the old token (key) but the new one (value).

    A repetition of the request that made something is still known as one. Returns how many answers changed or went.
    """
    count = IdempotencyKey.objects.filter(scope__in=scopes).delete()[0]
    for old, new in tokens.items():
        count += IdempotencyKey.objects.filter(answer__token=old).update(answer={"token": new})
    return count
