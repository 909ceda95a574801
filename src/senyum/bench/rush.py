"""`senyum bench rush`: a popular day opens, 5,000 people ask at once for 1,000 places; ours beside the plain way.

Each person is a connection of its own, opened before the moment and asked from a second process; both ways run on the
same PostgreSQL, web server and middleware.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import selectors
import subprocess
import sys
import time
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from senyum.bench import own_server

LINES, SLOTS, PLACES = 10, 10, 10
Say = Callable[[str], None]


@dataclass(frozen=True)
class Rushed:
    """What one rush brought: answers by status, seconds until the last, p99 in milliseconds, places sold."""

    statuses: dict[int, int]
    seconds: float
    p99_ms: float
    sold: int
    oversold: int

    def out(self) -> dict[str, Any]:
        full = self.statuses.get(409, 0)
        return {
            "sold": self.sold,
            "oversold": self.oversold,
            "full": full,
            "errors": sum(self.statuses.values()) - self.statuses.get(201, 0) - full,
            "seconds": round(self.seconds, 3),
            "p99_ms": round(self.p99_ms, 1),
        }


def ask_all(port: int, requests: list[bytes]) -> tuple[dict[int, int], float, list[float]]:
    """Open a connection for each request, then send all at once: (answers by status, seconds, latencies)."""
    from senyum.bench.client import _Client

    clients = [_Client(place, port) for place in range(len(requests))]
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.sock, selectors.EVENT_READ, client)
    statuses: Tally[int] = Tally()
    latencies: list[float] = []
    begin = time.perf_counter()
    for client, request in zip(clients, requests, strict=True):
        client.send(request)
    busy = len(clients)
    while busy:
        for chosen, _events in selector.select(timeout=60):
            client = chosen.data
            answer = client.receive()
            if answer is None:
                continue
            statuses[answer[0]] += 1
            # Everybody came at the same moment, whenever their request was written to the socket.
            latencies.append(time.perf_counter() - begin)
            selector.unregister(client.sock)
            client.sock.close()
            busy -= 1
    return dict(statuses), time.perf_counter() - begin, latencies


def _client(port: int) -> None:
    """The second process: requests as JSON lines on stdin, the result as JSON on stdout."""
    requests = [bytes.fromhex(line.strip()) for line in sys.stdin if line.strip()]
    statuses, seconds, latencies = ask_all(port, requests)
    latencies.sort()
    print(json.dumps([statuses, seconds, latencies[int(0.99 * (len(latencies) - 1))]]))


class _Web:
    """Web processes and sequencer with these settings."""

    def __init__(self, settings: str) -> None:
        from senyum.bench.ways import wait_for
        from senyum.core.secrets import data_directory
        from senyum.ops.up import Plan, web_command

        environment = {**os.environ, "SENYUM_API_RATE": "1000000", "DJANGO_SETTINGS_MODULE": settings}
        self.port = own_server.free_port()
        plan = Plan(host="127.0.0.1", port=self.port, workers=2)
        self.children = [
            subprocess.Popen(web_command(plan, data_directory()), env=environment),
            subprocess.Popen([sys.executable, "-m", "senyum", "sequencer"], env=environment),
        ]
        wait_for(self.port)

    def stop(self) -> None:
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait(timeout=10)


def measure(people: int, rounds: int, say: Say) -> dict[str, Any]:
    """Rounds of ours and of the plain way in turn, each with places of its own; the middle one of each counts."""
    web = {"ours": _Web("senyum.settings"), "plain": _Web("senyum.bench.plain_settings")}
    found: dict[str, list[Rushed]] = {"ours": [], "plain": []}
    try:
        for nth in range(rounds):
            for way in found:
                rushed = _rush(web[way].port, way, f"{way}{nth}", people)
                found[way].append(rushed)
                say(f"{way:5} {rushed.out()}")
    finally:
        for one in web.values():
            one.stop()
    middle = {way: sorted(all_, key=lambda r: r.seconds)[len(all_) // 2] for way, all_ in found.items()}
    answer = middle["ours"].out()
    answer["oversold"] = max(r.oversold for r in found["ours"])
    answer["errors"] = max(r.out()["errors"] for r in found["ours"])
    return {
        "people": people,
        "places": LINES * SLOTS * PLACES,
        **answer,
        "plain": middle["plain"].out(),
        "ratio_orm": round(middle["plain"].seconds / middle["ours"].seconds, 2),
        "rounds": rounds,
    }


def _rush(port: int, way: str, code: str, people: int) -> Rushed:
    from django_scopes import scopes_disabled

    from senyum.bench.client import post
    from senyum.bench.hall import build
    from senyum.bookings.models import Place, Slot
    from senyum.core import clock

    now = clock.now()
    hall = build(code, clients=32, hot=False, now=now)
    starts = _open(hall, now)
    address = "/api/v1/bookings" if way == "ours" else "/plain/bookings"
    requests = []
    for place in range(people):
        leg = {"service": hall.services[place % LINES], "starts": starts[place // LINES % SLOTS].isoformat()}
        body = json.dumps({"mall": code, "legs": [leg], "channel": "phone"}).encode()
        requests.append(post(address, hall.kiosks[place % 32], body, f"{code}-{secrets.token_hex(8)}"))
    child = subprocess.run(
        [sys.executable, "-c", f"from senyum.bench.rush import _client; _client({port})"],
        input="\n".join(request.hex() for request in requests),
        capture_output=True,
        text=True,
        check=True,
    )
    statuses, seconds, p99 = json.loads(child.stdout)
    with scopes_disabled():
        slots = list(Slot.objects.filter(mall=hall.mall))
        sold = {slot.pk: Place.objects.filter(slot=slot).count() for slot in slots}
    oversold = sum(max(0, sold[slot.pk] - PLACES) for slot in slots)
    return Rushed(
        {int(status): count for status, count in statuses.items()}, seconds, 1000 * p99, sum(sold.values()), oversold
    )


def _open(hall: Any, now: datetime) -> list[datetime]:
    """Let ten lines be booked from now on; the beginnings of the ten slots of the first open day that has them."""
    from senyum.bookings import commands
    from senyum.bookings.models import Slot
    from senyum.bookings.plan import plan_of
    from senyum.journal.actor import SYSTEM
    from senyum.malls.queries import local_day

    opens = (now - timedelta(minutes=1)).astimezone().time()
    commands.put_policy(
        mall=hall.mall, line=None, now=now, actor=SYSTEM, slot_minutes=60, places=PLACES, days_ahead=40, opens_at=opens
    )
    plan = plan_of(hall.mall)
    line = plan.lines[hall.lines[0].pk]
    today = local_day(hall.mall, now)
    days = (today + timedelta(days=n) for n in range(2, 30))
    slots = next(found for day in days if len(found := plan.slots(line, day)) >= SLOTS + 8)[8 : 8 + SLOTS]
    # Both ways find the slots there, as on a day of which some places were sold before.
    for row in hall.lines[:LINES]:
        for slot in slots:
            Slot.objects.create(
                mall=hall.mall, line=row, day=slot.day, starts=slot.starts, ends=slot.ends, capacity=PLACES
            )
    return [slot.starts for slot in slots]


def main() -> None:
    """The measuring process: people and rounds as arguments."""
    own_server.prepare()
    own_server.answer(measure(int(sys.argv[1]), int(sys.argv[2]), own_server.say))


def run(people: int, rounds: int) -> dict[str, Any]:
    """Measure on a server of its own."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    (answer,) = own_server.measure_in("senyum.bench.rush", people, rounds)
    return answer


if __name__ == "__main__":
    main()
