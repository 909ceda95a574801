from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from typing import Any

import psycopg
import pytest

from senyum.core import live_app
from senyum.core.live import Event, Filter, Full, Hub, connection_parameters
from senyum.core.tests.live_client import QUICK, Client, FakeSource, House, until

pytestmark = pytest.mark.django_db(transaction=True)


def runs(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """A test written as a coroutine."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 30))  # type: ignore[arg-type]  # a coroutine is all that is wanted of an Awaitable

    return run


async def backends(which: str = "LISTEN") -> list[int]:
    """Process ids of the database's other connections whose last statement starts so."""
    connection = await psycopg.AsyncConnection.connect(**connection_parameters(), autocommit=True)
    async with connection:
        cursor = await connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND query LIKE %s",
            [f"{which}%"],
        )
        return [row[0] for row in await cursor.fetchall()]


async def end_backends(pids: list[int]) -> None:
    connection = await psycopg.AsyncConnection.connect(**connection_parameters(), autocommit=True)
    async with connection:
        await connection.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [pids])


@runs
async def test_an_event_reaches_every_stream_of_its_mall_and_is_read_once() -> None:
    async with House() as house:
        clients = [await house.client() for _ in range(30)]
        other = await house.client(path="/live/jtn/")
        reads = house.source.reads
        await house.source.publish()
        await until(lambda: all(c.seqs == [1] for c in clients))
        assert house.source.reads == reads + 1
        assert other.seqs == []
        head = clients[0].head
        assert head["content-type"].startswith("text/event-stream")
        assert head["x-accel-buffering"] == "no"
        assert "no-transform" in head["cache-control"]
        assert clients[0].raw.startswith(b"retry: 1500\n\n")


@runs
async def test_a_stream_begins_now_when_it_names_no_event() -> None:
    async with House() as house:
        house.source.add()
        one = await house.client()
        assert one.seqs == []
        assert one.all[0].kind == "beat"
        assert one.all[0].id == 1


@pytest.mark.parametrize("after", [0, 3, 12, 29, 30])
@pytest.mark.parametrize("by", ["header", "query"])
@runs
async def test_a_stream_gets_what_came_after_the_event_it_saw_last(after: int, by: str) -> None:
    """From the ring (20) and from the source (pages of 7) alike."""
    async with House() as house:
        follower = await house.client()
        for _ in range(30):
            house.source.add()
        await house.source.tell("smd:30")
        await until(lambda: len(follower.seqs) == 30)
        if by == "header":
            one = await house.client("after=1", last_event_id=str(after))
        else:
            one = await house.client(f"after={after}")
        await house.source.publish()
        await until(lambda: one.seqs == list(range(after + 1, 32)))


@runs
async def test_a_replay_that_runs_ahead_of_the_notification_is_no_reset() -> None:
    """The source already holds an event that this process was not told of yet."""
    async with House() as house:
        for _ in range(25):
            house.source.add()
        follower = await house.client()
        house.source.add()
        one = await house.client(last_event_id="0")
        await house.source.tell("smd:26")
        await until(lambda: 26 in one.seqs and 26 in follower.seqs)
        assert one.seqs == list(range(1, 27))
        assert [event.kind for event in one.events if event.kind == "reset"] == []


@runs
async def test_coming_back_again_and_again_misses_nothing_and_doubles_nothing() -> None:
    async with House() as house:
        total = 90

        async def publish() -> None:
            for _ in range(total):
                await house.source.publish()
                await asyncio.sleep(0.004)

        async def come_and_go(pause: float) -> list[int | None]:
            seen: list[int | None] = []
            last = 0
            while len(seen) < total:
                one = await house.client(last_event_id=str(last))
                await asyncio.sleep(pause)
                one.leave()
                assert one.task
                await one.task
                seen += one.seqs
                last = seen[-1] or 0 if seen else 0
            return seen

        answers = await asyncio.gather(publish(), *(come_and_go(0.01 * k) for k in range(1, 6)))
        for seen in answers[1:]:
            assert seen == list(range(1, total + 1))


@runs
async def test_who_was_away_too_long_is_told_to_read_the_page_anew() -> None:
    async with House() as house:
        for _ in range(150):
            house.source.add()
        late = await house.client(last_event_id="2")
        ahead = await house.client(last_event_id="900")
        for one in (late, ahead):
            assert [(e.kind, e.id) for e in one.events] == [("reset", 150)]
        await house.source.publish()
        await until(lambda: late.seqs == [150, 151])


@runs
async def test_a_client_that_was_ahead_of_this_process_is_not_reset() -> None:
    async with House(replace(QUICK, look_seconds=30)) as house:
        await house.client()
        for _ in range(3):
            house.source.add()
        one = await house.client(last_event_id="2")
        await until(lambda: [(e.kind, e.id) for e in one.events] == [("ticket.called", 3)])


@runs
async def test_another_journal_resets_every_page() -> None:
    async with House() as house:
        for _ in range(9):
            house.source.add()
        one = await house.client()
        house.source.events["smd"] = []
        house.source.add()
        await until(lambda: [(e.kind, e.id) for e in one.events] == [("reset", 1)])
        await house.source.publish()
        await until(lambda: one.seqs == [1, 2])


FILTERS = [
    ("", [1, 2, 3, 4, 5, 6]),
    ("kinds=ticket.called", [1, 2]),
    ("kinds=ticket", [1, 2, 3]),
    ("kinds=session.opened,hall.paused", [4, 5]),
    ("lines=3", [1, 5, 6]),
    ("lines=3,4", [1, 2, 5, 6]),
    ("counter=9", [2, 4, 5]),
    ("visit=secret", [3, 5]),
    ("visit=secret&lines=4", [2, 3, 5]),
    ("kinds=ticket&counter=9", [2]),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
@runs
async def test_filters(query: str, expected: list[int]) -> None:
    async with House() as house:
        live = await house.client(query)
        house.source.add("smd", "ticket.called", ["line:3"])
        house.source.add("smd", "ticket.called", ["line:4", "counter:9"])
        house.source.add("smd", "ticket.parked", ["visit:7"])
        house.source.add("smd", "session.opened", ["counter:9"])
        house.source.add("smd", "hall.paused")
        house.source.add("smd", "visit.left", ["line:3"])
        await house.source.tell("smd:6")
        await until(lambda: len(live.events) == len(expected))
        replayed = await house.client(query, last_event_id="0")
        assert live.seqs == replayed.seqs == expected


@runs
async def test_a_client_that_does_not_read_is_dropped_and_holds_up_nobody() -> None:
    async with House(replace(QUICK, write_seconds=60)) as house:
        slow, quick = await house.client(), await house.client()
        slow.hold()
        for _ in range(60):
            await house.source.publish()
        await until(lambda: quick.seqs == list(range(1, 61)))
        assert slow.task
        await until(slow.task.done)
        assert house.hub.count == 1


@runs
async def test_a_burst_longer_than_the_queue_drops_nobody_who_reads() -> None:
    async with House() as house:
        clients = [await house.client() for _ in range(20)]
        for _ in range(400):
            house.source.add()
        await house.source.tell("smd:400")
        await until(lambda: all(c.seqs == list(range(1, 401)) for c in clients))


@runs
async def test_a_client_that_stays_stuck_is_cut_off_in_time() -> None:
    async with House() as house:
        stuck, quick = await house.client(), await house.client()
        stuck.hold()
        await house.source.publish()
        assert stuck.task
        await until(stuck.task.done, 3)
        await house.source.publish()
        await until(lambda: quick.seqs == [1, 2])
        assert house.hub.count == 1


@runs
async def test_a_client_that_leaves_is_forgotten() -> None:
    async with House() as house:
        one = await house.client("lines=5")
        one.leave()
        assert one.task
        await until(one.task.done)
        assert house.hub.count == 0
        assert house.hub.keys == {}
        assert house.hub.channels["smd"].streams == {}


@runs
async def test_a_stream_ends_after_its_life_and_says_so_properly() -> None:
    async with House(replace(QUICK, life_seconds=0.2)) as house:
        one = await house.client()
        await until(lambda: one.ended)


@runs
async def test_beats_tell_the_time_and_the_head() -> None:
    async with House() as house:
        one = await house.client()
        await house.source.publish()
        await until(lambda: sum(e.kind == "beat" for e in one.all) >= 4)
        last = [e for e in one.all if e.kind == "beat"][-1]
        assert (last.id, last.data) == (1, {"now": "noon", "seq": 1})


@runs
async def test_no_beat_while_nothing_is_sealed() -> None:
    async with House() as house:
        one = await house.client()
        house.source.oldest_unsealed = 77
        await until(lambda: house.hub.stalled)
        seen = len(one.all)
        await asyncio.sleep(0.7)
        assert len(one.all) == seen
        house.source.oldest_unsealed = None
        await until(lambda: len(one.all) > seen)


@runs
async def test_the_listener_comes_back_when_its_connection_is_ended() -> None:
    async with House(replace(QUICK, look_seconds=30)) as house:
        one = await house.client()
        first = await backends()
        assert len(first) == 1
        await end_backends(first)
        await until(lambda: not house.hub.connected)
        house.source.add()
        await until(lambda: one.seqs == [1])
        await until(lambda: house.hub.connected)
        await house.source.publish()
        await until(lambda: one.seqs == [1, 2])


@runs
async def test_a_lost_notification_is_made_good_by_the_next_look() -> None:
    async with House() as house:
        one = await house.client()
        house.source.add()
        await until(lambda: one.seqs == [1], 2)


@runs
async def test_a_strange_notification_does_no_harm() -> None:
    async with House() as house:
        one = await house.client()
        await house.source.tell("nowhere:5 smd:x  rubbish")
        await house.source.publish()
        await until(lambda: one.seqs == [1])


@runs
async def test_open_streams_hold_no_connection() -> None:
    async with House() as house:
        clients = [await house.client("after=0") for _ in range(50)]
        await house.source.publish()
        await until(lambda: all(c.seqs == [1] for c in clients))
        everyone = await backends("")
        # One that listens, at most two that read, one of the test itself.
        assert len(everyone) <= 4


@runs
async def test_bounds_on_streams() -> None:
    hub = Hub(FakeSource(), limits=replace(QUICK, streams=10, streams_per_key=3))
    for _ in range(8):
        hub.admit("")
    with pytest.raises(Full) as full:
        hub.admit("")
    assert full.value.status == 503
    hub.admit("token:1")
    hub.admit("token:1")
    with pytest.raises(Full):
        hub.admit("token:2")
    hub.dismiss("")
    hub.admit("token:1")
    hub.dismiss("")
    with pytest.raises(Full) as full:
        hub.admit("token:1")
    assert full.value.status == 429


@runs
async def test_the_end_of_the_process_ends_the_streams_and_refuses_new_ones() -> None:
    async with House() as house:
        one = await house.client()
        house.hub.close_streams()
        await until(lambda: one.ended)
        late = await house.client()
        assert late.status == 503


REFUSED = [
    ("/live/nowhere/", "", {}, "GET", 404),
    ("/live/", "", {}, "GET", 404),
    ("/live/smd/", "", {}, "POST", 405),
    ("/live/smd/", "visit=wrong", {}, "GET", 404),
    ("/live/smd/", "kinds=" + "x" * 3000, {}, "GET", 400),
    ("/live/smd/", "&".join(f"a{n}=1" for n in range(20)), {}, "GET", 400),
    ("/api/v1/malls/smd/events", "", {}, "GET", 401),
    ("/api/v1/malls/smd/events", "", {"authorization": "Basic good"}, "GET", 401),
    ("/api/v1/malls/smd/events", "", {"authorization": "Bearer bad"}, "GET", 401),
    ("/api/v1/malls/smd/events", "", {"authorization": "Bearer weak"}, "GET", 403),
]


@pytest.mark.parametrize(("path", "query", "headers", "method", "status"), REFUSED)
@runs
async def test_refusals(path: str, query: str, headers: dict[str, str], method: str, status: int) -> None:
    async with House() as house:
        one = await house.client(query, path=path, method=method, **headers)
        assert one.status == status
        assert one.head["content-type"] == "application/problem+json"
        assert int(one.head["content-length"]) == len(one.raw)
        assert house.hub.count == 0


@runs
async def test_a_bearer_of_a_token_follows_the_same_events() -> None:
    async with House() as house:
        one = await house.client(path="/api/v1/malls/smd/events", authorization="Bearer good")
        await house.source.publish()
        await until(lambda: one.seqs == [1])


@runs
async def test_a_broken_number_of_the_last_event_is_as_good_as_none() -> None:
    async with House() as house:
        house.source.add()
        for text in ("x", "-1", "9" * 40, "１"):
            one = Client(house.app, last_event_id="0")
            one.scope["headers"] = [(b"last-event-id", text.encode())]
            one.open()
            await until(lambda one=one: one.all)
            assert one.events == []


def test_a_filter_takes_families_of_kinds() -> None:
    event = Event(1, "ticket.called", frozenset(), b"")
    assert Filter(frozenset({"ticket"})).wants(event)
    assert not Filter(frozenset({"tick"})).wants(event)


@runs
async def test_a_bearer_whose_token_is_revoked_loses_the_running_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Revoked, expired, or its user switched off: `authorize` says so, and the stream ends within the recheck."""
    monkeypatch.setattr(live_app, "RECHECK_SECONDS", 0.05)
    async with House() as house:
        rights = {"good": 200, "other": 200}
        house.app.doors = replace(house.app.doors, authorize=lambda secret, mall: rights.get(secret, 401))
        address = "/api/v1/malls/smd/events"
        one = await house.client(path=address, authorization="Bearer good")
        other = await house.client(path=address, authorization="Bearer other")
        page = await house.client()
        rights["good"] = 401
        await until(lambda: one.ended)
        await house.source.publish()
        await until(lambda: other.seqs == [1] and page.seqs == [1])
        assert one.seqs == []
        assert not other.ended


@runs
async def test_a_database_that_is_away_ends_no_bearers_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_app, "RECHECK_SECONDS", 0.02)
    async with House() as house:
        asked: list[str] = []
        one = await house.client(path="/api/v1/malls/smd/events", authorization="Bearer good")

        def away(secret: str, mall: str) -> int:
            asked.append(secret)
            raise psycopg.OperationalError("away")

        house.app.doors = replace(house.app.doors, authorize=away)
        await until(lambda: len(asked) > 3)
        assert not one.ended
