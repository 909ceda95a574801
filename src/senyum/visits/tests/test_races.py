"""Many at once, on real PostgreSQL, through threads; each race with a negative control that shows it would happen.

Threads are bounded to 16 connections.
"""

from __future__ import annotations

import threading
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, connections
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.core.db import raw_cursor
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.malls.models import Counter
from senyum.people.models import User
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.visits import commands, sql, states
from senyum.visits.commands import issue
from senyum.visits.models import Call, LabelSequence, Ticket, Visit

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 16


@pytest.fixture(autouse=True)
def _unscoped() -> Iterator[None]:
    with scopes_disabled():
        yield


def together(work: Callable[[int], Any], count: int, threads: int = THREADS) -> list[Any]:
    """The answers (or exceptions) of work(0..count-1), by threads that start at one moment."""
    gate = threading.Barrier(threads)
    jobs = iter(range(count))
    lock = threading.Lock()
    answers: list[Any] = [None] * count

    def run(_place: int) -> None:
        gate.wait()
        try:
            with scopes_disabled():
                while True:
                    with lock:
                        place = next(jobs, None)
                    if place is None:
                        return
                    try:
                        answers[place] = work(place)
                    except Exception as error:
                        answers[place] = error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(threads)))
    return answers


def _issue(hall: SmallHall, now: datetime, *codes: str) -> commands.Issued:
    return commands.issue_visit(
        mall=hall.mall,
        line_ids=[hall.lines[code].pk for code in codes],
        priority="regular",
        channel="api",
        actor=SYSTEM,
        now=now,
    )


def _seats(hall: SmallHall, count: int, now: datetime, *codes: str) -> list[Counter]:
    """`count` further open counters that serve the lines first."""
    from senyum.catalogue.models import CounterLine

    counters = []
    for place in range(count):
        counter = Counter.objects.create(mall=hall.mall, booth=hall.lines[codes[0]].booth, number=100 + place)
        for code in codes:
            CounterLine.objects.create(counter=counter, line=hall.lines[code], tier=1)
        user = User.objects.create(username=f"ramai{place}")
        roster.open_session(counter=counter, user=user, now=now, actor=SYSTEM)
        counters.append(counter)
    return counters


def test_16_threads_and_400_arrivals_give_400_labels(small_mall: SmallHall) -> None:
    now = clock.wall()
    answers = together(lambda place: _issue(small_mall, now, "ktp"), 400)
    labels = [answer.label for answer in answers]
    assert len(set(labels)) == 400
    prefix = small_mall.lines["ktp"].group.prefix
    assert set(labels) == {f"{prefix}-{number:03d}" for number in range(1, 401)}
    assert Visit.objects.count() == Ticket.objects.count() == 400
    assert LabelSequence.objects.get(prefix=prefix).last == 400


def test_control_without_the_row_lock_labels_are_given_twice(small_mall: SmallHall) -> None:
    """Reading the last number and writing one more, as peers do, gives numbers twice."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE visits_visit DROP CONSTRAINT label_once_a_day")
    try:
        now = clock.wall()
        LabelSequence.objects.create(mall=small_mall.mall, day=now.date(), prefix="ZZ", last=0)

        def unlocked(_place: int) -> int:
            last = LabelSequence.objects.get(prefix="ZZ").last
            LabelSequence.objects.filter(prefix="ZZ").update(last=last + 1)
            return last + 1

        numbers = together(unlocked, 400)
        assert len(set(numbers)) < 400
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE visits_visit ADD CONSTRAINT label_once_a_day UNIQUE (mall_id, day, label)")


def test_the_same_key_from_16_threads_gives_one_visit(small_mall: SmallHall) -> None:
    now = clock.wall()
    key = issue.Key("token:1", "once", "00" * 32)

    def once(_place: int) -> commands.Issued:
        return commands.issue_visit(
            mall=small_mall.mall,
            line_ids=[small_mall.lines["ktp"].pk],
            priority="regular",
            channel="api",
            actor=SYSTEM,
            now=now,
            key=key,
        )

    answers = together(once, 64)
    assert len({answer.token for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    assert Visit.objects.count() == 1


def _drain(counters: list[Counter], now: datetime) -> tuple[list[int], int, list[Exception]]:
    """Every counter calls, serves and calls again until it hears that nobody waits, from a thread of its own."""
    empties = []
    called: list[int] = []
    errors: list[Exception] = []
    lock = threading.Lock()

    def officer(place: int) -> None:
        seen = None
        while True:
            try:
                result = commands.call_next(counter_id=counters[place].pk, seen=seen, actor=SYSTEM, now=now, wall=now)
            except Exception as error:
                with lock:
                    errors.append(error)
                return
            if result.ticket_id is None:
                with lock:
                    empties.append(Ticket.objects.filter(state=states.WAITING).count())
                return
            with lock:
                called.append(result.ticket_id)
            seen = result.ticket_id
            commands.serve(counter_id=counters[place].pk, seen=seen, actor=SYSTEM, now=now, wall=now)

    together(officer, len(counters), threads=len(counters))
    return called, sum(empties), errors


def test_16_officers_and_400_waiting_call_each_once_and_miss_none(small_mall: SmallHall) -> None:
    now = clock.wall()
    for _ in range(400):
        _issue(small_mall, now, "ktp")
    counters = _seats(small_mall, 16, now, "ktp")
    called, waiting_when_told_empty, errors = _drain(counters, now)
    assert errors == []
    assert waiting_when_told_empty == 0
    assert len(called) == 400 and set(Tally(called).values()) == {1}
    assert Call.objects.count() == 400
    assert not Ticket.objects.exclude(state=states.SERVED).exists()


def test_control_without_lock_and_recheck_people_are_called_twice(
    small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.wall()
    for _ in range(200):
        _issue(small_mall, now, "ktp")
    counters = _seats(small_mall, 16, now, "ktp")
    monkeypatch.setattr(sql, "CALL", sql.call_statement(lock="", recheck=""))
    monkeypatch.setattr("senyum.visits.commands.call._gather.submit", _alone)
    called, _waiting, _errors = _drain(counters, now)
    twice = [ticket for ticket, times in Tally(called).items() if times > 1]
    assert twice, "the race must occur without the lock, or the test above proves nothing"


def _alone(press: Any) -> dict[str, Any]:
    with raw_cursor() as cursor:
        cursor.execute(sql.CALL, press.parameters)
        row = cursor.fetchone()
        return dict(zip((column.name for column in cursor.description), row, strict=True))


def test_two_counters_never_call_two_legs_of_one_visit(small_mall: SmallHall) -> None:
    now = clock.wall()
    one, two = _seats(small_mall, 1, now, "ktp")[0], None
    two = Counter.objects.create(mall=small_mall.mall, booth=small_mall.lines["skck"].booth, number=200)
    from senyum.catalogue.models import CounterLine

    CounterLine.objects.create(counter=two, line=small_mall.lines["skck"], tier=1)
    roster.open_session(counter=two, user=small_mall.users["petugas3"], now=now, actor=SYSTEM)
    for _round in range(30):
        visit = _issue(small_mall, now, "ktp", "skck")
        answers = together(
            lambda place: commands.call_next(
                counter_id=(one, two)[place].pk, seen=None, actor=SYSTEM, now=now, wall=now
            ),
            2,
            threads=2,
        )
        assert not [a for a in answers if isinstance(a, Exception)], answers
        assert sum(answer.ticket_id is not None for answer in answers) == 1
        at_counter = Ticket.objects.filter(visit=visit.visit_id, state__in=states.AT_COUNTER)
        assert at_counter.count() == 1
        Ticket.objects.filter(visit=visit.visit_id).update(state=states.LEFT)


def test_control_without_the_constraint_two_legs_are_called_at_once(small_mall: SmallHall) -> None:
    now = clock.wall()
    one = _seats(small_mall, 1, now, "ktp")[0]
    two = small_mall.counters[3]
    roster.open_session(counter=two, user=small_mall.users["petugas3"], now=now, actor=SYSTEM)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_counter_per_visit")
    try:
        both = 0
        for _round in range(60):
            visit = _issue(small_mall, now, "ktp", "skck")
            presses = [(one, _parameters(one, now)), (two, _parameters(two, now))]
            together(lambda place, presses=presses: _pressed(presses[place][1]), 2, threads=2)
            both += Ticket.objects.filter(visit=visit.visit_id, state=states.CALLED).count() == 2
            Ticket.objects.filter(visit=visit.visit_id).update(state=states.LEFT)
        assert both, "the race must occur without the constraint, or the test above proves nothing"
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX one_counter_per_visit ON visits_ticket (visit_id)"
                " WHERE state IN ('called', 'serving')"
            )


def _parameters(counter: Counter, now: datetime) -> dict[str, Any]:
    return {
        "counter": counter.pk,
        "user": None,
        "seen": None,
        "now": now,
        "day": commands.call.malls.local_day(counter.mall, now),
        "reach": sql.REACH,
        "undo_until": now,
        "actor_kind": "system",
        "actor_id": "-",
        "actor_label": "-",
    }


def _pressed(parameters: dict[str, Any]) -> None:
    """The statement in a transaction that stays open for a moment, so that the two always overlap."""
    from django.db import transaction

    with transaction.atomic(), raw_cursor() as cursor:
        cursor.execute(sql.CALL, parameters)
        threading.Event().wait(0.01)


def test_forward_against_call_loses_nothing(small_mall: SmallHall) -> None:
    """An officer forwards a person while another counter calls in the target line."""
    now = clock.wall()
    sender, receiver = small_mall.counters[1], small_mall.counters[3]
    roster.open_session(counter=sender, user=small_mall.users["petugas1"], now=now, actor=SYSTEM)
    roster.open_session(counter=receiver, user=small_mall.users["petugas3"], now=now, actor=SYSTEM)
    for _round in range(20):
        _issue(small_mall, now, "ktp")
        first = commands.call_next(counter_id=sender.pk, seen=None, actor=SYSTEM, now=now, wall=now)
        commands.serve(counter_id=sender.pk, seen=first.ticket_id, actor=SYSTEM, now=now, wall=now)

        def work(place: int, seen: int | None = first.ticket_id) -> Any:
            if place == 0:
                return commands.forward(
                    counter_id=sender.pk,
                    seen=seen,
                    line_id=small_mall.lines["skck"].pk,
                    actor=SYSTEM,
                    now=now,
                    wall=now,
                )
            return commands.call_next(counter_id=receiver.pk, seen=None, actor=SYSTEM, now=now, wall=now)

        forwarded, called = together(work, 2, threads=2)
        assert isinstance(forwarded, int)
        assert called.ticket_id in (None, forwarded)
        if called.ticket_id is None:
            called = commands.call_next(counter_id=receiver.pk, seen=None, actor=SYSTEM, now=now, wall=now)
        assert called.ticket_id == forwarded
        commands.serve(counter_id=receiver.pk, seen=forwarded, actor=SYSTEM, now=now, wall=now)
        commands.finish(counter_id=receiver.pk, seen=forwarded, actor=SYSTEM, now=now, wall=now)


def test_two_officers_and_one_free_counter(small_mall: SmallHall) -> None:
    now = clock.wall()
    users = [small_mall.users["petugas1"], small_mall.users["petugas2"]]
    answers = together(
        lambda place: roster.open_session(counter=small_mall.counters[1], user=users[place], now=now, actor=SYSTEM),
        2,
        threads=2,
    )
    refused = [answer for answer in answers if isinstance(answer, NotPossible)]
    assert len(refused) == 1 and refused[0].code == "counter_taken"


def test_a_quota_under_rush_sells_exactly_its_places(small_mall: SmallHall) -> None:
    now = clock.wall()
    line = small_mall.lines["kk"]
    line.quota_per_day = 20
    line.save(update_fields=["quota_per_day"])
    answers = together(lambda place: _issue(small_mall, now, "kk"), 100)
    issued = [answer for answer in answers if isinstance(answer, commands.Issued)]
    full = [answer for answer in answers if isinstance(answer, NotPossible) and answer.code == "quota_full"]
    assert (len(issued), len(full)) == (20, 80)
    assert len({answer.label for answer in issued}) == 20
