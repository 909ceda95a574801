"""The tiny hall with a roster and hours that a plan can be made for."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.db import connection

from senyum.journal.actor import SYSTEM
from senyum.malls import queries as malls
from senyum.malls.models import BoothHours
from senyum.rehearsal.queries import SmallHall
from senyum.rehearsal.shifts import put_week

#: A Tuesday; the roster of its week is planned.
DAY = date(2026, 3, 3)
NOW = datetime(2026, 3, 2, 23, tzinfo=UTC)


def eight_to_three(hall: SmallHall) -> SmallHall:
    """The hall receives from 08.00 to 15.00, and somebody sits at each counter all week."""
    BoothHours.objects.filter(booth__mall=hall.mall).update(opens=time(8), last_ticket=time(14, 30), closes=time(15))
    malls.forget()
    with connection.cursor() as cursor:
        # A test stays in one transaction while it computes; the first time, compiling alone takes a minute.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    put_week(mall=hall.mall, now=NOW, actor=SYSTEM)
    return hall


def at(hour: int, minute: int = 0) -> datetime:
    """An hour of `DAY` in the hall's zone."""
    return datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(hours=hour - 7, minutes=minute)
