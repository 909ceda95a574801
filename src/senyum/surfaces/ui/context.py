"""What every page knows of the house."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def house(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: whether this is a demo."""
    return {"is_demo": settings.DEMO}
