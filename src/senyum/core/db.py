"""The two ways in which Senyum touches a contended row, and the raw cursor of the hot statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from django.db.models import QuerySet


def claim(rows: QuerySet[Any], **changes: Any) -> bool:
    """Change the one row of `rows` (filtered by its id and its old state) and say whether it was still so.

    Raises RuntimeError if more than one row changed: the filter named no single row.
    """
    changed = rows.update(**changes)
    if changed > 1:
        raise RuntimeError(f"a claim changed {changed} rows")
    return changed == 1


@contextmanager
def raw_cursor() -> Iterator[psycopg.Cursor[Any]]:
    """A psycopg cursor on Django's own connection: parameters bound by the server, statements prepared."""
    connection.ensure_connection()
    raw = connection.connection
    assert raw is not None
    with psycopg.Cursor(raw) as cursor:
        yield cursor


def violated(error: BaseException) -> str:
    """The name of the constraint that fired, or an empty string."""
    while error is not None:
        if isinstance(error, psycopg.Error):
            return error.diag.constraint_name or ""
        error = error.__cause__  # type: ignore[assignment]  # the end of a chain of causes is None
    return ""
