"""A sample hall as one value, its parts by the names people use."""

from __future__ import annotations

from dataclasses import dataclass

from senyum.catalogue.models import Line, LineGroup
from senyum.malls.models import Agency, Booth, Counter, Mall
from senyum.people.models import Device, Role, User


@dataclass(frozen=True)
class SmallHall:
    """A tiny hall. `agencies` and `booths` by agency code (without the mall's), `lines` by service code,
    `groups` by prefix, `counters` by number, `users` by username, `devices` by kind.
    """

    mall: Mall
    agencies: dict[str, Agency]
    booths: dict[str, Booth]
    groups: dict[str, LineGroup]
    lines: dict[str, Line]
    counters: dict[int, Counter]
    users: dict[str, User]
    devices: dict[str, Device]


def small_hall(mall: Mall) -> SmallHall:
    """Read a sample hall: seven queries."""
    booths = Booth.objects.filter(mall=mall).select_related("agency", "mall")
    lines = Line.objects.filter(mall=mall).select_related("service", "group", "agency", "booth", "mall")
    counters = Counter.objects.filter(mall=mall).select_related("booth__agency", "mall")
    users = User.objects.filter(id__in=Role.objects.filter(mall=mall).values("user"))
    by_agency = {booth.agency.code.removeprefix(f"{mall.code}-"): booth for booth in booths}
    return SmallHall(
        mall=mall,
        agencies={code: booth.agency for code, booth in by_agency.items()},
        booths=by_agency,
        groups={group.prefix: group for group in LineGroup.objects.filter(mall=mall)},
        lines={line.service.code: line for line in lines},
        counters={counter.number: counter for counter in counters},
        users={user.username: user for user in users},
        devices={device.kind: device for device in Device.objects.filter(mall=mall)},
    )
