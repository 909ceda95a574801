"""A new version comes to a database that others write to: nothing they wrote is lost, and none of them is turned away.

The test's own database is the copy: it goes one migration back, then forward while four connections write.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.core.live import connection_parameters
from senyum.journal.actor import SYSTEM
from senyum.rehearsal.queries import SmallHall
from senyum.visits.commands import issue_visit
from senyum.visits.models import Visit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
WRITERS = 4


def latest(executor: MigrationExecutor, app: str) -> tuple[str, str]:
    ((_app, name),) = executor.loader.graph.leaf_nodes(app)
    return app, name


def before(executor: MigrationExecutor, app: str) -> tuple[str, str]:
    """The migration of the same app that the latest one builds on."""
    return next(key for key in executor.loader.get_migration(*latest(executor, app)).dependencies if key[0] == app)


@pytest.fixture(params=["visits", "people"])
def app(request: pytest.FixtureRequest) -> Iterator[str]:
    """An app of the newest version; whatever happens in the test, the database ends at its latest migration."""
    yield request.param
    executor = MigrationExecutor(connection)
    executor.migrate([latest(executor, request.param)])


class Writer(threading.Thread):
    """Counts a row up in its own connection, in transactions as short as those of a hall."""

    def __init__(self, visit: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.visit, self.stopped, self.written, self.failed = visit, stop, 0, ""

    def run(self) -> None:
        with psycopg.connect(**connection_parameters(), autocommit=True) as own:
            while not self.stopped.is_set():
                try:
                    own.execute("UPDATE visits_visit SET quantity = quantity + 1 WHERE id = %s", [self.visit])
                    self.written += 1
                except psycopg.Error as error:
                    self.failed = f"{type(error).__name__}: {error}"
                    return


def test_the_newest_migration_under_writes_loses_nothing(small_mall: SmallHall, app: str) -> None:
    visits = [
        issue_visit(
            mall=small_mall.mall,
            line_ids=[small_mall.lines["ktp"].pk],
            priority="regular",
            channel="kiosk",
            actor=SYSTEM,
            now=clock.now(),
        ).visit_id
        for _each in range(WRITERS)
    ]
    executor = MigrationExecutor(connection)
    executor.migrate([before(executor, app)])
    stop = threading.Event()
    writers = [Writer(visit, stop) for visit in visits]
    for writer in writers:
        writer.start()
    while not all(writer.written for writer in writers):
        assert not any(writer.failed for writer in writers)
    executor = MigrationExecutor(connection)
    executor.migrate([latest(executor, app)])
    at_the_end = [writer.written for writer in writers]
    while any(writer.written == count for writer, count in zip(writers, at_the_end, strict=True)):
        assert not any(writer.failed for writer in writers)
    stop.set()
    for writer in writers:
        writer.join(10)
    assert [writer.failed for writer in writers] == [""] * WRITERS
    with scopes_disabled():
        kept = dict(Visit.objects.filter(pk__in=visits).values_list("pk", "quantity"))
    assert kept == {writer.visit: 1 + writer.written for writer in writers}
