"""One embedded PostgreSQL for a whole test run, started before Django reads its settings.

The run's controller starts it; pytest-xdist workers find its address in their environment, and
pytest-django gives each of them a database of its own.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import django
import pytest

from senyum.core import postgres

_OWN = "SENYUM_TEST_HALL"


def _open_directory(prefix: str) -> Path:
    """A temporary directory that the unprivileged uid of the server can walk through."""
    path = Path(tempfile.mkdtemp(prefix=prefix))
    path.chmod(0o711)
    return path


def _begin() -> Callable[[], None]:
    """Start the run's hall, point the environment at it, set Django up; returns what ends it.

    Here and not in a hook: pytest-django reads the settings before any hook of ours, and the conftest
    files below this one may import models.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = "senyum.settings"
    if os.environ.get(_OWN):
        return lambda: None
    hall = _open_directory("senyum-test-")
    given = os.environ.get("SENYUM_TEST_DATABASE_URL")
    server = None if given else postgres.start(hall / "postgres", durable=False)
    os.environ[_OWN] = str(hall)
    os.environ["SENYUM_DATA"] = str(hall)
    os.environ["DATABASE_URL"] = given or (server.url if server else "")
    for name in ("CLOCK", "DEMO", "TLS", "DEBUG", "SECRET", "PUBLIC_URL", "LISTENS"):
        os.environ.pop(f"SENYUM_{name}", None)

    def end() -> None:
        if server:
            server.stop()
        shutil.rmtree(hall, ignore_errors=True)
        os.environ.pop(_OWN, None)

    return end


_end = _begin()
atexit.register(_end)
django.setup()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: object) -> None:
    """The migrated test database, with the cache table that migrations do not make.

    Between transactional tests Django empties all tables, so the journal lets itself be truncated here.
    """
    from django.core.management import call_command
    from django.db import connection

    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # pytest-django types its fixture as object
        call_command("createcachetable", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE journal_entry DISABLE TRIGGER journal_no_truncate")


@pytest.fixture
def hall_directory() -> Iterator[Path]:
    """A data directory for one test; the server's unprivileged uid can reach it (unlike `tmp_path`)."""
    path = _open_directory("senyum-hall-")
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def durable_postgres(hall_directory: Path) -> Iterator[postgres.Server]:
    """A server of its own with all promises about crashes kept, for tests that kill it."""
    server = postgres.start(hall_directory / "postgres")
    yield server
    running = postgres.start(hall_directory / "postgres")
    server.stop()
    running.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test in a real browser gets a second try: two cores are sometimes too busy for a page to answer in time.

    Both tries are in the report ("rerun"); what fails twice fails. Nothing but browser tests is repeated.
    """
    for item in items:
        if "page" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Playwright's session fixtures leave their event loop marked as running in this thread.

    Others must not see it: they start a loop of their own, and Django would give them another connection. So the mark
    goes for the whole test, the fixtures of its module included, which must use the same connection as the test.
    """
    if {"browser", "context", "page"} & set(getattr(item, "fixturenames", ())):
        return (yield)
    loop = asyncio.events._get_running_loop()
    asyncio.events._set_running_loop(None)
    try:
        return (yield)
    finally:
        asyncio.events._set_running_loop(loop)
