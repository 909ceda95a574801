"""At night: publish how well waits were foretold, by service and month."""

from __future__ import annotations

from datetime import timedelta

from procrastinate.contrib.django import app

from senyum.core import clock
from senyum.malls import queries as malls
from senyum.planning.accuracy import first_of
from senyum.planning.accuracy_commands import score_month

#: A month is looked at once more on so many days after its end: tickets end late, halls are switched off.
LATE_DAYS = 3


@app.periodic(cron="50 18 * * *")
@app.task(queueing_lock="score_forecasts")
def score_forecasts(timestamp: int) -> int:
    """Score the month of yesterday in every mall (hall's time); returns how many figures were put."""
    count = 0
    for mall in malls.malls():
        yesterday = malls.local_day(mall, clock.now()) - timedelta(days=1)
        months = {first_of(yesterday), first_of(yesterday - timedelta(days=LATE_DAYS))}
        count += sum(score_month(mall=mall, month=month, until=yesterday) for month in months)
    return count
