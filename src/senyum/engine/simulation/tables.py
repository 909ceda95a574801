"""A scenario as the arrays that the compiled day reads. Rows are records, so that a kernel takes few arguments."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from senyum.engine.discipline import FIRST, HELP
from senyum.engine.scenario import Floats, Scenario, Service, ServiceTimes, Shape
from senyum.engine.simulation.draws import stream_of

Records = Any

EXPONENTIAL, FIXED, LOGNORMAL, EMPIRICAL = range(4)
_SHAPES = {
    Shape.EXPONENTIAL: EXPONENTIAL,
    Shape.FIXED: FIXED,
    Shape.LOGNORMAL: LOGNORMAL,
    Shape.MIXTURE: LOGNORMAL,
    Shape.EMPIRICAL: EMPIRICAL,
}
#: What happens at a planned moment.
CLOSES, STANDS_UP, SITS_DOWN = range(3)

HALL = np.dtype(
    [(name, "f8") for name in ("opens", "period", "walk", "transfer", "day_spread", "accepts", "patience")]
    + [(name, "f8") for name in ("patience_after", "missed", "early", "late", "grace")]
    + [("reacts", "i8")]
)
SERVICE = np.dtype(
    [("stream", "u8"), ("agency", "i8"), ("shape", "i8"), ("minutes", "f8"), ("no_show", "f8"), ("parks", "f8")]
    + [("parked_minutes", "f8"), ("parks_at", "f8")]
    + [(f"{part}_{end}", "i8") for part in ("parts", "documents", "onward") for end in ("from", "to")]
)
PART = np.dtype([("until", "f8"), ("location", "f8"), ("scale", "f8"), ("width", "f8")])
DOCUMENTS = np.dtype([("until", "f8"), ("factor", "f8")])
ONWARD = np.dtype([("until", "f8"), ("target", "i8")])
CLASS = np.dtype([("until", "f8"), ("head_start", "f8"), ("promise", "f8")])
AGENCY = np.dtype([("opens", "f8"), ("last_ticket", "f8"), ("closes", "f8")])
MOMENT = np.dtype([("at", "f8"), ("kind", "i8"), ("place", "i8"), ("officer", "i8"), ("until", "f8"), ("absent", "f8")])


class Tables(NamedTuple):
    """`expected`: (services, half hours + 1) people expected until then. `booked`: (services, half hours).

    `moments`: agencies close, officers sit down and stand up, in time order; `first` and `helps`: per moment the set of
    lines that its officer serves at its counter. `officers`: the substream of each. `agency_of`: per counter.
    """

    hall: Records
    services: Records
    parts: Records
    values: Floats
    documents: Records
    onward: Records
    classes: Records
    agencies: Records
    expected: Floats
    booked: Floats
    moments: Records
    first: NDArray[np.uint64]
    helps: NDArray[np.uint64]
    officers: NDArray[np.uint64]
    agency_of: NDArray[np.int64]


def compiled(scenario: Scenario) -> Tables:
    """The arrays of a scenario on its weekday."""
    people = scenario.people()
    expected = np.zeros((people.shape[0], people.shape[1] + 1))
    np.cumsum(people, axis=1, out=expected[:, 1:])
    services, parts, values, documents, onward = _services(scenario)
    moments, first, helps = _moments(scenario)
    return Tables(
        hall=_hall(scenario),
        services=services,
        parts=parts,
        values=values,
        documents=documents,
        onward=onward,
        classes=_rows(CLASS, _classes(scenario)),
        agencies=_rows(AGENCY, [_hours(scenario, place) for place in range(len(scenario.agencies))]),
        expected=expected,
        booked=scenario.booked(),
        moments=moments,
        first=first,
        helps=helps,
        officers=np.array([stream_of(f"officer {o.code}") for o in scenario.officers], dtype=np.uint64),
        agency_of=np.array([c.agency for c in scenario.counters], dtype=np.int64),
    )


def _rows(kind: np.dtype[Any], rows: list[tuple[Any, ...]]) -> Records:
    return np.array(rows, dtype=kind).view(np.recarray)


def _hall(scenario: Scenario) -> Records:
    leave, come = scenario.abandonment, scenario.punctuality
    reacts = not all(math.isinf(m) for m in (leave.accepts, leave.patience, leave.patience_after))
    row = (
        *(scenario.opens, scenario.period, scenario.walk, scenario.transfer, scenario.day_spread),
        *(leave.accepts, leave.patience, leave.patience_after, leave.missed_call),
        *(come.early, come.late, come.grace, reacts),
    )
    return _rows(HALL, [row])


def _hours(scenario: Scenario, agency: int) -> tuple[float, float, float]:
    """An agency that is not there today has closed before the day begins."""
    row = scenario.agencies[agency]
    there = scenario.weekday in row.days
    return (row.opens, row.last_ticket, row.closes) if there else (-math.inf,) * 3


def _classes(scenario: Scenario) -> list[tuple[float, float, float]]:
    until = _until([c.share for c in scenario.classes])
    return [(u, c.head_start, c.promise) for u, c in zip(until, scenario.classes, strict=True)]


def _until(shares: list[float], *, whole: bool = True) -> list[float]:
    """Running sums; the last one is above every uniform number when the shares are all there is."""
    sums = list(np.cumsum(shares)) if shares else []
    if whole and sums:
        sums[-1] = 2.0
    return [float(value) for value in sums]


def _services(scenario: Scenario) -> tuple[Records, Records, Floats, Records, Records]:
    rows: list[tuple[Any, ...]] = []
    parts: list[tuple[float, ...]] = []
    values: list[float] = []
    documents: list[tuple[float, float]] = []
    onward: list[tuple[float, int]] = []
    for place, service in enumerate(scenario.services):
        at_parts, at_documents, at_onward = len(parts), len(documents), len(onward)
        if service.times.shape is Shape.EMPIRICAL:
            at_parts = len(values)
            values += service.times.values.tolist()
            end = len(values)
        else:
            parts += _parts(service.times)
            end = len(parts)
        documents += _documents(service)
        targets = [f for f in scenario.forwards if f.source == place and f.share > 0]
        until = _until([f.share for f in targets], whole=False)
        onward += [(u, f.target) for u, f in zip(until, targets, strict=True)]
        rows.append(
            (
                stream_of(f"service {service.code}"),
                service.agency,
                _SHAPES[service.times.shape],
                service.minutes,
                service.no_show,
                service.parks,
                service.parked_minutes,
                service.parks_at,
                *(at_parts, end, at_documents, len(documents), at_onward, len(onward)),
            )
        )
    return (
        _rows(SERVICE, rows),
        _rows(PART, parts),
        np.array(values, dtype=np.float64),
        _rows(DOCUMENTS, documents),
        _rows(ONWARD, onward),
    )


def _parts(times: ServiceTimes) -> list[tuple[float, ...]]:
    """(until, location, scale, width) of each part: of a lognormal the mean and deviation of the logarithm."""
    until = _until(list(times.weights))
    rows: list[tuple[float, ...]] = []
    for end, mean, spread in zip(until, times.means, times.spreads, strict=True):
        before = rows[-1][0] if rows else 0.0
        if times.shape in (Shape.LOGNORMAL, Shape.MIXTURE):
            variance = math.log1p(spread * spread)
            rows.append((end, math.log(mean) - variance / 2, math.sqrt(variance), min(end, 1.0) - before))
        else:
            rows.append((end, mean, 0.0, 1.0))
    return rows


def _documents(service: Service) -> list[tuple[float, float]]:
    until = _until([share for _, share in service.quantities])
    return [(u, 1 + service.further * (n - 1)) for u, (n, _) in zip(until, service.quantities, strict=True)]


def words(count: int) -> int:
    """How many words of 64 bits a set of so many places takes."""
    return max(1, (count + 63) // 64)


def _set(places: set[int], size: int) -> list[int]:
    answer = [0] * words(size)
    for place in places:
        answer[place >> 6] |= 1 << (place & 63)
    return answer


def _moments(scenario: Scenario) -> tuple[Records, NDArray[np.uint64], NDArray[np.uint64]]:
    size = len(scenario.services)
    nothing = _set(set(), size)
    found: list[tuple[tuple[Any, ...], list[int], list[int]]] = []
    for place in range(len(scenario.agencies)):
        closes = _hours(scenario, place)[2]
        if closes > -math.inf:
            found.append(((closes, CLOSES, place, -1, closes, 0.0), nothing, nothing))
    for shift in scenario.shifts:
        counter, officer = scenario.counters[shift.counter], scenario.officers[shift.officer]
        agency = _hours(scenario, counter.agency)
        first = {s for s in officer.skills if counter.tier(s) == FIRST}
        helps = {s for s in officer.skills if counter.tier(s) == HELP}
        for start, end in shift.presences():
            start, end = max(start, agency[0]), min(end, agency[2])
            if start < end:
                who = (shift.counter, shift.officer, end, officer.absent)
                found.append(((start, SITS_DOWN, *who), _set(first, size), _set(helps, size)))
                found.append(((end, STANDS_UP, *who), _set(first, size), _set(helps, size)))
    found.sort(key=lambda row: row[0][:3])
    return (
        _rows(MOMENT, [row for row, _, _ in found]),
        np.array([row for _, row, _ in found], dtype=np.uint64).reshape(-1, words(size)),
        np.array([row for _, _, row in found], dtype=np.uint64).reshape(-1, words(size)),
    )
