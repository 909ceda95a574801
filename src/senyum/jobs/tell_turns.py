"""Tell browsers that follow a ticket when the turn is near and when it comes (docs/notices.md, decision 0193)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from procrastinate.contrib.django import app

from senyum.core import clock
from senyum.notices import commands, outbox, queries
from senyum.visits.queries.turns import Turn, over, turns

#: While somebody follows a ticket, look again after so many seconds of the wall.
AGAIN = 5
#: After so long (hall's time) the news is none.
USEFUL = timedelta(minutes=20)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="tell_turns")
def tell_turns(timestamp: int) -> int:
    """Queue what followers do not know yet; returns how many messages. `timestamp`: as of every job.

    It reads how things are, so it misses nothing while it stood still, and tells each thing once.
    """
    now = clock.now()
    followed = {int(pk) for pk in queries.followed(kind="visit", now=now)}
    if not followed:
        return 0
    told = sum(_tell(turn, now) for turn in turns(visit_ids=followed, now=now))
    ended = over(visit_ids=followed)
    for visit_id in ended:
        commands.unfollow(kind="visit", subject_id=visit_id, now=now)
    if followed - set(ended):
        commands.wake(AGAIN)
    return told


def _tell(turn: Turn, now: datetime) -> int:
    with transaction.atomic():
        found = queries.push_ways(kind="visit", subject_id=turn.visit_id, now=now, untold=turn.what)
        for way, language in found:
            data = {
                "mall": turn.mall_name,
                "service": turn.services.get(language, turn.services["id"]),
                "label": turn.label,
                "link": f"/t/{turn.token}/",
            }
            more = {"ahead": turn.ahead} if turn.counter is None else {"counter": str(turn.counter)}
            outbox.tell(
                mall=turn.mall,
                template="turn_near" if turn.counter is None else "turn_called",
                data=data | more,
                subject=("visit", turn.visit_id, turn.label),
                once=turn.what,
                ways_out=[way],
                language=language,
                now=now,
                useful_until=now + USEFUL,
            )
        commands.note_told(uids=[way[1] for way, _ in found], what=turn.what, now=now)
    return len(found)
