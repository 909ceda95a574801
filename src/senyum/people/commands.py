"""All writes about people, devices and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.record import record
from senyum.malls.models import Agency, Mall
from senyum.people import tokens
from senyum.people.models import AGENCY_ROLES, ApiToken, Device, Role, User

_EVERYWHERE = "-"


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
            if user.name == name:
                return user
            user.name = name
            user.save(update_fields=["name"])
        record(
            mall=_EVERYWHERE,
            at=now,
            kind="user.made" if made else "user.renamed",
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
    """Switch a user off: log-ins end with the next request, tokens within `tokens.KEPT_SECONDS`."""
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active"])
        record(
            mall=_EVERYWHERE,
            at=now,
            kind="user.deactivated",
            actor=actor,
            subject=("user", user.pk, user.username),
            reason=reason,
        )
    tokens.forget()


def put_device(*, mall: Mall, kind: str, name: str, now: datetime, actor: Actor, speaks: bool = False) -> Device:
    """Register a kiosk, board or tablet. The same name again gives the same device."""
    with transaction.atomic():
        device, made = Device.objects.get_or_create(
            mall=mall, name=name, defaults={"kind": kind, "settings": {"speaks": speaks}}
        )
        if made:
            record(mall=mall.code, at=now, kind="device.registered", actor=actor, subject=("device", device.pk, name))
    return device


def set_device_pin(*, device: Device, pin: str, now: datetime, actor: Actor) -> None:
    """Set the staff PIN that leaves kiosk mode or unpairs the device (six digits or more)."""
    if not pin.isdigit() or len(pin) < 6:
        raise NotPossible("pin_weak", _("PIN perlu paling sedikit enam angka."))
    with transaction.atomic():
        device.pin_hash = make_password(pin)
        device.save(update_fields=["pin_hash"])
        record(
            mall=device.mall.code,
            at=now,
            kind="device.pin_set",
            actor=actor,
            subject=("device", device.pk, device.name),
        )


def set_device_state(*, device_id: int, state: Mapping[str, bool], now: datetime, actor: Actor) -> None:
    """Note what is true of a device (`printer_out`: no paper) beside its other settings; unchanged: nothing happens."""
    with transaction.atomic():
        device = Device.objects.select_for_update(of=("self",)).select_related("mall").filter(pk=device_id).first()
        if device is None:
            raise NotPossible("device_unknown", _("Perangkat itu tidak ada."))
        changed = {name: value for name, value in state.items() if device.settings.get(name, False) is not value}
        if not changed:
            return
        device.settings = {**device.settings, **changed}
        device.save(update_fields=["settings"])
        record(
            mall=device.mall.code,
            at=now,
            kind="device.state_set",
            actor=actor,
            subject=("device", device.pk, device.name),
            data=changed,
        )


def create_token(
    *,
    role: str,
    mall: Mall,
    now: datetime,
    actor: Actor,
    user: User | None = None,
    agency: Agency | None = None,
    device: Device | None = None,
    scopes: list[str] | None = None,
    expires_at: datetime | None = None,
) -> str:
    """Make a bearer token and return its secret: the only time it can be read.

    Raises NotPossible for an unknown role, for scopes beyond the role's, when the user does not hold the role, or when
    the device is of another kind or hall.
    """
    allowed = tokens.SCOPES.get(role)
    if allowed is None:
        raise NotPossible("role_unknown", _("Peran itu tidak dikenal."))
    if scopes is not None and not set(scopes) <= set(allowed):
        raise NotPossible("scopes_beyond_role", _("Cakupan token melebihi perannya."))
    if role in AGENCY_ROLES and user is None:
        raise NotPossible("token_needs_user", _("Token petugas perlu nama pengguna."))
    if user is not None and not Role.objects.filter(user=user, role=role, mall=mall).exists():
        raise NotPossible("user_without_role", _("Pengguna itu tidak memegang peran ini di MPP ini."))
    if user is not None and agency is None and role in AGENCY_ROLES:
        agency = Role.objects.filter(user=user, role=role, mall=mall).order_by("id").first().agency  # type: ignore[union-attr]  # checked above
    if device is not None and (device.kind != role or device.mall_id != mall.pk):
        raise NotPossible(
            "device_other", _("Perangkat bernama itu jenisnya lain. Pilih nama lain, atau jenis yang sama.")
        )
    secret, prefix, digest = tokens.new_secret()
    with transaction.atomic():
        token = ApiToken.objects.create(
            prefix=prefix,
            digest=digest,
            role=role,
            mall=mall,
            agency=agency,
            user=user,
            device=device,
            scopes=list(scopes if scopes is not None else allowed),
            created_at=now,
            expires_at=expires_at,
        )
        record(
            mall=mall.code,
            at=now,
            kind="token.created",
            actor=actor,
            subject=("token", token.pk, prefix),
            data={"role": role},
        )
    return secret


def revoke_token(*, prefix: str, now: datetime, actor: Actor) -> None:
    """Revoke a token by its prefix; it stops within `tokens.KEPT_SECONDS` in other processes, here at once."""
    with transaction.atomic():
        token = ApiToken.objects.select_for_update().filter(prefix=prefix, revoked_at=None).first()
        if token is None:
            raise NotPossible("token_unknown", _("Token itu tidak ada atau sudah dicabut."))
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
        record(mall=token.mall.code, at=now, kind="token.revoked", actor=actor, subject=("token", token.pk, prefix))
    tokens.forget()


def forget_logins(*, before: datetime, now: datetime, wall: datetime, actor: Actor = SYSTEM) -> dict[str, int]:
    """Delete log-ins and cached values that have ended by `wall`, and tokens that ended before `before` (wall time).

    Returns model -> how many, which the journal certifies.
    """
    with transaction.atomic():
        counts = {"Session": Session.objects.filter(expire_date__lt=wall).delete()[0]}
        with connection.cursor() as cursor:
            # The cache holds copies of the log-ins.
            cursor.execute("DELETE FROM core_cache WHERE expires < %s", [wall])
            counts["cache"] = cursor.rowcount
        ended = Q(revoked_at__lt=before) | Q(expires_at__lt=before)
        counts["ApiToken"] = ApiToken.objects.filter(ended).delete()[0]
        counts = {name: count for name, count in counts.items() if count}
        if counts:
            record(
                mall=_EVERYWHERE,
                at=now,
                kind="retention.erased",
                actor=actor,
                subject=("retention", now.date().isoformat(), "logins"),
                data={"until": before.isoformat(), "counts": counts},
            )
    return counts
