"""What every page knows of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from senyum.core import clock


@dataclass(frozen=True)
class PageClock:
    """The clocks at the moment of rendering (milliseconds since 1970) and the hall's speed."""

    hall_ms: int
    wall_ms: int
    speed: str


def here(request: HttpRequest) -> str:
    """Where to come back to after changing the language: this page, or the one whose form was sent."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    return came_from.path if came_from.netloc == request.get_host() else "/"


def house(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: whether this is a demo, the mall of the address, and the clocks."""
    values: dict[str, Any] = {
        "is_demo": settings.DEMO,
        "here": here(request),
        "clock": PageClock(
            hall_ms=int(clock.now().timestamp() * 1000),
            wall_ms=int(clock.wall().timestamp() * 1000),
            speed=f"{clock.speed():g}",
        ),
    }
    mall = getattr(request, "mall", None)
    if mall is not None:
        values["mall"] = mall
    return values
