"""`senyum bench ...`: measure this machine. Each command starts a PostgreSQL of its own and takes it down again."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(help="Measure this machine.", no_args_is_help=True)


@app.callback()
def _bench() -> None:
    """Measure this machine."""


@app.command()
def live(
    streams: Annotated[int, typer.Option(help="How many open streams.")] = 1_000,
    many: Annotated[int, typer.Option(help="A second round with so many; 0 leaves it out.")] = 10_000,
    seconds: Annotated[float, typer.Option(help="How long events are published in each round.")] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """From the commit of an event to its receipt on every open stream. docs/benchmarks.md explains the keys."""
    from senyum.bench.live import run

    first, *more = run([streams, *([many] if many else [])], seconds, lambda line: typer.echo(line, err=True))
    if as_json:
        typer.echo(json.dumps({**first, **({"many": more[0]} if more else {})}))


@app.command()
def queue(
    seconds: Annotated[float, typer.Option(min=1.0, help="How long each closed loop runs.")] = 3.0,
    rounds: Annotated[int, typer.Option(min=1, help="How often each is measured; the middle round counts.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Issue and call next: bare SQL, our own statements and our HTTP API, in one run on one PostgreSQL."""
    from senyum.bench.queue import run

    answer = run(seconds, rounds)
    if as_json:
        typer.echo(json.dumps(answer))


@app.command()
def search(
    services: Annotated[int, typer.Option(min=100, help="How many services the catalogue has.")] = 5_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """The catalogue's search beside ILIKE, trigrams alone and full text alone. docs/benchmarks.md explains the keys."""
    from senyum.bench.search import run

    answer = run(services)
    if as_json:
        typer.echo(json.dumps(answer))


@app.command()
def simulate(
    days: Annotated[int, typer.Option(min=10, help="How many days the run on all threads plays.")] = 10_000,
    reference_days: Annotated[int, typer.Option(min=1, help="How many days SimPy and Ciw play.")] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """The simulation beside SimPy and Ciw in one run: M/M/c, and a whole day. docs/benchmarks.md explains the keys."""
    from senyum.bench.simulate import run

    answer = run(days=days, reference_days=reference_days, tell=lambda line: typer.echo(line, err=True))
    if as_json:
        typer.echo(json.dumps(answer))


@app.command()
def rush(
    people: Annotated[int, typer.Option(min=10, help="How many ask at once.")] = 5_000,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of each way; the middle one counts.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """A popular day opens: all at once for 1,000 places, beside the plain way. docs/benchmarks.md explains the keys."""
    from senyum.bench.rush import run

    answer = run(people, rounds)
    if as_json:
        typer.echo(json.dumps(answer))
