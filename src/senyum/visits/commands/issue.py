"""Issue a visit: label, tickets and promises, in one durable statement shared by those who come together."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from senyum.bookings.commands.quota import take_quota
from senyum.catalogue.models import Line
from senyum.core.db import raw_cursor
from senyum.core.errors import NotPossible
from senyum.core.gather import Gatherer
from senyum.core.models import IdempotencyKey
from senyum.engine import discipline
from senyum.journal.actor import Actor
from senyum.malls.models import Mall
from senyum.visits import classes, rules, sql
from senyum.visits.hall import Hall, HallLine, hall_of
from senyum.visits.models import Arrival, Ticket, Visit


@dataclass(frozen=True)
class Key:
    """An idempotency key: `scope` names its owner, `digest` is the hexadecimal SHA-256 of the request."""

    scope: str
    key: str
    digest: str


@dataclass(frozen=True)
class IssuedTicket:
    """A ticket and what was said at issue. `wait_*` in minutes; None: no counter serves its line today."""

    id: int
    leg: int
    line_id: int
    people_ahead: int
    wait_p10: float | None
    wait_p50: float | None
    wait_p90: float | None
    turn_at: datetime
    promised_by: datetime


@dataclass(frozen=True)
class Issued:
    """The answer to `issue_visit`; `replayed` when the same key had asked before."""

    visit_id: int
    token: str
    label: str
    day: date
    tickets: tuple[IssuedTicket, ...]
    replayed: bool = False


def issue_visit(
    *,
    mall: Mall,
    line_ids: Sequence[int],
    priority: str,
    channel: str,
    actor: Actor | None,
    now: datetime,
    quantity: int = 1,
    language: str = "id",
    age_band: str = "",
    district: str = "",
    has_phone: bool | None = None,
    greeted: bool = False,
    arrival_id: int | None = None,
    key: Key | None = None,
    any_time: bool = False,
) -> Issued:
    """Give a person one label and a ticket in each line of `line_ids`, all waiting at once.

    `actor` None: the citizen, whom the journal names by the label. `any_time` leaves out opening hours (replay,
    a manager's exception). Raises NotPossible: unknown or closed line, class, quantity, quota used up, or a key
    that was used for something else.
    """
    hall = hall_of(mall, now)
    item, limits = prepare_visit(
        hall,
        line_ids,
        now=now,
        any_time=any_time,
        priority=priority,
        channel=channel,
        actor=actor,
        quantity=quantity,
        language=language,
        age_band=age_band,
        district=district,
        has_phone=has_phone,
        greeted=greeted,
        key=key,
    )
    if not limits and arrival_id is None:
        issued = _gather.submit(item) if not connection.in_atomic_block else _one(item)
    else:
        issued = _limited(item, limits, arrival_id, hall.day, now)
    return issued if issued is not None else _replay(item)


def prepare_visit(
    hall: Hall, line_ids: Sequence[int], *, now: datetime, any_time: bool = False, **said: Any
) -> tuple[dict[str, Any], dict[str, int]]:
    """What `run_prepared` wants of one visit, and the quotas it draws on. Asks no database; raises as `issue_visit`."""
    lines = _checked_lines(hall, line_ids, now, any_time)
    return _item(hall, lines, now=now, **said), _limits(hall, lines)


def _checked_lines(hall: Hall, line_ids: Sequence[int], now: datetime, any_time: bool) -> list[HallLine]:
    if not line_ids:
        raise NotPossible("no_service", _("Pilih paling sedikit satu layanan."))
    if len(line_ids) > rules.MAX_LEGS or len(set(line_ids)) != len(line_ids):
        raise NotPossible("services_many", _("Pilih paling banyak lima layanan yang berbeda."))
    lines = [hall.line(line_id) for line_id in line_ids]
    for line in lines:
        hours = hall.hours.get(line.booth_id)
        if not any_time and (hours is None or not rules.takes_tickets(hours, now)):
            raise NotPossible(
                "intake_closed",
                _("%(agency)s tidak menerima nomor baru sekarang. %(why)s")
                % {"agency": line.agency_short, "why": hours.reason if hours else ""},
                agency=line.agency_short,
                next_open=hours.next_open.isoformat() if hours and hours.next_open else None,
            )
    return lines


def _item(
    hall: Hall,
    lines: list[HallLine],
    *,
    now: datetime,
    priority: str,
    channel: str,
    actor: Actor | None,
    quantity: int = 1,
    language: str = "id",
    age_band: str = "",
    district: str = "",
    has_phone: bool | None = None,
    greeted: bool = False,
    key: Key | None = None,
) -> dict[str, Any]:
    policy = hall.policies.get(priority)
    if policy is None:
        raise NotPossible("no_class", _("Golongan prioritas itu tidak dikenal."))
    if not 1 <= quantity <= rules.MAX_QUANTITY:
        raise NotPossible("quantity", _("Jumlah berkas harus antara 1 dan 50."))
    if age_band and age_band not in classes.AGE_BANDS:
        raise NotPossible("age_band", _("Kelompok umur itu tidak dikenal."))
    if channel not in Visit.Channel.values:
        raise NotPossible("channel", _("Saluran itu tidak dikenal."))
    turn_at, promised_by = discipline.times(
        anchor=now, head_start_minutes=policy.head_start_minutes, promise_minutes=policy.promise_minutes
    )
    return {
        "ord": 0,
        "mall": hall.mall.pk,
        "mall_code": hall.mall.code,
        "day": hall.day.isoformat(),
        "grp": lines[0].group_id,
        "prefix": lines[0].prefix,
        "token": secrets.token_urlsafe(16),
        "channel": channel,
        "priority": priority,
        "language": language if language in ("id", "su", "en") else "id",
        "quantity": quantity,
        "age_band": age_band,
        "district": district[:60],
        "has_phone": has_phone,
        "at": now.isoformat(),
        "greeted": now.isoformat() if greeted else None,
        "actor_kind": actor.kind if actor else "citizen",
        "actor_id": actor.id if actor else "",
        "actor_label": actor.label if actor else "",
        "scope": key.scope if key else None,
        "key": key.key if key else None,
        "digest": key.digest if key else None,
        "legs": [_leg(hall, line, leg, turn_at, promised_by) for leg, line in enumerate(lines, start=1)],
    }


def _leg(hall: Hall, line: HallLine, leg: int, turn_at: datetime, promised_by: datetime) -> dict[str, Any]:
    outlook = hall.outlooks[line.id]
    return {
        "leg": leg,
        "line": line.id,
        "agency": line.agency_id,
        "turn": turn_at.isoformat(),
        "promised": promised_by.isoformat(),
        "start": outlook.start_minutes,
        "p10": outlook.table.p10 if outlook.table else None,
        "p50": outlook.table.p50 if outlook.table else None,
        "p90": outlook.table.p90 if outlook.table else None,
        "basis": outlook.basis,
        "about": outlook.waiting,
    }


def run_prepared(items: Sequence[dict[str, Any]]) -> list[Issued | None]:
    """One statement for all `items` without quotas, committed; None for those whose key had been used before."""
    for place, item in enumerate(items):
        item["ord"] = place
    with raw_cursor() as cursor:
        cursor.execute(sql.ISSUE, {"asked": json.dumps(items)}, prepare=True)
        rows = cursor.fetchall()
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return [_issued(item, found.get(place)) for place, item in enumerate(items)]


def _issued(item: dict[str, Any], rows: list[tuple[Any, ...]] | None) -> Issued | None:
    if rows is None:
        return None
    return Issued(
        visit_id=rows[0][1],
        token=item["token"],
        label=rows[0][2],
        day=date.fromisoformat(item["day"]),
        tickets=tuple(IssuedTicket(*row[3:]) for row in rows),
    )


_gather: Gatherer[dict[str, Any], Issued | None] = Gatherer(run_prepared)


def _one(item: dict[str, Any]) -> Issued | None:
    return run_prepared([item])[0]


def _limits(hall: Hall, lines: list[HallLine]) -> dict[str, int]:
    """The quotas these lines draw on: key -> tickets a day."""
    answer = {}
    # Fetching a finished document or paying takes no place of the agency's quota.
    for line in (line for line in lines if line.kind == Line.Kind.SERVICE):
        if line.quota is not None:
            answer[f"line:{line.id}"] = line.quota
        if line.booth_quota is not None:
            answer[f"booth:{line.booth_id}"] = line.booth_quota
    return answer


def _limited(
    item: dict[str, Any], limits: dict[str, int], arrival_id: int | None, day: date, now: datetime
) -> Issued | None:
    """The same statement in a transaction that first takes places from the quotas and marks the arrival."""
    with transaction.atomic():
        issued = _one(item)
        if issued is None:
            return None
        wanted: dict[str, int] = {}
        for line_key, booth_key in _keys_of(item):
            for name in (line_key, booth_key):
                if name in limits:
                    wanted[name] = wanted.get(name, 0) + 1
        for name in sorted(wanted):
            take_quota(key=name, day=day, quota=limits[name], count=wanted[name])
        if arrival_id is not None:
            Arrival.objects.filter(pk=arrival_id, mall_id=item["mall"], visit=None).update(
                visit_id=issued.visit_id, greeted_at=now
            )
    return issued


def _keys_of(item: dict[str, Any]) -> list[tuple[str, str]]:
    booths = dict(Line.objects.filter(pk__in=[leg["line"] for leg in item["legs"]]).values_list("pk", "booth_id"))
    return [(f"line:{leg['line']}", f"booth:{booths[leg['line']]}") for leg in item["legs"]]


def _replay(item: dict[str, Any]) -> Issued:
    """The answer that the first request with this key got, built from what was stored at issue."""
    kept = IdempotencyKey.objects.get(scope=item["scope"], key=item["key"])
    if bytes(kept.digest).hex() != item["digest"]:
        raise NotPossible(
            "key_reused", _("Kunci permintaan ini sudah dipakai untuk isi yang lain. Buat permintaan baru.")
        )
    assert kept.answer is not None  # ISSUE stores the token with the key
    visit = Visit.objects.get(token=kept.answer["token"])
    # Legs that came later (added, forwarded) were not part of the first answer.
    tickets = Ticket._base_manager.filter(visit=visit, queued_at=visit.arrived_at, forwarded_from=None)
    return Issued(
        visit_id=visit.pk,
        token=visit.token,
        label=visit.label,
        day=visit.day,
        tickets=tuple(
            IssuedTicket(
                t.pk, t.leg, t.line_id, t.people_ahead, t.wait_p10, t.wait_p50, t.wait_p90, t.turn_at, t.promised_by
            )
            for t in tickets.order_by("leg")
        ),
        replayed=True,
    )
