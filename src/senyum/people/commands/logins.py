"""Log-ins: when they began, how long they last, how they end."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Q

from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.record import record
from senyum.people.models import ApiToken, Login, User

EVERYWHERE = "-"


def drop_logins(user: User, but: str = "") -> int:
    """End the user's log-ins, all or all but the session `but`; how many. Part of a command's transaction."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    ended = list(Login.objects.filter(user=user).exclude(session_key=but).values_list("pk", "session_key"))
    for _pk, key in ended:
        store().delete(key)
    Login.objects.filter(pk__in=[pk for pk, _key in ended]).delete()
    return len(ended)


def note_login(*, user: User, session_key: str, browser: str, now: datetime) -> None:
    """Write down that a log-in begins; `now` is wall time. The log has the event (`surfaces.ui.logins`)."""
    row = Login(user=user, session_key=session_key, browser=browser, began_at=now, seen_at=now)
    fields = ["user", "browser", "began_at", "seen_at"]
    Login.objects.bulk_create([row], update_conflicts=True, unique_fields=["session_key"], update_fields=fields)


def touch_login(*, session_key: str, now: datetime) -> None:
    """Note that a log-in is in use; `now` is wall time."""
    Login.objects.filter(session_key=session_key).update(seen_at=now)


def forget_login(*, session_key: str, now: datetime) -> None:
    """Forget one log-in that ended at `now`."""
    Login.objects.filter(session_key=session_key, began_at__lte=now).delete()


def end_other_logins(*, user: User, but: str, now: datetime, actor: Actor) -> int:
    """End the user's log-ins in all browsers but the session `but`; how many there were."""
    with transaction.atomic():
        count = drop_logins(user, but)
        if count:
            record(
                mall=EVERYWHERE,
                at=now,
                kind="user.logins_ended",
                actor=actor,
                subject=("user", user.pk, user.username),
                data={"count": count},
            )
    return count


def forget_logins(*, before: datetime, now: datetime, wall: datetime, actor: Actor = SYSTEM) -> dict[str, int]:
    """Delete log-ins and cached values that have ended by `wall`, and tokens that ended before `before` (wall time).

    Returns model -> how many, which the journal certifies.
    """
    with transaction.atomic():
        counts = {"Session": Session.objects.filter(expire_date__lt=wall).delete()[0]}
        counts["Login"] = Login.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()[0]
        with connection.cursor() as cursor:
            # The cache holds copies of the log-ins.
            cursor.execute("DELETE FROM core_cache WHERE expires < %s", [wall])
            counts["cache"] = cursor.rowcount
        ended = Q(revoked_at__lt=before) | Q(expires_at__lt=before)
        counts["ApiToken"] = ApiToken.objects.filter(ended).delete()[0]
        counts = {name: count for name, count in counts.items() if count}
        if counts:
            record(
                mall=EVERYWHERE,
                at=now,
                kind="retention.erased",
                actor=actor,
                subject=("retention", now.date().isoformat(), "logins"),
                data={"until": before.isoformat(), "counts": counts},
            )
    return counts
