"""Letters on PostgreSQL: once each, in their language, to whom they belong, and nothing about what is over."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django_scopes import scopes_disabled
from procrastinate.contrib.django.models import ProcrastinateJob

from senyum.bookings import commands, queries, states
from senyum.bookings.commands import letters as writing
from senyum.bookings.commands.ask import prepare
from senyum.bookings.commands.sell import sell
from senyum.bookings.letters import MOST_A_DAY
from senyum.bookings.models import Booking
from senyum.bookings.plan import plan_of
from senyum.bookings.tests.days import DAY, NOW, at, open_bookings
from senyum.core import address, crypto
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.notices import commands as notices
from senyum.notices import messages, outbox
from senyum.notices.models import Notice
from senyum.notices.tests.test_webpush import AUTH, POINT
from senyum.rehearsal.queries import SmallHall

pytestmark = pytest.mark.django_db
FAR = DAY + timedelta(days=4)
MAIL = {"contact_kind": "email", "contact": "Warga@contoh.id"}


@pytest.fixture(autouse=True)
def _public(settings: Any) -> Iterator[None]:
    settings.PUBLIC_URL = "https://mpp.contoh.id"
    settings.WHATSAPP_URL, settings.WHATSAPP_PHONE_ID = "https://wa.contoh.id", "1"
    with scopes_disabled():
        yield


@pytest.fixture
def hall(small_mall: SmallHall) -> SmallHall:
    open_bookings(small_mall, places=2)
    return small_mall


def book(hall: SmallHall, hour: int = 9, **more: Any) -> queries.BookingView:
    legs = [(hall.lines["ktp"].pk, at(hour, day=FAR))]
    given = {"quantity": 1, "channel": "phone", "now": NOW, **MAIL, **more}
    return commands.book(mall=hall.mall, legs=legs, **given)


def said(now=NOW) -> list[tuple[str, str, str]]:
    """What is written when the job looks at `now`: (template, channel, address), and looks twice."""
    before = set(Notice.objects.values_list("pk", flat=True))
    commands.write_letters(now=now)
    count = Notice.objects.count()
    assert commands.write_letters(now=now) == 0 and Notice.objects.count() == count
    return [(n.template, n.channel, n.address) for n in Notice.objects.exclude(pk__in=before).order_by("id")]


def test_made_moved_reminded_released_once_each(hall: SmallHall) -> None:
    view = book(hall)
    assert said() == [("booking_made", "email", "warga@contoh.id")]
    notice = Notice.objects.get()
    text = messages.write(notice.template, notice.data, notice.language)
    assert f"https://mpp.contoh.id/b/{view.token}/" in text.body and view.reference in text.body
    assert f"UID:{view.reference}@senyum\r\nSEQUENCE:0" in notice.calendar and "METHOD:PUBLISH" in notice.calendar
    assert notice.useful_until == at(9, day=FAR) and notice.personal
    later = at(10, day=FAR)
    commands.move(token=view.token, legs=[(hall.lines["ktp"].pk, later)], now=NOW)
    assert said() == [("booking_moved", "email", "warga@contoh.id")]
    moved = Notice.objects.get(template="booking_moved")
    assert moved.data["was"] == at(9, day=FAR).isoformat() and "SEQUENCE:1" in moved.calendar
    assert said(later - timedelta(hours=25)) == []
    assert [s[0] for s in said(later - timedelta(hours=24))] == ["booking_reminder"]
    assert [s[0] for s in said(later - timedelta(hours=2))] == ["booking_reminder"]
    gone = later + timedelta(minutes=20)
    assert commands.release_missed(now=gone) == 1
    assert [s[0] for s in said(gone)] == ["booking_released"]
    assert Booking.objects.get().letter_at is None


def test_both_ways_to_cancel_are_told_and_only_the_halls_with_a_reason(hall: SmallHall) -> None:
    mine, theirs = book(hall), book(hall, contact="lain@contoh.id")
    said()
    commands.cancel(token=mine.token, now=NOW)
    commands.cancel(token=theirs.token, now=NOW, actor=SYSTEM, reason="Listrik padam", by_hall=True)
    assert said() == [
        ("booking_given_back", "email", "warga@contoh.id"),
        ("booking_cancelled", "email", "lain@contoh.id"),
    ]
    assert Notice.objects.get(template="booking_cancelled").data["reason"] == "Listrik padam"


def test_nothing_leaves_about_what_was_cancelled_meanwhile(hall: SmallHall) -> None:
    view = book(hall)
    commands.write_letters(now=NOW)
    commands.cancel(token=view.token, now=NOW)
    notice = Notice.objects.get()
    assert (notice.state, notice.trouble, notice.address, notice.data) == ("dead", outbox.WITHDRAWN, "", {})
    assert notice.failed_at is not None and outbox.claim_next(now=NOW, wall=NOW) is None
    assert [s[0] for s in said()] == ["booking_given_back"]
    # Cancelled before anybody wrote: nothing at all.
    other = book(hall)
    commands.cancel(token=other.token, now=NOW)
    assert said() == []


def test_a_queued_letter_with_the_old_time_does_not_leave_after_a_move(hall: SmallHall) -> None:
    view = book(hall)
    commands.write_letters(now=NOW)
    commands.move(token=view.token, legs=[(hall.lines["ktp"].pk, at(11, day=FAR))], now=NOW)
    commands.write_letters(now=NOW)
    assert list(Notice.objects.order_by("id").values_list("template", "state")) == [
        ("booking_made", "dead"),
        ("booking_moved", "pending"),
    ]


def test_without_a_contact_nothing_is_written(hall: SmallHall) -> None:
    book(hall, contact_kind="", contact="")
    assert said() == [] and Booking.objects.get().letter_at is None


def test_the_code_then_the_letter_where_the_contact_is_to_be_confirmed(hall: SmallHall) -> None:
    open_bookings(hall, places=2, contact="confirmed")
    view = book(hall, contact_kind="whatsapp", contact="0812-3456-7890")
    assert said() == [("contact_code", "whatsapp", "6281234567890")]
    notice = Notice.objects.get()
    assert notice.data["code"] == queries.contact_code(view.token) and notice.data["minutes"] == 10
    assert "link" not in notice.data and notice.useful_until == NOW + timedelta(minutes=10)
    commands.confirm(token=view.token, code=notice.data["code"], now=NOW)
    assert [s[0] for s in said()] == ["booking_made"]


def test_who_never_confirmed_hears_nothing_more(hall: SmallHall) -> None:
    open_bookings(hall, places=2, contact="confirmed")
    book(hall)
    commands.write_letters(now=NOW)
    late = NOW + timedelta(minutes=11)
    assert commands.expire_held(now=late) == 1 and said(late) == []
    assert Notice.objects.get().state == "dead"


def test_an_offer_is_told_with_its_end_and_once_more_when_it_is_taken(hall: SmallHall) -> None:
    full = book(hall, quantity=2, contact="a@contoh.id")
    nine = at(9, day=FAR)
    entry = commands.wait(
        mall=hall.mall,
        line_id=hall.lines["ktp"].pk,
        day=FAR,
        earliest=nine,
        latest=nine,
        quantity=1,
        contact_kind="email",
        contact="b@contoh.id",
        now=NOW,
        language="en",
    )
    said()
    commands.cancel(token=full.token, now=NOW)
    assert said() == [("booking_offer", "email", "b@contoh.id"), ("booking_given_back", "email", "a@contoh.id")]
    offer = Notice.objects.get(template="booking_offer")
    offered = Booking.objects.get(state=states.HELD)
    assert offer.data["until"] == (NOW + timedelta(minutes=30)).isoformat() and offer.language == "en"
    assert offer.data["link"].endswith(f"/b/{offered.token}/")
    commands.accept(token=entry.token, now=NOW)
    assert said() == [("booking_made", "email", "b@contoh.id")]


def test_the_persons_language(hall: SmallHall) -> None:
    book(hall, language="su")
    said()
    notice = Notice.objects.get()
    assert notice.language == "su" and "Pesenan" in messages.write(notice.template, notice.data, "su").subject


def test_a_phone_that_follows_is_reminded_without_any_contact(hall: SmallHall) -> None:
    view = book(hall, contact_kind="", contact="")
    uid = str(
        notices.follow(
            kind="booking",
            subject_id=view.id,
            endpoint="https://fcm.googleapis.com/fcm/send/abc",
            p256dh=POINT,
            auth=AUTH,
            language="en",
            useful_until=at(17, day=FAR),
            now=NOW,
        )
    )
    commands.heed(token=view.token, now=NOW)
    assert said() == []
    assert said(at(9, day=FAR) - timedelta(hours=24)) == [("booking_reminder", "webpush", uid)]
    assert Notice.objects.get().language == "en"
    commands.cancel(token=view.token, now=NOW, actor=SYSTEM, reason="Banjir", by_hall=True)
    assert said() == [("booking_cancelled", "webpush", uid)]


def test_one_contact_cannot_be_flooded(hall: SmallHall) -> None:
    for _ in range(MOST_A_DAY + 1):
        view = book(hall)
        commands.cancel(token=view.token, now=NOW)
    book(hall)
    assert said() == [] and Notice.objects.count() == 0
    book(hall, contact="tetangga@contoh.id")
    assert said() == [("booking_made", "email", "tetangga@contoh.id")]


def test_without_an_address_of_the_hall_only_codes_leave(hall: SmallHall, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(address, "lan_address", lambda: "")
    settings.PUBLIC_URL, settings.LISTENS, settings.DEMO = "", "", False
    book(hall)
    open_bookings(hall, places=2, contact="confirmed")
    book(hall, contact="b@contoh.id")
    assert said() == [("contact_code", "email", "b@contoh.id")]
    # Once the operator names it, what waited is written.
    settings.PUBLIC_URL = "https://mpp.contoh.id"
    assert said() == [("booking_made", "email", "warga@contoh.id")]


def test_what_cannot_be_read_holds_nobody_up(hall: SmallHall) -> None:
    view = book(hall)
    Booking.objects.filter(pk=view.id).update(contact=crypto.encrypt("x", purpose="something else"))
    book(hall, contact="b@contoh.id")
    assert said() == [("booking_made", "email", "b@contoh.id")]


def test_booking_wakes_the_job_once_and_a_replay_does_not(
    hall: SmallHall, django_capture_on_commit_callbacks: Any
) -> None:
    jobs = ProcrastinateJob.objects.filter(task_name=writing.JOB, status="todo")
    with django_capture_on_commit_callbacks(execute=True):
        book(hall, contact_kind="", contact="")
    assert not jobs.exists()
    with django_capture_on_commit_callbacks(execute=True):
        book(hall, key=("phone:1", "k" * 16, "ab"))
        book(hall, 10, contact="b@contoh.id")
    assert jobs.count() == 1
    jobs.delete()
    with django_capture_on_commit_callbacks(execute=True):
        book(hall, key=("phone:1", "k" * 16, "ab"))
    assert not jobs.exists()


@pytest.mark.parametrize("hours", [-1, 169])
def test_a_reminder_at_an_odd_time_is_refused(hall: SmallHall, hours: int) -> None:
    with pytest.raises(NotPossible, match=r"^policy:"):
        open_bookings(hall, remind_hours=hours)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_in_between_repeats_and_loses_nothing(hall: SmallHall, monkeypatch: Any) -> None:
    book(hall)
    book(hall, contact="b@contoh.id")
    tell, calls = outbox.tell, []

    def dies(**given: Any) -> int:
        calls.append(given)
        told = tell(**given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return told

    monkeypatch.setattr(outbox, "tell", dies)
    with pytest.raises(KeyboardInterrupt):
        commands.write_letters(now=NOW)
    assert Notice.objects.count() == 1
    assert commands.write_letters(now=NOW) == 1
    assert Notice.objects.values("address").distinct().count() == Notice.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_four_workers_write_each_letter_once(hall: SmallHall) -> None:
    open_bookings(hall, places=30)
    for n in range(25):
        book(hall, contact=f"warga{n}@contoh.id")

    def work(_n: int) -> int:
        try:
            with scopes_disabled():
                return commands.write_letters(now=NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(work, range(4)))
    assert sum(told) == 25 == Notice.objects.count()
    assert Notice.objects.values("address").distinct().count() == 25


def test_the_sale_itself_says_nothing_to_anybody(hall: SmallHall) -> None:
    """The rush: a sale queues no message and asks for nothing; the job comes afterwards."""
    legs = [(hall.lines["ktp"].pk, at(9, day=FAR))]
    sell([prepare(plan_of(hall.mall), legs, quantity=1, channel="kiosk", now=NOW, **MAIL)])
    assert Booking.objects.get().letter_at == NOW and not Notice.objects.exists()
    assert not ProcrastinateJob.objects.filter(task_name=writing.JOB).exists()
