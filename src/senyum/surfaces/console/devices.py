"""Devices: kiosks, boards and tablets of the hall, when each was used last, and the end of a pairing."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from senyum.core import clock
from senyum.malls.models import Mall
from senyum.people import commands, queries
from senyum.people.commands.devices import PAIRING_KEPT
from senyum.people.models import Device
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import page

#: Unseen for so many days: the list says so, as the doctor does.
QUIET_DAYS = 14


@dataclass(frozen=True)
class DeviceRow:
    """A device, and for how many days nobody used it (0: less than one, None: never used)."""

    device: queries.HallDevice
    quiet_days: int | None
    quiet: bool


@dataclass(frozen=True)
class DevicesContext:
    """The list; a pairing that nobody uses ends after `kept_days`."""

    rows: tuple[DeviceRow, ...]
    kept_days: int


def _row(device: queries.HallDevice) -> DeviceRow:
    days = None if device.seen is None else (clock.wall() - device.seen).days
    return DeviceRow(device, days, device.pairings > 0 and days is not None and days >= QUIET_DAYS)


@staff("pair_device")
@require_safe
def show(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Every device of the hall."""
    rows = tuple(_row(device) for device in queries.devices_of(mall))
    return page(request, "console/devices.html", DevicesContext(rows, PAIRING_KEPT.days))


@staff("pair_device")
@require_POST
def end(request: HttpRequest, mall: Mall, device: int) -> HttpResponse:
    """End every pairing of a device."""
    found = Device.objects.select_related("mall").filter(pk=device, mall=mall).first()
    if found is None:
        raise Http404
    commands.end_pairings(device=found, now=clock.now(), actor=request.actor)  # type: ignore[attr-defined]  # set by @staff
    messages.success(request, _("Pemasangan diakhiri. Untuk dipakai lagi, perangkat itu perlu token baru."))
    return redirect("console:devices", mall.code)
