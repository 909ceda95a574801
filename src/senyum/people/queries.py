"""Reads about people that other packages use."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db.models import Count

from senyum.malls.models import Agency, Mall
from senyum.people.models import ApiToken, Device, DeviceKind, Login, Role, RoleName, User


def addresses(mall: Mall, roles: Collection[str]) -> list[str]:
    """The e-mail addresses of those who hold one of `roles` in the mall and may log in, in order, each once."""
    held = Role.objects.filter(mall=mall, role__in=roles, user__is_active=True).exclude(user__email="")
    return sorted(set(held.values_list("user__email", flat=True)))


@dataclass(frozen=True)
class HeldRole:
    """A role somebody holds in the hall; `agency` is the short name of the agency it belongs to, or ""."""

    id: int
    role: str
    name: str
    agency: str


@dataclass(frozen=True)
class Person:
    """Somebody who works in the hall. `waits`: has not chosen a password yet; `factor`: has a second factor."""

    id: int
    username: str
    name: str
    email: str
    active: bool
    roles: tuple[HeldRole, ...]
    last_login: datetime | None
    waits: bool
    factor: bool


def people_of(mall: Mall, *, text: str = "", role: str = "", only: int | None = None) -> list[Person]:
    """Who works in the hall, by name; `text` searches name and log-in name, `role` keeps one role's people."""
    held: dict[int, list[HeldRole]] = {}
    rows = Role.objects.filter(mall=mall).select_related("agency").order_by("id")
    for row in rows if only is None else rows.filter(user=only):
        agency = row.agency.short_name if row.agency else ""
        held.setdefault(row.user_id, []).append(HeldRole(row.pk, row.role, str(RoleName(row.role).label), agency))
    users = User.objects.filter(pk__in=held).order_by("name", "username")
    factors = set(Authenticator.objects.filter(user__in=held).values_list("user_id", flat=True))
    wish = text.casefold()
    return [
        Person(
            id=user.pk,
            username=user.username,
            name=user.name or user.username,
            email=user.email,
            active=user.is_active,
            roles=tuple(held[user.pk]),
            last_login=user.last_login,
            waits=user.password_until is not None,
            factor=user.pk in factors,
        )
        for user in users
        if wish in f"{user.name} {user.username}".casefold()
        and (not role or any(own.role == role for own in held[user.pk]))
    ]


def agencies_of(mall: Mall) -> list[Agency]:
    """The agencies with a booth in the hall, by name."""
    return list(Agency.objects.filter(booths__mall=mall).distinct().order_by("short_name"))


@dataclass(frozen=True)
class HallDevice:
    """A device of the hall; `seen`: last use on the wall's clock, None never; `pairings`: browsers and programs."""

    id: int
    name: str
    kind: str
    kind_name: str
    active: bool
    seen: datetime | None
    pairings: int
    printer_out: bool


def devices_of(mall: Mall) -> list[HallDevice]:
    """Kiosks, boards and tablets of the hall, by name."""
    held: Mapping[int, int] = dict(
        ApiToken.objects.filter(mall=mall, device__isnull=False, revoked_at=None)
        .values_list("device_id")
        .annotate(count=Count("pk"))
    )
    return [
        HallDevice(
            id=row.pk,
            name=row.name,
            kind=row.kind,
            kind_name=str(DeviceKind(row.kind).label),
            active=row.active,
            seen=row.last_seen_at,
            pairings=held.get(row.pk, 0),
            printer_out=row.settings.get("printer_out") is True,
        )
        for row in Device.objects.filter(mall=mall).order_by("name")
    ]


def logins_of(user: User) -> list[Login]:
    """The user's running log-ins, the last used first."""
    running = Session.objects.values("session_key")
    return list(Login.objects.filter(user=user, session_key__in=running).order_by("-seen_at", "-pk"))
