"""`senyum token`: tokens of devices and programs."""

from __future__ import annotations

import json
from typing import Annotated, TypeVar

import typer
from django.utils import translation

from senyum.core import clock
from senyum.core.errors import SenyumError
from senyum.journal.actor import Actor
from senyum.malls.models import Agency, Mall
from senyum.people import commands, tokens
from senyum.people.models import Device, User

app = typer.Typer(no_args_is_help=True, help="Tokens of devices and programs.")
Row = TypeVar("Row")
_OPERATOR = Actor("system", "cli", "senyum token")


@app.command()
def create(
    role: Annotated[str, typer.Option(help="kiosk, display, smile, greeter, officer, coordinator, manager, ...")],
    mall: Annotated[str, typer.Option(help="Code of the mall.")],
    user: Annotated[str, typer.Option(help="Log-in name; needed for officers and coordinators.")] = "",
    agency: Annotated[str, typer.Option(help="Code of the agency; else that of the user's role.")] = "",
    device: Annotated[str, typer.Option(help="Name of the device; registered if it is new.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print {token, prefix, role, mall, scopes}.")] = False,
) -> None:
    """Make a bearer token and print it. It is shown only now."""
    now = clock.wall()
    try:
        hall = _row(Mall.objects.filter(code=mall).first(), f"There is no mall {mall!r}.")
        owner = _row(User.objects.filter(username=user).first(), f"There is no user {user!r}.") if user else None
        office = _row(Agency.objects.filter(code=agency).first(), f"There is no agency {agency!r}.") if agency else None
        thing = None
        if device:
            thing = Device.objects.filter(mall=hall, name=device).first() or commands.put_device(
                mall=hall, kind=role, name=device, now=now, actor=_OPERATOR
            )
        secret = commands.create_token(
            role=role, mall=hall, now=now, actor=_OPERATOR, user=owner, agency=office, device=thing
        )
    except SenyumError as error:
        with translation.override("en"):
            typer.echo(str(error.sentence), err=True)
        raise typer.Exit(2) from error
    if as_json:
        scopes = list(tokens.SCOPES[role])
        typer.echo(
            json.dumps({"token": secret, "prefix": secret.split("_")[1], "role": role, "mall": mall, "scopes": scopes})
        )
    else:
        typer.echo(secret)


@app.command()
def revoke(prefix: Annotated[str, typer.Argument(help="The part between sny_ and the next underscore.")]) -> None:
    """Revoke a token; it stops within a few seconds."""
    try:
        commands.revoke_token(prefix=prefix, now=clock.wall(), actor=_OPERATOR)
    except SenyumError as error:
        with translation.override("en"):
            typer.echo(str(error.sentence), err=True)
        raise typer.Exit(2) from error


@app.command()
def unpair(
    device: Annotated[str, typer.Argument(help="Name of the device.")],
    mall: Annotated[str, typer.Option(help="Code of the mall.")],
) -> None:
    """Revoke every token of a device: a lost tablet, a kiosk that goes elsewhere."""
    hall = _row(Mall.objects.filter(code=mall).first(), f"There is no mall {mall!r}.")
    thing = _row(Device.objects.filter(mall=hall, name=device).first(), f"There is no device {device!r}.")
    try:
        commands.end_pairings(device=thing, now=clock.wall(), actor=_OPERATOR)
    except SenyumError as error:
        with translation.override("en"):
            typer.echo(str(error.sentence), err=True)
        raise typer.Exit(2) from error


def _row(row: Row | None, sentence: str) -> Row:
    if row is None:
        typer.echo(sentence, err=True)
        raise typer.Exit(2)
    return row
