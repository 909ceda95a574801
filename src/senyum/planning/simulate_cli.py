"""`senyum simulate`: play many days of a scenario. docs/simulation.md documents the file and every key."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from senyum.planning.scenario_file import EXAMPLES, WEEKDAYS, ScenarioError, read


def simulate(
    scenario: Annotated[str, typer.Argument(help=f"A scenario file, or an example: {', '.join(EXAMPLES)}.")],
    days: Annotated[int, typer.Option(min=1, help="How many days.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same figures.")] = 0,
    weekday: Annotated[str, typer.Option(help="Another weekday than the scenario's: monday ... sunday.")] = "",
    threads: Annotated[int, typer.Option(min=0, help="0: as many as the machine has; it changes no figure.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Play many days of a scenario: who waits how long, whose promise is kept, how busy the officers are."""
    from senyum.engine import simulation
    from senyum.engine.scenario import on_weekday

    try:
        chosen = read(scenario)
        if weekday:
            if weekday not in WEEKDAYS:
                raise ScenarioError(f"--weekday must be one of {', '.join(WEEKDAYS)}, found {weekday!r}")
            chosen = on_weekday(chosen, WEEKDAYS.index(weekday))
    except FileNotFoundError as error:
        typer.echo(
            f"senyum: there is no file {scenario}, and no example of that name ({', '.join(EXAMPLES)})", err=True
        )
        raise typer.Exit(1) from error
    except (OSError, UnicodeDecodeError, ScenarioError) as error:
        typer.echo(f"senyum: {scenario}: {error}", err=True)
        raise typer.Exit(1) from error
    report = simulation.simulate(chosen, days=days, seed=seed, threads=threads or os.cpu_count() or 1)
    if as_json:
        typer.echo(json.dumps({"seed": seed, "weekday": WEEKDAYS[chosen.weekday], **as_dict(report)}))
    else:
        _print(report, chosen.promise_share)


def as_dict(report: Any) -> dict[str, Any]:
    """A report as JSON has it: figures as {mean, half_width, n}; null where there is no value."""
    groups = ("services", "agencies", "classes", "half_hours")
    return {
        "name": report.name,
        "days": report.days,
        "batches": report.batches,
        "legs": report.legs,
        "total": _plain(asdict(report.total)),
        **{name: [_plain(asdict(group)) for group in getattr(report, name)] for name in groups},
        "agency_half_hours": {
            agency.code: {"kept": _row(report.agency_kept[i]), "queue": _row(report.agency_queue[i])}
            for i, agency in enumerate(report.agencies)
        },
    }


def _row(values: Iterable[float]) -> list[float | None]:
    return [_plain(float(value)) for value in values]


def _plain(value: Any) -> Any:
    """Numbers to six figures, nan as null."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.6g}")
    return value


def _print(report: Any, promise_share: float) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(f"{report.name}: {report.days} days. Mean and half-width of the 95 % interval.", highlight=False)
    for title, groups in (
        ("Everyone and agencies", (report.total, *report.agencies)),
        ("Classes", report.classes),
        ("Half hours", report.half_hours),
    ):
        table = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)
        table.add_column("", no_wrap=True)
        for name in ("people", "left", "wait", "p50", "p90", "kept", "queue", "busy"):
            table.add_column(name, justify="right", no_wrap=True)
        for group in groups:
            row = (group.people, group.left, group.wait, group.p50, group.p90)
            style = "red" if group.kept.mean < promise_share else ""
            table.add_row(
                group.code,
                *(_words(figure) for figure in row),
                f"[{style}]{_words(group.kept, 100)}[/]" if style else _words(group.kept, 100),
                _words(group.queue),
                _words(group.utilisation, 100),
            )
        console.print(table)
    console.print("people, left: a day; wait, p50, p90: minutes; kept, busy: percent; --json has the services, too.")


def _words(figure: Any, times: float = 1.0) -> str:
    if figure is None or math.isnan(figure.mean):
        return "-"
    half = "" if math.isnan(figure.half_width) else f" ±{times * figure.half_width:.1f}"
    return f"{times * figure.mean:.1f}{half}"
