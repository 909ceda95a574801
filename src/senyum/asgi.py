"""What granian runs: `granian --interface asgi senyum.asgi:app`. docs/live.md names the other options.

`SENYUM_THREADS` (default 8): how many threads of each web process run Django.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from django_scopes import scopes_disabled
from servestatic import ServeStaticASGI

from senyum.core import clock
from senyum.core.bridge import Bridge
from senyum.core.live import Hub
from senyum.core.live_app import Doors, LiveApp
from senyum.core.router import Application, Router
from senyum.journal.stream import JournalSource
from senyum.visits import foretell

# Models are imported where they are used: Django is not set up yet while this module is read.
_known_malls: set[str] = set()


def knows_mall(code: str) -> bool:
    """Whether there is such a mall; what was found once is remembered."""
    from senyum.malls.models import Mall

    if code not in _known_malls:
        close_old_connections()
        if not Mall.objects.filter(code=code).exists():
            return False
        _known_malls.add(code)
    return True


def visit_of(token: str, mall: str) -> str | None:
    """What the events of a visit are about, by the token of the citizen's link."""
    from senyum.visits.models import Visit

    close_old_connections()
    with scopes_disabled():
        found = Visit.objects.filter(token=token, mall__code=mall).values_list("pk", flat=True).first()
    return None if found is None else f"visit:{found}"


def authorize(secret: str, mall: str) -> int:
    """200 if this bearer may read the events of the mall, 401 for an unknown token, 403 for one without the right."""
    from senyum.people import tokens

    close_old_connections()
    identity = tokens.look_up(secret, clock.wall())
    if identity is None:
        return 401
    return 200 if "events:read" in identity.scopes and identity.mall_code == mall else 403


def beat() -> Mapping[str, Any]:
    """The hall's time, for the clock of every page: ISO, milliseconds, and how fast it runs."""
    now = clock.now()
    return {
        "now": now.isoformat(timespec="milliseconds"),
        "hall_ms": int(now.timestamp() * 1000),
        "speed": clock.speed(),
    }


def _open_connection() -> None:
    connection.ensure_connection()


def _pages(executor: ThreadPoolExecutor) -> tuple[Application, list[Callable[[], object]]]:
    """All pages, and what warms their short way (nothing while one develops: it has none)."""
    django = get_wsgi_application()
    if settings.DEBUG:
        return Bridge(StaticFilesHandler(django), executor), []
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    # Imported here: models are there only after Django is set up.
    from senyum.surfaces.api.hot import HotDoor

    bridge: Any = HotDoor(Bridge(django, executor))
    files: Any = ServeStaticASGI(bridge, root=settings.STATIC_ROOT, prefix=settings.STATIC_URL, allow_all_origins=False)
    return partial(_files_first, files, bridge), [bridge.warm]


async def _files_first(files: Application, bridge: Application, scope: dict[str, Any], receive: Any, send: Any) -> None:
    await (files if scope["path"].startswith(settings.STATIC_URL) else bridge)(scope, receive, send)


def build() -> Router:
    """The application of one web process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "senyum.settings")
    threads = int(os.environ.get("SENYUM_THREADS", "8"))
    executor = ThreadPoolExecutor(threads, thread_name_prefix="django")
    # The streams' few questions get threads of their own: a busy Django must not keep boards from coming back.
    doorkeepers = ThreadPoolExecutor(2, thread_name_prefix="doors")
    hub = Hub(JournalSource(), beat=beat)
    live = LiveApp(hub, Doors(knows_mall, visit_of, authorize), doorkeepers)
    pages, warm_door = _pages(executor)
    # Nobody shall wait while the first forecast is compiled, a connection is opened or a hall is looked at.
    warm = [foretell.warm, *[_open_connection] * threads, *warm_door]
    return Router(live=live, pages=pages, hub=hub, executor=executor, warm=warm)


app = build()
