from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connections, transaction

from senyum.core.live import Hub, connection_parameters
from senyum.core.live_app import LiveApp
from senyum.core.tests.live_client import QUICK, Client, doors, until
from senyum.journal.models import Entry
from senyum.journal.record import record
from senyum.journal.sequencer import Sequencer, seal
from senyum.journal.stream import PUBLIC, JournalSource, project
from senyum.journal.tests.hall import BUDI, NOON, write

POISON = "Siti Rahayu 3211010101010001"


def test_nothing_but_the_listed_keys_leaves_the_house() -> None:
    data = {
        "line": 3,
        "lines": [3, 4],
        "counter": 9,
        "state": "called",
        "people_ahead": 4,
        "name": POISON,
        "nik": "3211010101010001",
        "reason": POISON,
        "pause": POISON,
        "note": POISON,
        "visit": 55,
        "actor": POISON,
        # Listed keys with values that are not what the key promises.
        "position": {"name": POISON},
        "agency": POISON,
        "service": [POISON],
        "outcome": "x" * 400,
        "withdrawn": [[1]],
    }
    for kind in (*(f"{family}.done" for family in PUBLIC), "unknown.kind", "user.renamed", "ticket"):
        event = project(1, kind, "ticket", "12", "A-012", data)
        if event is None:
            continue
        text = event.encoded.decode()
        for secret in ("Siti", "3211", "xxx", "name", "nik", "reason", "note", "actor", "55"):
            assert secret not in text
    event = project(7, "ticket.called", "ticket", "12", "A-012", data)
    assert event is not None
    lines = event.encoded.decode().split("\n")
    assert lines[:2] == ["id: 7", "event: ticket.called"]
    assert json.loads(lines[2].removeprefix("data: ")) == {
        "label": "A-012",
        "line": 3,
        "lines": [3, 4],
        "counter": 9,
        "state": "called",
        "people_ahead": 4,
    }
    assert event.about == {"line:3", "line:4", "counter:9", "visit:55"}


def test_a_ticket_that_changes_lines_concerns_both() -> None:
    event = project(1, "ticket.redirected", "ticket", "1", "A-1", {"line": 4, "from_line": 3, "visit": 8})
    assert event is not None
    assert event.about == {"line:3", "line:4", "visit:8"}


@pytest.mark.parametrize("kind", ["user.renamed", "token.created", "case.opened", "device.pin_set", "survey.answered"])
def test_a_kind_that_is_not_listed_is_not_streamed(kind: str) -> None:
    assert project(1, kind, "user", "1", "A-001", {"line": 3}) is None


def test_a_label_that_is_a_name_is_not_shown() -> None:
    event = project(1, "ticket.called", "ticket", "1", POISON, {})
    assert event is not None
    assert b"data: {}" in event.encoded


def test_a_citizens_text_cannot_break_out_of_its_line() -> None:
    event = project(1, "ticket.called", "ticket", "1", "A-1", {"state": "x\n\nevent: reset\ndata: {}"})
    assert event is not None
    assert event.encoded.count(b"\n") == 4


@pytest.mark.django_db(transaction=True)
def test_the_journal_as_a_source() -> None:
    for number in range(5):
        write("smd", number, line=1)
    write("smd", 5, kind="user.renamed")
    write("jtn", 6)

    with psycopg.connect(**connection_parameters(), autocommit=True) as own:
        oldest = Entry.objects.order_by("id").values_list("id", flat=True)[0]

        async def unsealed() -> None:
            async with await psycopg.AsyncConnection.connect(**connection_parameters(), autocommit=True) as link:
                page = await JournalSource().read(link, "smd", 0, 10)
                assert (list(page.events), page.last, page.more) == ([], 0, False)
                assert await JournalSource().tail(link) == oldest
                assert await JournalSource().heads(link, ["smd"]) == {}

        async def sealed() -> None:
            async with await psycopg.AsyncConnection.connect(**connection_parameters(), autocommit=True) as link:
                source = JournalSource()
                first = await source.read(link, "smd", 0, 3)
                assert ([e.seq for e in first.events], first.last, first.more) == ([1, 2, 3], 3, True)
                rest = await source.read(link, "smd", 3, 10)
                # Entry 6 is not public: the page reaches over it.
                assert ([e.seq for e in rest.events], rest.last, rest.more) == ([4, 5], 6, False)
                assert await source.tail(link) is None
                assert await source.heads(link, ["smd", "jtn", "none"]) == {"smd": 6, "jtn": 1}

        asyncio.run(unsealed())
        seal(own)
        asyncio.run(sealed())


def _record_at_random(start: int, count: int) -> None:
    for number in range(start, start + count):
        with transaction.atomic():
            record(mall="smd", at=NOON, kind="ticket.issued", actor=BUDI, subject=("ticket", number, f"A-{number}"))
            # Transactions overlap, so ids commit out of order.
            time.sleep(random.random() * 0.01)
    connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_from_command_to_phone_in_the_order_of_seq_across_a_change_of_leader() -> None:
    total = 240
    first, second = (Sequencer(connection_parameters()) for _ in range(2))
    threads = [threading.Thread(target=one.run, daemon=True) for one in (first, second)]
    threads += [threading.Thread(target=_record_at_random, args=(1000 * k, 60)) for k in range(4)]

    async def follow() -> list[Client]:
        hub = Hub(JournalSource(), limits=QUICK)
        await hub.start()
        await until(lambda: hub.connected)
        app = LiveApp(hub, doors(), ThreadPoolExecutor(1))
        clients = [Client(app, "after=0").open() for _ in range(5)]
        await until(lambda: all(c.raw for c in clients))
        for thread in threads:
            thread.start()
        await asyncio.sleep(0.2)
        (first if first.leading.is_set() else second).stop.set()
        await until(lambda: all(len(c.events) >= total for c in clients), 20)
        await hub.stop()
        return clients

    try:
        clients = asyncio.run(follow())
    finally:
        first.stop.set()
        second.stop.set()
        for thread in threads:
            thread.join(5)
    for client in clients:
        assert client.seqs == list(range(1, total + 1))
        assert len({e.data["label"] for e in client.events}) == total
