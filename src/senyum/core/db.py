"""The two ways in which Senyum touches a contended row, and the raw cursor of the hot statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

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


Trouble = Literal["", "busy", "full", "lost", "unreadable"]
#: Classes of SQLSTATE that say it: https://www.postgresql.org/docs/current/errcodes-appendix.html
_STATES: dict[str, Trouble] = {
    "55P03": "busy",  # lock_not_available
    "57014": "busy",  # query_canceled
    "40P01": "busy",  # deadlock_detected
    "40001": "busy",  # serialization_failure
    "53300": "busy",  # too_many_connections
    "53100": "full",  # disk_full
    "53200": "full",  # out_of_memory
    "53000": "full",  # insufficient_resources
    "58030": "full",  # io_error
    "25006": "full",  # read_only_sql_transaction: a standby, or set so by the operator
    "57P01": "lost",  # admin_shutdown
    "57P02": "lost",  # crash_shutdown
    "57P03": "lost",  # cannot_connect_now
    "57P05": "lost",  # idle_session_timeout
    "25P03": "lost",  # idle_in_transaction_session_timeout
}


def trouble_of(error: BaseException) -> Trouble:
    """What is the matter with the database, "" when the error is of another kind.

    busy: tried later it works. full: nothing can be written now (disk, memory, read only). lost: no connection.
    unreadable: what was sent cannot be stored (a NUL character, a number out of every range).
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, psycopg.Error):
            return _trouble(seen)
        seen = seen.__cause__
    return ""


def _trouble(error: psycopg.Error) -> Trouble:
    state = error.sqlstate or ""
    if state in _STATES:
        return _STATES[state]
    if isinstance(error, psycopg.DataError):
        return "unreadable"
    # Without an answer of the server there is no state: the connection is gone, or was never there.
    return "lost" if not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) else ""
