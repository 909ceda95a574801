"""A copy of everything that Senyum holds about one person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django_scopes import scopes_disabled

from senyum.rights import words
from senyum.rights.person import Person
from senyum.rights.tables import HELD, Held

VERSION = 1


@dataclass(frozen=True)
class Cell:
    """A column of a row: its name in the database, its name in words ("" for inner ones), and what stands there."""

    column: str
    label: str | Promise
    value: Any

    @property
    def shown(self) -> Any:
        """For a reader: moments as they are (the page says them in the hall's time), things by their names."""
        value = self.value
        if isinstance(value, str) and value in (said := words.CODES.get(self.column, {})):
            return said[value]
        if isinstance(value, float):
            return round(value, 1)
        if isinstance(value, dict) and set(value) == {"id", "name"}:
            return value["name"]
        if isinstance(value, dict | list):
            return json.dumps(value, ensure_ascii=False, default=_plain)
        return value

    @property
    def is_moment(self) -> bool:
        return isinstance(self.value, datetime)

    @property
    def is_day(self) -> bool:
        return isinstance(self.value, date) and not self.is_moment


@dataclass(frozen=True)
class Row:
    """One row. `said`: the cells that have a name and say something."""

    pk: Any
    cells: tuple[Cell, ...]

    @property
    def said(self) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.cells if cell.label and cell.value not in ("", None, [], {}))


@dataclass(frozen=True)
class Table:
    """A table with the person's rows; `withheld`: (column, why) of what is not said."""

    name: str
    title: str | Promise
    rows: tuple[Row, ...]
    withheld: tuple[tuple[str, str | Promise], ...]


@dataclass(frozen=True)
class Copy:
    """Everything held about `person`, as of a moment of the hall. Tables without a row are left out."""

    person: str
    as_of: datetime
    tables: tuple[Table, ...]

    @property
    def withheld(self) -> tuple[str | Promise, ...]:
        """The reasons why some columns are not said, each once."""
        return tuple(dict.fromkeys(why for table in self.tables for _column, why in table.withheld))

    def as_json(self) -> str:
        """{version, person, as_of, tables: [{table, title, rows, withheld: {column: why}}], elsewhere}.

        `rows`: [{column: value}]. docs/privacy.md has the keys. Moments are ISO 8601 in the active time zone.
        """
        answer = {
            "version": VERSION,
            "person": self.person,
            "as_of": self.as_of,
            "tables": [
                {
                    "table": table.name,
                    "title": str(table.title),
                    "rows": [{cell.column: cell.value for cell in row.cells} for row in table.rows],
                    "withheld": {column: str(why) for column, why in table.withheld},
                }
                for table in self.tables
            ],
            "elsewhere": [str(sentence) for sentence in words.ELSEWHERE],
        }
        return json.dumps(answer, ensure_ascii=False, indent=2, default=_plain)


def copy_of(person: Person, *, now: datetime, whole: bool) -> Copy:
    """Everything held about the person. `whole`: addresses in full, for the hall's officer for data protection.

    By a link they are said in part ("...4321"): a link may be in other hands, and its owner knows the rest.
    """
    with scopes_disabled():
        return Copy(person.name, now, tuple(_tables(person, whole)))


def _tables(person: Person, whole: bool) -> Iterator[Table]:
    for held in HELD:
        where = held.where(person)
        if where is None:
            continue
        model = apps.get_model(held.model)
        columns = [f for f in model._meta.concrete_fields if not held.only or f.name in held.only]
        named = [f.name for f in columns if f.is_relation and f.related_model._meta.label in words.NAMED]
        found = model._base_manager.filter(where).order_by("pk")
        if named:
            # Without a name it would follow every foreign key there is, and theirs.
            found = found.select_related(*named)
        rows = tuple(Row(row.pk, tuple(_cells(held, columns, person, row, whole))) for row in found)
        if rows:
            hidden = tuple((name, held.hidden[name]) for f in columns if (name := f.name) in held.hidden)
            yield Table(model._meta.db_table, held.title, rows, hidden)


def _cells(held: Held, columns: list[Any], person: Person, row: models.Model, whole: bool) -> Iterator[Cell]:
    for column in columns:
        if column.name in held.hidden:
            continue
        value = getattr(row, column.attname)
        if column.name in held.say:
            value = held.say[column.name](person, row, value, whole)
        elif column.is_relation and column.related_model._meta.label in words.NAMED and value is not None:
            value = {"id": value, "name": str(getattr(row, column.name))}
        label = "" if column.name in held.inner else words.COLUMNS.get(column.name, "")
        yield Cell(column.attname, label, value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, UUID | Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in an export")
