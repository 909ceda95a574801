"""Writes sample halls through the commands: the Sumedang seed from its YAML files, and the tiny hall for tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from senyum.bookings import commands as bookings
from senyum.catalogue import commands as catalogue
from senyum.catalogue.commands import RequirementText
from senyum.catalogue.event_commands import load_house_events
from senyum.catalogue.models import Line, LineGroup, Service
from senyum.catalogue.synonym_commands import load_house_words
from senyum.core import clock
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.models import Entry
from senyum.malls import commands as halls
from senyum.malls.models import Agency, Booth, Counter, Mall
from senyum.people import commands as people
from senyum.people.models import User
from senyum.rehearsal.commands import put_small_hall
from senyum.rehearsal.rows import Row, Rows, SeedError, booth_hours, clock_time, read
from senyum.rehearsal.shifts import put_week
from senyum.visits import commands as visits

SEED = Actor("system", "seed", "Senyum seed")
#: The documented password of every demo log-in; SENYUM_DEMO_PASSWORD overrides it.
DEMO_PASSWORD = "senyum-contoh-2026"  # nosec B105 - public on purpose: demo halls only
_DEFAULT_HALL = ("sumedang",)


@dataclass(frozen=True)
class SeedReport:
    """What a sample hall consists of, and how many journal entries this run wrote (0: nothing changed)."""

    name: str
    malls: int
    agencies: int
    services: int
    lines: int
    counters: int
    people: int
    devices: int
    changes: int


@dataclass
class _Built:
    """What was put so far, by the codes the rows use; lines and counters by mall first."""

    malls: dict[str, Mall] = field(default_factory=dict)
    agencies: dict[str, Agency] = field(default_factory=dict)
    booths: dict[tuple[str, str], Booth] = field(default_factory=dict)
    groups: dict[tuple[str, str], LineGroup] = field(default_factory=dict)
    lines: dict[tuple[str, str], dict[str, Line]] = field(default_factory=dict)
    counters: list[Counter] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)


def demo_password() -> str:
    """The password of demo log-ins."""
    return os.environ.get("SENYUM_DEMO_PASSWORD") or DEMO_PASSWORD


def _put_halls(rows: Rows, built: _Built, by: Mapping[str, Any]) -> None:
    for row in rows.malls:
        built.malls[row["code"]] = halls.put_mall(
            code=row["code"],
            name=row["name"],
            short_name=row["short_name"],
            timezone=row["timezone"],
            address=row["address"],
            languages=row["languages"],
            districts=rows.districts,
            is_sample=True,
            source=row["source"],
            **by,
        )
    for row in rows.calendar:
        closes = clock_time(row["closes"]) if "closes" in row else None
        halls.put_calendar_day(
            mall=built.malls[row["mall"]],
            day=row["date"],
            is_open=row["is_open"],
            reason=row["reason"],
            closes=closes,
            **by,
        )


def _put_agencies(rows: Rows, built: _Built, by: Mapping[str, Any]) -> None:
    for sort, row in enumerate(rows.agencies):
        code = row["code"]
        agency = halls.put_agency(
            code=code,
            name=row["name"],
            short_name=row["short_name"],
            is_sample=True,
            source=row["source"],
            **by,
        )
        built.agencies[code] = agency
        for place in row["booths"]:
            mall = built.malls[place["mall"]]
            built.booths[mall.code, code] = halls.put_booth(
                mall=mall,
                agency=agency,
                hours=booth_hours(place, rows.last_ticket),
                zone=place.get("zone", ""),
                quota_per_day=place.get("quota"),
                sort=sort,
                source=place["source"],
                **by,
            )
            built.lines[mall.code, code] = {}


def _requirement(rows: Rows, service: Row, need: str | Row) -> RequirementText:
    """A requirement named by its key in papers.yaml, or written out in the service's own row."""
    if isinstance(need, str) and need not in rows.papers:
        raise SeedError(f"services, {service['code']}: papers.yaml has no {need!r}")
    paper = rows.papers[need] if isinstance(need, str) else need
    return RequirementText(
        text=paper["text"],
        text_su=paper["su"],
        text_en=paper["en"],
        legal_basis=paper.get("basis", service.get("basis", "")),
        reason=paper.get("reason", ""),
    )


def _put_service(rows: Rows, row: Row, built: _Built, by: Mapping[str, Any]) -> Service:
    return catalogue.put_service(
        agency=built.agencies[row["agency"]],
        code=row["code"],
        name=row["name"],
        name_su=row["su"],
        name_en=row["en"],
        keywords=row["say"],
        standard_minutes=row["minutes"],
        time_text=row["time"],
        fee_rupiah=row["fee"],
        fee_text=row.get("fee_text", ""),
        pays_at_cashier=row.get("pays", False),
        requirements=[_requirement(rows, row, need) for need in row["needs"]],
        is_sample=True,
        source=row["source"],
        **by,
    )


def _group(rows: Rows, row: Row, mall: Mall, built: _Built, by: Mapping[str, Any]) -> LineGroup:
    """The group of a service's line: a shared one its row names, else its agency's own; put once for each mall."""
    agency = next(a for a in rows.agencies if a["code"] == row["agency"])
    prefix: str = row.get("prefix", agency["prefix"])
    if (mall.code, prefix) not in built.groups:
        shared = {g["prefix"]: g["name"] for g in rows.line_groups}
        name: str = shared.get(prefix) or agency["short_name"]
        built.groups[mall.code, prefix] = catalogue.put_line_group(mall=mall, prefix=prefix, name=name, **by)
    return built.groups[mall.code, prefix]


def _put_services(rows: Rows, built: _Built, by: Mapping[str, Any]) -> None:
    for sort, row in enumerate(rows.services):
        service = _put_service(rows, row, built, by)
        built.services.append(service)
        for code in row.get("at", _DEFAULT_HALL):
            mall = built.malls[code]
            built.lines[code, row["agency"]][service.code] = catalogue.put_line(
                mall=mall,
                service=service,
                group=_group(rows, row, mall, built, by),
                kind=row.get("kind", Line.Kind.SERVICE),
                sort=sort,
                **by,
            )


def _chosen(row: Row, which: str | list[str], lines: dict[str, Line], but: list[Line]) -> list[Line]:
    """The lines a counter row names: codes, `all` of the agency's, or the `rest` beside `but`."""
    if which in ("all", "rest"):
        return [line for line in lines.values() if line not in but]
    unknown = set(which) - lines.keys()
    if unknown:
        raise SeedError(f"counters, {row['mall']} {row['numbers']}: no line {sorted(unknown)}")
    return [lines[code] for code in which]


def _put_counters(rows: Rows, built: _Built, by: Mapping[str, Any]) -> None:
    for row in rows.counters:
        lines = built.lines[row["mall"], row["agency"]]
        first = _chosen(row, row["first"], lines, [])
        help_out = _chosen(row, row.get("help", []), lines, first)
        for number in row["numbers"]:
            counter = halls.put_counter(booth=built.booths[row["mall"], row["agency"]], number=number, **by)
            built.counters.append(catalogue.assign_counter(counter=counter, first=first, help_out=help_out, **by))


def _put_people(rows: Rows, built: _Built, password: str | None, by: Mapping[str, Any]) -> None:
    # Hashing is slow on purpose, and a password is set only for somebody new.
    known = set(User.objects.values_list("username", flat=True))
    for row in rows.people:
        user = people.put_user(
            username=row["username"],
            name=row["name"],
            email=row.get("email", ""),
            password=None if row["username"] in known else password,
            is_sample=True,
            **by,
        )
        agency = built.agencies[row["agency"]] if "agency" in row else None
        for code in row["malls"]:
            people.grant_role(user=user, role=row["role"], mall=built.malls[code], agency=agency, **by)


def _put_policy(rows: Rows, built: _Built, by: Mapping[str, Any]) -> None:
    for mall in built.malls.values():
        for sort, row in enumerate(rows.priority_classes):
            visits.put_priority_class(
                mall=mall,
                code=row["code"],
                head_start_minutes=row["head_start"],
                promise_minutes=row["promise"],
                sort=sort,
                **by,
            )
    for row in rows.bookings:
        bookings.put_policy(
            mall=built.malls[row["mall"]],
            line=None,
            slot_minutes=row["slot"],
            walkin_percent=row["walkin"],
            days_ahead=row["days"],
            opens_at=clock_time(row["opens"]),
            early_minutes=row.get("early", 30),
            late_minutes=row.get("late", 15),
            offer_minutes=row.get("offer", 30),
            **by,
        )
    for row in rows.devices:
        people.put_device(
            mall=built.malls[row["mall"]],
            kind=row["kind"],
            name=row["name"],
            speaks=row.get("speaks", False),
            **by,
        )


def seed(name: str, *, now: datetime, demo: bool = False) -> SeedReport:
    """Put the sample hall `name` (its folder of YAML files) into the database, all or nothing; a second run changes
    nothing. With `demo`, new users get the documented demo password, else none. Raises SeedError.
    """
    rows, built = read(name), _Built()
    by = {"now": now, "actor": SEED}
    before = Entry.objects.order_by("-id").values_list("id", flat=True).first() or 0
    with transaction.atomic():
        load_house_words(now=now, actor=SEED)
        _put_halls(rows, built, by)
        _put_agencies(rows, built, by)
        _put_services(rows, built, by)
        load_house_events(now=now, actor=SEED)
        _put_counters(rows, built, by)
        _put_policy(rows, built, by)
        _put_people(rows, built, demo_password() if demo else None, by)
        for mall in built.malls.values():
            put_week(mall=mall, now=now, actor=SEED)
    return SeedReport(
        name=name,
        malls=len(built.malls),
        agencies=len(built.agencies),
        services=len(built.services),
        lines=sum(len(lines) for lines in built.lines.values()),
        counters=len(built.counters),
        people=len(rows.people),
        devices=len(rows.devices),
        changes=Entry.objects.filter(id__gt=before, actor_id=SEED.id).count(),
    )


def fill(name: str) -> SeedReport:
    """Seed the demo's hall, at the hall's own time and with demo log-ins."""
    return seed(name, now=clock.now(), demo=True)


def seed_small(now: datetime) -> Mall:
    """The hall `contoh`, always open: see `rehearsal.commands.put_small_hall`."""
    return put_small_hall(now=now, actor=SYSTEM)
