"""A browser that follows a ticket is told once that the turn is near, once for each call, and no more after the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_scopes import scopes_disabled
from procrastinate.contrib.django.models import ProcrastinateJob

from senyum.core import clock
from senyum.jobs.tell_turns import tell_turns
from senyum.notices import commands as notices
from senyum.notices import messages
from senyum.notices.models import Notice, Subscription
from senyum.notices.tests.test_webpush import AUTH, POINT
from senyum.surfaces.citizen.tests.phones import at_counter, calls, opens, serves, take
from senyum.visits import commands
from senyum.visits.models import Visit

pytestmark = pytest.mark.django_db
#: Nine in the morning in Jakarta, a Monday.
NINE = datetime(2031, 1, 6, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """It is nine; `later(3)`: three minutes past."""

    def turn(minutes: int) -> None:
        monkeypatch.setattr(clock, "now", lambda: NINE + timedelta(minutes=minutes))

    turn(0)
    with scopes_disabled():
        yield turn


def follow(visit_id: int, language: str = "id", **more: Any) -> str:
    given = {
        "kind": "visit",
        "subject_id": visit_id,
        "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
        "p256dh": POINT,
        "auth": AUTH,
        "language": language,
        "useful_until": NINE + timedelta(hours=15),
        "now": NINE,
    }
    return str(notices.follow(**{**given, **more}))


def told() -> list[tuple[str, str]]:
    """What was queued since the last look: (template, first line)."""
    rows = list(Notice.objects.order_by("id"))
    said = [(n.template, messages.write(n.template, n.data, n.language).subject) for n in rows]
    Notice.objects.all().delete()
    return said


def visit_of(issued: Any) -> Visit:
    return Visit.objects.get(token=issued.token)


def test_near_then_called_and_called_again(small_mall: Any, later: Callable[[int], None]) -> None:
    opens(small_mall, 1)
    for _ in range(4):
        take(small_mall, "ktp")
    mine = take(small_mall, "ktp")
    follow(visit_of(mine).pk)
    commands.watch_lines(mall=small_mall.mall, now=NINE)
    assert tell_turns(0) == 0
    serves(small_mall, 1)
    commands.watch_lines(mall=small_mall.mall, now=NINE + timedelta(minutes=1))
    later(1)
    assert tell_turns(0) == 1
    assert told() == [("turn_near", f"Saatnya menuju ruang tunggu · {mine.label}")]
    assert tell_turns(0) == 0
    for _ in range(3):
        serves(small_mall, 1)
    ticket = calls(small_mall, 1)
    assert tell_turns(0) == 1 and tell_turns(0) == 0
    assert told() == [("turn_called", f"Nomor {mine.label}, silakan ke loket 1")]
    at_counter(small_mall, 1, "absent", ticket)
    commands.rejoin(ticket_id=ticket, now=clock.now())
    later(3)
    assert calls(small_mall, 1) == ticket
    assert tell_turns(0) == 1 and told()[0][0] == "turn_called"


def test_it_goes_to_the_browser_that_follows_in_its_language_with_the_path_of_the_ticket(small_mall: Any) -> None:
    opens(small_mall, 1)
    mine, other = take(small_mall, "ktp"), take(small_mall, "ktp")
    uid = follow(visit_of(mine).pk, "en")
    calls(small_mall, 1)
    assert tell_turns(0) == 1
    row = Notice.objects.get()
    assert (row.channel, row.address, row.language, row.personal) == ("webpush", uid, "en", True)
    assert row.data["link"] == f"/t/{mine.token}/" and other.token not in str(row.data)
    assert row.useful_until is not None and row.subject_label == mine.label


def test_nobody_is_told_twice_after_a_new_tap_and_the_end_forgets(small_mall: Any) -> None:
    opens(small_mall, 1)
    mine = take(small_mall, "ktp")
    follow(visit_of(mine).pk)
    ticket = calls(small_mall, 1)
    assert tell_turns(0) == 1
    follow(visit_of(mine).pk)
    assert tell_turns(0) == 0
    at_counter(small_mall, 1, "serve", ticket)
    at_counter(small_mall, 1, "finish", ticket, outcome="done")
    assert tell_turns(0) == 0 and not Subscription.objects.exists()


def test_a_delayed_turn_and_a_closed_line_tell_nothing(small_mall: Any) -> None:
    closed = take(small_mall, "skck")
    follow(visit_of(closed).pk)
    opens(small_mall, 1)
    mine = take(small_mall, "ktp")
    follow(visit_of(mine).pk)
    commands.delay(ticket_id=mine.tickets[0].id, minutes=10, now=NINE)
    commands.watch_lines(mall=small_mall.mall, now=NINE)
    assert tell_turns(0) == 0


def test_it_looks_again_soon_only_while_somebody_follows(small_mall: Any) -> None:
    opens(small_mall, 1)
    mine = take(small_mall, "ktp")
    waiting = ProcrastinateJob.objects.filter(task_name=notices.JOB, status="todo")
    assert tell_turns(0) == 0 and not waiting.exists()
    follow(visit_of(mine).pk)
    tell_turns(0)
    assert waiting.count() == 1 and waiting.get().scheduled_at is not None
    notices.unfollow(kind="visit", subject_id=visit_of(mine).pk, now=NINE)
    waiting.delete()
    tell_turns(0)
    assert not waiting.exists()
