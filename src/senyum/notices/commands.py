"""Following something by push, and no longer."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from senyum.notices.channels import webpush
from senyum.notices.models import Subscription

#: So many browsers may follow one thing; one more takes the place of the oldest.
MOST = 5
#: The job that tells followers of a visit, by name: it stands above this package.
JOB = "senyum.jobs.tell_turns.tell_turns"


def follow(
    *,
    kind: str,
    subject_id: int | str,
    endpoint: str,
    p256dh: str,
    auth: str,
    language: str,
    useful_until: datetime,
    now: datetime,
) -> UUID:
    """Let this browser be told about the subject until `useful_until` (hall's time). Asking again changes nothing else.

    Raises ValueError for keys that are none, and for an endpoint that is no known push service's.
    """
    webpush.check(endpoint=endpoint, p256dh=p256dh, auth=auth)
    with transaction.atomic():
        row, _made = Subscription.objects.update_or_create(
            subject_kind=kind,
            subject_id=str(subject_id),
            endpoint=endpoint,
            defaults={"p256dh": p256dh, "auth": auth, "language": language, "useful_until": useful_until},
            create_defaults={
                "p256dh": p256dh,
                "auth": auth,
                "language": language,
                "useful_until": useful_until,
                "made_at": now,
            },
        )
        mine = Subscription.objects.filter(subject_kind=kind, subject_id=str(subject_id))
        kept = mine.exclude(pk=row.pk).order_by("-id").values_list("pk", flat=True)[: MOST - 1]
        Subscription.objects.filter(subject_kind=kind, subject_id=str(subject_id)).exclude(
            pk__in=[row.pk, *kept]
        ).delete()
        transaction.on_commit(wake, robust=True)
    return row.uid


def wake(seconds: int = 0) -> None:
    """Let the job look at who is followed, in so many seconds; each minute it does so by itself."""
    # Within: a refusal of the database must not spoil a transaction of the caller's.
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task(JOB, queueing_lock="tell_turns", allow_unknown=True, schedule_in={"seconds": seconds}).defer(
            timestamp=0
        )


def unfollow(*, kind: str, subject_id: int | str, now: datetime, endpoint: str = "") -> int:
    """No longer tell this browser, or (without `endpoint`) any browser, about the subject. Returns how many."""
    rows = Subscription.objects.filter(subject_kind=kind, subject_id=str(subject_id))
    if endpoint:
        rows = rows.filter(endpoint=endpoint)
    return int(rows.delete()[0])


def follow_until(*, kind: str, subject_id: int | str, useful_until: datetime, now: datetime) -> int:
    """The subject is over at another time: whoever follows it does so until then. Returns how many browsers."""
    rows = Subscription.objects.filter(subject_kind=kind, subject_id=str(subject_id))
    return rows.update(useful_until=useful_until)


def note_told(*, uids: Collection[str], what: str, now: datetime) -> None:
    """Remember that these subscriptions were told `what`."""
    with transaction.atomic():
        for row in Subscription.objects.select_for_update().filter(uid__in=uids).order_by("pk"):
            row.told = [*row.told, what]
            row.save(update_fields=["told"])


def drop_endpoint(*, uid: str, now: datetime) -> int:
    """The push service said that this subscription is gone: forget its endpoint everywhere. Returns how many."""
    found = Subscription.objects.filter(uid=uid).values_list("endpoint", flat=True)
    return int(Subscription.objects.filter(endpoint__in=list(found)).delete()[0])


def forget_subscriptions(*, now: datetime) -> int:
    """Delete what is of no use any more. Returns how many."""
    return int(Subscription.objects.filter(useful_until__lte=now).delete()[0])
