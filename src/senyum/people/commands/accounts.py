"""What an administrator does with the people of a hall. Each command asks whether whoever acts may.

A user may work in several halls. What concerns the person everywhere (address, password, being switched off) wants an
administrator of all those halls; a role wants one of its own hall. Nobody takes from themselves what would leave a
hall without administrator.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from senyum.core.errors import NotAllowed, NotPossible
from senyum.core.text import plain
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls.models import Agency, Booth, Mall
from senyum.people import tokens
from senyum.people.access import may
from senyum.people.commands.logins import drop_logins
from senyum.people.commands.users import EVERYWHERE, deactivate_user, grant_role
from senyum.people.models import ApiToken, Role, RoleName, User

#: A password that an administrator hands over opens the account that long, and only to choose another one.
FIRST_PASSWORD_KEPT = timedelta(days=3)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,59}")


def first_password() -> str:
    """Twelve letters and digits in three groups, none of them easily taken for another (59 random bits)."""
    return "-".join("".join(secrets.choice(_LETTERS) for _each in range(4)) for _group in range(3))


def add_person(
    *,
    mall: Mall,
    username: str,
    name: str,
    email: str,
    role: str,
    agency: Agency | None,
    now: datetime,
    wall: datetime,
    actor: Actor,
) -> tuple[User, str]:
    """Make a user with one role in the hall; returns it and its first password, which is shown only now."""
    _demand(actor, mall)
    if not _USERNAME.fullmatch(username):
        raise NotPossible(
            "username_odd", _("Nama pengguna: huruf kecil, angka, titik, atau tanda hubung, paling sedikit dua.")
        )
    if not plain(name):
        raise NotPossible("name_needed", _("Isi nama orangnya."))
    secret = first_password()
    try:
        with transaction.atomic():
            user = User.objects.create(
                username=username,
                name=plain(name)[:150],
                email=_address(email),
                password=make_password(secret),
                password_until=wall + FIRST_PASSWORD_KEPT,
                date_joined=now,
            )
            _tell(user, "user.made", actor, now)
            _grant(user, mall, role, agency, now, actor)
    except IntegrityError as error:
        raise NotPossible("username_taken", _("Nama pengguna itu sudah dipakai. Pilih nama lain.")) from error
    return user, secret


def change_person(*, user: User, mall: Mall, name: str, email: str, now: datetime, actor: Actor) -> None:
    """Set name and e-mail address; an empty address takes the old one away. Unchanged: nothing happens."""
    _demand_everywhere(actor, mall, user)
    if not plain(name):
        raise NotPossible("name_needed", _("Isi nama orangnya."))
    wanted = {"name": plain(name)[:150], "email": _address(email)}
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        changed = [field for field, value in wanted.items() if getattr(row, field) != value]
        if not changed:
            return
        for field in changed:
            setattr(row, field, wanted[field])
        row.save(update_fields=changed)
        # Which fields, never what stands in them: the journal outlives the person's time here.
        _tell(row, "user.changed", actor, now, data={"fields": sorted(changed)})


def give_role(*, user: User, mall: Mall, role: str, agency: Agency | None, now: datetime, actor: Actor) -> None:
    """Give somebody who works in the hall one more role there."""
    _demand(actor, mall)
    if actor.kind == "user" and not Role.objects.filter(user=user, mall=mall).exists():
        raise NotPossible("not_here", _("Orang itu tidak bekerja di MPP ini."))
    _grant(user, mall, role, agency, now, actor)


def take_role(*, role: Role, now: datetime, actor: Actor) -> None:
    """Take a role away. Its permissions end with the next request, its tokens at once."""
    _demand(actor, role.mall)
    if role.role == RoleName.ADMINISTRATOR:
        _not_oneself(actor, role.user)
    with transaction.atomic():
        if not Role.objects.filter(pk=role.pk).delete()[0]:
            return
        held = ApiToken.objects.filter(
            user=role.user, mall=role.mall, role=role.role, agency=role.agency, revoked_at=None
        )
        held.update(revoked_at=now)
        record(
            mall=role.mall.code,
            at=now,
            kind="role.taken",
            actor=actor,
            subject=("user", role.user.pk, role.user.username),
            data={"role": role.role, "agency": role.agency.code if role.agency else ""},
        )
    tokens.forget()


def disable_person(*, user: User, mall: Mall, reason: str, now: datetime, actor: Actor) -> None:
    """Switch a user off, with a reason: every log-in ends at once. Nobody switches themselves off."""
    _demand_everywhere(actor, mall, user)
    _not_oneself(actor, user)
    if not plain(reason):
        raise NotPossible("reason_needed", _("Tulis alasannya."))
    if not user.is_active:
        return
    deactivate_user(user=user, reason=plain(reason)[:200], now=now, actor=actor)


def enable_person(*, user: User, mall: Mall, now: datetime, actor: Actor) -> None:
    """Switch a user on again; the old password works unless it was reset."""
    _demand_everywhere(actor, mall, user)
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            _tell(user, "user.activated", actor, now)


def reset_access(*, user: User, mall: Mall, now: datetime, wall: datetime, actor: Actor) -> str:
    """A new first password, shown only now; log-ins and tokens of the user end. The second factor stays asked for."""
    _demand_everywhere(actor, mall, user)
    _not_oneself(actor, user)
    secret = first_password()
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        row.password, row.password_until = make_password(secret), wall + FIRST_PASSWORD_KEPT
        row.save(update_fields=["password", "password_until"])
        drop_logins(row)
        ApiToken.objects.filter(user=row, revoked_at=None).update(revoked_at=now)
        _tell(row, "user.access_reset", actor, now)
    tokens.forget()
    return secret


def remove_factors(*, user: User, mall: Mall, reason: str, now: datetime, actor: Actor) -> None:
    """Take passkeys and code apps away from somebody who lost theirs, with a reason; log-ins end."""
    _demand_everywhere(actor, mall, user)
    _not_oneself(actor, user)
    if not plain(reason):
        raise NotPossible("reason_needed", _("Tulis alasannya."))
    with transaction.atomic():
        count = Authenticator.objects.filter(user=user).delete()[0]
        if not count:
            raise NotPossible("no_factor", _("Akun itu tidak memakai pengaman kedua."))
        drop_logins(user)
        _tell(user, "user.factors_removed", actor, now, reason=plain(reason)[:200], data={"count": count})


def note_own_password(*, user: User, session_key: str, now: datetime, actor: Actor) -> None:
    """The user has chosen a password in this session: it lasts, and all other log-ins are over."""
    with transaction.atomic():
        User.objects.filter(pk=user.pk).exclude(password_until=None).update(password_until=None)
        drop_logins(user, but=session_key)
        _tell(user, "user.password_chosen", actor, now)


def _grant(user: User, mall: Mall, role: str, agency: Agency | None, now: datetime, actor: Actor) -> None:
    if role not in RoleName.values:
        raise NotPossible("role_unknown", _("Peran itu tidak dikenal."))
    if agency is not None and not Booth.objects.filter(mall=mall, agency=agency).exists():
        raise NotPossible("agency_elsewhere", _("Instansi itu tidak ada di MPP ini."))
    grant_role(user=user, role=role, mall=mall, agency=agency, now=now, actor=actor)


def _demand(actor: Actor, mall: Mall) -> None:
    if actor.kind == "system":
        return
    user = User.objects.filter(pk=actor.id).first() if actor.kind == "user" and actor.id.isdecimal() else None
    if user is None or not may(user, mall, "manage_people"):
        raise NotAllowed("not_allowed", _("Hanya administrator MPP ini yang mengurus akun."))


def _demand_everywhere(actor: Actor, mall: Mall, user: User) -> None:
    _demand(actor, mall)
    if actor.kind == "system":
        return
    halls = list(Mall.objects.filter(pk__in=Role.objects.filter(user=user).values("mall")))
    if mall not in halls:
        raise NotPossible("not_here", _("Orang itu tidak bekerja di MPP ini."))
    me = User.objects.get(pk=actor.id)
    if not all(may(me, hall, "manage_people") for hall in halls):
        raise NotAllowed(
            "works_elsewhere",
            _("Orang itu juga bekerja di MPP lain. Minta administrator yang mengurus semua MPP-nya."),
        )


def _not_oneself(actor: Actor, user: User) -> None:
    if actor.kind == "user" and actor.id == str(user.pk):
        raise NotPossible("oneself", _("Untuk akun Anda sendiri, minta administrator lain."))


def _address(email: str) -> str:
    text = plain(email)
    if text:
        try:
            validate_email(text)
        except ValidationError as error:
            raise NotPossible("email_odd", _("Alamat surel itu tidak lengkap. Contoh: nama@instansi.go.id")) from error
    return text[:254]


def _tell(
    user: User, kind: str, actor: Actor, now: datetime, *, reason: str = "", data: dict[str, object] | None = None
) -> None:
    record(
        mall=EVERYWHERE,
        at=now,
        kind=kind,
        actor=actor,
        subject=("user", user.pk, user.username),
        reason=reason,
        data=data or {},
    )
