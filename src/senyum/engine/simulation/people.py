"""Who comes on one day, compiled: arrivals by thinning of time, bookings, class, documents and minutes of each."""

from __future__ import annotations

from typing import Any

import numpy as np

from senyum.engine.kernel import kernel
from senyum.engine.simulation import draws
from senyum.engine.simulation.draws import normal, sub, uniform
from senyum.engine.simulation.tables import EMPIRICAL, EXPONENTIAL, FIXED

_GAP, _CLASS, _DOCUMENTS, _MINUTES = draws.GAP, draws.CLASS, draws.DOCUMENTS, draws.MINUTES
_PUNCTUAL, _SHOWS, _PER_LEG = draws.PUNCTUAL, draws.SHOWS, draws.PER_LEG
#: A substream of a service for its bookings, apart from its walk-ins.
_BOOKED = 1 << 40


@kernel
def day_factor(key: Any, spread: float) -> Any:
    """How busy the day is, lognormal with mean 1."""
    if spread == 0:
        return 1.0
    variance = np.log1p(spread * spread)
    return np.exp(np.sqrt(variance) * normal(uniform(key, 0)) - variance / 2)


@kernel
def minutes_of(key: Any, number: int, service: Any, parts: Any, values: Any, documents: Any) -> Any:
    """Minutes at the counter of a leg whose numbers begin at `number` of the substream `key`."""
    factor = 1.0
    if service.documents_to - service.documents_from > 1:
        at, u = service.documents_from, uniform(key, number + _DOCUMENTS)
        while u >= documents[at].until:
            at += 1
        factor = documents[at].factor
    u = uniform(key, number + _MINUTES)
    if service.shape == EMPIRICAL:
        return factor * values[service.parts_from + np.int64(u * (service.parts_to - service.parts_from))]
    at = service.parts_from
    if service.shape == EXPONENTIAL:
        return -np.log(u) * parts[at].location * factor
    if service.shape == FIXED:
        return parts[at].location * factor
    before = 0.0
    while u >= parts[at].until:
        before = parts[at].until
        at += 1
    part = parts[at]
    if part.width < 1.0:
        u = min(max((u - before) / part.width, 1e-15), 1.0 - 1e-15)
    return factor * np.exp(part.location + part.scale * normal(u))


@kernel
def class_of(key: Any, classes: Any) -> Any:
    """The class of a person."""
    if len(classes) == 1:
        return 0
    u, k = uniform(key, _CLASS), 0
    while u >= classes[k].until:
        k += 1
    return k


@kernel(kept=True)
def arrivals(tables: Any, day: Any, comers: Any) -> int:
    """Write everyone who comes on the day with key `day` into `comers`, unordered; how many, or -1: no room.

    Walk-ins are a Poisson process whose rate follows the half hours: unit-rate arrivals, moved through the inverse of
    the expected number (Cinlar 1975), so that a busier day brings the same people earlier, and more after them.
    """
    hall = tables.hall[0]
    busy = day_factor(day, hall.day_spread)
    count, room = 0, len(comers)
    for s in range(len(tables.services)):
        service = tables.services[s]
        agency = tables.agencies[service.agency]
        expected = tables.expected[s]
        periods = len(expected) - 1
        stream = sub(day, 0) ^ service.stream
        reached, number, p, total = 0.0, 0, 0, expected[periods]
        while total > 0:
            key = sub(stream, number)
            number += 1
            reached -= np.log(uniform(key, _GAP))
            place = reached / busy
            if place >= total:
                break
            while expected[p + 1] <= place:
                p += 1
            at = hall.opens + (p + (place - expected[p]) / (expected[p + 1] - expected[p])) * hall.period
            if at > agency.last_ticket:
                break
            if count == room:
                return -1
            comer = comers[count]
            comer.at, comer.anchor, comer.service, comer.key = at, at, s, key
            comer.minutes, comer.number, comer.cls = -1.0, 0, -1
            count += 1
        count = _booked(tables, s, stream, comers, count)
        if count < 0:
            return -1
    return count


@kernel
def _booked(tables: Any, s: int, stream: Any, comers: Any, count: int) -> int:
    """Add the people of a service who booked and come. A fraction of a place is sold with that probability."""
    hall, service = tables.hall[0], tables.services[s]
    agency = tables.agencies[service.agency]
    booked = tables.booked[s]
    number = _BOOKED
    for p in range(len(booked)):
        places = booked[p]
        if places <= 0:
            continue
        sold = int(places + (1.0 - uniform(stream, -1 - p)))
        for k in range(sold):
            key = sub(stream, number)
            number += 1
            slot = hall.opens + (p + k / sold) * hall.period
            if uniform(key, _SHOWS) < service.no_show or slot > agency.last_ticket:
                continue
            at = slot - hall.early + (hall.early + hall.late) * uniform(key, _PUNCTUAL)
            if count == len(comers):
                return -1
            comer = comers[count]
            comer.at, comer.service, comer.key = max(at, hall.opens), s, key
            comer.minutes, comer.number, comer.cls = -1.0, 0, -1
            comer.anchor = slot if at <= slot + hall.grace else at
            count += 1
    return count


@kernel(kept=True)
def in_order(comers: Any, count: int, order: Any, buckets: Any) -> None:
    """Fill `order[:count]` with the comers by time: a bucket for each stretch of the day, then by insertion."""
    low, high = np.inf, -np.inf
    for i in range(count):
        low, high = min(low, comers[i].at), max(high, comers[i].at)
    many = len(buckets) - 1
    scale = (many - 1) / (high - low) if high > low else 0.0
    for b in range(many + 1):
        buckets[b] = 0
    for i in range(count):
        buckets[np.int64((comers[i].at - low) * scale) + 1] += 1
    for b in range(many):
        buckets[b + 1] += buckets[b]
    for i in range(count):
        place = np.int64((comers[i].at - low) * scale)
        order[buckets[place]] = i
        buckets[place] += 1
    for i in range(1, count):
        me = order[i]
        at, j = comers[me].at, i - 1
        while j >= 0 and (comers[order[j]].at > at or (comers[order[j]].at == at and order[j] > me)):
            order[j + 1] = order[j]
            j -= 1
        order[j + 1] = me
