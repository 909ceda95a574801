"""Versions of standards for tests, made through the commands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from senyum.catalogue.content import content_of
from senyum.catalogue.models import Requirement, Service, Standard
from senyum.catalogue.standard_commands import adopt
from senyum.journal.actor import SYSTEM


def adopted(service: Service, now: datetime, **changes: Any) -> Standard:
    """A new version in force with some facts changed."""
    service.refresh_from_db()
    assert service.current is not None
    return adopt(service=service, content=replace(content_of(service.current), **changes), now=now, actor=SYSTEM)


def first_requirement(service: Service, now: datetime, **changes: Any) -> Requirement:
    """The first requirement of a new version in force in which it was changed."""
    service.refresh_from_db()
    assert service.current is not None
    first, *rest = content_of(service.current).requirements
    return adopted(service, now, requirements=(replace(first, **changes), *rest)).requirements.get(sort=1)
