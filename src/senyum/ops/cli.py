"""The commands that look after a hall: doctor, backup, restore, upgrade."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from senyum.core import clock
from senyum.ops import hall
from senyum.ops.words import Words

Language = Annotated[str, typer.Option("--lang", envvar="SENYUM_LANG", help="id or en.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON (docs/operation.md).")]


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; an existing file is replaced.")],
    as_json: AsJson = False,
    lang: Language = "id",
) -> None:
    """Save database, keys and journal heads in one file. The hall may run meanwhile."""
    from senyum.ops import backup as tool

    place = hall.here()
    try:
        manifest = tool.save(place, os.environ["DATABASE_URL"], file, clock.wall())
    except tool.BackupError as error:
        raise _leave(error.words[lang]) from error
    if as_json:
        typer.echo(json.dumps({"file": str(file), **asdict(manifest)}))
        return
    size = file.stat().st_size / 1e6
    sealed = sum(int(head[0]) for head in manifest.journal.values())
    typer.echo(
        Words(
            f"Tersimpan: {file} ({size:.1f} MB, {sealed} entri jurnal). "
            "Berkas ini memuat kunci; simpan di tempat aman.",
            f"Saved: {file} ({size:.1f} MB, {sealed} journal entries). The file holds keys; keep it in a safe place.",
        )[lang]
    )


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `senyum backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Replace what the database holds.")] = False,
    lang: Language = "id",
) -> None:
    """Put a backup back, bring it to this version, and verify its journal."""
    from senyum.ops import backup as tool
    from senyum.ops import prepare, upgrade

    url = os.environ["DATABASE_URL"]
    try:
        manifest = tool.restore(hall.here(), url, file, force=force)
    except tool.BackupError as error:
        raise _leave(error.words[lang]) from error
    prepare.migrate()
    finding = upgrade.journal_finding()
    if finding:
        raise _leave(Words(f"Jurnal tidak utuh: {finding}", f"The journal is not sound: {finding}")[lang])
    sealed = sum(int(head[0]) for head in manifest.journal.values())
    typer.echo(
        Words(
            f"Dipulihkan: keadaan {manifest.made_at}, {sealed} entri jurnal diperiksa dan utuh.",
            f"Restored: the state of {manifest.made_at}, {sealed} journal entries verified and sound.",
        )[lang]
    )


def upgrade(lang: Language = "id") -> None:
    """Bring the database to this version: backup first, then migrations, then a look at the journal."""
    from senyum.ops import backup as saving
    from senyum.ops import upgrade as tool

    try:
        outcome = tool.upgrade(hall.here(), os.environ["DATABASE_URL"], clock.wall())
    except (tool.UpgradeError, saving.BackupError) as error:
        raise _leave(error.words[lang]) from error
    kept = f" {outcome.saved}" if outcome.saved else " -"
    typer.echo(
        Words(
            f"Mutakhir: {outcome.migrations} migrasi dijalankan, jurnal utuh. Cadangan sebelumnya:{kept}",
            f"Up to date: {outcome.migrations} migrations applied, journal sound. Backup before:{kept}",
        )[lang]
    )


def doctor(
    port: Annotated[int, typer.Option(help="The port that `senyum up` shall use.")] = 8000,
    as_json: AsJson = False,
    lang: Language = "id",
) -> None:
    """Say in plain words what is missing or wrong. Ends with 1 when something must be done."""
    from senyum.ops import doctor as tool

    findings = tool.examine(port=port, now=clock.wall())
    bad = any(f.state == "bad" for f in findings)
    if as_json:
        rows = [f.as_dict(lang) for f in findings]
        typer.echo(json.dumps({"ok": not bad, "findings": rows}, ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(finding.line(lang))
    if bad:
        raise typer.Exit(1)


def _leave(sentence: str) -> typer.Exit:
    typer.echo(f"senyum: {sentence}", err=True)
    return typer.Exit(1)
