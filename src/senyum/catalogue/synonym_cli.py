"""`senyum catalogue synonyms`: what words mean to the search."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from senyum.catalogue import synonym_commands
from senyum.catalogue.models import Synonym
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM

synonyms = typer.Typer(no_args_is_help=True, help="What words mean to the search.")

Language = Annotated[str, typer.Argument(help="id, su or en.")]
Word = Annotated[str, typer.Argument(help="One to three words as people say them.")]
Means = Annotated[str, typer.Argument(help="The catalogue's words; left out: a filler, a word that says nothing.")]


@synonyms.command("list")
def show(
    about: Annotated[str, typer.Argument(help="Only rows in which this word stands.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of {language, word, means, active, house}.")
    ] = False,
) -> None:
    """Show the rows, those switched off included."""
    rows = Synonym.objects.order_by("word", "language", "means")
    found: list[dict[str, Any]] = [
        {"language": r.language, "word": r.word, "means": r.means, "active": r.active, "house": r.is_house}
        for r in rows
        if not about or about.casefold() in f"{r.word} {r.means}".split()
    ]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for row in found:
        off = "" if row["active"] else "  (off)"
        typer.echo(f"{row['language']}  {row['word']} = {row['means'] or '-'}{off}")
    if not found:
        typer.echo("No such row.")


@synonyms.command()
def put(language: Language, word: Word, means: Means = "") -> None:
    """Let a word stand for the catalogue's words."""
    row = _tried(
        lambda: synonym_commands.put_synonym(language=language, word=word, means=means, now=clock.now(), actor=SYSTEM)
    )
    typer.echo(f"{row.language}  {row.word} = {row.means or '-'}")


@synonyms.command()
def drop(language: Language, word: Word, means: Means = "") -> None:
    """Switch a row off; no later version brings it back."""
    row = _tried(
        lambda: synonym_commands.drop_synonym(language=language, word=word, means=means, now=clock.now(), actor=SYSTEM)
    )
    typer.echo(f"{row.language}  {row.word} = {row.means or '-'}  (off)")


@synonyms.command()
def load() -> None:
    """Bring the house's own rows to this version's list (`upgrade` does it, too)."""
    done = synonym_commands.load_house_words(now=clock.now(), actor=SYSTEM)
    typer.echo(f"{done.added} added, {done.gone} gone.")


def _tried(command: Callable[[], Synonym]) -> Synonym:
    try:
        return command()
    except NotPossible as refusal:
        typer.echo(f"senyum catalogue: {refusal.sentence}", err=True)
        raise typer.Exit(2) from refusal
