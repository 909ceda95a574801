"""Reads about people that other packages use."""

from __future__ import annotations

from collections.abc import Collection

from senyum.malls.models import Mall
from senyum.people.models import Role


def addresses(mall: Mall, roles: Collection[str]) -> list[str]:
    """The e-mail addresses of those who hold one of `roles` in the mall and may log in, in order, each once."""
    held = Role.objects.filter(mall=mall, role__in=roles, user__is_active=True).exclude(user__email="")
    return sorted(set(held.values_list("user__email", flat=True)))
