"""The `senyum` command. Each package brings its own commands; they are named here and imported when used."""

from __future__ import annotations

import importlib
import importlib.util
import os
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from senyum.ops import hall

# name: (module, attribute, help). The attribute is a typer app or a function; its module may import models,
# since Django is set up before. The database answers when the command runs.
LAZY: dict[str, tuple[str, str, str]] = {
    "doctor": ("senyum.ops.cli", "doctor", "Say in plain words what is missing or wrong."),
    "backup": ("senyum.ops.cli", "backup", "Save database, keys and journal heads in one file."),
    "restore": ("senyum.ops.cli", "restore", "Put a backup back and verify its journal."),
    "upgrade": ("senyum.ops.cli", "upgrade", "Bring the database to this version, with a backup before."),
    "journal": ("senyum.journal.cli", "app", "The journal of every change."),
    "sequencer": ("senyum.journal.sequencer", "main", "Seal the journal (part of `up`)."),
    "notices": ("senyum.notices.cli", "app", "Messages that leave the hall: list, retry, test."),
    "user": ("senyum.people.user_cli", "app", "People with a log-in: list, add, e-mail, roles, disable, reset."),
    "person": ("senyum.rights.cli", "app", "One person's data: export, erase."),
    "token": ("senyum.people.cli", "app", "Tokens of devices and programs."),
    "seed": ("senyum.rehearsal.cli", "seed", "Fill the hall with example data."),
    "play": ("senyum.rehearsal.cli", "play", "Play a demo day (part of `demo`)."),
    "replay": ("senyum.rehearsal.cli", "replay", "Drive a recorded day of a real office through the hall."),
    "catalogue": ("senyum.catalogue.cli", "app", "Services and their standards: import, template, export, synonyms."),
    "forecast": ("senyum.planning.accuracy_cli", "app", "How good the wait forecasts are."),
    "plan": ("senyum.planning.plan_cli", "plan", "The least costly roster that keeps the promise."),
    "simulate": ("senyum.planning.simulate_cli", "simulate", "Play many days of a scenario."),
    "bench": ("senyum.bench.cli", "app", "Measure this machine."),
}
HIDDEN = {"sequencer", "play"}
# One finds out for itself whether there is a database, one starts its own, the others need none.
WITHOUT_DATABASE = {"doctor", "bench", "forecast", "simulate", "plan"}
#: Commands of those groups that read the hall's own.
WITH_DATABASE = {("forecast", "accuracy")}


class _Lazy(typer.core.TyperCommand):
    """Stands in the list of commands; the real one is imported when its arguments are read."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        module, attribute, words = LAZY[str(self.name)]
        asked = (str(self.name), next(iter(args), ""))
        _set_up_django()
        target = getattr(importlib.import_module(module), attribute)
        if not isinstance(target, typer.Typer):
            function, target = target, typer.Typer(add_completion=False)
            target.command(str(self.name), help=function.__doc__ or words)(function)
        command = typer.main.get_command(target)
        context = command.make_context(info_name, args, parent=parent, **extra)
        # Whoever asked for --help has left by now, and needed no database.
        if self.name not in WITHOUT_DATABASE or asked in WITH_DATABASE:
            hall.start_database()
        return context


class _Group(typer.core.TyperGroup):
    """Finds the commands of `LAZY` beside those defined in this file."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *(n for n, (module, _, _) in LAZY.items() if _exists(module))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in LAZY or not _exists(LAZY[cmd_name][0]):
            return super().get_command(ctx, cmd_name)
        return _Lazy(cmd_name, help=LAZY[cmd_name][2], hidden=cmd_name in HIDDEN)


def _set_up_django() -> None:
    from django.core.exceptions import ImproperlyConfigured

    try:
        hall.set_up_django()
    except ImproperlyConfigured as error:
        typer.echo(f"senyum: {error}", err=True)
        raise typer.Exit(1) from error


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


app = typer.Typer(
    cls=_Group,
    help="Senyum, the digital service system of a Mal Pelayanan Publik.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

PublicUrl = Annotated[
    str, typer.Option(envvar="SENYUM_PUBLIC_URL", help="Base of links on slips and in messages, https://host[:port].")
]
Language = Annotated[str, typer.Option("--lang", envvar="SENYUM_LANG", help="id or en.")]
Port = Annotated[int, typer.Option(help="Port of the pages.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes that answer requests.")]
ToTerminal = Annotated[bool, typer.Option("--verbose", "-v", help="Write the logs to the terminal.")]


def _say_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"senyum {version('senyum')}")
        raise typer.Exit()


@app.callback()
def _choose(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option(help="Data directory (else SENYUM_DATA).")] = None,
    demo: Annotated[bool, typer.Option(help="Work on the demo's hall.")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_say_version, help="Print the version.")
    ] = False,
) -> None:
    """Choose the hall that the command works on."""
    hall.choose(data=data, demo=demo)
    context.call_on_close(hall.stop_database)


@app.command()
def up(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")] = "",
    port: Port = 8000,
    workers: Workers = 2,
    tls: Annotated[bool, typer.Option("--tls", help="Serve https with a certificate authority of the hall.")] = False,
    plain_port: Annotated[int, typer.Option(help="With --tls: port of the page /trust/.")] = 8080,
    verbose: ToTerminal = False,
    public_url: PublicUrl = "",
    lang: Language = "id",
) -> None:
    """Run the hall: database, pages, worker, sequencer."""
    from senyum.ops.up import Plan

    _run(
        Plan(
            host=host or ("0.0.0.0" if tls else "127.0.0.1"),  # nosec B104
            port=port,
            workers=workers,
            tls=tls,
            plain_port=plain_port,
            to_terminal=verbose,
            language=lang,
            public_url=_checked(public_url),
        )
    )


@app.command()
def demo(
    speed: Annotated[float, typer.Option(min=1, max=600, help="Seconds of the hall in one real second.")] = 30.0,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    workers: Workers = 2,
    verbose: ToTerminal = False,
    public_url: PublicUrl = "",
    lang: Language = "id",
) -> None:
    """Run a hall with example data in which a day plays by itself."""
    from senyum.ops.up import Plan

    hall.choose(demo=True)
    _run(
        Plan(
            host=host,
            port=port,
            workers=workers,
            speed=speed,
            to_terminal=verbose,
            language=lang,
            public_url=_checked(public_url),
        )
    )


def _checked(public_url: str) -> str:
    from senyum.core import address

    try:
        return address.checked(public_url)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--public-url") from error


def _run(plan: Any) -> None:
    from senyum.core.postgres import PostgresError
    from senyum.ops.up import CannotStart, run

    try:
        run(plan)
    except (CannotStart, PostgresError) as error:
        typer.echo(f"senyum: {error}", err=True)
        raise typer.Exit(1) from error


@app.command(hidden=True)
def prepare(demo_data: Annotated[bool, typer.Option("--demo-data")] = False) -> None:
    """Bring database and static files to this version (part of `up`)."""
    place = hall.connect()
    from senyum.core import clock
    from senyum.ops import prepare as steps
    from senyum.ops import upgrade

    if upgrade.pending():
        upgrade.upgrade(place, os.environ["DATABASE_URL"], clock.wall())
    else:
        steps.migrate()
    steps.collect_static()
    if demo_data and _exists("senyum.rehearsal"):
        steps.fill_demo(place.data)


@app.command(hidden=True)
def worker() -> None:
    """Do the background jobs (part of `up`)."""
    hall.connect()
    from django.core.management import call_command

    from senyum.core import postgres

    # Over a restart of the database it waits here, and works on the moment that is over.
    postgres.wait_until_it_answers(os.environ["DATABASE_URL"])
    call_command("procrastinate", "worker", "--concurrency", "2", "--shutdown-graceful-timeout", "3")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def manage(context: typer.Context) -> None:
    """Pass a command through to Django: `senyum manage migrate`."""
    hall.connect()
    _manage(context.args)


def _manage(arguments: list[str]) -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["senyum manage", *arguments])
