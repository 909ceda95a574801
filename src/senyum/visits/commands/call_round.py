"""Presses of *next* that came together: one choice after the other, one write and one durable commit for all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import psycopg
from psycopg.pq import TransactionStatus

from senyum.core.wire import Part, Statement, together
from senyum.engine.discipline import Choice
from senyum.engine.discipline_round import Candidate, Round, Undecided
from senyum.visits import sql, sql_round

#: A press, by the names of the statement's parameters; and its answer, by the names of the statement's columns.
Parameters = dict[str, Any]
Row = dict[str, Any]
#: So many of those passed over are named in the ledger of calls.
NAMED = 5
#: How one commit begins, ends and is taken back: alone, and inside somebody else's transaction.
_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK")
_SAVEPOINT = ("SAVEPOINT senyum_round", "RELEASE SAVEPOINT senyum_round", "ROLLBACK TO SAVEPOINT senyum_round")


class _Seat(NamedTuple):
    """A row of `sql_round.SEATS`."""

    counter: int
    session: int
    user: int | None
    state: str
    mall: int
    mall_code: str
    number: int
    running: int | None
    running_state: str | None
    running_visit: int | None
    running_line: int | None
    running_label: str | None
    hall_paused: bool
    first: list[int]
    helps: list[int]

    def ready(self, press: Parameters) -> bool:
        return (
            self.state == "open"
            and self.running == press["seen"]
            and self.running_state != "called"
            and not self.hall_paused
        )


@dataclass
class Settled:
    """`rows`: the answer of each press, by its place; `left`: the places that could not be settled with the others."""

    rows: dict[int, Row] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)


def settle(raw: psycopg.Connection[Any], presses: Sequence[Parameters]) -> Settled:
    """Finish and call for presses by counter, in one transaction (a savepoint where one is running).

    Those that cannot be settled together (the second press of a counter; a long line in which many cannot be called)
    are made one by one after the others.
    """
    order = sorted(range(len(presses)), key=lambda place: presses[place]["counter"])
    by_counter = [presses[place] for place in order]
    try:
        done = _settle(raw, by_counter)
    except psycopg.errors.InvalidSqlStatementName:
        # The connection was made to forget its statements; nothing was changed.
        done = _settle(raw, by_counter)
    return Settled({order[nth]: row for nth, row in done.rows.items()}, [order[nth] for nth in done.left])


def _settle(raw: psycopg.Connection[Any], presses: Sequence[Parameters]) -> Settled:
    inside = raw.info.transaction_status is not TransactionStatus.IDLE
    begin, commit, undo = _SAVEPOINT if inside else _TRANSACTION
    first: dict[int, int] = {}
    for place, press in enumerate(presses):
        first.setdefault(press["counter"], place)
    single = {place: presses[place] for place in first.values()}
    try:
        seats, hall = _look(raw, begin, list(single.values()))
        done = Settled(left=[place for place in range(len(presses)) if place not in single])
        writes = _decide(done, seats, hall, single)
        _write(raw, done, writes, end=None if done.left else commit)
        if done.left:
            done.left.sort()
            done.rows |= {place: alone(raw, presses[place]) for place in done.left}
            raw.execute(commit)
    except BaseException:
        if not raw.closed and raw.info.transaction_status is not TransactionStatus.IDLE:
            raw.execute(undo)
        raise
    return done


def alone(raw: psycopg.Connection[Any], press: Parameters) -> Row:
    """One press by the single statement."""
    cursor = psycopg.Cursor(raw)
    cursor.execute(sql.CALL, press, prepare=True)
    row = cursor.fetchone()
    assert row is not None and cursor.description is not None
    return dict(zip((column.name for column in cursor.description), row, strict=True))


def _decide(
    done: Settled, seats: dict[int, _Seat], hall: Round[float], presses: dict[int, Parameters]
) -> list[dict[str, Any]]:
    """What is to be written, one press after the other."""
    writes: list[dict[str, Any]] = []
    places = list(presses)
    for nth, (place, press) in enumerate(presses.items()):
        seat = seats.get(press["counter"])
        if seat is None or press["user"] not in (None, seat.user):
            done.rows[place] = _answer(None, ready=False)
        elif not seat.ready(press):
            done.rows[place] = _answer(seat, ready=False)
        elif not _choose(done, writes, hall, place, press, seat):
            # Whoever comes after must see what this press will do.
            done.left += places[nth:]
            break
    return writes


def _look(
    raw: psycopg.Connection[Any], begin: str, presses: Sequence[Parameters]
) -> tuple[dict[int, _Seat], Round[float]]:
    counters = ",".join(str(press["counter"]) for press in presses)
    days = ",".join(press["day"].isoformat() for press in presses)
    asked = {"counters": f"{{{counters}}}", "days": f"{{{days}}}"}
    hold, look, lines = (_statement(text) for text in (sql_round.HOLD, sql_round.SEATS, sql_round.CANDIDATES))
    _held, rows, waiting = together(raw, [begin, (hold, asked), (look, asked), (lines, asked)])
    seats = {row[0]: _Seat(*row) for row in rows}
    candidates = [Candidate(*row) for row in waiting]
    return seats, Round(candidates, cut=_cut(seats, candidates))


@lru_cache(maxsize=16)
def _statement(text: str) -> Statement:
    return Statement(text)


def _cut(seats: dict[int, _Seat], candidates: list[Candidate[float]]) -> set[int]:
    """The lines of which as many came as were asked for: more may wait."""
    asked: dict[int, int] = {}
    for seat in seats.values():
        for line in (*seat.first, *seat.helps):
            asked[line] = asked.get(line, sql_round.SPARE) + 1
    came: dict[int, int] = {}
    for one in candidates:
        came[one.line] = came.get(one.line, 0) + 1
    return {line for line, number in came.items() if number >= asked.get(line, 0)}


def _choose(
    done: Settled, writes: list[dict[str, Any]], hall: Round[float], place: int, press: Parameters, seat: _Seat
) -> bool:
    try:
        choice = hall.press(first=seat.first, helps=seat.helps, now=press["now"].timestamp(), finishes=seat.running)
    except Undecided:
        return False
    done.rows[place] = _answer(seat, ready=True, choice=choice)
    if choice is not None or seat.running is not None:
        writes.append(_change(place, press, seat, choice))
    return True


def _change(place: int, press: Parameters, seat: _Seat, choice: Choice | None) -> dict[str, Any]:
    return {
        "ord": place,
        "mall": seat.mall,
        "mall_code": seat.mall_code,
        "session": seat.session,
        "counter": seat.counter,
        "number": seat.number,
        "at": press["now"].isoformat(),
        "undo": press["undo_until"].isoformat(),
        "finish": seat.running,
        "finish_visit": seat.running_visit,
        "finish_line": seat.running_line,
        "finish_label": seat.running_label,
        "was": "serving",
        "choose": choice.ticket if choice else None,
        "why": choice.why.value if choice else None,
        "passed": len(choice.passed_over) if choice else 0,
        "passed_ids": list(choice.passed_over[:NAMED]) if choice else [],
        "actor_kind": press["actor_kind"],
        "actor_id": press["actor_id"],
        "actor_label": press["actor_label"],
    }


def _write(raw: psycopg.Connection[Any], done: Settled, writes: list[dict[str, Any]], *, end: str | None) -> None:
    """Write all changes in one statement and, in the same message, `end` the transaction."""
    parts: list[Part] = [(_statement(sql_round.CHANGE), {"presses": json.dumps(writes)})] if writes else []
    for rows in together(raw, [*parts, *([end] if end else [])]) if parts or end else []:
        for place, finished, called in rows:
            # Whoever was chosen may have left this very moment: then nobody was called, and the press looks again.
            done.rows[place].update(finished=finished, called=called)


def _answer(seat: _Seat | None, *, ready: bool, choice: Choice | None = None) -> Row:
    """As the last SELECT of `sql.CALL`."""
    return {
        "session": seat.session if seat else None,
        "session_state": seat.state if seat else None,
        "running": seat.running if seat else None,
        "running_state": seat.running_state if seat else None,
        "running_label": seat.running_label if seat else None,
        "ready": seat.session if seat and ready else None,
        "finished": None,
        "called": None,
        "why": choice.why.value if choice else None,
        "passed_over": len(choice.passed_over) if choice else None,
        "eligible": 1 if choice else 0,
    }
