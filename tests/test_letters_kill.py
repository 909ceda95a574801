"""`kill -9` of the worker while it writes letters about bookings, against a real `senyum up`: each is queued once."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.house import PATIENCE, House, at_ten, running_house

#: So many people book before each kill of the worker, and after the last.
PEOPLE, KILLS = 15, 3
ROOM = """
from senyum.bookings.commands import put_policy
put_policy(mall=hall.mall, line=None, now=clock.wall(), actor=SYSTEM, places=PEOPLE, slot_minutes=60)
""".replace("PEOPLE", str(PEOPLE * (KILLS + 1)))


def _ask(house: House, method: str, path: str, body: object = None, key: str = "") -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=30)
    headers = {"Authorization": f"Bearer {house.token}", "Content-Type": "application/json"}
    headers |= {"Idempotency-Key": key} if key else {}
    connection.request(method, f"/api/v1/{path}", json.dumps(body) if body else None, headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def _starts(house: House) -> str:
    """A free time of a day to come."""
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3 * 86_400))
    _status, found = _ask(house, "GET", f"malls/contoh/times?services={house.service}&day={day}")
    times = [*found["times"], *found["next_free"]]  # type: ignore[misc]  # JSON, and a bound name
    return str(times[0]["legs"][0]["starts"])


def _untold(house: House) -> int:
    """Bookings whose letter is not queued yet."""
    with psycopg.connect(house.url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM bookings_booking WHERE NOT letters @> '[\"made\"]'").fetchone()
    return int(row[0]) if row else -1


def _until(true: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _works(house: House) -> bool:
    return any("senyum worker" in line for line in house.descendants().values())


@pytest.mark.slow
def test_a_worker_that_is_killed_repeats_no_letter_and_loses_none(hall_directory: Path) -> None:
    with running_house(
        hall_directory, ROOM, SENYUM_PUBLIC_URL="https://mpp.contoh.id", **at_ten(hall_directory)
    ) as house:
        starts = _starts(house)

        def book(n: int) -> int:
            body = {
                "mall": "contoh",
                "legs": [{"service": house.service, "starts": starts}],
                "channel": "kiosk",
                "contact_kind": "email",
                "contact": f"warga{n}@contoh.id",
            }
            return _ask(house, "POST", "bookings", body, key=f"letters-{n:04d}")[0]

        with ThreadPoolExecutor(4) as clients:
            for nth in range(KILLS + 1):
                share = range(nth * PEOPLE, (nth + 1) * PEOPLE)
                assert list(clients.map(book, share)) == [201] * PEOPLE
                if nth < KILLS:
                    # Killed once it has begun on this share, or after a while wherever it stands.
                    assert _until(lambda: _works(house), PATIENCE), "the worker never came back"
                    before = _untold(house)
                    _until(lambda before=before: _untold(house) < before, 5)  # type: ignore[misc]  # JSON, and a bound name
                    house.kill("senyum worker")
        assert _until(lambda: _untold(house) == 0, 2 * PATIENCE), "a booking was never told"
        with psycopg.connect(house.url, autocommit=True) as connection:
            told = connection.execute(
                "SELECT subject_id, count(*) FROM notices_notice WHERE template = 'booking_made' GROUP BY 1"
            ).fetchall()
        assert len(told) == (KILLS + 1) * PEOPLE and {count for _subject, count in told} == {1}
