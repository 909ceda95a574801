"""What a database and a data directory need before pages can be served."""

from __future__ import annotations

import hashlib
import importlib
import json
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from senyum.malls.models import Mall
from senyum.people.models import Role, RoleName

PEOPLE = "demo-people.json"


def migrate() -> None:
    """Bring the database to this version: extensions, migrations, cache table."""
    from senyum.core import postgres

    with connection.cursor() as cursor:
        postgres.create_extensions(cursor.connection)
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


def load_words() -> None:
    """Bring the words that the search understands, and the life events, to this version's lists."""
    from senyum.catalogue.event_commands import load_house_events
    from senyum.catalogue.synonym_commands import load_house_words
    from senyum.core import clock
    from senyum.journal.actor import SYSTEM

    load_house_words(now=clock.now(), actor=SYSTEM)
    load_house_events(now=clock.now(), actor=SYSTEM)


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


def fill_demo(data: Path) -> None:
    """Example data into an empty hall; a hall that has a mall is left as it is. Notes the log-ins for `demo`."""
    # Example data stands above this package, so it is asked for by name.
    seed = importlib.import_module("senyum.rehearsal.seed")
    if not Mall.objects.exists():
        seed.fill("sumedang")
        (data / PEOPLE).write_text(json.dumps(_people(seed.demo_password())))


def _people(password: str) -> list[dict[str, str]]:
    """The first log-in of each role."""
    found = []
    for name in RoleName:
        role = Role.objects.filter(role=name).select_related("user").order_by("id").first()
        if role:
            found.append({"role": str(name.label), "user": role.user.username, "password": password})
    return found
