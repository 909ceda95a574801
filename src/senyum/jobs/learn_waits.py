"""At night: close the account of the day's forecasts, and learn from the mall's own history when there is enough."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from procrastinate.contrib.django import app

from senyum.core import clock
from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.visits import commands, lessons
from senyum.visits.models import ForecastState

#: A hall that was switched off takes in the days it slept through.
LOOK_BACK = 14
#: Learning takes minutes, so a model is tried once a week, in the night to this weekday; its memory grows every night.
TRIAL_WEEKDAY = 0


@app.periodic(cron="20 18 * * *")
@app.task(queueing_lock="learn_waits")
def learn_waits(timestamp: int) -> int:
    """Take in the days that are over, in every mall; returns how many waits became known."""
    now = clock.now()
    return sum(learn_mall(mall, now) for mall in malls.malls())


def learn_mall(mall: Mall, now: datetime) -> int:
    """What is due in `mall` at `now`. Repeating it changes nothing. Returns how many waits became known."""
    today = malls.local_day(mall, now)
    state = ForecastState.objects.filter(mall=mall).only("night", "model", "trial").first()
    if state is None:
        return 0
    first = max(today - timedelta(days=LOOK_BACK), state.night + timedelta(days=1) if state.night else date.min)
    days = [first + timedelta(days=n) for n in range((today - first).days)]
    known = sum(commands.end_forecasts(mall=mall, day=day, now=now) for day in days)
    if days:
        _learn(mall, today, now)
    return known


def _learn(mall: Mall, today: date, now: datetime) -> None:
    state = ForecastState.objects.get(mall=mall)
    # Without a model every night may be the one with enough history; `lesson` says so at once when it is not.
    if state.model and today.weekday() != TRIAL_WEEKDAY:
        memory = lessons.memory_of(mall, today)
        if memory is not None:
            commands.put_model(
                mall=mall, model=bytes(state.model), memory=memory, calibration=None, trial=state.trial, now=now
            )
        return
    if "learned" in state.trial and today.weekday() != TRIAL_WEEKDAY:
        return
    found = lessons.lesson(mall, today)
    if found is not None:
        commands.put_model(
            mall=mall, model=found.model, memory=found.memory, calibration=found.calibration, trial=found.trial, now=now
        )
