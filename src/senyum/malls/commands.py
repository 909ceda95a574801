"""The writes of a hall's structure: what the seed and an administrator put there.

Every `put_*` is idempotent: it creates the row or brings it to the given values, and records one journal
entry in the same transaction, or none when nothing changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls import queries
from senyum.malls.models import Agency, Booth, BoothHours, CalendarDay, Counter, Mall
from senyum.malls.rules import Hours

#: The journal's chain for what belongs to no single mall (agencies, services, users).
HOUSE = "-"

CREATED = "created"

_M = TypeVar("_M", bound=Model)


def put_row(model: type[_M], keys: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[_M, list[str]]:
    """Create or update one row, locked, and say which fields changed ([CREATED] for a new row, [] for none).

    `keys` are the fields of a unique constraint; must run inside a transaction.
    """
    manager = model._default_manager
    row, created = manager.select_for_update().get_or_create(**keys, defaults=dict(values))
    if created:
        return row, [CREATED]
    changed = []
    for name, value in values.items():
        same = getattr(row, f"{name}_id") == value.pk if isinstance(value, Model) else getattr(row, name) == value
        if not same:
            setattr(row, name, value)
            changed.append(name)
    if changed:
        row.save(update_fields=changed)
    return row, changed


def _forget() -> None:
    # At once for this transaction's own reads, and again when others can see the rows.
    queries.forget()
    transaction.on_commit(queries.forget)


@transaction.atomic
def put_mall(
    *,
    code: str,
    name: str,
    short_name: str,
    timezone: str,
    now: datetime,
    actor: Actor,
    address: str = "",
    languages: Sequence[str] = ("id",),
    districts: Sequence[str] = (),
    is_sample: bool = False,
    source: str = "",
) -> Mall:
    """A hall. Raises NotPossible for a time zone that is not WIB, WITA or WIT."""
    if timezone not in Mall.Zone.values:
        raise NotPossible("zone", _("Zona waktu MPP harus WIB, WITA, atau WIT."), zones=list(Mall.Zone.values))
    values = {
        "name": name,
        "short_name": short_name,
        "timezone": timezone,
        "address": address,
        "languages": list(languages),
        "districts": list(districts),
        "is_sample": is_sample,
        "source": source,
    }
    mall, changed = put_row(Mall, {"code": code}, values)
    if changed:
        _forget()
        record(
            mall=code,
            at=now,
            kind="mall.put",
            actor=actor,
            subject=("mall", mall.pk, short_name),
            data={"changed": changed},
        )
    return mall


@transaction.atomic
def put_agency(
    *,
    code: str,
    name: str,
    short_name: str,
    now: datetime,
    actor: Actor,
    is_sample: bool = False,
    source: str = "",
) -> Agency:
    """A tenant organisation."""
    values = {"name": name, "short_name": short_name, "is_sample": is_sample, "source": source}
    agency, changed = put_row(Agency, {"code": code}, values)
    if changed:
        record(
            mall=HOUSE,
            at=now,
            kind="agency.put",
            actor=actor,
            subject=("agency", agency.pk, short_name),
            data={"changed": changed},
        )
    return agency


def _put_hours(booth: Booth, hours: Mapping[int, Hours]) -> bool:
    """Bring the weekday rows of a booth to `hours`; says whether anything changed."""
    for weekday, at in hours.items():
        if not 0 <= weekday <= 6 or not at.opens < at.last_ticket <= at.closes:
            raise NotPossible(
                "hours", _("Jam layanan harus berurutan: buka, antrean terakhir, tutup."), weekday=weekday
            )
    gone, _rows = BoothHours.objects.filter(booth=booth).exclude(weekday__in=list(hours)).delete()
    changed = gone > 0
    for weekday, at in hours.items():
        values = {"opens": at.opens, "last_ticket": at.last_ticket, "closes": at.closes}
        _row, fields = put_row(BoothHours, {"booth": booth, "weekday": weekday}, values)
        changed = changed or bool(fields)
    return changed


@transaction.atomic
def put_booth(
    *,
    mall: Mall,
    agency: Agency,
    hours: Mapping[int, Hours],
    now: datetime,
    actor: Actor,
    zone: str = "",
    quota_per_day: int | None = None,
    sort: int = 0,
    source: str = "",
) -> Booth:
    """An agency's presence in a hall with its local hours by weekday (0 = Monday; a missing weekday is closed).

    Raises NotPossible when hours are not in order.
    """
    values = {"zone": zone, "quota_per_day": quota_per_day, "sort": sort, "source": source}
    booth, changed = put_row(Booth, {"mall": mall, "agency": agency}, values)
    if _put_hours(booth, hours):
        changed = [*changed, "hours"]
    if changed:
        _forget()
        record(
            mall=mall.code,
            at=now,
            kind="booth.put",
            actor=actor,
            subject=("booth", booth.pk, agency.short_name),
            data={"changed": changed},
        )
    return booth


@transaction.atomic
def put_counter(*, booth: Booth, number: int, now: datetime, actor: Actor, active: bool = True) -> Counter:
    """A counter of a booth; its number is unique in the hall."""
    counter, changed = put_row(Counter, {"mall": booth.mall, "number": number}, {"booth": booth, "active": active})
    if changed:
        record(
            mall=booth.mall.code,
            at=now,
            kind="counter.put",
            actor=actor,
            subject=("counter", counter.pk, str(number)),
            data={"changed": changed},
        )
    return counter


@transaction.atomic
def put_calendar_day(
    *,
    mall: Mall,
    day: date,
    is_open: bool,
    reason: str,
    now: datetime,
    actor: Actor,
    closes: time | None = None,
) -> CalendarDay:
    """A local decision about one day. Raises NotPossible without a reason: citizens are told it."""
    if not reason.strip():
        raise NotPossible("reason", _("Tulis alasannya: masyarakat akan membacanya."))
    values = {"is_open": is_open, "reason": reason, "closes": closes}
    row, changed = put_row(CalendarDay, {"mall": mall, "date": day}, values)
    if changed:
        _forget()
        record(
            mall=mall.code,
            at=now,
            kind="calendar.put",
            actor=actor,
            subject=("calendar_day", row.pk, day.isoformat()),
            reason=reason,
            data={"changed": changed, "is_open": is_open, "closes": closes.isoformat() if closes else None},
        )
    return row


@transaction.atomic
def drop_calendar_day(*, mall: Mall, day: date, now: datetime, actor: Actor) -> None:
    """Take a local decision back; the national calendar holds again. Raises NotPossible when there is none."""
    row = CalendarDay.objects.select_for_update().filter(mall=mall, date=day).first()
    if row is None:
        raise NotPossible("no_calendar_day", _("Tidak ada keputusan untuk hari itu."))
    subject = ("calendar_day", row.pk, day.isoformat())
    row.delete()
    _forget()
    record(mall=mall.code, at=now, kind="calendar.dropped", actor=actor, subject=subject)
