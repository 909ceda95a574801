"""Issue and call next, on one connection: what they answer and what they refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.core.errors import NotPossible, Stale
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.visits import commands, states
from senyum.visits.commands import Key
from senyum.visits.models import Call, Ticket


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


def _issue(hall: SmallHall, *codes: str, now, priority: str = "regular", **more):
    return commands.issue_visit(
        mall=hall.mall,
        line_ids=[hall.lines[code].pk for code in codes],
        priority=priority,
        channel="kiosk",
        actor=SYSTEM,
        now=now,
        **more,
    )


def _open(hall: SmallHall, number: int, user: str, now):
    return roster.open_session(counter=hall.counters[number], user=hall.users[user], now=now, actor=SYSTEM)


def _next(hall: SmallHall, number: int, now, seen=None):
    return commands.call_next(counter_id=hall.counters[number].pk, seen=seen, actor=SYSTEM, now=now, wall=now)


def test_a_label_counts_up_within_its_prefix(small_mall: SmallHall) -> None:
    now = clock.wall()
    labels = [_issue(small_mall, "ktp", now=now).label for _ in range(3)]
    prefix = small_mall.lines["ktp"].group.prefix
    assert labels == [f"{prefix}-001", f"{prefix}-002", f"{prefix}-003"]


def test_issue_says_people_ahead_and_a_range_and_stores_them(small_mall: SmallHall) -> None:
    now = clock.wall()
    _open(small_mall, 1, "petugas1", now)
    for _ in range(4):
        _issue(small_mall, "ktp", now=now)
    issued = _issue(small_mall, "ktp", now=now)
    ticket = issued.tickets[0]
    assert ticket.people_ahead == 4
    assert 0 < ticket.wait_p50 <= ticket.wait_p90
    stored = Ticket.objects.get(pk=ticket.id)
    assert (stored.people_ahead, stored.wait_p50, stored.wait_p90) == (4, ticket.wait_p50, ticket.wait_p90)
    assert stored.wait_basis == "cold"


def test_without_an_open_counter_no_range_is_invented(small_mall: SmallHall) -> None:
    ticket = _issue(small_mall, "ktp", now=clock.wall()).tickets[0]
    assert (ticket.people_ahead, ticket.wait_p10, ticket.wait_p50, ticket.wait_p90) == (0, None, None, None)
    assert Ticket.objects.get(pk=ticket.id).wait_basis == "no_counter"


def test_the_same_key_gives_the_same_answer_and_another_body_is_refused(small_mall: SmallHall) -> None:
    now = clock.wall()
    key = Key("kiosk:1", "k-1", "ab" * 32)
    first = _issue(small_mall, "ktp", "skck", now=now, key=key)
    again = _issue(small_mall, "ktp", "skck", now=now + timedelta(seconds=3), key=key)
    assert again.replayed and not first.replayed
    assert (again.label, again.token, again.tickets) == (first.label, first.token, first.tickets)
    with pytest.raises(NotPossible) as refused:
        _issue(small_mall, "ktp", now=now, key=Key("kiosk:1", "k-1", "cd" * 32))
    assert refused.value.code == "key_reused"
    assert Ticket.objects.count() == 2


def test_each_issue_is_one_entry_of_the_journal(small_mall: SmallHall) -> None:
    issued = _issue(small_mall, "ktp", "skck", now=clock.wall())
    entry = Entry.objects.get(kind="visit.issued")
    assert entry.subject_label == issued.label
    assert entry.data["lines"] == [t.line_id for t in issued.tickets]
    assert entry.data["tickets"] == [t.id for t in issued.tickets]


def test_next_calls_the_earliest_turn_and_a_head_start_counts(small_mall: SmallHall) -> None:
    now = clock.wall()
    first = _issue(small_mall, "ktp", now=now)
    second = _issue(small_mall, "ktp", now=now + timedelta(minutes=5), priority="elderly")
    _open(small_mall, 1, "petugas1", now)
    later = now + timedelta(minutes=6)
    called = _next(small_mall, 1, later)
    assert called.ticket_id == second.tickets[0].id and called.why == "earliest"
    commands.serve(counter_id=small_mall.counters[1].pk, seen=called.ticket_id, actor=SYSTEM, now=later, wall=later)
    following = _next(small_mall, 1, later, seen=called.ticket_id)
    assert following.ticket_id == first.tickets[0].id
    assert following.finished_id == called.ticket_id
    done = Ticket.objects.get(pk=called.ticket_id)
    assert (done.state, done.outcome) == (states.SERVED, states.DONE)
    assert Entry.objects.filter(kind="ticket.served").count() == 1
    assert Entry.objects.filter(kind="ticket.called").count() == 2
    assert Call.objects.count() == 2


def test_a_helped_out_line_comes_after_ones_own_until_its_promise_has_passed(small_mall: SmallHall) -> None:
    # In the morning: ninety minutes later it is still the same day.
    now = datetime(2031, 2, 3, 3, 0, tzinfo=UTC)
    helped = _issue(small_mall, "kk", now=now)
    own = _issue(small_mall, "ktp", now=now + timedelta(minutes=1))
    _open(small_mall, 1, "petugas1", now)
    called = _next(small_mall, 1, now + timedelta(minutes=2))
    assert called.ticket_id == own.tickets[0].id
    call = Call.objects.get()
    assert (call.why, call.passed_over, call.passed_labels) == ("earliest", 1, [helped.label])
    late = now + timedelta(minutes=90)
    commands.undo(counter_id=small_mall.counters[1].pk, actor=SYSTEM, now=late, wall=now + timedelta(minutes=2))
    called = _next(small_mall, 1, late)
    assert (called.ticket_id, called.why) == (helped.tickets[0].id, "past_promise")


def test_next_is_refused_while_the_person_is_only_called_and_when_the_hall_moved_on(small_mall: SmallHall) -> None:
    now = clock.wall()
    _issue(small_mall, "ktp", now=now)
    _issue(small_mall, "ktp", now=now)
    _open(small_mall, 1, "petugas1", now)
    called = _next(small_mall, 1, now)
    with pytest.raises(NotPossible) as only:
        _next(small_mall, 1, now, seen=called.ticket_id)
    assert only.value.code == "only_called"
    with pytest.raises(Stale) as stale:
        _next(small_mall, 1, now, seen=None)
    assert stale.value.now_true["ticket"] == called.ticket_id


def test_next_says_nobody_waits_and_still_finishes_the_running_one(small_mall: SmallHall) -> None:
    now = clock.wall()
    _issue(small_mall, "ktp", now=now)
    _open(small_mall, 1, "petugas1", now)
    called = _next(small_mall, 1, now)
    commands.serve(counter_id=small_mall.counters[1].pk, seen=called.ticket_id, actor=SYSTEM, now=now, wall=now)
    result = _next(small_mall, 1, now, seen=called.ticket_id)
    assert (result.ticket_id, result.finished_id) == (None, called.ticket_id)


def test_a_siblings_leg_is_passed_over_while_the_visit_is_at_a_counter(small_mall: SmallHall) -> None:
    now = clock.wall()
    both = _issue(small_mall, "ktp", "skck", now=now)
    _open(small_mall, 1, "petugas1", now)
    _open(small_mall, 3, "petugas3", now)
    assert _next(small_mall, 1, now).ticket_id == both.tickets[0].id
    assert _next(small_mall, 3, now).ticket_id is None
    commands.serve(counter_id=small_mall.counters[1].pk, seen=both.tickets[0].id, actor=SYSTEM, now=now, wall=now)
    commands.park(counter_id=small_mall.counters[1].pk, seen=both.tickets[0].id, actor=SYSTEM, now=now, wall=now)
    assert _next(small_mall, 3, now).ticket_id == both.tickets[1].id


def test_a_quota_is_never_exceeded(small_mall: SmallHall) -> None:
    now = clock.wall()
    line = small_mall.lines["kk"]
    line.quota_per_day = 2
    line.save(update_fields=["quota_per_day"])
    for _ in range(2):
        _issue(small_mall, "kk", now=now)
    with pytest.raises(NotPossible) as full:
        _issue(small_mall, "kk", now=now)
    assert full.value.code == "quota_full"
    assert Ticket.objects.count() == 2
