"""Pairing: a browser becomes a kiosk, a board or a smile tablet by a token, and stops being one by the staff PIN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import check_password
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from senyum.core import clock
from senyum.core.errors import NotAllowed, NotPossible
from senyum.journal.actor import Actor
from senyum.people import tokens
from senyum.people.commands import create_token, note_device_seen
from senyum.people.models import Device, DeviceKind
from senyum.surfaces.ui.access import COOKIE, COOKIE_SALT, COOKIE_SECONDS, PairedDevice, paired, public
from senyum.surfaces.ui.render import page

#: Where a device of each kind begins its day.
STARTS = {
    DeviceKind.KIOSK: "/kiosk/{mall}/",
    DeviceKind.DISPLAY: "/display/{mall}/",
    DeviceKind.SMILE: "/smile/{mall}/",
}
WRONG_PINS = 5
WRONG_PIN_SECONDS = 300


class TokenForm(forms.Form):
    """The device token, typed or pasted; spaces and line breaks in it do not matter."""

    token = forms.CharField(
        label=_("Token perangkat"),
        help_text=_("Dimulai dengan sny_. Pengelola MPP membuatnya, dan hanya sekali bisa melihatnya."),
        max_length=200,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none", "autocorrect": "off"}
        ),
        error_messages={"required": _("Masukkan token perangkat.")},
    )

    def clean_token(self) -> str:
        secret = "".join(str(self.cleaned_data["token"]).split())
        identity = tokens.look_up(secret, clock.wall())
        if identity is None:
            raise forms.ValidationError(
                _("Token ini tidak dikenal atau sudah dicabut. Periksa lagi, atau minta yang baru.")
            )
        if identity.device_id is None and identity.role in DeviceKind.values:
            raise forms.ValidationError(
                _("Token ini belum menyebut perangkatnya. Minta token baru untuk perangkat ini.")
            )
        if identity.device_id is None:
            raise forms.ValidationError(_("Token ini bukan untuk perangkat."))
        return secret


class PinForm(forms.Form):
    """The staff PIN of the device."""

    pin = forms.CharField(
        label=_("PIN petugas"),
        max_length=20,
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": _("Masukkan PIN petugas.")},
    )


@dataclass(frozen=True)
class DeviceContext:
    """What this browser is, the form to change it, and in a demo the devices it may become at once."""

    device: PairedDevice | None
    kind_name: Any
    start: str
    form: forms.Form
    samples: tuple[Device, ...]
    next: str


def _context(request: HttpRequest, form: forms.Form | None = None) -> DeviceContext:
    own = paired(request)
    samples = Device.objects.filter(mall__is_sample=True, active=True).select_related("mall") if settings.DEMO else []
    return DeviceContext(
        device=own,
        kind_name=DeviceKind(own.kind).label if own else "",
        start=start_of(own) if own else "",
        form=form or (PinForm() if own else TokenForm()),
        samples=tuple(samples),
        next=request.GET.get("next", ""),
    )


def start_of(device: PairedDevice) -> str:
    """The first page of a paired device."""
    return STARTS[DeviceKind(device.kind)].format(mall=device.mall.code)


@public
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """What this browser is paired as, and the form to pair it."""
    return page(request, "ui/device.html", _context(request))


@public
@require_POST
def pair(request: HttpRequest) -> HttpResponse:
    """Pair this browser by a token."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return page(request, "ui/device.html", _context(request, form), status=422)
    return _paired_with(form.cleaned_data["token"])


@public
@require_POST
def pair_sample(request: HttpRequest) -> HttpResponse:
    """In a demo: become one of the sample devices without a token. Elsewhere: NotAllowed."""
    if not settings.DEMO:
        raise NotAllowed("demo_only", _("Ini hanya bisa di peragaan."))
    wish = request.POST.get("device", "")
    device = Device.objects.filter(
        pk=int(wish) if wish.isascii() and wish.isdigit() and len(wish) < 10 else 0, mall__is_sample=True, active=True
    ).first()
    if device is None:
        raise NotPossible("device_unknown", _("Perangkat contoh itu tidak ada."))
    actor = Actor("device", str(device.pk), device.name)
    secret = create_token(role=device.kind, mall=device.mall, device=device, now=clock.now(), actor=actor)
    return _paired_with(secret)


def _paired_with(secret: str) -> HttpResponse:
    identity = tokens.look_up(secret, clock.wall())
    if identity is not None and identity.device_id is not None:
        note_device_seen(device_id=identity.device_id, now=clock.wall())
    response = HttpResponseRedirect("/device/")
    response.set_signed_cookie(
        COOKIE, secret, salt=COOKIE_SALT, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=settings.TLS
    )
    return response


@public
@require_POST
def unpair(request: HttpRequest) -> HttpResponse:
    """Make this browser an ordinary one again. Needs the device's staff PIN, where it has one; five wrong ones wait."""
    own = paired(request)
    response = HttpResponseRedirect("/device/")
    if own is None:
        response.delete_cookie(COOKIE)
        return response
    form = PinForm(request.POST)
    if not pin_opens(own, form):
        return page(request, "ui/device.html", _context(request, form), status=422)
    response.delete_cookie(COOKIE)
    messages.success(request, _("Perangkat ini sudah dilepas."))
    return response


def pin_opens(own: PairedDevice, form: PinForm) -> bool:
    """Whether the form holds the device's staff PIN, or the device has none; else the form says what is wrong."""
    pin_hash = Device.objects.values_list("pin_hash", flat=True).get(pk=own.id)
    if not pin_hash:
        return True
    if form.is_valid() and _pin_fits(own.id, form.cleaned_data["pin"], pin_hash):
        return True
    if form.is_valid():
        form.add_error("pin", _("PIN ini salah. Coba lagi, atau tanyakan kepada pengelola MPP."))
    return False


def _pin_fits(device: int, pin: str, pin_hash: str) -> bool:
    key = f"wrong_pin:{device}"
    wrong = cache.get(key, 0)
    if wrong >= WRONG_PINS:
        raise NotPossible("pin_wait", _("Terlalu banyak PIN salah. Tunggu lima menit."))
    if check_password(pin, pin_hash):
        cache.delete(key)
        return True
    cache.set(key, wrong + 1, WRONG_PIN_SECONDS)
    return False
