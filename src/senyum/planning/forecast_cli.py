"""`senyum forecast ...`: how good the wait forecasts are. docs/forecast.md explains the method and every key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="Wait forecasts.", no_args_is_help=True)

COLUMNS = (
    "office", "queue", "date", "minute", "open", "waiting", "number", "announced_minutes_per_person", "wait",
)  # fmt: skip


@app.callback()
def _forecast() -> None:
    """Wait forecasts."""


@app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Snapshots of lines (Parquet).")],
    train_before: Annotated[str, typer.Option(metavar="DATE", help="Learn from the days before; test from then on.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    frozen: Annotated[bool, typer.Option("--frozen", help="Keep the usual paces as they were before DATE.")] = False,
    until: Annotated[str, typer.Option(metavar="DATE", help="Leave out the days from then on.")] = "",
) -> None:
    """Learn on earlier days, then walk through the later ones with what was known at each minute."""
    from senyum.engine.forecast.evaluate import evaluate as trial

    try:
        snapshots, days, offices = read(file, until)
        first = sum(day < train_before for day in days)
        report = trial(snapshots, first, offices, nightly=not frozen)
    except (ValueError, KeyError) as error:
        typer.echo(f"senyum: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(json.dumps(report, indent=1) if as_json else _words(report))


def read(file: Path, until: str = "") -> tuple[Any, list[str], list[str]]:
    """Snapshots, names of the days in order, names of the offices. Raises KeyError for a missing column."""
    import numpy as np
    import pyarrow.parquet as parquet

    from senyum.engine.forecast.snapshots import Snapshots

    names = parquet.read_schema(file).names
    if missing := [c for c in COLUMNS if c not in names]:
        raise KeyError(f"{file} has no column {', '.join(missing)}")
    table = parquet.read_table(file, columns=list(COLUMNS))
    column = {c: np.asarray(table[c].to_pylist(), dtype=str) for c in ("office", "queue", "date")}
    number = {c: table[c].to_numpy().astype(np.float64) for c in COLUMNS if c not in column}
    keep = column["date"] < until if until else np.ones(len(table), dtype=bool)
    column, number = {k: v[keep] for k, v in column.items()}, {k: v[keep] for k, v in number.items()}
    offices, office = np.unique(column["office"], return_inverse=True)
    days, day = np.unique(column["date"], return_inverse=True)
    line = np.unique(np.char.add(np.char.add(column["office"], "\n"), column["queue"]), return_inverse=True)[1]
    snapshots = Snapshots.sorted(
        line=line,
        office=office,
        day=day,
        minute=number["minute"],
        open=number["open"],
        waiting=number["waiting"],
        number=number["number"],
        announced=number["announced_minutes_per_person"],
        wait=number["wait"],
    )
    return snapshots, [str(d) for d in days], [str(o) for o in offices]


def _words(report: dict[str, Any]) -> str:
    offices = sorted(report["offices"].values())
    best = report["best_naive"]
    return "\n".join(
        (
            f"{report['n']} waits on {report['days']['tested']} days, learned from {report['days']['learned']} days",
            f"error of p50: {report['mae_p50']:.2f} min, {report['ratio_mae']:.3f} of the best naive ({best})",
            f"kept: p50 {report['coverage_p50']:.3f}, p90 {report['coverage_p90']:.3f}"
            + (f", by office {offices[0]:.3f} to {offices[-1]:.3f}" if offices else ""),
            f"pinball: p50 {report['pinball_p50']:.2f}, p90 {report['pinball_p90']:.2f} min",
            f"one forecast: {report['ms_per_forecast']:.3f} ms",
        )
    )
