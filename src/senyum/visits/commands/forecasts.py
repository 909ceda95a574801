"""What is kept of forecasts: how each line stood and what was promised, what waiting people were shown, what was kept.

These rows measure; they change nothing that anybody decided, so the journal does not repeat them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time

from django.db import connection, transaction
from django.db.models import Count, Q
from django_scopes import scopes_disabled

from senyum.malls.models import Mall
from senyum.malls.rules import moment
from senyum.visits import calm, states
from senyum.visits.foretell import LEVELS, Outlook
from senyum.visits.hall import Hall, hall_of
from senyum.visits.learning import engine_state, look_at_lines, put_engine_state
from senyum.visits.models import ForecastState, LineForecast, LineShown, Ticket
from senyum.visits.outcomes import Outcome, Promise, never_called, outcomes

#: A line's state is kept every so many minutes, and whenever its counters change.
GRID_MINUTES = 5


@dataclass(frozen=True)
class Watched:
    """What a minute's look wrote: rows of lines, people whose shown wait was kept, outcomes that became known."""

    lines: int
    shown: int
    outcomes: int


def watch_lines(*, mall: Mall, now: datetime, speed: float = 1.0) -> Watched:
    """Look at the lines of a hall, once a minute. Does nothing while the hall is closed and empty.

    Repeating it within the same minute changes nothing but what people are shown. `speed`: seconds of the hall in a
    real one, kept with what is seen: days of a fast demo are not judged.
    """
    hall = hall_of(mall, now)
    with scopes_disabled(), transaction.atomic():
        waiting = _waiting(mall, hall.day)
        if not waiting and not any(hours.receives(now) for hours in hall.hours.values()):
            return Watched(0, 0, 0)
        state = _locked_state(mall, now)
        known = _settle(state, hall, now)
        rows = _line_rows(hall, waiting, now, speed)
        if any(row.why == "grid" for row in rows) and state.model:
            state.learned = look_at_lines(state, hall.day, rows)
            state.learned_at = now
        if known or state.learned_at == now:
            state.version += 1
        state.save(update_fields=["version", "calibration", "lines", "offices", "outcomes", "settled_to", "learned",
                                  "learned_at"])  # fmt: skip
        LineForecast.objects.bulk_create(rows, ignore_conflicts=True)
        return Watched(len(rows), _show(hall, waiting, now), known)


def end_forecasts(*, mall: Mall, day: date, now: datetime) -> int:
    """Close a day's account, once: waits of its rows, and broken promises of those nobody called taken back.

    Returns how many waits became known.
    """
    with scopes_disabled(), transaction.atomic():
        state = _locked_state(mall, now)
        if state.night is not None and state.night >= day:
            return 0
        waits = _put_waits(mall, day)
        calibration = engine_state(state)
        promises = _promises(mall, day, Q())
        for outcome in never_called(promises):
            calibration.observe(outcome, times=-1.0)
        calibration.pace(promises)
        put_engine_state(state, calibration)
        state.night, state.version = day, state.version + 1
        state.learned, state.learned_at = {}, None
        state.save(update_fields=["night", "version", "calibration", "lines", "offices", "learned", "learned_at"])
        LineShown.objects.filter(line__mall=mall).delete()
    return waits


def put_model(*, mall: Mall, model: bytes, memory: bytes, calibration: bytes | None, trial: dict[str, object],
              now: datetime) -> None:  # fmt: skip
    """Keep what a night's learning brought: a model, or none (empty bytes), and what its trial showed.

    `calibration`: of the engine, for another model than yesterday's; None keeps the one that has grown.
    """
    with transaction.atomic():
        state = _locked_state(mall, now)
        state.model, state.memory, state.trial = model, memory, trial
        if calibration is not None:
            state.calibration = calibration
        state.version += 1
        state.save(update_fields=["model", "memory", "trial", "calibration", "version"])


def _locked_state(mall: Mall, now: datetime) -> ForecastState:
    from senyum.engine.forecast import Calibration

    ForecastState.objects.get_or_create(
        mall=mall,
        defaults={"settled_to": now, "calibration": Calibration.none(LEVELS, 0, 0).to_bytes()},
    )
    return ForecastState.objects.select_for_update().get(mall=mall)


def _promises(mall: Mall, day: date, more: Q) -> list[Promise]:
    """Of tickets that were promised something and did not ask to be passed over."""
    rows = Ticket.objects.filter(more, mall=mall, day=day, delays=0, rejoins=0)
    return [
        Promise(line, agency, at, promise, called, ended)
        for line, agency, at, p10, p50, p90, called, ended in rows.values_list(
            "line_id", "agency_id", "queued_at", "wait_p10", "wait_p50", "wait_p90", "called_at", "ended_at"
        )
        if (promise := _figures(p10, p50, p90))
    ]


def _figures(p10: float | None, p50: float | None, p90: float | None) -> tuple[float, float, float] | None:
    """A whole promise; tickets of before p10 was kept have none, and stand with p50 for it."""
    if p50 is None or p90 is None:
        return None
    return (p50 if p10 is None else p10), p50, p90


def _settle(state: ForecastState, hall: Hall, now: datetime) -> int:
    """Move the calibration by what became known since the last look. Returns how many outcomes."""
    since = state.settled_to
    if now <= since:
        return 0
    open_then = (Q(called_at=None) | Q(called_at__gt=since)) & (Q(ended_at=None) | Q(ended_at__gt=since))
    found = outcomes(_promises(hall.mall, hall.day, open_then), since, now)
    _observe(state, found)
    state.settled_to = now
    return len(found)


def _observe(state: ForecastState, found: Iterable[Outcome]) -> None:
    calibration = engine_state(state)
    for outcome in found:
        calibration.observe(outcome)
        state.outcomes += 1
    put_engine_state(state, calibration)


@dataclass(frozen=True)
class _Waiting:
    id: int
    quantity: int
    queued_at: datetime
    people_ahead: int
    promise: calm.Figures


def _waiting(mall: Mall, day: date) -> dict[int, list[_Waiting]]:
    """Line id -> who waits, in the order of their turn."""
    found: dict[int, list[_Waiting]] = {}
    rows = Ticket.objects.filter(mall=mall, day=day, state=states.WAITING).order_by("line_id", "turn_at", "id")
    for line, ticket, quantity, queued_at, ahead, p10, p50, p90 in rows.values_list(
        "line_id", "id", "quantity", "queued_at", "people_ahead", "wait_p10", "wait_p50", "wait_p90"
    ):
        promise: calm.Figures = _figures(p10, p50, p90) or (None, None, None)
        found.setdefault(line, []).append(_Waiting(ticket, quantity, queued_at, ahead, promise))
    return found


def _line_rows(hall: Hall, waiting: dict[int, list[_Waiting]], now: datetime, speed: float) -> list[LineForecast]:
    """A row for each line that lives, when five minutes have passed or its counters have changed."""
    last = {
        row.line_id: row
        for row in LineForecast.objects.filter(mall=hall.mall, day=hall.day)
        .order_by("line_id", "-at")
        .distinct("line_id")
    }
    called = dict(
        Ticket.objects.filter(mall=hall.mall, day=hall.day, called_at__isnull=False)
        .values_list("line_id")
        .annotate(n=Count("pk"))
    )
    midnight = moment(hall.mall.timezone, hall.day, clock_time(0))
    minute = (now - midnight).total_seconds() / 60
    rows = []
    for line in hall.lines.values():
        outlook, queue, before = hall.outlooks[line.id], waiting.get(line.id, []), last.get(line.id)
        hours = hall.hours.get(line.booth_id)
        counters = outlook.state.counters if outlook.state else 0.0
        if not queue and not counters and not (hours and hours.receives(now)):
            continue
        grid = before is None or now - before.at >= timedelta(minutes=GRID_MINUTES, seconds=-20)
        if not grid and before is not None and abs(before.counters - counters) < 0.5:
            continue
        row = _row(hall, line.id, outlook, queue, now, minute, counters, called.get(line.id, 0), grid=grid)
        row.speed = speed
        rows.append(row)
    return rows


def _row(
    hall: Hall, line_id: int, outlook: Outlook, queue: list[_Waiting], now: datetime, minute: float, counters: float,
    called: int, *, grid: bool,
) -> LineForecast:  # fmt: skip
    """What the last in line is told (of an empty line: whoever comes)."""
    ahead = max(0, len(queue) - 1)
    extra = sum(t.quantity - 1 for t in queue[:-1])
    cold, told = outlook.cold_wait(ahead, extra), outlook.wait(ahead, extra)
    return LineForecast(
        mall=hall.mall,
        line_id=line_id,
        day=hall.day,
        at=now,
        minute=round(minute, 2),
        why="grid" if grid else "change",
        counters=counters,
        waiting=len(queue),
        called=called,
        cold_p10=cold[0],
        cold_p50=cold[1],
        cold_p90=cold[2],
        p10=told[0],
        p50=told[1],
        p90=told[2],
        basis=outlook.basis,
        ticket_id=queue[-1].id if queue else None,
    )


def _show(hall: Hall, waiting: dict[int, list[_Waiting]], now: datetime) -> int:
    """Keep what everybody who waits is shown at this minute."""
    before = {row.line_id: row for row in LineShown.objects.filter(line__mall=hall.mall)}
    rows = []
    for line_id in {*waiting, *(line for line, row in before.items() if row.waits)}:
        outlook, row = hall.outlooks[line_id], before.get(line_id)
        line = calm.LineNow(frozenset(outlook.counters), hall.paused)
        was = calm.LineNow(frozenset(row.counters), row.paused) if row else None
        waits, extra = {}, 0
        for ahead, ticket in enumerate(waiting.get(line_id, [])):
            kept = row.waits.get(str(ticket.id)) if row else None
            last = (
                calm.Calm.read(row.at, kept)
                if row and kept
                else calm.issued(at=ticket.queued_at, ahead=ticket.people_ahead, promise=ticket.promise)
            )
            told = outlook.wait(ahead, extra)
            waits[str(ticket.id)] = calm.go_on(last, was, line, now=now, ahead=ahead, raw=told).stored()
            extra += ticket.quantity - 1
        rows.append(
            LineShown(line_id=line_id, at=now, counters=sorted(outlook.counters), paused=hall.paused, waits=waits)
        )
    LineShown.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["line"], update_fields=["at", "counters", "paused", "waits"]
    )
    return sum(len(row.waits) for row in rows)


def _put_waits(mall: Mall, day: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE visits_lineforecast f SET wait = extract(epoch FROM t.called_at - f.at) / 60"
            " FROM visits_ticket t WHERE f.mall_id = %s AND f.day = %s AND t.id = f.ticket_id AND t.called_at > f.at"
            " AND t.delays = 0 AND t.rejoins = 0",
            [mall.pk, day],
        )
        return int(cursor.rowcount)
