"""What a database and a data directory need before pages can be served."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection


def migrate() -> None:
    """Bring the database to this version: extensions, migrations, cache table."""
    from senyum.core import postgres

    with connection.cursor() as cursor:
        postgres.create_extensions(cursor.connection)
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


def collect_static() -> bool:
    """Gather the static files under the data directory; returns False when nothing has changed since last time."""
    from django.contrib.staticfiles.finders import get_finders

    total = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            state = Path(storage.path(name)).stat()
            total.update(f"{name} {state.st_size} {state.st_mtime_ns}\n".encode())
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".stamp"
    if stamp.exists() and stamp.read_text() == total.hexdigest():
        return False
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(total.hexdigest())
    return True


def fill_demo() -> None:
    """Example data into an empty hall; a hall that has a mall is left as it is."""
    from senyum.malls.models import Mall

    if not Mall.objects.exists():
        import importlib

        importlib.import_module("senyum.rehearsal.seed").fill("sumedang")
