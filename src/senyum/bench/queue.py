"""`senyum bench queue`: issue and call next, bare against ours, in one run on one durable PostgreSQL.

Three things do the same work in a closed loop: pgbench with the least SQL that could do it (*bare*), pgbench with our
own statements (*own*), and our HTTP API through the whole stack: token, idempotency, journal (*http*). A machine's pace
changes from minute to minute, so they take turns, several rounds of each level, and the round in the middle counts.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from senyum.bench import own_server
from senyum.bench.ways import (
    BARE_CALL,
    BARE_ISSUE,
    BARE_SCHEMA,
    CLIENTS,
    PLACES,
    Janitor,
    Rate,
    Ways,
    choose_line,
)

LEVELS = (1, 8, CLIENTS)
_WARM_SECONDS = 1.0


@dataclass(frozen=True)
class _Run:
    """The three ways, how often each level is measured, and whom to tell."""

    ways: Ways
    rounds: int
    say: Callable[[str], None]


def measure(seconds: float, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The whole run. Django is set up and migrated on the server of DATABASE_URL."""
    from django.db import connection

    from senyum.bench.hall import COUNTERS_PER_CLIENT, build, fill
    from senyum.core import clock
    from senyum.malls.queries import local_day

    run = _Run(Ways(seconds), rounds, say)
    now = clock.now()
    spread = build("spread", clients=CLIENTS, hot=False, now=now)
    hot = build("hot", clients=CLIENTS, hot=True, now=now)
    day = local_day(spread.mall, now).isoformat()
    with connection.cursor() as cursor:
        cursor.execute(BARE_SCHEMA)
        cursor.execute(PLACES, {"per": COUNTERS_PER_CLIENT, "day": day})
    run.ways.serve()
    answer: dict[str, Any] = {"seconds_each": seconds, "rounds": rounds, "lines": 30, "issue": {}, "call": {}}
    try:
        fill(spread, 100, now, day, letter="a")
        _issue_rounds(run, answer["issue"], spread, hot)
        answer["issue"]["flat"] = _flat(run, now, day)
        fill(hot, 60_000, now, day, letter="b")
        fill(spread, 90_000, now, day, letter="b")
        _settle()
        _call_rounds(run, answer["call"], spread, hot)
    finally:
        run.ways.stop()
    return answer


def _flat(run: _Run, now: Any, day: str) -> dict[str, Any]:
    """Issuing at 8 clients in a hall with 100 tickets today and in one with 100,000, a fifth of them waiting.

    In turn, since a machine's pace changes from minute to minute; each round of the small hall has a new one.
    """
    from senyum.bench.hall import build, fill

    many_hall = build("flat", clients=8, hot=False, now=now)
    fill(many_hall, 80_000, now, day, letter="d", state="served")
    fill(many_hall, 20_000, now, day, letter="e")
    _settle()
    rounds = []
    for place in range(run.rounds):
        few_hall = build(f"flat-{place}", clients=8, hot=False, now=now)
        fill(few_hall, 100, now, day, letter="c")
        for hall in (few_hall, many_hall):
            run.ways.http_issue(hall, 8, False, seconds=_WARM_SECONDS)
        rounds.append((run.ways.http_issue(few_hall, 8, False)[0], run.ways.http_issue(many_hall, 8, False)[0]))
    few, many = _middle(rounds, lambda pair: pair[1].per_second / pair[0].per_second)
    return {
        "tickets_100": few.out(),
        "tickets_100000": many.out(),
        "ratio": round(many.per_second / few.per_second, 3),
        "ratios": [round(many.per_second / few.per_second, 3) for few, many in rounds],
    }


def _settle() -> None:
    """What filling a hall leaves to be done (statistics, dirty pages) shall not fall into somebody's seconds."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE visits_ticket, visits_visit")
        cursor.execute("CHECKPOINT")


def _middle(rounds: list[Any], by: Callable[[Any], float]) -> Any:
    """The round in the middle."""
    return sorted(rounds, key=by)[len(rounds) // 2]


def _issue_rounds(run: _Run, answer: dict[str, Any], spread: Any, hot: Any) -> None:
    for hall in (spread, hot):
        run.ways.http_issue(hall, 8, hall is hot, seconds=_WARM_SECONDS)
    for level, clients, hall, is_hot in _levels(spread, hot):
        bare, own = BARE_ISSUE.format(choose=choose_line(is_hot)), run.ways.own_issue(hall.mall, is_hot)
        rounds = [
            _Round(
                run.ways.pgbench(bare, clients),
                run.ways.pgbench(own, clients),
                *run.ways.http_issue(hall, clients, is_hot),
            )
            for _ in range(run.rounds)
        ]
        _note(run, answer, "issue", level, rounds)


def _call_rounds(run: _Run, answer: dict[str, Any], spread: Any, hot: Any) -> None:
    janitor = Janitor(run.ways.url)
    janitor.start()
    for level, clients, hall, is_hot in _levels(spread, hot):
        bare, own = BARE_CALL.format(choose=choose_line(is_hot)), run.ways.own_call(hall.mall)
        rounds = []
        for _ in range(run.rounds):
            plain, ours = run.ways.pgbench(bare, clients), run.ways.pgbench(own, clients)
            time.sleep(0.2)
            rounds.append(_Round(plain, ours, *run.ways.http_call(hall, clients)))
        _note(run, answer, "call", level, rounds)
    janitor.ended.set()
    janitor.join()


def _levels(spread: Any, hot: Any) -> list[tuple[str, int, Any, bool]]:
    """(name, clients, hall, whether it is the hot one) of each level."""
    return [*((str(clients), clients, spread, False) for clients in LEVELS), ("hot_32", CLIENTS, hot, True)]


@dataclass(frozen=True)
class _Round:
    """The three ways, one right after the other; `statuses`: the API's answers by status."""

    bare: Rate
    own: Rate
    http: Rate
    statuses: dict[int, int]

    @property
    def ratio(self) -> float:
        return self.http.per_second / self.bare.per_second


def _note(run: _Run, answer: dict[str, Any], what: str, level: str, rounds: list[_Round]) -> None:
    """Keep the round in the middle under its level, and its ratios under the fixed keys (`ratio_8`, `own_ratio_8`,
    `hot_ratio_32`); answers are counted over all rounds."""
    middle = _middle(rounds, lambda one: one.ratio)
    bare, own, http = middle.bare, middle.own, middle.http
    statuses = Counter[int]()
    for one in rounds:
        statuses.update(one.statuses)
    answer[level] = {
        "bare": bare.out(),
        "own": own.out(),
        "http": http.out(),
        "statuses": dict(statuses),
        "ratios": [round(one.ratio, 3) for one in rounds],
    }
    if level == "hot_32":
        names = {"hot_ratio_32": bare, "hot_own_ratio_32": own}
        answer["hot_p99_ms_32"] = round(http.p99_ms, 2)
    else:
        names = {f"ratio_{level}": bare, f"own_ratio_{level}": own}
        answer[f"p99_ms_{level}"] = round(http.p99_ms, 2)
    for name, other in names.items():
        answer[name] = round(http.per_second / other.per_second, 3)
    run.say(
        f"{what:5} {level:>6}: bare {bare.per_second:8.0f}/s  own {own.per_second:8.0f}/s"
        f"  http {http.per_second:8.0f}/s  p50 {http.p50_ms:6.1f} ms  p99 {http.p99_ms:6.1f} ms"
        f"  ratios {answer[level]['ratios']}  {dict(statuses)}"
    )


def main() -> None:
    """The measuring process: seconds and rounds as arguments."""
    own_server.prepare()
    own_server.answer(measure(float(sys.argv[1]), int(sys.argv[2]), own_server.say))


def run(seconds: float, rounds: int) -> dict[str, Any]:
    """Measure on a server of its own; each level `rounds` times for `seconds`."""
    (answer,) = own_server.measure_in("senyum.bench.queue", seconds, rounds)
    return answer


if __name__ == "__main__":
    main()
