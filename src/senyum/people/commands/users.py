"""Users and their roles: what seeds and programs put. People at a screen go through `accounts`."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls.models import Agency, Mall
from senyum.people import tokens
from senyum.people.commands.logins import drop_logins
from senyum.people.models import AGENCY_ROLES, Role, User

EVERYWHERE = "-"


def put_user(
    *, username: str, name: str, password: str | None, is_sample: bool, now: datetime, actor: Actor, email: str = ""
) -> User:
    """Make a user, or give an existing one a new name. A password is set only for a new user; None: no log-in by it."""
    with transaction.atomic():
        user, made = User.objects.get_or_create(
            username=username,
            defaults={
                "name": name,
                "email": email,
                "is_sample": is_sample,
                "password": make_password(password),
                "date_joined": now,
            },
        )
        if not made:
            # An address is filled in where there is none; one that somebody set here stays.
            wanted = {"name": name, "email": user.email or email}
            changed = [field for field, value in wanted.items() if getattr(user, field) != value]
            if not changed:
                return user
            for field in changed:
                setattr(user, field, wanted[field])
            user.save(update_fields=changed)
        record(
            mall=EVERYWHERE,
            at=now,
            kind="user.made" if made else "user.changed",
            actor=actor,
            subject=("user", user.pk, username),
        )
    return user


def grant_role(*, user: User, role: str, mall: Mall, agency: Agency | None, now: datetime, actor: Actor) -> Role:
    """Give a role in a mall (officers and coordinators: of an agency there). Giving it again changes nothing."""
    if (role in AGENCY_ROLES) != (agency is not None):
        raise NotPossible("role_agency", _("Petugas dan koordinator perlu instansi; peran lain tidak memakainya."))
    with transaction.atomic():
        row, made = Role.objects.get_or_create(user=user, role=role, mall=mall, agency=agency)
        if made:
            record(
                mall=mall.code,
                at=now,
                kind="role.granted",
                actor=actor,
                subject=("user", user.pk, user.username),
                data={"role": role, "agency": agency.code if agency else ""},
            )
    return row


def deactivate_user(*, user: User, reason: str, now: datetime, actor: Actor) -> None:
    """Switch a user off: log-ins end at once, tokens and their streams within `tokens.KEPT_SECONDS`."""
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active"])
        drop_logins(user)
        record(
            mall=EVERYWHERE,
            at=now,
            kind="user.deactivated",
            actor=actor,
            subject=("user", user.pk, user.username),
            reason=reason,
        )
    tokens.forget()
