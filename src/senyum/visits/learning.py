"""Between what a mall's row of forecasts keeps (bytes, ids) and the engine's arrays; and what a model finds now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from senyum.catalogue.models import Line
from senyum.visits.models import ForecastState, LineForecast
from senyum.visits.outcomes import Outcome, Promise

if TYPE_CHECKING:
    from senyum.engine.forecast import Calibration, Snapshots

#: A model never stretches the cold quantiles by more than this factor, as a logarithm.
LOOK_BOUND = 1.5


@dataclass
class Account:
    """A calibration with room for lines and agencies that it has not met."""

    calibration: Calibration
    lines: list[int]
    offices: list[int]

    def observe(self, outcome: Outcome, times: float = 1.0) -> None:
        """Move by one outcome, or take it back (`times` -1)."""
        line, office = self._number(self.lines, outcome.line), self._number(self.offices, outcome.office)
        if line >= len(self.calibration.line) or office >= len(self.calibration.office):
            self.calibration = self.calibration.padded(len(self.offices), len(self.lines))
        self.calibration.observe(outcome.quantile, float(outcome.missed), line, office, times)

    def pace(self, promises: Sequence[Promise]) -> None:
        """The step of each agency that promised something today: the fewer promises, the longer."""
        from senyum.engine.forecast.calibration import PACES, USUAL_OUTCOMES

        for office in {p.office for p in promises}:
            if office in self.offices:
                count = sum(p.office == office for p in promises)
                self.calibration.pace[self.offices.index(office)] = np.clip(USUAL_OUTCOMES / count, *PACES)

    @staticmethod
    def _number(known: list[int], key: int) -> int:
        if key not in known:
            known.append(key)
        return known.index(key)


def engine_state(state: ForecastState) -> Account:
    """The account of a mall's row."""
    from senyum.engine.forecast import Calibration

    return Account(Calibration.from_bytes(bytes(state.calibration)), list(state.lines), list(state.offices))


def put_engine_state(state: ForecastState, account: Account) -> None:
    """Put the account back on the (unsaved) row."""
    state.calibration = account.calibration.to_bytes()
    state.lines, state.offices = account.lines, account.offices


def snapshots_of(rows: Sequence[LineForecast], lines: Sequence[int], office_of: dict[int, int]) -> Snapshots:
    """The engine's view of stored rows: lines and offices by number, days in the order of time, calls counted."""
    from senyum.engine.forecast import Snapshots

    place = {line: n for n, line in enumerate(lines)}
    days = {day: n for n, day in enumerate(sorted({row.day for row in rows}))}
    return Snapshots.sorted(
        line=[place[r.line_id] for r in rows],
        office=[office_of[r.line_id] for r in rows],
        day=[days[r.day] for r in rows],
        minute=[r.minute for r in rows],
        open=[r.counters for r in rows],
        waiting=[r.waiting for r in rows],
        number=[r.called for r in rows],
        wait=[np.nan if r.wait is None else r.wait for r in rows],
    )


def look_at_lines(state: ForecastState, day: date, new: Sequence[LineForecast]) -> dict[str, list[float]]:
    """What the mall's model says of the lines of `new` rows, as stretches of their cold quantiles, by line id."""
    from senyum.engine.forecast import Inputs, Memory, Model
    from senyum.engine.forecast.calibration import SHIFT

    lines, office_of = numbers_of(state)
    fresh = [r for r in new if r.waiting and r.cold_p50 is not None and r.line_id in lines]
    if not fresh:
        return {}
    before = LineForecast.objects.filter(mall=state.mall_id, day=day, line__in=lines)
    rows = [*before.filter(at__lt=new[0].at), *(r for r in new if r.line_id in lines)]
    snapshots = snapshots_of(rows, lines, office_of)
    inputs = Inputs(snapshots, Memory.from_bytes(bytes(state.memory)))
    sorted_place = {int(place): n for n, place in enumerate(snapshots.order)}
    at = np.array([sorted_place[rows.index(r)] for r in fresh])
    learned = Model.from_bytes(bytes(state.model)).quantiles(inputs.features(at))
    cold = np.array([(r.cold_p10, r.cold_p50, r.cold_p90) for r in fresh], dtype=np.float64)
    looks = np.clip(np.log((learned + SHIFT) / (cold + SHIFT)), -LOOK_BOUND, LOOK_BOUND)
    return {str(r.line_id): [round(float(v), 4) for v in look] for r, look in zip(fresh, looks, strict=True)}


def numbers_of(state: ForecastState) -> tuple[list[int], dict[int, int]]:
    """Lines in their numbers, and line id -> number of its agency."""
    agency = dict(Line.objects.filter(pk__in=state.lines).values_list("pk", "agency_id"))
    place = {office: n for n, office in enumerate(state.offices)}
    return list(state.lines), {line: place[agency[line]] for line in state.lines if agency.get(line) in place}
