"""`senyum forecast accuracy`: what this hall publishes about its own waits. Needs the database, unlike `evaluate`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from senyum.core.errors import NotPossible
from senyum.malls.queries import mall_by_code
from senyum.planning.accuracy import Figures, published
from senyum.planning.forecast_cli import app as app


@app.command()
def accuracy(
    mall: Annotated[str, typer.Option(help="The mall's code.")],
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="Which month; else the newest.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """The published accuracy of this hall's own forecasts, by service and month."""
    try:
        found = published(mall_by_code(mall), date.fromisoformat(f"{month}-01") if month else None)
    except (NotPossible, ValueError) as error:
        typer.echo(f"senyum: {error}", err=True)
        raise typer.Exit(1) from error
    if found is None:
        typer.echo("{}" if as_json else "No figures yet: they appear the night after the first day with a wait.")
    elif as_json:
        typer.echo(json.dumps(asdict(found), indent=1, default=str))
    else:
        typer.echo(f"{found.month:%Y-%m} until {found.until}")
        for f in (found.whole, *found.lines):
            typer.echo(
                f"{f.agency} {f.service or 'all'}: n {f.n}, p90 kept {f.p90_kept:.3f}, error {f.mae:.1f} min"
                f" (ZMS {f.zms:.1f}, QueueSG {f.queuesg:.1f}, last to enter {f.last_to_enter_service:.1f})"
                f"{_queued(f)}{_changed(f)}"
            )


def _changed(f: Figures) -> str:
    if f.at_change_p50_kept is None or f.at_change_p90_kept is None:
        return ""
    return (
        f"; told when counters changed: n {f.at_change_n}, p50 kept {f.at_change_p50_kept:.3f},"
        f" p90 kept {f.at_change_p90_kept:.3f}, error {f.at_change_mae:.1f} min"
    )


def _queued(f: Figures) -> str:
    if f.had_to_wait_p50_kept is None or f.had_to_wait_p90_kept is None:
        return ""
    return (
        f"; had to wait: n {f.had_to_wait_n}, p50 kept {f.had_to_wait_p50_kept:.3f},"
        f" p90 kept {f.had_to_wait_p90_kept:.3f}"
    )
