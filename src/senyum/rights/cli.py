"""`senyum person`: what the hall's officer for data protection does for somebody who asks (docs/privacy.md)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from django.template.loader import render_to_string
from django.utils import timezone, translation

from senyum.core import clock
from senyum.core.errors import SenyumError
from senyum.journal.actor import Actor
from senyum.malls.models import Mall
from senyum.rights import commands, queries, words
from senyum.rights import person as people
from senyum.rights.person import Person

app = typer.Typer(no_args_is_help=True, help="One person's data: export, erase.")

_OPERATOR = Actor("system", "cli", "senyum person")

Link = Annotated[str, typer.Option(help="The last part of the link of a ticket, booking or waiting-list place.")]
Label = Annotated[str, typer.Option(help="Queue number, with --mall and --day.")]
Day = Annotated[str, typer.Option(help="Day of the queue number, YYYY-MM-DD.")]
Reference = Annotated[str, typer.Option("--booking", help="Booking code, with --mall.")]
Username = Annotated[str, typer.Option("--user", help="Log-in name of a member of staff.")]
MallCode = Annotated[str, typer.Option("--mall", help="Code of the mall.")]


@app.callback()
def _group() -> None:
    """Name the person by one of --link, --label (with --mall and --day), --booking (with --mall), --user."""


@app.command()
def export(
    link: Link = "",
    label: Label = "",
    day: Day = "",
    booking: Reference = "",
    user: Username = "",
    mall: MallCode = "",
    page: Annotated[Path | None, typer.Option(help="Write a page to read (HTML) here instead of the JSON.")] = None,
    lang: Annotated[str, typer.Option(help="id, su or en.")] = "id",
) -> None:
    """Everything that this hall holds about one person, as JSON. Addresses stand in full: hand it to that person only.

    Name the person by one of --link, --label, --booking, --user.
    """
    with translation.override(lang if lang in ("id", "su", "en") else "id"):
        person, hall = _person(link, label, day, booking, user, mall)
        with timezone.override(hall.timezone if hall else None):
            copy = queries.copy_of(person, now=clock.now(), whole=True)
            if page is None:
                typer.echo(copy.as_json())
                return
            page.write_text(render_to_string("rights/file.html", {"copy": copy, "elsewhere": words.ELSEWHERE}))
            page.chmod(0o600)
            typer.echo(str(page))


@app.command()
def erase(link: Link = "", label: Label = "", day: Day = "", booking: Reference = "", mall: MallCode = "") -> None:
    """Erase at once what identifies a visitor whose visit or booking is over. Export it before: it does not come back.

    Prints field and how many, one a line. The journal certifies it.
    """
    person, _where = _person(link, label, day, booking, "", mall)
    try:
        counts = commands.erase(person=person, now=clock.now(), actor=_OPERATOR)
    except SenyumError as error:
        raise _leave(str(error.sentence)) from error
    for name, count in sorted(counts.items()):
        typer.echo(f"{name}\t{count}")
    if not counts:
        typer.echo("Nothing was left to erase.")


def _person(link: str, label: str, day: str, booking: str, user: str, mall: str) -> tuple[Person, Mall | None]:
    if sum(bool(given) for given in (link, label, booking, user)) != 1:
        raise _leave("Name one person: --link, --label (with --mall and --day), --booking (with --mall), or --user.")
    hall = _hall(mall) if label or booking else None
    try:
        if user:
            return people.by_username(user), None
        if link:
            found = people.by_token(link.rstrip("/").rpartition("/")[2])
        elif label:
            assert hall is not None
            found = people.by_label(hall, _day(day), label)
        else:
            assert hall is not None
            found = people.by_reference(hall, booking)
    except SenyumError as error:
        raise _leave(str(error.sentence)) from error
    return found, found.mall


def _hall(code: str) -> Mall:
    found = Mall.objects.filter(code=code).first()
    if found is None:
        raise _leave(f"There is no mall {code!r}; name one with --mall.")
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _leave(f"{text!r} is no day; write --day YYYY-MM-DD.") from None


def _leave(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(2)
