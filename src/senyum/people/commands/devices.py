"""Devices of a hall and the bearer tokens of devices, people and programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.record import record
from senyum.malls.models import Agency, Mall
from senyum.people import tokens
from senyum.people.models import AGENCY_ROLES, ApiToken, Device, Role, User

#: A device is noted as seen at most this often: one small write where there would be one a page.
SEEN_EVERY = timedelta(minutes=10)
#: A pairing that nobody used that long ends: longer than a long holiday, shorter than a lost tablet is forgotten.
PAIRING_KEPT = timedelta(days=90)


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


def note_device_seen(*, device_id: int, now: datetime) -> None:
    """Note that a device is in use (`now`: wall time). Seen a moment ago: one look, no write, no journal entry."""
    Device.objects.filter(Q(last_seen_at=None) | Q(last_seen_at__lt=now - SEEN_EVERY), pk=device_id).update(
        last_seen_at=now
    )


def end_pairings(*, device: Device, now: datetime, actor: Actor) -> int:
    """Revoke every token of a device: it must be paired anew. How many there were; NotPossible when none was."""
    with transaction.atomic():
        count = ApiToken.objects.filter(device=device, revoked_at=None).update(revoked_at=now)
        if not count:
            raise NotPossible("not_paired", _("Perangkat itu sedang tidak dipasang di layar mana pun."))
        _tell_ended(device, count, now, actor)
    tokens.forget()
    return count


def end_unused_pairings(*, now: datetime, actor: Actor = SYSTEM) -> int:
    """Revoke the tokens of devices that nobody used for `PAIRING_KEPT` (`now`: wall time). How many devices."""
    with transaction.atomic():
        unused = (
            ApiToken.objects.select_for_update(of=("self",))
            .filter(revoked_at=None, device__isnull=False)
            .annotate(used=Greatest(F("created_at"), Coalesce(F("device__last_seen_at"), F("created_at"))))
            .filter(used__lt=now - PAIRING_KEPT)
            .order_by("id")
        )
        held: dict[int, list[int]] = {}
        for token, device_id in unused.values_list("pk", "device_id"):
            held.setdefault(device_id, []).append(token)
        for device in Device.objects.filter(pk__in=held).select_related("mall").order_by("id"):
            ApiToken.objects.filter(pk__in=held[device.pk]).update(revoked_at=now)
            _tell_ended(device, len(held[device.pk]), now, actor, reason="unused")
    tokens.forget()
    return len(held)


def _tell_ended(device: Device, count: int, now: datetime, actor: Actor, reason: str = "") -> None:
    record(
        mall=device.mall.code,
        at=now,
        kind="device.unpaired",
        actor=actor,
        subject=("device", device.pk, device.name),
        reason=reason,
        data={"tokens": count},
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
