"""Send what lies in the outbox: each minute, and at once when something was queued (docs/notices.md)."""

from __future__ import annotations

import structlog
from procrastinate.contrib.django import app

from senyum.core import clock
from senyum.notices import channels, messages, outbox
from senyum.notices.channels import Letter, Refused, Unreachable
from senyum.notices.channels.webpush import Gone
from senyum.notices.commands import drop_endpoint
from senyum.notices.models import Notice

log = structlog.get_logger(__name__)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="send_notices")
def send_notices(timestamp: int) -> int:
    """Send every notice that is due; returns how many left. `timestamp`: when it was due on the wall (epoch seconds).

    A channel that does not answer is left alone until the next run, so that it does not hold the others up.
    """
    sent, silent = 0, set[str]()
    while notice := outbox.claim_next(now=clock.now(), wall=clock.wall(), without=silent):
        try:
            channels.send(notice.channel, letter(notice))
        except Unreachable as error:
            if error.whole:
                silent.add(notice.channel)
            _failed(notice, error.trouble, final=False)
        except Gone as error:
            drop_endpoint(uid=notice.address, now=clock.now())
            _failed(notice, error.trouble, final=True)
        except Refused as error:
            _failed(notice, error.trouble, final=True)
        except ValueError as error:
            # A message that this version cannot write: it never will.
            _failed(notice, type(error).__name__, final=True)
        else:
            sent += outbox.mark_sent(notice=notice, wall=clock.wall())
    return sent


def _failed(notice: Notice, trouble: str, *, final: bool) -> None:
    log.warning("notice.failed", notice=notice.pk, channel=notice.channel, trouble=trouble, attempts=notice.attempts)
    outbox.mark_failed(notice=notice, trouble=trouble, wall=clock.wall(), final=final)


def letter(notice: Notice) -> Letter:
    """The notice as its channel carries it now. ValueError for a message that does not exist."""
    text = messages.write(notice.template, notice.data, notice.language)
    return Letter(
        uid=str(notice.uid),
        mall=notice.mall,
        address=notice.address,
        kind=notice.template,
        subject=text.subject,
        body=text.body,
        at=clock.wall(),
        about=(notice.subject_kind, notice.subject_id, notice.subject_label),
        data=notice.data,
        language=notice.language,
        short=text.short,
        calendar=notice.calendar,
        useful_seconds=_seconds(notice),
    )


def _seconds(notice: Notice) -> int | None:
    """How long the notice is still of use, in seconds of the world outside."""
    if notice.useful_until is None:
        return None
    return max(0, int((notice.useful_until - clock.now()).total_seconds() / (clock.speed() or 1)))
