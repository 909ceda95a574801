"""The three ways of `bench queue` to do the same work in a closed loop, and the people who come when called."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from senyum.bench.own_server import free_port

#: Clients of the widest level: so many have tokens and counters of their own.
CLIENTS = 32


@dataclass(frozen=True)
class Rate:
    """Requests a second, and the latencies of a closed loop in milliseconds."""

    per_second: float
    p50_ms: float
    p99_ms: float

    def out(self) -> dict[str, float]:
        return {
            "per_second": round(self.per_second, 1),
            "p50_ms": round(self.p50_ms, 2),
            "p99_ms": round(self.p99_ms, 2),
        }


BARE_SCHEMA = """
CREATE TABLE bench_seq (line int PRIMARY KEY, n bigint NOT NULL);
CREATE TABLE bench_ticket (id bigserial PRIMARY KEY, line int NOT NULL, number bigint NOT NULL, state text NOT NULL,
                           at timestamptz NOT NULL, UNIQUE (line, number));
CREATE INDEX bench_waiting ON bench_ticket (line, id) WHERE state = 'waiting';
INSERT INTO bench_seq SELECT n, 1000000 FROM generate_series(0, 29) n;
INSERT INTO bench_ticket (line, number, state, at) SELECT n % 30, n, 'waiting', now() FROM generate_series(1, 500000) n;
INSERT INTO bench_ticket (line, number, state, at)
  SELECT 0, 500000 + n, 'waiting', now() FROM generate_series(1, 100000) n;
ANALYZE bench_ticket;
"""
BARE_ISSUE = """{choose}
WITH s AS (UPDATE bench_seq SET n = n + 1 WHERE line = :line RETURNING n)
INSERT INTO bench_ticket (line, number, state, at) SELECT :line, n, 'waiting', now() FROM s RETURNING id, number;
"""
BARE_CALL = """{choose}
UPDATE bench_ticket SET state = 'called' WHERE id = (
  SELECT id FROM bench_ticket WHERE line = :line AND state = 'waiting' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id;
"""


class Ways:
    """One run: a durable server, a hall spread over 30 lines, a hot one, and our web processes beside it."""

    def __init__(self, seconds: float) -> None:
        from senyum.core import postgres

        self.seconds = seconds
        self.programs = postgres.installed_programs()
        self.url = os.environ["DATABASE_URL"]
        self.port = free_port()
        self.children: list[subprocess.Popen[bytes]] = []

    # -- pgbench -------------------------------------------------------------------------------------------------

    def pgbench(self, script: str, clients: int) -> Rate:
        """Run a script for `seconds` with `clients`; the rate from its own summary, the latencies from its log."""
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "script.sql"
            file.write_text(script)
            done = subprocess.run(
                [
                    self.programs / "pgbench",
                    *("-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(max(1, int(self.seconds)))),
                    *("-f", str(file), "--log", "--log-prefix", str(Path(directory) / "log"), self.url),
                ],
                capture_output=True,
                text=True,
                check=False,
            )
            found = re.search(r"tps = ([0-9.]+)", done.stdout)
            if done.returncode or not found:
                raise RuntimeError(f"pgbench failed: {done.stderr[-800:]}")
            times = sorted(
                int(line.split()[2]) / 1000 for log in Path(directory).glob("log*") for line in log.open() if line
            )
        return Rate(float(found[1]), times[len(times) // 2], times[min(len(times) - 1, int(0.99 * len(times)))])

    def own_issue(self, mall: Any, hot: bool) -> str:
        """Our own statement of *issue* as a pgbench script."""
        from senyum.visits import sql

        asked = (
            "(SELECT jsonb_build_array(jsonb_build_object('ord', 0, 'mall', b.mall_id, 'mall_code', b.mall, "
            "'day', b.day, 'grp', b.group_id, 'prefix', b.prefix, 'token', md5(random()::text || clock_timestamp()), "
            "'channel', 'api', 'priority', 'regular', 'language', 'id', 'quantity', 1, 'age_band', '', 'district', '', "
            "'has_phone', null, 'at', now(), 'greeted', null, 'actor_kind', 'device', 'actor_id', '1', "
            "'actor_label', 'bench', 'scope', 'own', 'key', md5(random()::text || clock_timestamp()), "
            "'digest', md5('x'), 'legs', jsonb_build_array(jsonb_build_object('leg', 1, 'line', b.line_id, "
            "'agency', b.agency_id, 'turn', now(), 'promised', now() + interval '30 minutes', 'start', 0, 'p10', "
            f"'{_table(2)}'::jsonb, 'p50', '{_table(5)}'::jsonb, 'p90', '{_table(9)}'::jsonb, 'basis', 'cold'))))"
            f" FROM bench_line b WHERE b.mall = '{mall.code}' AND b.place = :line)"
        )
        return choose_line(hot) + sql.ISSUE.replace("%(asked)s::jsonb", asked).strip() + ";\n"

    def own_call(self, mall: Any) -> str:
        """Our own statement of *call next*: each client goes round its own counters."""
        from senyum.bench.hall import COUNTERS_PER_CLIENT
        from senyum.visits import sql

        counter = (
            f"(SELECT b.counter_id FROM bench_counter b WHERE b.mall = '{mall.code}' AND b.client = :client_id"
            f" AND b.turn = :turn)"
        )
        seen = (
            "(SELECT t.id FROM visits_ticket t JOIN roster_countersession s ON s.id = t.session_id"
            f" WHERE s.counter_id = {counter} AND s.state <> 'closed' AND t.state IN ('called', 'serving'))"
        )
        values = {
            "counter": counter,
            "user": "NULL",
            "seen": seen,
            "now": "now()",
            "day": f"(SELECT b.day FROM bench_line b WHERE b.mall = '{mall.code}' AND b.place = 0)",
            "reach": str(sql.REACH),
            "undo_until": "now()",
            "actor_kind": "'user'",
            "actor_id": "'1'",
            "actor_label": "'bench'",
        }
        text = sql.CALL
        for name, value in values.items():
            text = text.replace(f"%({name})s", value)
        return f"\\set turn random(0, {COUNTERS_PER_CLIENT - 1})\n{text.strip()};\n"

    # -- http ----------------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Start two web processes and the sequencer, as `senyum up` does."""
        environment = {**os.environ, "SENYUM_API_RATE": "1000000", "DJANGO_SETTINGS_MODULE": "senyum.settings"}
        from senyum.core.secrets import data_directory
        from senyum.ops.up import Plan, web_command

        plan = Plan(host="127.0.0.1", port=self.port, workers=2)
        self.children.append(subprocess.Popen(web_command(plan, data_directory()), env=environment))
        self.children.append(subprocess.Popen([sys.executable, "-m", "senyum", "sequencer"], env=environment))
        wait_for(self.port)

    def stop(self) -> None:
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait(timeout=10)

    def http_issue(
        self, hall: Any, clients: int, hot: bool, *, seconds: float | None = None
    ) -> tuple[Rate, dict[int, int]]:
        from senyum.bench.client import closed_loop, post

        bodies = [
            json.dumps({"mall": hall.mall.code, "services": [code], "channel": "kiosk"}).encode()
            for code in (hall.services[:1] if hot else hall.services)
        ]
        count = [0]
        tag = secrets.token_hex(6)

        def ask(place: int) -> bytes:
            count[0] += 1
            return post("/api/v1/visits", hall.kiosks[place], bodies[count[0] % len(bodies)], f"{tag}-{count[0]}")

        return _rate(closed_loop(self.port, clients, seconds or self.seconds, ask))

    def http_call(self, hall: Any, clients: int) -> tuple[Rate, dict[int, int]]:
        from senyum.bench.client import closed_loop, post
        from senyum.bench.hall import COUNTERS_PER_CLIENT

        seats = [seat for line in hall.seats for seat in line]
        own = [seats[place::CLIENTS][:COUNTERS_PER_CLIENT] for place in range(clients)]
        seen: dict[int, int | None] = _running(hall)
        turn = [0] * clients
        pattern = re.compile(rb'"ticket": (\d+)')
        self.introduce([seat.token for mine in own for seat in mine], hall.mall.code)

        def ask(place: int) -> bytes:
            seat = own[place][turn[place] % len(own[place])]
            body = json.dumps({"seen": seen.get(seat.counter)}).encode()
            return post(f"/api/v1/counters/{seat.counter}/next", seat.token, body)

        def hear(place: int, status: int, body: bytes) -> None:
            seat = own[place][turn[place] % len(own[place])]
            turn[place] += 1
            found = pattern.search(body)
            if status == 200:
                seen[seat.counter] = int(found[1]) if found else None

        return _rate(closed_loop(self.port, clients, self.seconds, ask, hear))

    def introduce(self, tokens: list[str], mall: str) -> None:
        """Ask something else with every token, in both processes: a hall's officers are no strangers to it."""
        from senyum.bench.client import closed_loop, get

        for _connections in range(2):
            requests = [get(f"/api/v1/malls/{mall}", token) for token in tokens]

            def ask(_place: int, requests: list[bytes] = requests) -> bytes | None:
                return requests.pop() if requests else None

            closed_loop(self.port, 8, 60, ask)


def _table(minutes: float) -> str:
    """A table of waits as *issue* is given it, so many minutes a person."""
    from senyum.visits import sql

    return json.dumps([minutes * (place + 1) for place in sql.PLACES])


def choose_line(hot: bool) -> str:
    return "\\set line 0\n" if hot else "\\set line random(0, 29)\n"


def _rate(measured: Any) -> tuple[Rate, dict[int, int]]:
    rate = Rate(measured.per_second, measured.quantile_ms(0.5), measured.quantile_ms(0.99))
    return rate, measured.statuses


def _running(hall: Any) -> dict[int, int | None]:
    from django_scopes import scopes_disabled

    from senyum.visits.models import Ticket

    with scopes_disabled():
        rows = Ticket.objects.filter(mall=hall.mall, state__in=("called", "serving")).values_list("counter_id", "pk")
        return dict(rows)


class Janitor(threading.Thread):
    """The people who were called come to the counter: every 30 ms, in bulk and not durably, so that it costs little."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.ended = threading.Event()

    def run(self) -> None:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SET synchronous_commit = off")
            while not self.ended.wait(0.03):
                connection.execute(
                    "UPDATE visits_ticket SET state = 'serving', serving_at = called_at WHERE id IN"
                    " (SELECT id FROM visits_ticket WHERE state = 'called' AND state IN ('called', 'serving')"
                    " FOR UPDATE SKIP LOCKED)"
                )


def wait_for(port: int) -> None:
    import http.client

    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/api/v1/openapi.json")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the web process did not answer within 60 s")


PLACES = """
CREATE TABLE bench_line AS
  SELECT m.code AS mall, m.id AS mall_id, %(day)s::date AS day, l.id AS line_id, l.agency_id, l.group_id, g.prefix,
         (row_number() OVER (PARTITION BY m.id ORDER BY l.id) - 1)::int AS place
  FROM catalogue_line l JOIN malls_mall m ON m.id = l.mall_id JOIN catalogue_linegroup g ON g.id = l.group_id;
CREATE INDEX ON bench_line (mall, place);
CREATE TABLE bench_counter AS
  SELECT m.code AS mall, c.id AS counter_id, ((c.number - 1) / %(per)s)::int AS client,
         ((c.number - 1) %% %(per)s)::int AS turn
  FROM malls_counter c JOIN malls_mall m ON m.id = c.mall_id;
CREATE INDEX ON bench_counter (mall, client, turn);
ANALYZE bench_line; ANALYZE bench_counter;
"""
