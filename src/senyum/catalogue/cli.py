"""`senyum catalogue`: the catalogue in and out as sheets, and for SIPPN and the EU's vocabulary."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from django.utils import translation

from senyum.catalogue import components, export, sheet
from senyum.catalogue.import_commands import Imported, import_sheet
from senyum.catalogue.synonym_cli import synonyms
from senyum.core import clock
from senyum.journal.actor import Actor

app = typer.Typer(no_args_is_help=True, help="Services and their standards: import, template, export, synonyms.")
app.add_typer(synonyms, name="synonyms")
_OPERATOR = Actor("system", "cli", "senyum catalogue")

Language = Annotated[str, typer.Option("--lang", envvar="SENYUM_LANG", help="Language of the report: id, su or en.")]


class Format(StrEnum):
    """What can be exported."""

    CSV = "csv"
    SIPPN = "sippn"
    CPSV = "cpsv"


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="An .xlsx or .csv; see `senyum catalogue template`.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object; docs/catalogue.md has the keys.")] = False,
    lang: Language = "id",
) -> None:
    """Import a sheet: all of it, or nothing and a list of what is wrong in which line."""
    with translation.override(lang):
        result = import_sheet(sheet=sheet.read(file), now=clock.now(), actor=_OPERATOR)
        typer.echo(json.dumps(_as_json(result), ensure_ascii=False) if as_json else _as_text(result))
    if result.findings:
        raise typer.Exit(1)


def _as_json(result: Imported) -> dict[str, object]:
    return {
        "imported": not result.findings,
        "lines": result.lines,
        "services": result.services,
        "new": result.new,
        "drafts": result.drafts,
        "names": result.names,
        "unchanged": result.unchanged,
        "findings": [{"line": f.line, "column": f.column, "sentence": str(f.sentence)} for f in result.findings],
    }


def _as_text(result: Imported) -> str:
    if result.findings:
        told = [
            " · ".join(part for part in (f"{f.line or '-':>5}", f.column, str(f.sentence)) if part)
            for f in result.findings
        ]
        return "\n".join([*told, "", f"{len(told)} findings in {result.lines} lines; nothing was imported."])
    return (
        f"{result.lines} lines, {result.services} services: {result.new} new, {result.drafts} drafts to be reviewed, "
        f"{result.names} renamed, {result.unchanged} unchanged."
    )


@app.command()
def template(
    file: Annotated[Path, typer.Argument(help="Where to write: .xlsx (with a guide) or .csv.")],
    lang: Language = "id",
) -> None:
    """Write an empty sheet with its columns."""
    if file.suffix.lower() == ".csv":
        file.write_text(sheet.write_csv([]), encoding="utf-8-sig")
    else:
        with translation.override(lang):
            guide = [(c.sheet, f"{c.title}: {c.hint}") for c in components.COMPONENTS if c.sheet]
            kinds = [(kind, ", ".join(names)) for kind, names in sheet.ALLOWED.items()]
            sheet.write_xlsx(file, guide=[("jenis", "layanan, syarat, tarif"), *kinds, *guide])
    typer.echo(f"{file} written.")


@app.command("export")
def export_all(
    form: Annotated[Format, typer.Option("--format", help="csv, sippn (JSON) or cpsv (JSON-LD).")] = Format.CSV,
    agency: Annotated[str, typer.Option(help="Code of one agency.")] = "",
    base: Annotated[str, typer.Option(help="Begin of the identifiers in cpsv.")] = "https://senyum.invalid/catalogue/",
) -> None:
    """Write the standards in force to the terminal's output."""
    rows = export.in_force(agency)
    if form is Format.CSV:
        typer.echo(sheet.write_csv(export.service_lines(rows)), nl=False)
    elif form is Format.SIPPN:
        typer.echo(json.dumps(export.sippn(rows), ensure_ascii=False, indent=1))
    else:
        typer.echo(json.dumps(export.cpsv(rows, base.rstrip("/") + "/"), ensure_ascii=False, indent=1))
