"""`senyum bench live`: how long an event takes from its commit to every open stream.

Everything is as in a hall: a durable PostgreSQL, the sequencer, two web processes; the streams are held by client
processes of their own. Entries are recorded one by one in transactions of their own, at a steady rate.
"""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from senyum.bench import own_server

MALL = "bench-live"
WEB_PROCESSES = 2
CLIENT_PROCESSES = 2
RATE_OF_THOUSAND = 10.0  # events a second at 1,000 streams: 10,000 receipts a second; fewer events on more streams
WARM_UP = 5
SETTLE_SECONDS = 3.0


def run(streams: list[int], seconds: float, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Measure each number of open streams on a server of its own. Returns one result for each, see `_result`."""
    raise_file_limit()
    return own_server.measure_in("senyum.bench.live", seconds, *streams, heard=lambda result: say(_sentence(result)))


def raise_file_limit() -> None:
    """As many open files as this user may have: each stream takes one on both sides."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _sentence(result: dict[str, Any]) -> str:
    return (
        f"{result['streams']:6} streams: p50 {result['p50_ms']:7.1f} ms  p99 {result['p99_ms']:7.1f} ms  "
        f"delivered {result['delivered_share']:.5f}  {result['kb_per_stream']} kB a stream"
    )


def main() -> None:
    """The measuring process: seconds and numbers of streams as arguments, a fresh server in DATABASE_URL."""
    own_server.prepare()
    from senyum.malls.models import Mall

    Mall.objects.create(code=MALL, name="Bench", short_name="Bench")
    seconds = float(sys.argv[1])
    first = 1
    for streams in map(int, sys.argv[2:]):
        with house() as (port, web):
            answer, first = measure(port, web, streams, seconds, first)
        own_server.answer(answer)


@contextmanager
def house() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The web processes and the sequencer, as `senyum up` starts them; gives the port and the web's main process."""
    from senyum.core.secrets import data_directory
    from senyum.ops.up import Plan, web_command

    port = own_server.free_port()
    plan = Plan(host="127.0.0.1", port=port, workers=WEB_PROCESSES)
    # The result goes to standard output, so nobody else may write there.
    web = subprocess.Popen(web_command(plan, data_directory()), stdout=sys.stderr)
    sequencer = subprocess.Popen([sys.executable, "-c", _SEQUENCER], stdout=sys.stderr)
    try:
        _wait_for(port)
        yield port, web
    finally:
        for process in (web, sequencer):
            process.terminate()
        for process in (web, sequencer):
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


_SEQUENCER = "import django; django.setup(); from senyum.journal.sequencer import main; main()"


def _wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def measure(
    port: int, web: subprocess.Popen[bytes], streams: int, seconds: float, first: int
) -> tuple[dict[str, Any], int]:
    """Open the streams, publish, collect. Returns the result and the number of the next event."""
    empty = _memory(web.pid)
    shares = [streams // CLIENT_PROCESSES + (k < streams % CLIENT_PROCESSES) for k in range(CLIENT_PROCESSES)]
    clients = [_client(port, share) for share in shares]
    started = time.monotonic()
    for client in clients:
        assert client.stdout is not None
        if client.stdout.readline().strip() != "open":
            raise RuntimeError("the streams could not be opened")
    opened = time.monotonic() - started
    full = _memory(web.pid)
    rate = RATE_OF_THOUSAND * min(1.0, 1000 / streams)
    _publish(first, WARM_UP, rate)
    committed = _publish(first + WARM_UP, max(10, round(rate * seconds)), rate)
    time.sleep(SETTLE_SECONDS)
    answers = []
    for client in clients:
        out, _ = client.communicate(json.dumps(committed) + "\n", timeout=120)
        answers.append(json.loads(out.splitlines()[-1]))
    result = _result(streams, rate, committed, answers)
    result["open_seconds"] = round(opened, 2)
    result["kb_per_stream"] = round(max(0, full - empty) / streams, 1)
    return result, max(committed) + 1


def _client(port: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "senyum.bench.streams", str(port), MALL, str(count)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _publish(first: int, count: int, rate: float) -> dict[int, float]:
    """Record `count` entries, `rate` a second; the moment at which each commit returned, by number."""
    from django.db import transaction

    from senyum.core import clock
    from senyum.journal.actor import SYSTEM
    from senyum.journal.record import record

    committed: dict[int, float] = {}
    start = time.monotonic()
    for place in range(count):
        time.sleep(max(0.0, start + place / rate - time.monotonic()))
        number = first + place
        with transaction.atomic():
            record(
                mall=MALL,
                at=clock.now(),
                kind="ticket.called",
                actor=SYSTEM,
                subject=("ticket", number, f"A-{number}"),
                data={"line": 3, "counter": 7, "counter_number": 7, "state": "called"},
            )
        committed[number] = time.monotonic()
    return committed


def _result(streams: int, rate: float, committed: dict[int, float], answers: list[dict[str, Any]]) -> dict[str, Any]:
    tenths: Counter[int] = Counter()
    for answer in answers:
        tenths.update({int(value): count for value, count in answer["histogram"].items()})
    received = sum(answer["received"] for answer in answers)
    return {
        "streams": streams,
        "events": len(committed),
        "events_per_second": rate,
        "p50_ms": percentile(tenths, 0.50) / 10,
        "p99_ms": percentile(tenths, 0.99) / 10,
        "max_ms": max(tenths, default=0) / 10,
        "delivered_share": received / (streams * len(committed)),
        "disordered": sum(answer["disordered"] for answer in answers),
        "ended": sum(answer["ended"] for answer in answers),
    }


def percentile(counts: Counter[int], share: float) -> int:
    """The smallest value that at least `share` of the counted ones do not exceed; 0 for nothing."""
    total = sum(counts.values())
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= share * total:
            return value
    return 0


def _memory(pid: int) -> int:
    """Resident kilobytes of a process and its children; 0 where /proc is missing."""
    with suppress(OSError, ValueError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        status = Path(f"/proc/{pid}/status").read_text()
        own = int(status.split("VmRSS:")[1].split()[0])
        return own + sum(_memory(int(child)) for child in children)
    return 0


if __name__ == "__main__":
    main()
