"""Sell places to those who asked in the same moment: in their order, in one durable commit, never twice."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import psycopg
from django.db import connection
from psycopg.pq import TransactionStatus

from senyum.bookings import rules, sql, states
from senyum.core.gather import Gatherer
from senyum.core.wire import Part, Rows, Statement, together
from senyum.journal.actor import Actor

_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK")
_SAVEPOINT = ("SAVEPOINT senyum_sell", "RELEASE SAVEPOINT senyum_sell", "ROLLBACK TO SAVEPOINT senyum_sell")


@dataclass(frozen=True)
class Limit:
    """A day's quota that a leg draws on: at most `quota` in all, `booked` of them by booking."""

    key: str
    quota: int
    booked: int
    line: int | None
    booth: int | None


@dataclass(frozen=True)
class AskLeg:
    """One service at one slot. `slot_ends`: of the slot; `ends`: when this person is done there."""

    line: int
    service: int
    agency: int
    booth: int
    starts: datetime
    slot_ends: datetime
    ends: datetime
    capacity: int
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True)
class Ask:
    """Everything about one booking that is wanted. `key`: scope, key and hexadecimal digest of the request, or None."""

    mall: int
    mall_code: str
    day: date
    legs: tuple[AskLeg, ...]
    quantity: int
    channel: str
    language: str
    priority: str
    state: str
    token: str
    reference: str
    now: datetime
    actor: Actor | None = None
    contact_kind: str = ""
    contact: bytes = b""
    contact_hash: str = ""
    device_hash: str = ""
    held_until: datetime | None = None
    key: tuple[str, str, str] | None = None
    quiet: bool = False

    @property
    def kind(self) -> str | None:
        """What the journal says; None when the caller says it."""
        if self.quiet:
            return None
        return "booking.held" if self.state == states.HELD else "booking.made"


@dataclass(frozen=True)
class Sold:
    """A booking; `replayed`: the same key had asked before, this is what it got."""

    id: int
    token: str
    reference: str = ""
    replayed: bool = False


@dataclass(frozen=True)
class Refused:
    """Nothing was sold. `code`: full, closed, quota, one_booking, device, key_reused; `line`: where, if in one line."""

    code: str
    line: int | None = None


Answer = Sold | Refused
_SlotKey = tuple[int, float]


@dataclass
class _State:
    """What there is, and what the asks before have taken of it."""

    slots: dict[_SlotKey, tuple[int, int, bool]] = field(default_factory=dict)
    taken: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    quotas: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    holders: set[tuple[str, int]] = field(default_factory=set)
    devices: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    keys: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


def sell(asks: Sequence[Ask]) -> list[Answer]:
    """One answer for each ask, in their order, after the commit (inside somebody's transaction: a savepoint)."""
    connection.ensure_connection()
    raw = connection.connection
    assert raw is not None
    inside = raw.info.transaction_status is not TransactionStatus.IDLE
    begin, commit, undo = _SAVEPOINT if inside else _TRANSACTION
    try:
        return _sell(raw, asks, begin, commit)
    except psycopg.errors.InvalidSqlStatementName:
        _take_back(raw, undo)
        return _sell(raw, asks, begin, commit)
    except BaseException:
        _take_back(raw, undo)
        raise


def _take_back(raw: psycopg.Connection[Any], undo: str) -> None:
    if not raw.closed and raw.info.transaction_status is not TransactionStatus.IDLE:
        raw.execute(undo)


def _sell(raw: psycopg.Connection[Any], asks: Sequence[Ask], begin: str, commit: str) -> list[Answer]:
    state = _look(raw, asks, begin)
    answers: list[Answer] = []
    writes: list[tuple[int, dict[str, Any]]] = []
    for place, ask in enumerate(asks):
        found = _decide(state, ask)
        if isinstance(found, list):
            writes.append((place, _written(ask, len(writes), found)))
            answers.append(Sold(0, ask.token, ask.reference))
        else:
            answers.append(found)
    parts: list[Part] = [(_statement(sql.SELL), {"asked": json.dumps([w for _p, w in writes])})] if writes else []
    rows = together(raw, [*parts, commit])
    for ord_, booking in rows[0] if writes else []:
        place = writes[ord_][0]
        answers[place] = Sold(booking, asks[place].token, asks[place].reference)
    return answers


@lru_cache(maxsize=16)
def _statement(text: str) -> Statement:
    return Statement(text)


def _look(raw: psycopg.Connection[Any], asks: Sequence[Ask], begin: str) -> _State:
    asked = _slots_of(asks)
    slots = {"slots": json.dumps(asked)}
    wanted: list[tuple[str, dict[str, str]]] = [(sql.LOCK_SLOTS, slots), (sql.TAKEN, slots)]
    quotas = _quotas_of(asks)
    if quotas:
        named = {"quotas": json.dumps(quotas)}
        wanted += [(sql.QUOTA_ROWS, named), (sql.LOCK_QUOTAS, named), (sql.QUOTA_USED, named)]
    contacts = {ask.contact_hash for ask in asks if ask.contact_hash}
    if contacts:
        wanted.append((sql.HOLDERS, {"contacts": f"{{{','.join(sorted(contacts))}}}"}))
    devices = {ask.device_hash for ask in asks if ask.device_hash}
    if devices:
        wanted.append((sql.DEVICES, {"devices": f"{{{','.join(sorted(devices))}}}"}))
    keys = [{"scope": ask.key[0], "key": ask.key[1]} for ask in asks if ask.key]
    if keys:
        wanted.append((sql.KEYS, {"keys": json.dumps(keys)}))
    found = _run(raw, wanted, begin)
    if len(found[sql.LOCK_SLOTS]) < len(asked):
        # Somebody asks for a slot for the first time.
        together(raw, [(_statement(sql.ENSURE), slots)])
        found |= _run(raw, wanted[:2], None)
    return _read(found)


def _run(raw: psycopg.Connection[Any], wanted: list[tuple[str, dict[str, str]]], begin: str | None) -> dict[str, Rows]:
    parts: list[Part] = [(_statement(text), values) for text, values in wanted]
    rows = together(raw, [begin, *parts] if begin else parts)
    return {text: got for (text, _values), got in zip(wanted, rows, strict=True)}


def _read(found: dict[str, Rows]) -> _State:
    state = _State()
    for slot, line, starts, capacity, closed in found[sql.LOCK_SLOTS]:
        state.slots[(line, starts)] = (slot, capacity, closed)
    for slot, numbers in found[sql.TAKEN]:
        state.taken[slot] = set(numbers)
    for key, day, issued, booked in found.get(sql.QUOTA_USED, []):
        state.quotas[(key, str(day))] = [int(issued), int(booked)]
    state.holders = {(contact, service) for contact, service in found.get(sql.HOLDERS, [])}
    state.devices.update(dict(found.get(sql.DEVICES, [])))
    state.keys = {(scope, key): (digest, token) for scope, key, digest, token in found.get(sql.KEYS, [])}
    return state


def _slots_of(asks: Iterable[Ask]) -> list[dict[str, Any]]:
    """Each slot that is asked for, once."""
    legs = {(leg.line, leg.starts): (ask, leg) for ask in asks for leg in ask.legs}
    return [
        {
            "mall": ask.mall,
            "line": leg.line,
            "day": ask.day.isoformat(),
            "starts": leg.starts.isoformat(),
            "ends": leg.slot_ends.isoformat(),
            "capacity": leg.capacity,
        }
        for ask, leg in legs.values()
    ]


def _quotas_of(asks: Iterable[Ask]) -> list[dict[str, Any]]:
    found = {
        (limit.key, ask.day): {"key": limit.key, "day": ask.day.isoformat(), "line": limit.line, "booth": limit.booth}
        for ask in asks
        for leg in ask.legs
        for limit in leg.limits
    }
    return [found[name] for name in sorted(found)]


def _decide(state: _State, ask: Ask) -> list[tuple[int, int, list[int]]] | Answer:
    """(slot, capacity, place numbers) of each leg, and everything taken in `state`; or the answer without a sale."""
    if ask.key is not None:
        scope, key, digest = ask.key
        kept = state.keys.get((scope, key))
        if kept is not None:
            return Sold(0, kept[1], replayed=True) if kept[0] == digest else Refused("key_reused")
    if ask.device_hash and state.devices[ask.device_hash] >= rules.DEVICE_LIMIT:
        return Refused("device")
    if ask.contact_hash:
        double = next((leg.line for leg in ask.legs if (ask.contact_hash, leg.service) in state.holders), None)
        if double is not None:
            return Refused("one_booking", double)
    short = _short_of_quota(state, ask)
    if short is not None:
        return Refused("quota", short)
    found: list[tuple[int, int, list[int]]] = []
    for leg in ask.legs:
        slot, capacity, closed = state.slots[(leg.line, leg.starts.timestamp())]
        # Counters that were closed since count for less; what was sold before stays sold.
        numbers = rules.free_numbers(min(capacity, leg.capacity), state.taken[slot], ask.quantity)
        if closed or numbers is None:
            return Refused("closed" if closed else "full", leg.line)
        found.append((slot, capacity, numbers))
    _take(state, ask, found)
    return found


def _short_of_quota(state: _State, ask: Ask) -> int | None:
    """The line whose day has no room for this booking, if any."""
    wanted: dict[str, int] = defaultdict(int)
    for leg in ask.legs:
        for limit in leg.limits:
            issued, booked = state.quotas[(limit.key, ask.day.isoformat())]
            wanted[limit.key] += ask.quantity
            if booked + wanted[limit.key] > limit.booked or issued + booked + wanted[limit.key] > limit.quota:
                return leg.line
    return None


def _take(state: _State, ask: Ask, found: list[tuple[int, int, list[int]]]) -> None:
    for slot, _capacity, numbers in found:
        state.taken[slot].update(numbers)
    for leg in ask.legs:
        if ask.contact_hash:
            state.holders.add((ask.contact_hash, leg.service))
        for limit in leg.limits:
            state.quotas[(limit.key, ask.day.isoformat())][1] += ask.quantity
    if ask.device_hash:
        state.devices[ask.device_hash] += 1
    if ask.key is not None:
        state.keys[ask.key[:2]] = (ask.key[2], ask.token)


def _written(ask: Ask, ord_: int, found: list[tuple[int, int, list[int]]]) -> dict[str, Any]:
    actor = ask.actor
    return {
        "ord": ord_,
        "mall": ask.mall,
        "mall_code": ask.mall_code,
        "day": ask.day.isoformat(),
        "reference": ask.reference,
        "token": ask.token,
        "state": ask.state,
        "channel": ask.channel,
        "language": ask.language,
        "priority": ask.priority,
        "quantity": ask.quantity,
        "starts": min(leg.starts for leg in ask.legs).isoformat(),
        "at": ask.now.isoformat(),
        "contact_kind": ask.contact_kind,
        "contact": ask.contact.hex(),
        "contact_hash": ask.contact_hash,
        "device": ask.device_hash,
        "held_until": ask.held_until.isoformat() if ask.held_until else None,
        "actor_kind": actor.kind if actor else "citizen",
        "actor_id": actor.id if actor else "",
        "actor_label": actor.label if actor else "",
        "kind": ask.kind,
        "scope": ask.key[0] if ask.key else None,
        "key": ask.key[1] if ask.key else None,
        "digest": ask.key[2] if ask.key else None,
        "legs": [
            {
                "position": position,
                "agency": leg.agency,
                "line": leg.line,
                "service": leg.service,
                "booth": leg.booth,
                "slot": slot,
                "capacity": capacity,
                "from_": leg.starts.isoformat(),
                "to_": leg.ends.isoformat(),
                "numbers": numbers,
            }
            for position, (leg, (slot, capacity, numbers)) in enumerate(zip(ask.legs, found, strict=True), start=1)
        ],
    }


gatherer: Gatherer[Ask, Answer] = Gatherer(sell, limit=200)


def submit(ask: Ask) -> Answer:
    """Sell with whoever asks in the same moment; inside a transaction alone."""
    return sell([ask])[0] if connection.in_atomic_block else gatherer.submit(ask)
