from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection, connections, transaction

from senyum.core.live import CHANNEL, connection_parameters
from senyum.journal.chain import GENESIS, Row, canonical, link
from senyum.journal.models import Entry, Head
from senyum.journal.record import record
from senyum.journal.sequencer import LOCK, NotLeading, Sequencer, payloads, seal
from senyum.journal.tests.hall import BUDI, NOON, write
from senyum.journal.verify import verify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def own() -> Iterator[psycopg.Connection]:
    with psycopg.connect(**connection_parameters(), autocommit=True) as opened:
        yield opened


def until(condition: Callable[[], bool], seconds: float = 8.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@contextmanager
def running(*sequencers: Sequencer) -> Iterator[list[threading.Thread]]:
    threads = [threading.Thread(target=one.run, daemon=True) for one in sequencers]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for one in sequencers:
            one.stop.set()
        for thread in threads:
            thread.join(5)
        assert not any(thread.is_alive() for thread in threads)


def all_sealed() -> bool:
    return not Entry.objects.filter(seq=None).exists()


def test_seq_is_gapless_per_mall_and_hashes_are_chained(own: psycopg.Connection) -> None:
    for number in range(6):
        write("smd" if number % 2 else "jtn", number, line=number)
    assert seal(own) == {"smd": 3, "jtn": 3}
    assert seal(own) == {}
    entries = list(Entry.objects.filter(mall="smd").order_by("seq"))
    assert [e.seq for e in entries] == [1, 2, 3]
    assert [e.subject_id for e in entries] == ["1", "3", "5"]
    value = GENESIS
    for entry in entries:
        columns = [getattr(entry, name) for name in Row._fields[:-1]]
        value = link(value, Row(*columns, json.dumps(entry.data)), entry.seq)
        assert bytes(entry.hash) == value
    assert bytes(Head.objects.get(mall="smd").hash) == value
    assert verify().sound


def test_the_canonical_form_is_the_documented_one() -> None:
    row = Row(
        9, "smd", NOON, "ticket.called", "user", "7", "Bu Ée", "ticket", "1", "A-001", "", '{"b": 1.5, "a": [null]}'
    )
    expected = (
        '[4,"smd","2026-03-02T05:00:00.000000+00:00","ticket.called","user","7","Bu Ée",'
        '"ticket","1","A-001","",{"a":[null],"b":1.5}]'
    )
    assert canonical(row, 4) == expected.encode()
    assert link(GENESIS, row, 4).hex() == "6557cb2481b5ee7cdc2d9f2664bba2ab9b752fb972e4b059190e8163fbb4af97"


def test_a_row_that_commits_late_gets_a_later_seq(own: psycopg.Connection) -> None:
    with psycopg.connect(**connection_parameters()) as late:
        late.execute(
            "INSERT INTO journal_entry (mall, at, kind, actor_kind, actor_id, actor_label, subject_kind, subject_id, "
            "subject_label, reason, data) VALUES ('smd', now(), 'late', '', '', '', '', '0', '', '', '{}')"
        )
        write("smd", 1)
        seal(own)
        late.commit()
    seal(own)
    late_row, early_row = Entry.objects.order_by("id")
    assert (late_row.kind, late_row.seq) == ("late", 2)
    assert early_row.seq == 1
    assert verify().sound


def test_one_notification_for_all_malls_of_a_batch(own: psycopg.Connection) -> None:
    with psycopg.connect(**connection_parameters(), autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        for number in range(4):
            write("smd", number)
            write("jtn", number)
        seal(own)
        heard = [notice.payload for notice in listener.notifies(timeout=0.3)]
    assert [set(text.split()) for text in heard] == [{"smd:4", "jtn:4"}]


def test_payloads_stay_below_the_limit_of_postgresql() -> None:
    malls = [(f"mall-{n:050}", n) for n in range(400)]
    texts = payloads(malls)
    assert len(texts) > 1
    assert max(len(text.encode()) for text in texts) < 8000
    assert " ".join(texts).split() == [f"{mall}:{seq}" for mall, seq in malls]


def test_a_sealer_that_was_overtaken_changes_nothing(own: psycopg.Connection) -> None:
    write("smd", 1)
    seal(own)
    write("smd", 2)
    # The head moves behind the back of the second sealer, between its reading and its writing.
    with psycopg.connect(**connection_parameters()) as rival:
        rival.execute("UPDATE journal_head SET seq = 2")
        outcome: list[BaseException] = []

        def try_it() -> None:
            try:
                seal(own)
            except BaseException as error:
                outcome.append(error)

        thread = threading.Thread(target=try_it)
        thread.start()
        until(lambda: _waits_for_lock(rival))
        rival.commit()
        thread.join(5)
    assert isinstance(outcome[0], NotLeading)
    assert Entry.objects.filter(seq=None).count() == 1


def _waits_for_lock(any_connection: psycopg.Connection) -> bool:
    with psycopg.connect(**connection_parameters(), autocommit=True) as look:
        row = look.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone()
    return bool(row and row[0])


def _write_from_thread(mall: str, start: int, count: int) -> None:
    for number in range(start, start + count):
        write(mall, number)
    connections.close_all()


def test_of_two_only_one_leads_and_the_other_takes_over_when_it_is_killed() -> None:
    first, second = (Sequencer(connection_parameters()) for _ in range(2))
    with running(first, second):
        until(lambda: first.leading.is_set() or second.leading.is_set())
        leader, standby = (first, second) if first.leading.is_set() else (second, first)
        assert not standby.leading.is_set()
        writers = [threading.Thread(target=_write_from_thread, args=("smd", k * 100, 60)) for k in range(4)]
        for writer in writers:
            writer.start()
        time.sleep(0.1)
        leader.stop.set()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
                "AND classid = %s AND objid = %s",
                [LOCK >> 32, LOCK & 0xFFFFFFFF],
            )
        for writer in writers:
            writer.join()
        until(standby.leading.is_set)
        until(all_sealed)
    report = verify()
    assert (report.sound, report.sealed, report.unsealed) == (True, 240, 0)


def test_the_leader_comes_back_after_its_connection_was_ended() -> None:
    sequencer = Sequencer(connection_parameters())
    with running(sequencer):
        write("smd", 1)
        until(all_sealed)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
                "AND classid = %s AND objid = %s",
                [LOCK >> 32, LOCK & 0xFFFFFFFF],
            )
        write("smd", 2)
        until(all_sealed)
    assert verify().sound


def test_an_entry_is_sealed_soon_and_the_end_comes_at_once() -> None:
    sequencer = Sequencer(connection_parameters())
    with running(sequencer) as threads:
        until(sequencer.leading.is_set)
        started = time.monotonic()
        write("smd", 1)
        until(all_sealed)
        assert time.monotonic() - started < 1.0
        ended = time.monotonic()
        sequencer.stop.set()
        threads[0].join(2)
        assert time.monotonic() - ended < 0.5


def test_a_change_that_is_taken_back_leaves_no_entry(own: psycopg.Connection) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(mall="smd", at=NOON, kind="ticket.called", actor=BUDI, subject=("ticket", 1, "A-001"))
        _ = 1 / 0
    assert seal(own) == {}
