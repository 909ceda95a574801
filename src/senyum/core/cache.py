"""The cache in the database, one statement a write.

Django's own counts the whole table, opens a savepoint and looks before each write (five statements), and above 300 rows
throws rows away in the order of their keys, the counts of wrong passwords among them. Here what has ended is deleted at
night (`people.commands.forget_logins`), and nothing that has not.
"""

from __future__ import annotations

import base64
import pickle  # nosec B403 - the rows are the hall's own, as in Django's cache
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import DatabaseError, connection, transaction
from psycopg import sql

_PUT = sql.SQL(
    "INSERT INTO {table} AS kept (cache_key, value, expires) VALUES (%s, %s, %s)"
    " ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires"
)
#: Only where nothing is kept, or what is kept has ended.
_ADD = sql.SQL(
    "INSERT INTO {table} AS kept (cache_key, value, expires) VALUES (%s, %s, %s)"
    " ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires"
    " WHERE kept.expires < now()"
)
_TOUCH = sql.SQL("UPDATE {table} SET expires = %s WHERE cache_key = %s AND expires >= now()")
_FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


class HouseCache(DatabaseCache):
    """`django.core.cache.backends.db.DatabaseCache` with its writes in one statement each."""

    def _base_set(self, mode: str, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT) -> bool:
        until = self.get_backend_timeout(timeout)
        ends = _FOREVER if until is None else datetime.fromtimestamp(until, UTC)
        table = sql.Identifier(self._table)  # type: ignore[attr-defined]  # the stubs leave it out
        values: list[Any]
        if mode == "touch":
            statement, values = _TOUCH, [ends, key]
        else:
            kept = base64.b64encode(pickle.dumps(value, self.pickle_protocol)).decode("ascii")
            statement, values = _ADD if mode == "add" else _PUT, [key, kept, ends]
        # A cache may fail in silence, and must spoil no transaction of its caller's.
        around = transaction.atomic() if connection.in_atomic_block else nullcontext()
        try:
            with around, connection.cursor() as cursor:
                cursor.execute(statement.format(table=table), values)
                return bool(cursor.rowcount)
        except DatabaseError:
            return False
