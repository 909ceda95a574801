"""A notice is queued with its cause, claimed by one worker, and settled by whoever holds it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from senyum.notices import outbox, states, ways
from senyum.notices.models import Notice

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
EMERGENCY = {"counter": "3", "agency": "Dukcapil", "mall": "MPP Contoh", "time": "10.00"}


def queue(*addresses: str, once: str = "emergency:1", **more: Any) -> int:
    with transaction.atomic():
        return outbox.tell(
            mall="contoh",
            template="emergency",
            data=EMERGENCY,
            subject=("emergency", 1, "3"),
            once=once,
            addresses=addresses,
            now=NOW,
            **more,
        )


def claim(wall: datetime = NOW, **more: Any) -> Notice | None:
    return outbox.claim_next(now=more.pop("now", NOW), wall=wall, **more)


@pytest.mark.django_db
class TestQueue:
    def test_one_notice_for_each_address_and_once_for_each_cause(self) -> None:
        assert queue("a@x.id", " a@x.id", "b@x.id", "") == 2
        queue("a@x.id")
        queue("a@x.id", once="emergency:2")
        assert sorted(Notice.objects.values_list("address", flat=True)) == ["a@x.id", "a@x.id", "b@x.id"]
        assert len(set(Notice.objects.values_list("uid", flat=True))) == 3

    def test_a_hall_with_a_webhook_tells_it_too(self, settings: Any) -> None:
        settings.NOTICE_WEBHOOK_URL = "https://hook.example/x"
        assert queue() == 1
        assert Notice.objects.get().channel == ways.WEBHOOK

    def test_nothing_is_queued_that_cannot_be_written(self) -> None:
        with pytest.raises(ValueError, match="no message"), transaction.atomic():
            outbox.tell(mall="", template="x", data={}, subject=("x", 1, ""), once="x", addresses=["a@x.id"], now=NOW)
        assert not Notice.objects.exists()

    def test_a_worker_is_woken_after_the_commit_only(self, django_capture_on_commit_callbacks: Any) -> None:
        with django_capture_on_commit_callbacks() as callbacks:
            queue("a@x.id")
        assert callbacks == [outbox.wake]
        with django_capture_on_commit_callbacks() as callbacks:
            queue()
        assert callbacks == []

    def test_waking_leaves_a_job_for_the_worker(self) -> None:
        outbox.wake()
        assert ProcrastinateJob.objects.filter(task_name=outbox.JOB, status="todo").count() == 1


@pytest.mark.django_db(transaction=True)
def test_waking_a_second_time_is_no_error() -> None:
    outbox.wake()
    outbox.wake()
    assert ProcrastinateJob.objects.filter(task_name=outbox.JOB, status="todo").count() == 1


@pytest.mark.django_db(transaction=True)
def test_waking_a_second_time_spoils_no_transaction() -> None:
    outbox.wake()
    with transaction.atomic():
        outbox.wake()
        assert Notice.objects.count() == 0  # an aborted transaction would refuse the question
    assert ProcrastinateJob.objects.filter(task_name=outbox.JOB, status="todo").count() == 1


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_queued() -> None:
    with pytest.raises(RuntimeError, match="transaction of its cause"):
        outbox.tell(mall="", template="test", data={}, subject=("x", 1, ""), once="x", addresses=["a@x.id"], now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_cause_that_is_rolled_back_sends_nothing() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue("a@x.id")
        raise ZeroDivisionError
    assert claim() is None


@pytest.mark.django_db
class TestClaim:
    def test_a_claimed_notice_is_nobody_elses(self) -> None:
        queue("a@x.id")
        mine = claim()
        assert mine is not None and (mine.state, mine.attempts) == (states.SENDING, 1)
        assert claim() is None
        assert outbox.mark_sent(notice=mine, wall=NOW)
        assert claim(LATER) is None
        assert Notice.objects.get().sent_at == NOW

    def test_a_worker_that_died_is_followed_by_another_when_its_lease_ends(self) -> None:
        queue("a@x.id")
        dead = claim()
        assert claim(NOW + states.LEASE - timedelta(seconds=1)) is None
        second = claim(NOW + states.LEASE)
        assert dead is not None and second is not None
        assert (second.uid, second.attempts) == (dead.uid, 2)
        # The first one was only slow: what it says now no longer counts.
        assert not outbox.mark_failed(notice=dead, trouble="slow", wall=NOW, final=True)
        assert outbox.mark_sent(notice=second, wall=LATER)
        assert Notice.objects.get().state == states.SENT

    def test_after_a_failure_comes_a_pause_and_after_the_last_none(self) -> None:
        queue("a@x.id")
        wall = NOW
        for attempt in range(1, states.MOST_ATTEMPTS + 1):
            notice = claim(wall)
            assert notice is not None and notice.attempts == attempt
            outbox.mark_failed(notice=notice, trouble=f"no {attempt}", wall=wall)
            assert claim(wall + states.pause_after(attempt) - timedelta(seconds=1)) is None
            wall += states.pause_after(attempt)
        row = Notice.objects.get()
        assert (row.state, row.trouble) == (states.DEAD, "no 8")
        assert claim(wall + timedelta(days=9)) is None

    def test_a_notice_that_ends_its_worker_each_time_dies(self) -> None:
        queue("a@x.id")
        wall = NOW
        for _ in range(states.MOST_ATTEMPTS):
            assert claim(wall) is not None
            wall += states.LEASE
        assert claim(wall) is None
        assert Notice.objects.get().state == states.DEAD

    def test_what_is_refused_for_good_dies_at_once(self) -> None:
        queue("a@x.id")
        notice = claim()
        assert notice is not None
        outbox.mark_failed(notice=notice, trouble="no such person", wall=NOW, final=True)
        assert Notice.objects.get().state == states.DEAD

    def test_a_message_that_comes_too_late_is_not_sent(self) -> None:
        queue("a@x.id", useful_until=NOW + timedelta(minutes=30))
        assert claim(now=NOW + timedelta(minutes=31)) is None
        row = Notice.objects.get()
        assert (row.state, row.trouble) == (states.DEAD, "too late to be of use")

    def test_a_silent_channel_is_left_alone(self) -> None:
        queue("a@x.id")
        assert claim(without={ways.EMAIL}) is None

    def test_the_operator_sends_the_dead_again(self) -> None:
        queue("a@x.id", "b@x.id", useful_until=NOW)
        claim(now=LATER)
        assert outbox.retry(ids=[Notice.objects.get(address="a@x.id").pk], wall=LATER) == 1
        again = claim(LATER, now=LATER)
        assert again is not None and (again.address, again.attempts) == ("a@x.id", 1)
        assert outbox.retry(ids=None, wall=LATER) == 1

    def test_old_notices_go_with_their_addresses_but_never_open_ones(self) -> None:
        queue("a@x.id", "b@x.id")
        sent = claim()
        assert sent is not None
        outbox.mark_sent(notice=sent, wall=NOW)
        assert outbox.forget(before=NOW) == 0
        assert outbox.forget(before=NOW + timedelta(seconds=1)) == 1
        assert Notice.objects.get().state == states.PENDING


BOOKING = {
    "mall": "MPP Contoh",
    "services": ["KTP elektronik"],
    "at": NOW + timedelta(days=1),
    "zone": "Asia/Jakarta",
    "reference": "7KQ-M2XR",
    "link": "https://mpp.example/b/rahasia0000000000/",
    "bring": 2,
}


def book(**more: Any) -> int:
    given = {
        "mall": "contoh",
        "template": "booking_made",
        "data": BOOKING,
        "subject": ("booking", 7, "7KQ-M2XR"),
        "once": "booking_made:7",
        "now": NOW,
    }
    with transaction.atomic():
        return outbox.tell(**{**given, **more})


@pytest.mark.django_db
class TestCitizensOwn:
    def test_it_goes_by_the_ways_that_were_named_and_never_to_the_webhook(self, settings: Any) -> None:
        settings.NOTICE_WEBHOOK_URL = "https://hook.example/x"
        assert book(addresses=["a@x.id"], ways_out=[("email", " a@x.id"), ("email", "b@x.id"), ("email", "")]) == 2
        assert sorted(Notice.objects.values_list("channel", "address")) == [("email", "a@x.id"), ("email", "b@x.id")]
        book(addresses=["a@x.id"])
        assert Notice.objects.count() == 2
        assert Notice.objects.filter(personal=True, data__at="2026-03-03T03:00:00+00:00").count() == 2

    def test_a_channel_that_nobody_knows_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no channel 'pigeon'"):
            book(ways_out=[("pigeon", "roof")])

    def test_only_a_message_that_allows_it_carries_a_calendar(self) -> None:
        book(addresses=["a@x.id"], calendar="BEGIN:VCALENDAR")
        assert Notice.objects.get().calendar == "BEGIN:VCALENDAR"
        for more in ({"template": "contact_code", "data": {"mall": "x", "code": "123456", "minutes": 10}}, {}):
            with pytest.raises(ValueError, match="may not carry this calendar"):
                book(addresses=["a@x.id"], calendar="x" * (1 if more else outbox.LONGEST_CALENDAR + 1), **more)

    def test_once_sent_it_is_empty_and_still_sent_once(self) -> None:
        book(addresses=["a@x.id"], calendar="BEGIN:VCALENDAR")
        mine = claim()
        assert mine is not None and mine.address == "a@x.id" and mine.data["link"] == BOOKING["link"]
        outbox.mark_sent(notice=mine, wall=NOW)
        row = Notice.objects.get()
        assert (row.state, row.address, row.data, row.calendar) == (states.SENT, "", {}, "")
        assert "a@x.id" not in row.once
        book(addresses=["a@x.id"])
        assert Notice.objects.count() == 1 and claim(LATER) is None

    def test_too_late_it_is_empty_and_cannot_be_sent_again(self) -> None:
        book(addresses=["a@x.id"], useful_until=NOW)
        queue("b@x.id", useful_until=NOW)
        assert claim(now=LATER) is None
        own, other = Notice.objects.order_by("id")
        assert (own.state, own.address, own.data) == (states.DEAD, "", {})
        assert (other.state, other.address) == (states.DEAD, "b@x.id") and other.data
        assert outbox.retry(ids=None, wall=LATER) == 1

    def test_what_failed_keeps_its_address_for_a_while(self) -> None:
        book(addresses=["a@x.id"])
        queue("b@x.id")
        for _ in range(2):
            notice = claim()
            assert notice is not None
            outbox.mark_failed(notice=notice, trouble="no such person", wall=NOW, final=True)
        assert Notice.objects.get(personal=True).address == "a@x.id"
        assert outbox.forget(before=NOW, personal_before=NOW + timedelta(seconds=1)) == 1
        assert not Notice.objects.get().personal

    def test_what_is_withdrawn_is_not_sent_and_is_empty(self) -> None:
        book(addresses=["a@x.id"])
        reminder = {**BOOKING}
        book(addresses=["a@x.id"], template="booking_reminder", data=reminder, once="booking_reminder:7:day")
        book(addresses=["a@x.id"], subject=("booking", 8, "x"), once="booking_made:8")
        assert outbox.withdraw(kind="booking", subject_id=7, wall=NOW, templates=["booking_reminder"]) == 1
        gone = Notice.objects.get(template="booking_reminder")
        assert (gone.state, gone.address, gone.data, gone.trouble) == (states.DEAD, "", {}, "withdrawn")
        assert outbox.withdraw(kind="booking", subject_id="7", wall=NOW) == 1
        left = claim()
        assert left is not None and left.subject_id == "8" and claim() is None
        assert outbox.retry(ids=None, wall=LATER) == 0

    def test_what_a_worker_holds_when_it_is_withdrawn_is_not_tried_again(self) -> None:
        book(addresses=["a@x.id"])
        held = claim()
        assert held is not None
        assert outbox.withdraw(kind="booking", subject_id=7, wall=NOW) == 0
        outbox.mark_failed(notice=held, trouble="mailbox busy", wall=NOW)
        assert claim(LATER, now=NOW) is None
        row = Notice.objects.get()
        assert (row.state, row.address) == (states.DEAD, "")

    def test_a_withdrawn_message_to_staff_stays_dead_with_its_address(self) -> None:
        queue("b@x.id")
        assert outbox.withdraw(kind="emergency", subject_id=1, wall=NOW) == 1
        assert Notice.objects.get().address == "b@x.id"
        assert outbox.retry(ids=None, wall=NOW) == 0


@pytest.mark.django_db(transaction=True)
def test_eight_workers_share_sixty_notices_without_a_double() -> None:
    queue(*(f"{n}@x.id" for n in range(60)))

    def work(_: int) -> list[int]:
        try:
            mine = []
            while notice := claim():
                mine.append(notice.pk)
                outbox.mark_sent(notice=notice, wall=NOW)
            return mine
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        taken = [pk for part in pool.map(work, range(8)) for pk in part]
    # Whoever found all due rows locked went home; what is left is for the next look.
    taken += work(0)
    assert len(taken) == len(set(taken)) == 60
    assert Notice.objects.filter(state=states.SENT, attempts=1).count() == 60


@pytest.mark.django_db(transaction=True)
def test_without_the_claim_the_same_notice_would_be_taken_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: a claim that looks without changing anything gives everybody the same notice."""
    monkeypatch.setattr(outbox, "claim", lambda rows, **changes: True)
    queue("a@x.id")

    def look(_: int) -> object:
        try:
            return claim()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(look, range(2))
    assert first is not None or second is not None
    assert claim() is not None and claim() is not None
