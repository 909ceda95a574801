"""The tiny sample hall, written in bulk so that a test has it in a few dozen milliseconds."""

from __future__ import annotations

from datetime import date, datetime, time

from django.contrib.auth.hashers import make_password
from django.db import transaction

from senyum.catalogue.models import CounterLine, Fee, Line, LineGroup, Requirement, Service, Standard
from senyum.catalogue.states import IN_FORCE
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls import queries as halls
from senyum.malls.models import Agency, Booth, BoothHours, CalendarDay, Counter, Mall
from senyum.malls.rules import holidays_of
from senyum.people.models import AGENCY_ROLES, Device, DeviceKind, Role, RoleName, User
from senyum.visits.models import PriorityClass

SMALL = "contoh"
_SOURCE = "[M] contoh"
_LAST_SECOND = time(23, 59, 59)

_AGENCIES = {
    "dukcapil": ("Dinas Kependudukan dan Pencatatan Sipil", "Disdukcapil"),
    "polres": ("Kepolisian Resor", "Polres"),
    "bank": ("Bank Contoh", "Bank Contoh"),
}
_GROUPS = {"A": "Kependudukan", "B": "Kepolisian", "P": "Pengambilan dokumen", "K": "Kasir"}
# service code -> agency, prefix, kind, names (id, su, en), minutes at the counter, fee in rupiah, pays at the cashier
_LINES = {
    "ktp": (
        "dukcapil",
        "A",
        "service",
        ("KTP elektronik", "KTP éléktronik", "Electronic ID card"),
        10,
        0,
        False,
    ),
    "kk": ("dukcapil", "A", "service", ("Kartu keluarga", "Kartu kulawarga", "Family card"), 15, 0, False),
    "ambil": (
        "dukcapil",
        "P",
        "pickup",
        ("Pengambilan dokumen", "Nyandak dokumén", "Document pick-up"),
        4,
        0,
        False,
    ),
    "skck": ("polres", "B", "service", ("SKCK", "SKCK", "Police certificate"), 20, 30000, True),
    "kasir": ("bank", "K", "cashier", ("Kasir", "Kasir", "Cashier"), 3, None, False),
}
# counter number -> agency, lines it serves first, lines it helps out with
_COUNTERS = {
    1: ("dukcapil", ["ktp"], ["kk"]),
    2: ("dukcapil", ["kk", "ambil"], ["ktp"]),
    3: ("polres", ["skck"], []),
    4: ("bank", ["kasir"], []),
}
_USERS = {
    "petugas1": (RoleName.OFFICER, "dukcapil"),
    "petugas2": (RoleName.OFFICER, "dukcapil"),
    "petugas3": (RoleName.OFFICER, "polres"),
    "petugas4": (RoleName.OFFICER, "bank"),
    "koordinator": (RoleName.COORDINATOR, "dukcapil"),
    "penyambut": (RoleName.GREETER, None),
    "pengelola": (RoleName.MANAGER, None),
    "sekda": (RoleName.LEADERSHIP, None),
    "admin": (RoleName.ADMINISTRATOR, None),
}
# class -> head start and promise in minutes: the policy defaults of the Sumedang seed
_POLICY = {
    "regular": (0, 30),
    "elderly": (20, 15),
    "disability": (20, 15),
    "pregnant": (20, 15),
    "child": (15, 20),
    "disaster": (15, 20),
}


def _booths(mall: Mall) -> dict[str, Booth]:
    agencies = Agency.objects.bulk_create(
        Agency(code=f"{SMALL}-{code}", name=name, short_name=short, is_sample=True, source=_SOURCE)
        for code, (name, short) in _AGENCIES.items()
    )
    booths = Booth.objects.bulk_create(
        Booth(mall=mall, agency=agency, sort=sort) for sort, agency in enumerate(agencies)
    )
    BoothHours.objects.bulk_create(
        BoothHours(booth=booth, weekday=day, opens=time(0), last_ticket=_LAST_SECOND, closes=_LAST_SECOND)
        for booth in booths
        for day in range(7)
    )
    return dict(zip(_AGENCIES, booths, strict=True))


def _open_on_holidays(mall: Mall, day: date) -> None:
    """The sample hall keeps no holidays in the years around `day`: nothing in it depends on the date."""
    days = {found for year in range(day.year - 1, day.year + 2) for found in holidays_of(year)}
    CalendarDay.objects.bulk_create(
        CalendarDay(mall=mall, date=found, is_open=True, reason="MPP contoh selalu buka") for found in sorted(days)
    )


def _standards(services: list[Service], now: datetime) -> None:
    """An adopted first version each, as `catalogue.standard_commands.adopt` makes it, in five statements for all."""
    standards = Standard.objects.bulk_create(
        Standard(
            service=service,
            number=1,
            adopted=True,
            standard_minutes=service.standard_minutes,
            source=_SOURCE,
            drafted_at=now,
            saved_at=now,
        )
        for service in services
    )
    Requirement.objects.bulk_create(
        Requirement(standard=standard, sort=sort, text=text)
        for standard in standards
        for sort, text in enumerate(("KTP", "Kartu keluarga"), start=1)
    )
    Fee.objects.bulk_create(
        Fee(standard=standard, sort=1, amount_rupiah=service.fee_rupiah, amount_text=service.fee_text)
        for standard, service in zip(standards, services, strict=True)
    )
    Standard.objects.filter(pk__in=[standard.pk for standard in standards]).update(state=IN_FORCE)
    for standard, service in zip(standards, services, strict=True):
        service.current = standard
    Service.objects.bulk_update(services, ["current"])


def _lines(mall: Mall, booths: dict[str, Booth], now: datetime) -> dict[str, Line]:
    groups = {
        group.prefix: group
        for group in LineGroup.objects.bulk_create(
            LineGroup(mall=mall, prefix=prefix, name=name) for prefix, name in _GROUPS.items()
        )
    }
    services = Service.objects.bulk_create(
        Service(
            agency=booths[agency].agency,
            code=code,
            name=names[0],
            name_su=names[1],
            name_en=names[2],
            standard_minutes=minutes,
            fee_rupiah=fee,
            fee_text="" if fee is not None else "Sesuai tagihan",
            pays_at_cashier=pays,
            is_sample=True,
            source=_SOURCE,
        )
        for code, (agency, _prefix, _kind, names, minutes, fee, pays) in _LINES.items()
    )
    _standards(services, now)
    lines = Line.objects.bulk_create(
        Line(
            mall=mall,
            booth=booths[_LINES[service.code][0]],
            agency=service.agency,
            service=service,
            group=groups[_LINES[service.code][1]],
            kind=_LINES[service.code][2],
            sort=sort,
        )
        for sort, service in enumerate(services)
    )
    return {line.service.code: line for line in lines}


def _counters(mall: Mall, booths: dict[str, Booth], lines: dict[str, Line]) -> None:
    counters = Counter.objects.bulk_create(
        Counter(mall=mall, booth=booths[agency], number=number) for number, (agency, _first, _help) in _COUNTERS.items()
    )
    CounterLine.objects.bulk_create(
        CounterLine(counter=counter, line=lines[code], tier=tier)
        for counter in counters
        for tier, codes in zip((CounterLine.FIRST, CounterLine.HELP), _COUNTERS[counter.number][1:], strict=True)
        for code in codes
    )


def _people(mall: Mall, booths: dict[str, Booth], now: datetime) -> None:
    # One unusable password for all: hashing nine real ones would take longer than everything else.
    unusable = make_password(None)
    users = User.objects.bulk_create(
        User(
            username=name,
            name=f"{name.capitalize()} (contoh)",
            is_sample=True,
            password=unusable,
            date_joined=now,
        )
        for name in _USERS
    )
    Role.objects.bulk_create(
        Role(
            user=user,
            mall=mall,
            role=_USERS[user.username][0],
            agency=booths[_USERS[user.username][1] or ""].agency if _USERS[user.username][0] in AGENCY_ROLES else None,
        )
        for user in users
    )
    Device.objects.bulk_create(
        Device(mall=mall, kind=kind, name=str(kind.label), settings={"speaks": kind == DeviceKind.DISPLAY})
        for kind in DeviceKind
    )


@transaction.atomic
def put_small_hall(*, now: datetime, actor: Actor) -> Mall:
    """The hall `contoh`: 3 agencies, 5 lines (a cashier and a pick-up line), 4 counters in two tiers, open day and
    night on every day of the years around `now`. A second time it is returned as it is.
    """
    there = Mall.objects.filter(code=SMALL).first()
    if there is not None:
        return there
    mall = Mall.objects.create(
        code=SMALL,
        name="MPP Contoh",
        short_name="MPP Contoh",
        timezone=Mall.Zone.WIB,
        languages=["id"],
        districts=["Kecamatan Satu", "Kecamatan Dua"],
        is_sample=True,
        source=_SOURCE,
    )
    booths = _booths(mall)
    _open_on_holidays(mall, halls.local_day(mall, now))
    _counters(mall, booths, _lines(mall, booths, now))
    PriorityClass.objects.bulk_create(
        PriorityClass(mall=mall, code=code, head_start_minutes=head, promise_minutes=promise, sort=sort)
        for sort, (code, (head, promise)) in enumerate(_POLICY.items())
    )
    _people(mall, booths, now)
    halls.forget()
    transaction.on_commit(halls.forget)
    record(mall=mall.code, at=now, kind="mall.put", actor=actor, subject=("mall", mall.pk, mall.short_name))
    return mall
