"""Computes a proposal: the plan of each day beside its roster, then what else could be bought or saved.

Only jobs call it: it keeps a processor busy for seconds to minutes, by effort and not by the clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from typing import Any

from django.utils.translation import gettext_lazy as _

from senyum.engine.scenario import Floats, Scenario, Shift, faults
from senyum.engine.simulation.report import Group
from senyum.malls.models import Agency, Mall
from senyum.planning import asked as asking
from senyum.planning import from_hall, plan_cli
from senyum.planning.asked import Asked, CannotPlan
from senyum.planning.from_hall import Facts
from senyum.planning.hall_facts import facts as read_facts
from senyum.planning.scenario_file import read as read_scenario
from senyum.planning.search import QUICK
from senyum.planning.week import WeekPlan, plan_week
from senyum.roster.queries import PlannedShift, mark_of, shifts_of

EXAMPLE = "sumedang"
QUICK_DAYS, DEEP_DAYS = 400, 1_600
OPTION_DAYS = 120
#: Steps of a computation, as the page names them.
READING, PLANNING, DRAWING, OPTIONS = "reading", "planning", "drawing", "options"
Say = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Planned:
    """The days as `Proposal.result` keeps them, and what the options need."""

    days: list[dict[str, Any]]
    basis: dict[str, Any]
    officers: dict[str, int | None]
    first: tuple[Scenario, WeekPlan]


def check_installed() -> None:
    """Raise CannotPlan where the extra `planning` is not installed."""
    if any(find_spec(name) is None for name in ("ortools", "altair", "vl_convert")):
        raise CannotPlan(
            _("Perencanaan belum dipasang di mesin ini. Minta pengelola mesin memasang paket senyum[planning].")
        )


def plan(
    *, mall: Mall, agency: Agency | None, days: Sequence[date], asked: Asked, now: datetime, say: Say, threads: int = 2
) -> Planned:
    """Plan these days of the mall, or of one agency there. `say(step, percent)` is told how far it is.

    Raises CannotPlan with a sentence; solver.PlanningUnavailable.
    """
    check_installed()
    example = _example() if mall.code == EXAMPLE else {}
    results, officers = [], dict[str, int | None]()
    basis: dict[str, Any] = {}
    first: tuple[Scenario, WeekPlan] | None = None
    for n, day in enumerate(days):
        say(READING, 2 + 58 * n // len(days))
        facts = read_facts(mall, day, now, like=_friday_before(day) if asked.saturday else None)
        scenario, found_basis = _scenario(facts, agency, asked, example)
        roster = shifts_of(mall=mall, day=day)
        say(PLANNING, 4 + 58 * n // len(days))
        found = plan_week(
            scenario,
            [scenario.weekday],
            wanted=asked.target / 100,
            effort=None if asked.deep else QUICK,
            threads=threads,
            fresh_days=DEEP_DAYS if asked.deep else QUICK_DAYS,
        )
        if not found.agencies:
            raise CannotPlan(_("Tidak ada petugas atau loket untuk direncanakan pada hari itu."))
        results.append(_day(day, facts, scenario, found, roster))
        officers |= {o.code: o.user_id for o in facts.officers}
        first = first or (scenario, found)
        basis = basis or asdict(found_basis)
    assert first is not None
    return Planned(results, basis, officers, first)


def options(planned: Planned, *, threads: int = 2) -> dict[str, Any]:
    """Frontier, what each further officer buys, and counters that nobody would miss, of the first day.

    As documented for `--options`; closures are of today's roster, or of the plan where there is none.
    """
    from senyum.engine.scenario import on_weekday
    from senyum.planning.options import closures, extra_officers, frontier

    scenario, found = planned.first
    day = found.weekdays[0]
    proposed = replace(on_weekday(found.scenario, day), shifts=found.shifts(day))
    there = tuple(s for s in scenario.shifts if scenario.officers[s.officer].absent < 1.0)
    today = replace(on_weekday(scenario, day), shifts=there)
    base = today if today.shifts else proposed
    codes = [a.code for a in found.scenario.agencies]
    seed = 0
    return {
        "frontier": _rows(frontier(proposed, seed=seed, threads=threads, days=OPTION_DAYS), codes),
        "extra_officers": _rows(extra_officers(proposed, seed=seed, threads=threads, days=OPTION_DAYS), codes),
        "closures": _rows(closures(base, seed=seed, target=found.wanted, threads=threads, days=OPTION_DAYS), codes),
        "closures_of": "today" if today.shifts else "plan",
    }


def _rows(items: Sequence[Any], codes: Sequence[str]) -> list[dict[str, Any]]:
    rows = []
    for item in items:
        values = {k: _finite(v) for k, v in asdict(item).items()}
        rows.append(values | ({"agency": codes[int(values["agency"])]} if "agency" in values else {}))
    return rows


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value


def _example() -> dict[str, Floats]:
    """The example's rates, which belong to its own hall: another hall has other counters and other people."""
    return {s.code: s.people for s in read_scenario(EXAMPLE).services}


def _friday_before(day: date) -> date:
    return day - timedelta(days=(day.weekday() - asking.FRIDAY) % 7)


def _scenario(
    facts: Facts, agency: Agency | None, asked: Asked, example: Mapping[str, Floats]
) -> tuple[Scenario, from_hall.Basis]:
    scenario, basis = from_hall.scenario_of(facts, hour_cost=asked.hour_cost, example=example)
    if agency is not None:
        if all(a.code != agency.code for a in scenario.agencies):
            raise CannotPlan(_("Instansi itu tidak melayani pada hari itu."))
        scenario = from_hall.only_agency(scenario, agency.code)
    if not scenario.agencies:
        raise CannotPlan(_("MPP tutup pada hari itu. Pilih hari lain, atau centang buka hari Sabtu."))
    scenario = asking.apply(scenario, asked)
    if wrong := faults(scenario):
        raise CannotPlan(_("Data MPP tidak bisa dihitung: %(why)s") % {"why": "; ".join(wrong[:3])})
    return scenario, basis


def _day(
    day: date, facts: Facts, scenario: Scenario, found: WeekPlan, roster: Sequence[PlannedShift]
) -> dict[str, Any]:
    content = plan_cli.as_dict(scenario, found)
    (row,) = content.pop("days")
    weekday = found.weekdays[0]
    missing = _without_anybody(scenario, {a["agency"] for a in row["agencies"]})
    # Whoever is planned, and agencies all of whose people are ill: their shifts are to go as well.
    touched = {facts_id(facts, code) for code in (*(a["agency"] for a in row["agencies"]), *missing)}
    names = {b.code: b.name for b in facts.booths}
    today = found.today[weekday]
    then = found.planned[weekday]
    groups = {g.code: (t, g) for t, g in zip(today.agencies, then.agencies, strict=True)}
    _without_pay_for_the_ill(scenario, content, row)
    for item in row["agencies"]:
        before, after = groups[item["agency"]]
        item["name"] = names[item["agency"]]
        item["p50"], item["today"]["p50"] = _mean(after, "p50"), _mean(before, "p50")
        item["today_shifts"] = _today_shifts(scenario, item["agency"])
    for key, report in (("today", today), ("plan", then)):
        row[key]["p50"] = _mean(report.total, "p50")
        row[key]["through_day"] = {
            name: [_mean(g, name) for g in report.half_hours] for name in ("kept", "wait", "p90")
        }
    return {
        **{k: v for k, v in content.items() if k not in ("name",)},
        **row,
        "date": day.isoformat(),
        "opens": scenario.opens,
        "closes": scenario.closes,
        "has_roster": bool(scenario.shifts),
        "mark": mark_of([s for s in roster if s.agency_id in touched]),
        "people_names": {o.code: o.name for o in facts.officers},
        "nobody": [{"agency": code, "name": names[code]} for code in missing],
    }


def _without_pay_for_the_ill(scenario: Scenario, content: dict[str, Any], row: dict[str, Any]) -> None:
    """Whoever surely does not come costs nothing in today's roster either, so that both are compared alike."""
    there = [s for s in scenario.shifts if scenario.officers[s.officer].absent < 1.0]
    content["today_cost"] = row["today"]["cost"] = round(scenario.cost(there))
    places = {a.code: n for n, a in enumerate(scenario.agencies)}
    for item in row["agencies"]:
        mine = [s for s in there if scenario.officers[s.officer].agency == places[item["agency"]]]
        item["today"]["cost"] = round(scenario.cost(mine))


def facts_id(facts: Facts, code: str) -> int:
    """The id of the agency of that code."""
    return next(b.agency_id for b in facts.booths if b.code == code)


def _today_shifts(scenario: Scenario, code: str) -> list[dict[str, Any]]:
    place = [a.code for a in scenario.agencies].index(code)
    mine = [s for s in scenario.shifts if scenario.officers[s.officer].agency == place]
    return [_shift(scenario, s) for s in sorted(mine, key=lambda s: (scenario.counters[s.counter].number, s.start))]


def _shift(scenario: Scenario, shift: Shift) -> dict[str, Any]:
    officer = scenario.officers[shift.officer]
    return {
        "officer": officer.code,
        "counter": scenario.counters[shift.counter].number,
        "from": clock_of(shift.start),
        "to": clock_of(shift.end),
        "lunch": None if shift.lunch is None else clock_of(shift.lunch),
        "lunch_minutes": shift.lunch_minutes if shift.lunch is not None else 0,
        "ill": officer.absent >= 1.0,
    }


def clock_of(minutes: float) -> str:
    """Minutes after midnight as 08.30."""
    return f"{int(minutes // 60):02d}.{round(minutes % 60):02d}"


def minutes_of(text: str) -> int:
    """08.30 as minutes after midnight."""
    hours, _dot, minutes = text.partition(".")
    return int(hours) * 60 + int(minutes)


def _without_anybody(scenario: Scenario, planned: set[str]) -> list[str]:
    """Agencies to which people come but where nobody can be planned."""
    coming = scenario.people().sum(axis=1)
    wanted = {scenario.agencies[s.agency].code for s, n in zip(scenario.services, coming, strict=True) if n > 0}
    return sorted(wanted - planned)


def _mean(group: Group, name: str) -> float | None:
    value = float(getattr(group, name).mean)
    return None if math.isnan(value) else round(value, 4)
