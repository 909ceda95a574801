"""The outbox: all writes of notices. A row is written in the transaction of its cause; nothing leaves in there.

Sending is *at least once*: a worker claims a notice, sends it outside any transaction, and settles it. If it dies in
between, the lease ends and the notice is sent again with the same `uid`. A worker that was overtaken settles nothing.

A citizen's own message (`messages.Message.personal`) is emptied of address and data once it was sent or is useless.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from senyum.core.db import claim
from senyum.notices import messages, states, ways
from senyum.notices.models import Notice
from senyum.notices.ways import EMAIL, WEBHOOK, Way

#: The job that sends, by name: it stands above this package.
JOB = "senyum.jobs.send_notices.send_notices"
Subject = tuple[str, int | str, str]


#: What a citizen's own message no longer needs once it was sent.
_EMPTY: dict[str, Any] = {"address": "", "data": {}, "calendar": ""}
#: An iCalendar text longer than this (characters) is a mistake.
LONGEST_CALENDAR = 50_000
TOO_LATE, WITHDRAWN = "too late to be of use", "withdrawn"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def tell(
    *,
    mall: str,
    template: str,
    data: Mapping[str, Any],
    subject: Subject,
    once: str,
    now: datetime,
    addresses: Iterable[str] = (),
    ways_out: Iterable[Way] = (),
    language: str = "id",
    useful_until: datetime | None = None,
    calendar: str = "",
) -> int:
    """Queue a message by e-mail to each of `addresses` and by each of `ways_out` (channel, address).

    A message that is not a citizen's own goes to the hall's webhook as well, if it has one. A channel that this hall
    has not set up (`ways.is_open`) is passed over: ask before you offer it to anybody. `data` as in
    `messages.Message`; a moment may be a datetime. `calendar`: an iCalendar text that the e-mail carries, where the
    message allows one. `subject` is kind, id and label as in the journal; `once` names the cause: telling it again
    changes nothing. After `useful_until` (hall's time) it is not sent any more.

    Returns how many were queued or had been. RuntimeError outside a transaction: a message without its cause must not
    be possible. ValueError for an unknown message or channel, missing data, an address that is none of its channel's.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a notice is queued in the transaction of its cause")
    plain = messages.plain(data)
    messages.check(template, plain)
    if calendar and (not messages.MESSAGES[template].calendar or len(calendar) > LONGEST_CALENDAR):
        raise ValueError(f"the message {template!r} may not carry this calendar")
    personal = messages.is_personal(template)
    found = _ways(addresses, ways_out, personal=personal)
    kind, subject_id, label = subject
    Notice.objects.bulk_create(
        [
            Notice(
                mall=mall,
                channel=channel,
                address=address,
                template=template,
                language=language,
                data=plain,
                personal=personal,
                calendar=calendar if channel == EMAIL else "",
                subject_kind=kind,
                subject_id=str(subject_id),
                subject_label=label,
                once=f"{once}:{channel}:{_mark(address)}",
                queued_at=now,
                useful_until=useful_until,
            )
            for channel, address in found
        ],
        ignore_conflicts=True,
    )
    if found:
        transaction.on_commit(wake, robust=True)
    return len(found)


def _ways(addresses: Iterable[str], ways_out: Iterable[Way], *, personal: bool) -> list[Way]:
    given = [(EMAIL, address) for address in addresses if address] + [way for way in ways_out if way[1]]
    found = list(dict.fromkeys(ways.normal(channel, address) for channel, address in given if ways.is_open(channel)))
    if not personal and ways.is_open(WEBHOOK):
        found.append((WEBHOOK, settings.NOTICE_WEBHOOK_URL))
    return found


def _mark(address: str) -> str:
    """Tells addresses apart in `once`, which outlives them, and names none."""
    return salted_hmac("senyum.notices.once", address, algorithm="sha256").hexdigest()[:32]


def wake() -> None:
    """Ask a worker to send at once; without one the job of the next minute does it."""
    # Within: a refusal of the database must not spoil a transaction of the caller's.
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task(JOB, queueing_lock="send_notices", allow_unknown=True).defer(timestamp=0)


def claim_next(*, now: datetime, wall: datetime, without: Collection[str] = ()) -> Notice | None:
    """The oldest notice that is due, now this worker's until its lease ends; None when nothing is due.

    `without`: channels that do not answer at present. No two workers get the same notice while a lease runs.
    """
    _expire(now, wall)
    while True:
        with transaction.atomic():
            rows = Notice.objects.select_for_update(skip_locked=True).filter(_due(wall)).exclude(channel__in=without)
            notice = rows.order_by("id").first()
            if notice is None or _take(notice, wall):
                return notice


def _take(notice: Notice, wall: datetime) -> bool:
    """Claim the locked notice; False when it had its last attempt: it ended its worker each time."""
    if notice.attempts >= states.MOST_ATTEMPTS:
        _settle(notice, "give_up", wall, notice.trouble or "each attempt ended its worker", failed_at=wall)
        return False
    after = states.after(notice.state, "claim")
    row = Notice.objects.filter(pk=notice.pk, state=notice.state, attempts=notice.attempts)
    taken = claim(row, state=after, attempts=notice.attempts + 1, leased_until=wall + states.LEASE)
    notice.refresh_from_db()
    return taken


def _due(wall: datetime) -> Q:
    waiting = Q(state__in=(states.PENDING, states.FAILED)) & (Q(next_try_at=None) | Q(next_try_at__lte=wall))
    return waiting | Q(state=states.SENDING, leased_until__lte=wall)


def _expire(now: datetime, wall: datetime) -> None:
    late = Notice.objects.filter(state__in=states.before("expire"), useful_until__lt=now)
    late.filter(personal=True).update(state=states.DEAD, failed_at=wall, trouble=TOO_LATE, **_EMPTY)
    late.update(state=states.DEAD, failed_at=wall, trouble=TOO_LATE)


def mark_sent(*, notice: Notice, wall: datetime) -> bool:
    """It has left. False when the lease had ended and another worker has it."""
    return _settle(notice, "send", wall, "", sent_at=wall)


def mark_failed(*, notice: Notice, trouble: str, wall: datetime, final: bool = False) -> bool:
    """It has not left: try again after a pause, or never again when `final` or after the last attempt."""
    if final or notice.attempts >= states.MOST_ATTEMPTS:
        return _settle(notice, "give_up", wall, trouble, failed_at=wall)
    pause = states.pause_after(notice.attempts)
    return _settle(notice, "fail", wall, trouble, failed_at=wall, next_try_at=wall + pause)


def _settle(notice: Notice, command: str, wall: datetime, trouble: str, **more: Any) -> bool:
    after = states.after(states.SENDING, command)
    row = Notice.objects.filter(pk=notice.pk, state=states.SENDING, attempts=notice.attempts)
    if after == states.SENT and notice.personal:
        more |= _EMPTY
    return claim(row, state=after, leased_until=None, trouble=trouble[:200], **more)


def withdraw(*, kind: str, subject_id: int | str, wall: datetime | None = None, templates: Collection[str] = ()) -> int:
    """Send nothing more about that subject: what it was about is over. Returns how many were still to be sent.

    `templates`: only these messages; `wall` None: the database's own clock. What a worker holds at this moment may
    still leave, but is not tried again.
    """
    rows = Notice.objects.filter(subject_kind=kind, subject_id=str(subject_id))
    if templates:
        rows = rows.filter(template__in=templates)
    # A long-gone time: whoever fails to send it now finds it expired.
    rows.filter(state=states.SENDING).update(useful_until=_LONG_AGO)
    open_ones = rows.filter(state__in=states.before("withdraw"))
    at = wall or Now()
    own = open_ones.filter(personal=True).update(state=states.DEAD, failed_at=at, trouble=WITHDRAWN, **_EMPTY)
    return own + open_ones.update(state=states.DEAD, failed_at=at, trouble=WITHDRAWN)


def retry(*, ids: Collection[int] | None, wall: datetime) -> int:
    """Let dead notices (all, or those of `ids`) and failed ones among `ids` be sent from the next look on.

    Returns how many. They have all their attempts again, and no longer a time after which they are useless. What was
    emptied or withdrawn stays dead.
    """
    rows = Notice.objects.filter(state=states.DEAD)
    if ids is not None:
        rows = Notice.objects.filter(pk__in=ids, state__in=states.before("retry"))
    rows = rows.exclude(address="").exclude(trouble=WITHDRAWN)
    return rows.update(state=states.PENDING, attempts=0, next_try_at=wall, useful_until=None)


def forget(*, before: datetime, personal_before: datetime | None = None) -> int:
    """Delete what was queued before that time of the hall and has ended, with its address. Returns how many.

    `personal_before`: a later time for citizens' own messages.
    """
    old = Q(queued_at__lt=before) | Q(personal=True, queued_at__lt=personal_before or before)
    return int(Notice.objects.filter(old, state__in=(states.SENT, states.DEAD)).delete()[0])


def forget_about(*, kind: str, subject_id: int | str) -> int:
    """Delete every message about that subject with its address: its person asks for it. Returns how many.

    What a worker holds at this moment may still leave; its row is gone then.
    """
    return int(Notice.objects.filter(subject_kind=kind, subject_id=str(subject_id)).delete()[0])
