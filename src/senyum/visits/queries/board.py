"""What the hall's board shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django_scopes import scopes_disabled

from senyum.malls import queries as malls
from senyum.malls.models import Mall
from senyum.visits import states
from senyum.visits.hall import hall_of
from senyum.visits.models import Call
from senyum.visits.queries.lines import line_states, open_counters

RECENT = 6
#: A call older than this is no longer "now".
SHOWN = timedelta(minutes=45)


@dataclass(frozen=True)
class BoardCall:
    """One announcement as the board shows it."""

    call_id: int
    ticket_id: int
    at: datetime
    label: str
    counter_number: int
    agency_short: str
    service: str
    kind: str
    withdrawn: bool
    quiet: bool
    serving: bool


@dataclass(frozen=True)
class BoardCounter:
    number: int
    agency_short: str
    state: str
    back_at: datetime | None
    pause_reason: str


@dataclass(frozen=True)
class LongestLine:
    """The line of whoever waits longest: minutes waited so far, and what a newcomer is told, if that can be told."""

    agency: str
    minutes: int
    p50: float | None = None
    p90: float | None = None


@dataclass(frozen=True)
class BoardLine:
    """A line in which somebody waits, and what a new number is told (minutes; None while no counter serves it)."""

    prefix: str
    agency: str
    service: str
    waiting: int
    p50: float | None
    p90: float | None


@dataclass(frozen=True)
class Board:
    """The newest call, the last six others, the counters, the lines in which people wait and the foot strip."""

    newest: BoardCall | None
    recent: list[BoardCall]
    counters: list[BoardCounter]
    waiting: int
    longest: LongestLine | None
    open_counters: int
    all_counters: int
    pause_reason: str
    pause_back_at: datetime | None
    closed_message: str
    lines: tuple[BoardLine, ...] = ()


def board(mall: Mall, now: datetime) -> Board:
    """The board of a mall at `now`. Public: labels only."""
    hall = hall_of(mall, now)
    calls = _calls(mall, now)
    counters = open_counters(mall, now)
    lines = line_states(mall, now, counters=counters)
    waiting = [line for line in lines if line.waiting]
    longest = max(waiting, key=lambda line: line.longest_minutes, default=None)
    pause = malls.hall_pause(mall)
    takes = any(line.takes_tickets for line in lines)
    running = any(c.state != "closed" for c in counters)
    reasons = sorted({hours.reason for hours in hall.hours.values() if hours.reason})
    return Board(
        newest=calls[0] if calls else None,
        recent=calls[1 : RECENT + 1],
        counters=[BoardCounter(c.number, c.agency, c.state, c.back_at, c.pause_reason) for c in counters],
        waiting=sum(line.waiting for line in lines),
        longest=LongestLine(longest.agency, longest.longest_minutes, longest.p50, longest.p90) if longest else None,
        open_counters=sum(1 for c in counters if c.state == "open"),
        all_counters=len(counters),
        pause_reason=pause.reason if pause else "",
        pause_back_at=pause.back_at if pause else None,
        lines=tuple(
            BoardLine(line.prefix, line.agency, line.service, line.waiting, line.p50, line.p90)
            for line in sorted(waiting, key=lambda line: (line.prefix, line.line_id))
            if line.takes_tickets
        ),
        closed_message="" if takes or running else (reasons[0] if len(reasons) == 1 else "closed"),
    )


def _calls(mall: Mall, now: datetime) -> list[BoardCall]:
    """The latest announcement of each of the last called tickets, newest first."""
    with scopes_disabled():
        rows = (
            Call.objects.filter(mall=mall, at__gt=now - SHOWN, at__lte=now)
            .select_related("ticket__visit", "ticket__line__service", "ticket__line__agency", "counter")
            .order_by("-at", "-id")[: 4 * RECENT]
        )
        answer: dict[int, BoardCall] = {}
        for call in rows:
            if call.ticket_id not in answer:
                answer[call.ticket_id] = _board_call(call)
    return list(answer.values())[: RECENT + 1]


def _board_call(call: Call) -> BoardCall:
    line = call.ticket.line
    return BoardCall(
        call_id=call.pk,
        ticket_id=call.ticket_id,
        at=call.at,
        label=call.ticket.visit.label,
        counter_number=call.counter.number,
        agency_short=line.agency.short_name,
        service=line.service.name,
        kind=call.kind,
        withdrawn=call.withdrawn_at is not None,
        quiet=call.quiet,
        serving=call.ticket.state == states.SERVING,
    )
