"""The printed ticket: what stands on 80 mm of paper, the same from the door and from the kiosk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from senyum.surfaces.ui import words
from senyum.surfaces.ui.links import outward
from senyum.surfaces.ui.qr import qr_svg
from senyum.visits.queries import Leg, VisitView


@dataclass(frozen=True)
class SlipLeg:
    """One service on the slip; `ahead` and `wait` are what was said at issue, "" where nothing could be told."""

    service: str
    agency: str
    where: str
    ahead: str
    wait: str


@dataclass(frozen=True)
class Slip:
    """A ticket as it is printed. `link` is the citizen's page, `qr` its picture."""

    label: str
    mall: str
    at: datetime
    zone: str
    legs: tuple[SlipLeg, ...]
    link: str
    qr: SafeString
    is_sample: bool


def slip_of(request: HttpRequest, view: VisitView) -> Slip:
    """The slip of a visit."""
    link = outward(request, f"/t/{view.token}/")
    return Slip(
        label=view.label,
        mall=view.mall.name,
        at=view.arrived_at,
        zone=str(view.mall.get_timezone_display()),
        legs=tuple(slip_leg(leg) for leg in view.legs),
        link=link,
        qr=qr_svg(link),
        is_sample=view.mall.is_sample,
    )


def slip_leg(leg: Leg) -> SlipLeg:
    """One leg in the words of the slip."""
    numbers = ", ".join(str(number) for number in leg.counters)
    return SlipLeg(
        service=leg.service,
        agency=leg.agency,
        where=_("loket %(numbers)s") % {"numbers": numbers} if numbers else "",
        ahead=words.people(leg.promise_ahead),
        wait=words.minutes_range(leg.promise_p50, leg.promise_p90),
    )
