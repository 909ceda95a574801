"""The commands about sample halls."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from senyum.core import clock


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
