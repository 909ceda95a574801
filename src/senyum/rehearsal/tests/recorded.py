"""A small recorded day of the shape of the public data, made here: two lines, one of them with a slip of the pen."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

OFFICE, DAY = "Urząd Próba", "2020-01-09"

#: (minute, open, waiting, number): five people come, two are called, one leaves the end of the line, and so on.
STEADY = [
    (480, 1, 0, 0),
    (485, 1, 3, 0),
    (490, 2, 3, 2),
    (495, 2, 2, 3),
    (500, 1, 1, 4),
    (505, 0, 1, 5),
    (510, 1, 0, 6),
    (515, 1, 0, 6),
]
#: The line shrinks from 4 to 2 while the number stands (two had gone), then the number jumps over them; 90 is a slip.
JUMPING = [
    (480, 1, 1, 0),
    (485, 1, 4, 1),
    (490, 1, 2, 1),
    (495, 1, 2, 90),
    (500, 1, 1, 5),
    (505, 1, 3, 5),
    (510, 1, 0, 5),
]


def derived_wait(rows: list[tuple[int, int, int, int]], place: int) -> float | None:
    """The data's wait as its source describes it: until the middle of the five minutes that reached the number."""
    minute, _open, waiting, number = rows[place]
    if waiting == 0:
        return 0.0
    for before, after in zip(rows[place:], rows[place + 1 :], strict=False):
        if after[3] >= number + waiting:
            return (before[0] + after[0]) / 2 - minute
    return None


def write(path: Path) -> Path:
    """Write the day, with a second day and a second office beside it."""
    records = []
    for office, day in ((OFFICE, DAY), (OFFICE, "2020-01-10"), ("Urząd Inny", DAY)):
        for queue, service, rows in ((2, "Skoki", JUMPING), (1, "Równo", STEADY)):
            records += [
                {
                    "office": office,
                    "queue": queue,
                    "service": service,
                    "date": day,
                    "minute": minute,
                    "open": counters,
                    "waiting": waiting,
                    "number": number,
                    "announced_minutes_per_person": 5,
                    "wait": derived_wait(rows, place),
                }
                for place, (minute, counters, waiting, number) in enumerate(rows)
            ]
    pq.write_table(pa.Table.from_pylist(records), path)
    return path
