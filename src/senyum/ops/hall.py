"""The hall that a command works on: its data directory, its database, Django set up for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from senyum.core import postgres
from senyum.core.secrets import data_directory

_server: postgres.Server | None = None


@dataclass(frozen=True)
class Hall:
    """`own_server`: the database is the embedded one, and not a server named in DATABASE_URL."""

    data: Path
    own_server: bool

    @property
    def postgres_directory(self) -> Path:
        return self.data / "postgres"


def choose(*, data: Path | None = None, demo: bool = False) -> None:
    """Point the environment at a data directory; a demo has its own, beside the real one, and never a given server."""
    if data is not None:
        os.environ["SENYUM_DATA"] = str(data.absolute())
    if demo:
        os.environ["SENYUM_DATA"] = str(data_directory() / "demo")
        os.environ["SENYUM_DEMO"] = "1"
        os.environ["SENYUM_CLOCK"] = os.environ["SENYUM_DATA"]
        os.environ.pop("DATABASE_URL", None)


def here() -> Hall:
    """The hall that the environment names."""
    data = data_directory()
    # Children inherit the address of the embedded server, and must still know that it is the embedded one.
    given = os.environ.get("DATABASE_URL", "")
    own = not given or os.environ.get("SENYUM_EMBEDDED") == given
    return Hall(data, own)


def set_up_django() -> Hall:
    """Django's settings and models for this hall. Needs no running database."""
    hall = here()
    if hall.own_server and not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = os.environ["SENYUM_EMBEDDED"] = postgres.expected_url(hall.postgres_directory)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senyum.settings")
    import django

    django.setup()
    return hall


def start_database(*, patience: float = 15.0) -> postgres.Server | None:
    """The embedded server, found or started once a process; None when DATABASE_URL names another.

    `patience` (seconds) as in `postgres.start`.
    """
    global _server
    hall = here()
    if hall.own_server and (_server is None or not _server.alive()):
        _server = postgres.start(hall.postgres_directory, patience=patience)
        os.environ["DATABASE_URL"] = os.environ["SENYUM_EMBEDDED"] = _server.url
    return _server


def stop_database() -> None:
    """End the embedded server if this process started it."""
    global _server
    if _server is not None:
        _server.stop()
        _server = None


def connect() -> Hall:
    """`set_up_django` with a database that answers; the command line ends it again (`stop_database`)."""
    start_database()
    return set_up_django()
