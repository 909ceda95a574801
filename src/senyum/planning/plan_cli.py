"""`senyum plan SCENARIO.yaml`: the least costly roster that keeps the promise. docs/staffing.md documents every key."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from senyum.engine.scenario import Scenario, Shift
    from senyum.engine.simulation.report import Figure, Group
    from senyum.planning.week import AgencyPlan, WeekPlan

Scenarios = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A scenario file, or the name of an example: sumedang.")
]


def plan(
    file: Scenarios,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    week: Annotated[bool, typer.Option("--week", help="All weekdays on which the mall is open.")] = False,
    target: Annotated[float, typer.Option(min=0.0, max=0.99, help="Share to call in time; else the scenario's.")] = 0.0,
    reserve: Annotated[
        int, typer.Option(min=0, max=10, help="Officers and counters to add where people are too few.")
    ] = 0,
    options: Annotated[bool, typer.Option("--options", help="Also frontier, extra officers and closures.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Local search only, without a proof of how good it is.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    threads: Annotated[int, typer.Option(min=1, max=64)] = 2,
    ill: Annotated[
        list[str] | None, typer.Option(help="An officer who does not come, or how many (2, or polres:2).")
    ] = None,
    busier: Annotated[float, typer.Option(min=0.01, help="A fair day: 1.4 is 40 % more people.")] = 1.0,
    saturday: Annotated[bool, typer.Option("--saturday", help="Open on Saturday, with Friday's people.")] = False,
    move: Annotated[list[str] | None, typer.Option(metavar="A:B", help="Serve A next to B, sharing counters.")] = None,
    close: Annotated[list[int] | None, typer.Option(metavar="NUMBER", help="A counter that stays closed.")] = None,
    hours: Annotated[
        list[str] | None, typer.Option(metavar="AGENCY=OPENS,LAST,CLOSES", help="Other hours: samsat=8.00,12.30,13.00.")
    ] = None,
) -> None:
    """Plan who works when so that nine of ten are called within the promise, at the least cost."""
    from senyum.planning.scenario_file import ScenarioError, read
    from senyum.planning.search import QUICK
    from senyum.planning.solver import PlanningUnavailable
    from senyum.planning.week import plan_week

    try:
        scenario = read(file if not Path(file).exists() else Path(file))
        scenario = _changed(scenario, ill or [], busier, saturday, move or [], close or [], hours or [])
        days = open_days(scenario) if week else [scenario.weekday]
        effort = QUICK if quick else None
        found = plan_week(
            scenario, days, wanted=target or None, seed=seed, effort=effort, reserve=reserve, threads=threads
        )
        content = as_dict(scenario, found)
        if options:
            content |= more(scenario, found, seed=seed, threads=threads)
    except (ScenarioError, ValueError, OSError, PlanningUnavailable) as error:
        typer.echo(f"senyum: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(json.dumps(content, indent=1) if as_json else words(content))


def open_days(scenario: Scenario) -> list[int]:
    """Weekdays on which somebody is expected."""
    from senyum.engine.scenario import on_weekday

    return [d for d in range(7) if on_weekday(scenario, d).people().sum() > 0]


def as_dict(scenario: Scenario, plan: WeekPlan) -> dict[str, Any]:
    """The plan beside today's roster, as docs/staffing.md describes it."""
    from senyum.planning.scenario_file import WEEKDAYS

    today_cost = sum(_today_cost(scenario, d) for d in plan.weekdays)
    return {
        "name": scenario.name,
        "currency": scenario.currency,
        "target": plan.wanted,
        "cost": plan.cost,
        "bound": plan.bound,
        "gap": round(plan.gap, 4),
        "bound_of": "rosters that keep the shift rules and each agency's target every day, judged by the sampled days",
        "today_cost": today_cost,
        "holds": all(a.holds for a in plan.agencies),
        "reached": all(a.claimed >= plan.wanted for a in plan.agencies),
        "reserve": {plan.scenario.agencies[i].code: n for i, n in enumerate(plan.reserve) if n},
        "over_week_hours": [plan.scenario.agencies[i].code for i in plan.overworked],
        "days": [
            {
                "weekday": WEEKDAYS[d],
                "today": _group(plan.today[d].total) | {"cost": _today_cost(scenario, d)},
                "plan": _group(plan.planned[d].total) | {"cost": sum(a.cost for a in plan.agencies if a.weekday == d)},
                "agencies": [_agency(scenario, plan, a) for a in plan.agencies if a.weekday == d],
            }
            for d in plan.weekdays
        ],
    }


def more(scenario: Scenario, plan: WeekPlan, *, seed: int, threads: int) -> dict[str, Any]:
    """Frontier, extra officers and closures on the first planned day."""
    from dataclasses import asdict, replace

    from senyum.engine.scenario import on_weekday
    from senyum.planning.options import closures, extra_officers, frontier

    day = plan.weekdays[0]
    planned = replace(on_weekday(plan.scenario, day), shifts=plan.shifts(day))
    today = on_weekday(scenario, day)
    names: list[str] = [a.code for a in plan.scenario.agencies]

    def row(item: Any) -> dict[str, Any]:
        values = {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(item).items()}
        return values | ({"agency": names[int(values["agency"])]} if "agency" in values else {})

    return {
        "frontier": [row(p) for p in frontier(planned, seed=seed, threads=threads)],
        "extra_officers": [row(e) for e in extra_officers(planned, seed=seed, threads=threads)],
        "closures_today": [row(c) for c in closures(today, seed=seed, target=plan.wanted, threads=threads)],
    }


def words(content: dict[str, Any]) -> str:
    """The figures that decide, for a terminal."""
    lines = [
        f"{content['name']}: {content['cost']:,} {content['currency']} (today {content['today_cost']:,.0f})",
        f"lower bound {content['bound']:,}, gap {content['gap']:.1%}; claims hold afresh: {content['holds']}",
    ]
    for day in content["days"]:
        lines.append(f"{day['weekday']}: kept {day['today']['kept']} today, {day['plan']['kept']} with the plan")
        for a in day["agencies"]:
            kept = f"keeps {a['kept']} (claimed {a['claimed']}), today {a['today']['kept']}"
            lines.append(f"  {a['agency']}: {a['officers_hours']} h, {kept}")
    return "\n".join(lines)


def _agency(scenario: Scenario, plan: WeekPlan, item: AgencyPlan) -> dict[str, Any]:
    from senyum.planning.week import officers_there

    found, larger = item.found, plan.scenario
    today = [s for s in scenario.shifts if scenario.officers[s.officer].agency == item.agency]
    return {
        "agency": larger.agencies[item.agency].code,
        "claimed": round(item.claimed, 4),
        "reached": item.claimed >= plan.wanted,
        "holds": item.holds,
        "kept": _number(item.kept),
        "kept_half_width": _half(item.kept),
        "p90": _number(item.p90),
        "cost": item.cost,
        "bound": found.bound,
        "gap": round(found.gap, 4),
        "officers_hours": round(larger.officer_hours(item.shifts), 2),
        "uncovered": found.uncovered,
        "requirement": {"by_period": list(item.sipp), "by_modified_load": list(item.mol)},
        "there": officers_there(found, item.shifts),
        "there_today": officers_there(found, today),
        "today": _group(plan.today[item.weekday].agencies[item.agency]) | {"cost": round(scenario.cost(today))},
        "shifts": [_shift(larger, s) for s in item.shifts],
    }


def _shift(scenario: Scenario, shift: Shift) -> dict[str, Any]:
    return {
        "officer": scenario.officers[shift.officer].code,
        "counter": scenario.counters[shift.counter].number,
        "from": _clock(shift.start),
        "to": _clock(shift.end),
        "lunch": None if shift.lunch is None else _clock(shift.lunch),
        "lunch_minutes": shift.lunch_minutes if shift.lunch is not None else 0,
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "kept": _number(group.kept),
        "kept_half_width": _half(group.kept),
        "wait": _number(group.wait),
        "p90": _number(group.p90),
        "people": _number(group.people),
    }


def _today_cost(scenario: Scenario, weekday: int) -> float:
    there = [s for s in scenario.shifts if weekday in scenario.agencies[scenario.officers[s.officer].agency].days]
    return scenario.cost(there)


def _number(figure: Figure) -> float | None:
    return None if math.isnan(figure.mean) else round(figure.mean, 4)


def _half(figure: Figure) -> float | None:
    return None if math.isnan(figure.half_width) else round(figure.half_width, 4)


def _clock(minutes: float) -> str:
    return f"{int(minutes // 60):02d}.{round(minutes % 60):02d}"


def _changed(
    scenario: Scenario,
    ill: list[str],
    busier: float,
    saturday: bool,
    move: list[str],
    close: list[int],
    hours: list[str],
) -> Scenario:
    """The scenario after the what-if options. Raises ValueError with a sentence."""
    from senyum.engine.staffing import whatif

    for text in ill:
        agency, _, count = text.rpartition(":")
        if count.isdigit():
            scenario = whatif.some_ill(scenario, int(count), agency=agency)
        else:
            scenario = whatif.officers_ill(scenario, {text})
    if busier != 1.0:
        scenario = whatif.fair_day(scenario, busier)
    if saturday:
        scenario = whatif.open_on(scenario, 5, like=4)
    for text in move:
        service, _, beside = text.partition(":")
        scenario = whatif.move_service(scenario, service, beside=beside)
    for number in close:
        scenario = whatif.close_counter(scenario, number)
    for text in hours:
        agency, _, times = text.partition("=")
        opens, last, closes = _times(times)
        scenario = whatif.change_hours(scenario, agency, opens=opens, last_ticket=last, closes=closes)
    return scenario


def _times(text: str) -> tuple[float, float, float]:
    try:
        opens, last, closes = (60.0 * int(h) + int(m) for h, _, m in (t.partition(".") for t in text.split(",")))
    except ValueError as error:
        raise ValueError(f"hours are written as 8.00,12.30,13.00 and not as {text!r}") from error
    return opens, last, closes
