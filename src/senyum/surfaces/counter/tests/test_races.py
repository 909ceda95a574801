"""Two presses in the same instant at one counter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.surfaces.counter.tests.desk import sit
from senyum.visits import commands
from senyum.visits.models import Ticket

pytestmark = pytest.mark.django_db(transaction=True)

PRESSES = 8


def test_a_walk_in_pressed_by_many_is_one_visit(small_mall):
    sit(small_mall)
    line, counter = small_mall.lines["ktp"].pk, small_mall.counters[1].pk
    start = Barrier(PRESSES)

    def press(_n: int) -> str:
        try:
            start.wait(10)
            commands.serve_walk_in(
                counter_id=counter, seen=None, line_id=line, actor=SYSTEM, now=clock.now(), wall=clock.wall()
            )
            return "served"
        except NotPossible as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(PRESSES) as pool:
        answers = list(pool.map(press, range(PRESSES)))
    assert answers.count("served") == 1
    assert set(answers) <= {"served", "stale"}
    assert [t.state for t in Ticket._base_manager.all()] == ["serving"]
