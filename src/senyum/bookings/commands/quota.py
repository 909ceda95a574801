"""A day's quota, shared by those who come and those who booked: a place that was booked is nobody else's."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from senyum.core.errors import NotPossible

#: What is booked of a key's quota (`line:7`, `booth:3`) on a day, those who came in included.
BOOKED = """
SELECT coalesce(sum(quantity), 0)::int FROM bookings_leg
WHERE counts AND day = %(day)s AND CASE split_part(%(key)s, ':', 1)
  WHEN 'line' THEN line_id = split_part(%(key)s, ':', 2)::bigint ELSE booth_id = split_part(%(key)s, ':', 2)::bigint END
"""


def take_quota(*, key: str, day: date, quota: int, count: int) -> None:
    """Take `count` places of a day's quota for somebody without a booking, or raise NotPossible.

    The row is locked until the transaction ends: whoever books takes it first, too, so that both never sell the same.
    """
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"key": key, "day": day}
        cursor.execute(
            "INSERT INTO visits_dayquota (key, day, issued) VALUES (%(key)s, %(day)s, 0)"
            " ON CONFLICT (key, day) DO NOTHING",
            asked,
        )
        cursor.execute("SELECT issued FROM visits_dayquota WHERE key = %(key)s AND day = %(day)s FOR UPDATE", asked)
        issued = int(cursor.fetchone()[0])
        cursor.execute(BOOKED, asked)
        booked = int(cursor.fetchone()[0])
        if issued + booked + count <= quota:
            cursor.execute(
                "UPDATE visits_dayquota SET issued = issued + %(count)s WHERE key = %(key)s AND day = %(day)s",
                asked | {"count": count},
            )
            return
    if booked:
        sentence = _("Kuota hari ini sudah habis (%(used)s dari %(quota)s, %(booked)s di antaranya dipesan).") % {
            "used": issued + booked,
            "quota": quota,
            "booked": booked,
        }
    else:
        sentence = _(
            "Kuota hari ini sudah habis (%(used)s dari %(quota)s). Silakan kembali pada hari buka berikutnya."
        ) % {
            "used": issued,
            "quota": quota,
        }
    raise NotPossible("quota_full", sentence, used=issued + booked, quota=quota)
