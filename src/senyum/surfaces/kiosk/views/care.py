"""Around the screens: paper, contrast, the voice, the staff's door, and a sign of life."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from senyum.core import clock
from senyum.malls.models import Mall
from senyum.people import commands as people
from senyum.surfaces.kiosk.frame import CONTRAST, Frame, device_of, forget_person, frame_of
from senyum.surfaces.ui import voice
from senyum.surfaces.ui.access import COOKIE, PairedDevice, device
from senyum.surfaces.ui.pairing import PinForm, pin_opens
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.views import local_path


@dataclass(frozen=True)
class StaffContext:
    """The staff's door: a PIN, and what to do with it."""

    frame: Frame
    form: forms.Form
    name: str


@device("kiosk", or_staff="pair_device")
@require_POST
def paper(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Somebody says that nothing was printed: until the staff clears it, the kiosk shows numbers instead."""
    _printer(request, out=True)
    return HttpResponseRedirect(reverse("kiosk:ticket", args=[mall.code]))


def _printer(request: HttpRequest, *, out: bool) -> None:
    own = device_of(request)
    if own is not None:
        people.set_device_state(device_id=own.id, state={"printer_out": out}, now=clock.now(), actor=own.actor)


@device("kiosk", or_staff="pair_device")
@require_POST
def contrast(request: HttpRequest, mall: Mall) -> HttpResponse:
    """High contrast for this person, or back."""
    response = HttpResponseRedirect(local_path(request, request.POST.get("next", "")))
    if request.COOKIES.get(CONTRAST) == "1":
        response.delete_cookie(CONTRAST)
    else:
        response.set_cookie(CONTRAST, "1", max_age=3600, httponly=True, samesite="Lax", secure=settings.TLS)
    return response


@device("kiosk", or_staff="pair_device")
@require_http_methods(["GET", "HEAD", "POST"])
def staff_page(request: HttpRequest, mall: Mall) -> HttpResponse:
    """With the PIN: say that there is paper again, or leave the kiosk. Somebody logged in has no need of it."""
    own = device_of(request)
    if own is None:
        return HttpResponseRedirect(reverse("device"))
    if request.method != "POST":
        return _staff(request, mall, own, PinForm())
    form = PinForm(request.POST)
    if not pin_opens(own, form):
        return _staff(request, mall, own, form, status=422)
    if request.POST.get("do") == "leave":
        response = forget_person(HttpResponseRedirect(reverse("device")), mall)
        response.delete_cookie(COOKIE)
        return response
    _printer(request, out=False)
    return HttpResponseRedirect(reverse("kiosk:start", args=[mall.code]))


def _staff(request: HttpRequest, mall: Mall, own: PairedDevice, form: forms.Form, status: int = 200) -> HttpResponse:
    frame = frame_of(request, mall, back=reverse("kiosk:start", args=[mall.code]))
    return page(request, "kiosk/staff.html", StaffContext(frame, form, own.name), status=status)


@device("kiosk", or_staff="pair_device")
@require_safe
def alive(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Asked before the screen changes: a kiosk never shows the browser's own error page."""
    response = HttpResponse(status=204)
    response.headers["Cache-Control"] = "no-store"
    return response


@device("kiosk", or_staff="pair_device")
@require_safe
def say(request: HttpRequest, mall: Mall, language: str, signed: str) -> HttpResponse:
    """One sentence of a screen, read aloud. 404 when the server did not write it."""
    text = request.GET.get("text", "")
    if not text or not voice.is_signed(text, language, signed):
        raise Http404
    return voice.clip(text, language)
