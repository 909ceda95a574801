"""Shapes of the API. Times are ISO 8601 with offset, waits are minutes, money is rupiah."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field

Language = Literal["id", "su", "en"]
Identifier = Annotated[int, Field(ge=1, le=9_000_000_000_000_000)]
Text = Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")]
Code = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[a-z0-9_.-]+$")]


class Body(Schema):
    """A request body: unknown fields are refused, so that nothing is set by accident."""

    model_config = ConfigDict(extra="forbid")


class MallOut(Schema):
    code: str
    name: str
    short_name: str
    timezone: str
    address: str
    languages: list[str]
    is_sample: bool


class MallsOut(Schema):
    malls: list[MallOut]


class AgencyHours(Schema):
    agency: str
    open_today: bool
    opens: datetime | None
    last_ticket: datetime | None
    closes: datetime | None
    reason: str
    next_open: str | None


class MallDetail(MallOut):
    day: str
    now: datetime
    paused: bool
    pause_reason: str
    hours: list[AgencyHours]
    priorities: list[str]


class ComingOut(Schema):
    """If somebody came at `at`: `people_ahead` would stand before them, and p10, p50, p90 are minutes from then on.

    null where no figure can be told: no counter serves the line, no number is given (`reason`), or nothing is known
    yet about who will come.
    """

    at: datetime
    people_ahead: int | None
    p10: float | None
    p50: float | None
    p90: float | None
    takes_tickets: bool
    reason: str


class ServiceOut(Schema):
    code: str
    line: int
    name: str
    agency: str
    prefix: str
    kind: str
    standard_minutes: int
    fee: str
    requirements: list[str]
    version: int | None
    if_i_came: ComingOut | None = None


class ServicesOut(Schema):
    services: list[ServiceOut]


class RequirementOut(Schema):
    text: str
    legal_basis: str
    reason: str
    issued_by: str
    accepted_forms: str
    example_url: str


class FeeOut(Schema):
    """`amount_rupiah`: 0 is gratis; null when it depends on what `words` say."""

    variant: str
    amount_rupiah: int | None
    words: str
    kind: str
    legal_basis: str


class ComponentOut(Schema):
    """One of the 14; `group`: delivery or manufacturing (PermenPANRB 15/2014)."""

    code: str
    group: str
    title: str
    filled: bool
    text: str


class StandardOut(Schema):
    """`adopted`: taken over from data that were there before; `in_force_to` null: no end is known."""

    service: str
    name: str
    agency: str
    version: int
    adopted: bool
    in_force_from: datetime | None
    in_force_to: datetime | None
    decree_number: str
    effective_on: date | None
    standard_minutes: int
    requirements: list[RequirementOut]
    fees: list[FeeOut]
    components: list[ComponentOut]


class Wait(Schema):
    """Minutes, with 1, 5 and 9 chances in 10 to be called by then; null while no counter serves the line today."""

    p10: float | None = None
    p50: float | None
    p90: float | None


class WaitNow(Wait):
    """The wait as its owner is shown it; `why`: what lengthened it lately, with the `counter` that closed."""

    why: str = ""
    counter: int | None = None


class LineOut(Schema):
    line: int
    service: str
    agency: str
    code: str
    waiting: int
    longest_wait_minutes: int
    past_promise: int
    open_counters: int
    helping_counters: int
    takes_tickets: bool
    closed_reason: str
    wait: Wait
    at: datetime | None = None
    people_ahead: int | None = None


class LinesOut(Schema):
    as_of: datetime
    lines: list[LineOut]


class CallOut(Schema):
    call: int
    at: datetime
    label: str
    counter: int
    agency: str
    service: str
    kind: str
    withdrawn: bool


class CounterOut(Schema):
    id: int
    number: int
    agency: str
    state: str
    back_at: datetime | None
    pause_reason: str


class BoardOut(Schema):
    as_of: datetime
    newest: CallOut | None
    recent: list[CallOut]
    counters: list[CounterOut]
    waiting: int
    open_counters: int
    all_counters: int
    pause_reason: str


class VisitIn(Body):
    """`services` are codes from `malls/{code}/services`; all tickets wait at once."""

    mall: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[a-z0-9-]+$")]
    services: Annotated[list[Code], Field(min_length=1, max_length=5)]
    quantity: Annotated[int, Field(ge=1, le=50)] = 1
    priority: Literal["regular", "elderly", "disability", "pregnant", "child", "disaster"] = "regular"
    channel: Literal["kiosk", "greeter", "phone", "api"] = "api"
    language: Language = "id"


class TicketIssued(Schema):
    id: int
    service: str
    line: int
    leg: int
    people_ahead: int
    wait: Wait
    turn_at: datetime
    promised_by: datetime


class VisitIssued(Schema):
    token: str
    label: str
    tickets: list[TicketIssued]
    people_ahead: int
    wait: Wait


class TicketOut(Schema):
    id: int
    service: str
    agency: str
    line: int
    leg: int
    state: str
    outcome: str
    counter: int | None
    people_ahead: int
    wait: WaitNow
    promised: Wait
    promised_by: datetime
    called_at: datetime | None
    may: list[str]


class VisitOut(Schema):
    label: str
    day: str
    priority: str
    quantity: int
    arrived_at: datetime
    as_of: datetime
    hall_paused: str
    tickets: list[TicketOut]


class LeaveIn(Body):
    """`ticket`: only this leg; without it the whole visit."""

    ticket: Identifier | None = None
    reason: Text = ""


class DelayIn(Body):
    ticket: Identifier
    minutes: Literal[5, 10, 15, 30]


class SmileIn(Body):
    ticket: Identifier
    score: Annotated[int, Field(ge=1, le=4)]


class Done(Schema):
    done: bool


class Seen(Body):
    """`seen`: the ticket that was at the counter when the officer pressed; null for none."""

    seen: Identifier | None = None


class SeenTicket(Body):
    seen: Identifier


class PauseIn(Body):
    reason: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00]*$")]
    back_at: datetime | None = None


class CloseIn(Body):
    reason: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class ParkIn(SeenTicket):
    note: Text = ""


class UnparkIn(Body):
    seen: Identifier | None = None
    ticket: Identifier
    to_line: bool = False


class ForwardIn(SeenTicket):
    service: Code
    note: Text = ""


class FinishIn(SeenTicket):
    outcome: Literal["done", "incomplete", "case_opened"] = "done"
    missing: Identifier | None = None
    case_number: Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")] = ""


class CounterNow(Schema):
    """What is true at the counter after the action."""

    counter: int
    number: int
    session: int | None
    state: str
    ticket: int | None
    label: str | None
    ticket_state: str | None
    service: str | None
    waiting: int


class NextOut(Schema):
    """`ticket` null: nobody waits. `why` is a code of the ledger of calls."""

    counter: int
    ticket: int | None
    why: str
    passed_over: int
    finished: int | None


class BookedLegIn(Body):
    """A service and the beginning of its slot, as `malls/{code}/times` offers it."""

    service: Code
    starts: AwareDatetime


class BookingIn(Body):
    """`contact`: an e-mail address or a WhatsApp number, by `contact_kind`; some services ask for it."""

    mall: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[a-z0-9-]+$")]
    legs: Annotated[list[BookedLegIn], Field(min_length=1, max_length=5)]
    quantity: Annotated[int, Field(ge=1, le=50)] = 1
    priority: Literal["regular", "elderly", "disability", "pregnant", "child", "disaster"] = "regular"
    channel: Literal["kiosk", "greeter", "phone", "api"] = "api"
    language: Language = "id"
    contact_kind: Literal["", "email", "whatsapp"] = ""
    contact: Annotated[str, Field(max_length=254, pattern=r"^[^\x00]*$")] = ""


class MoveIn(Body):
    legs: Annotated[list[BookedLegIn], Field(min_length=1, max_length=5)]


class CodeIn(Body):
    code: Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[^\x00]*$")]


class CheckInIn(Body):
    """`reference` as the person says or types it."""

    reference: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00]*$")]
    channel: Literal["kiosk", "greeter", "api"] = "api"


class BookedLegOut(Schema):
    service: str
    starts: datetime
    ends: datetime


class BookingOut(Schema):
    """`held_until`: a contact is to be confirmed, or an offer taken, until then. `contact` is masked."""

    reference: str
    token: str
    state: Literal["held", "booked", "arrived", "cancelled", "released", "expired"]
    day: date
    starts: datetime
    quantity: int
    held_until: datetime | None
    contact: str
    legs: list[BookedLegOut]
    may: list[str]


class TimeLeg(Schema):
    service: str
    starts: datetime


class TimeOut(Schema):
    starts: datetime
    ends: datetime
    legs: list[TimeLeg]


class TimesOut(Schema):
    """`next_free`: where the day has nothing, the next times that do."""

    day: date
    as_of: datetime
    times: list[TimeOut]
    next_free: list[TimeOut]


class CheckedInOut(Schema):
    """The visit of a booking. `kept`: came in time; `again`: had been checked in before."""

    token: str
    label: str
    kept: bool
    again: bool
