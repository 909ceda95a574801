"""Who asked to be told by push, and about what."""

from __future__ import annotations

import hashlib
from datetime import datetime

from senyum.notices.models import Subscription
from senyum.notices.ways import WEBPUSH, Way


def push_ways(*, kind: str, subject_id: int | str, now: datetime, untold: str = "") -> list[tuple[Way, str]]:
    """(way, language) of each browser that follows this subject and, with `untold`, was not told that yet."""
    rows = Subscription.objects.filter(subject_kind=kind, subject_id=str(subject_id), useful_until__gt=now)
    if untold:
        rows = rows.exclude(told__contains=[untold])
    return [((WEBPUSH, str(uid)), language) for uid, language in rows.order_by("id").values_list("uid", "language")]


def followed(*, kind: str, now: datetime) -> list[str]:
    """The ids of all subjects of that kind that some browser follows."""
    rows = Subscription.objects.filter(subject_kind=kind, useful_until__gt=now)
    return list(rows.order_by("subject_id").values_list("subject_id", flat=True).distinct())


def fingerprints(*, kind: str, subject_id: int | str, now: datetime) -> list[str]:
    """By which a browser knows its own subscription to this subject: 16 hex digits of its endpoint's SHA-256."""
    rows = Subscription.objects.filter(subject_kind=kind, subject_id=str(subject_id), useful_until__gt=now)
    return [hashlib.sha256(e.encode()).hexdigest()[:16] for e in rows.order_by("id").values_list("endpoint", flat=True)]
