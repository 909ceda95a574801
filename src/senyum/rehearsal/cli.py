"""The commands about sample halls."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from senyum.core import clock

if TYPE_CHECKING:
    from senyum.rehearsal.replay import LineReport, Report


def seed(
    name: Annotated[str, typer.Argument(help="The sample hall: sumedang.")] = "sumedang",
    demo: Annotated[bool, typer.Option("--demo-logins", help="Give new users the documented demo password.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Fill the hall with sample data ("data contoh"); a second run changes nothing."""
    from senyum.rehearsal.rows import SeedError
    from senyum.rehearsal.seed import seed as put

    try:
        report = put(name, now=clock.now(), demo=demo)
    except SeedError as error:
        typer.echo(f"senyum seed: {error}", err=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(json.dumps(asdict(report)))
        return
    typer.echo(
        f"{report.name}: {report.malls} malls, {report.agencies} agencies, {report.services} services, "
        f"{report.counters} counters, {report.people} people. "
        + (f"{report.changes} changes." if report.changes else "Nothing changed.")
    )


def replay(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Recorded lines, as Parquet.")],
    office: Annotated[str, typer.Option(help="Which office, as the file writes it.")],
    day: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="Which day.")],
    speed: Annotated[
        float, typer.Option(min=0, help="Minutes of the day in one real minute; 0: as fast as possible.")
    ] = 0.0,
    instant: Annotated[bool, typer.Option("--instant", help="As fast as possible, whatever --speed says.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Drive a recorded day of a real office through the hall, in a mall of its own, and compare the waits."""
    from senyum.rehearsal.replay import NotAsRecorded
    from senyum.rehearsal.replay import replay as drive
    from senyum.rehearsal.replay_data import NoSuchDay, day_of, read_day

    pause = None if instant or not speed else lambda minutes: time.sleep(minutes * 60 / speed)
    try:
        lines = day_of(read_day(file, office, day.date()))
        _prepare_empty_database()
        report = drive(office=office, day=day.date(), lines=lines, pause=pause)
    except (NoSuchDay, NotAsRecorded, OSError) as error:
        typer.echo(f"senyum replay: {error}", err=True)
        raise typer.Exit(1 if isinstance(error, NotAsRecorded) else 2) from error
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        _show(report)


def _prepare_empty_database() -> None:
    """A replay may be the first thing a fresh hall is asked to do. Upgrading one with data is `senyum upgrade`'s."""
    from django.db import connection

    from senyum.ops import prepare

    if not connection.introspection.table_names():
        prepare.migrate()


def _show(report: Report) -> None:
    """The replayed day as a table."""
    from rich.console import Console
    from rich.table import Table

    def text(value: float | None) -> str:
        return "-" if value is None else f"{value:g}"

    table = Table(title=f"{report.office} {report.date} ({report.mall})", title_justify="left")
    for name in ("line", "people", "served", "left", "waiting"):
        table.add_column(name, justify="left" if name == "line" else "right")
    for name in ("p50 data", "p50 system", "p90 data", "p90 system", "agree"):
        table.add_column(name, justify="right")
    rows: list[tuple[str, LineReport | Report]] = [(line.line, line) for line in report.lines]
    for name, row in [*rows, ("all", report)]:
        counts = (row.people, row.served, row.left, row.waiting_at_end)
        waits = (row.p50_data, row.p50_system, row.p90_data, row.p90_system, row.agree_share)
        table.add_row(name, *(str(n) for n in counts), *(text(w) for w in waits))
    Console().print(table)
    Console().print(f"{report.excluded_share:.1%} of the waits left out. {report.excluded_reason}", soft_wrap=True)


def play(
    speed: Annotated[float, typer.Option(min=1, max=600, help="Seconds of the hall in one real second.")] = 30.0,
) -> None:
    """Play demo days through the real commands until it is ended (part of `demo`)."""
    from django.conf import settings

    from senyum.rehearsal import player

    if not settings.DEMO:
        typer.echo("senyum play: only the demo's hall has a clock to steer: `senyum --demo play`", err=True)
        raise typer.Exit(2)
    try:
        player.run(settings.DATA_DIR, speed)
    except player.NoHall as error:
        typer.echo(f"senyum play: {error}", err=True)
        raise typer.Exit(2) from error
