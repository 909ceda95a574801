"""`senyum journal ...`: verify the chain; `senyum sequencer` seals it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

app = typer.Typer(help="The journal of every change.", no_args_is_help=True)


@app.callback()
def _journal() -> None:
    """The journal of every change."""


@app.command()
def verify(
    mall: Annotated[str | None, typer.Option(help="Code of one mall; all malls without it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Recompute the hash chain. Ends with 1 when an entry was changed, deleted, moved or put in."""
    from senyum.journal.verify import verify as look

    report = look(mall)
    if as_json:
        typer.echo(json.dumps({"sound": report.sound, **asdict(report)}))
    else:
        for one in report.malls:
            verdict = one.first_bad.sentence if one.first_bad else "sound"
            typer.echo(f"{one.mall}: {one.sealed} sealed, head {one.head_seq} {one.head_hash[:16]}, {verdict}")
        typer.echo(f"{report.sealed} sealed, {report.unsealed} not yet sealed")
    if not report.sound:
        raise typer.Exit(1)
