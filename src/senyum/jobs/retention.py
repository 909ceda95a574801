"""Erase what identifies people once its time is over (UU 27/2022; docs/privacy.md). Timings and counts stay.

`RULES` and `STAYS` together name every text of a person's package: a test finds a field about which nobody decided.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from senyum.bookings.commands import forget_bookings
from senyum.catalogue.standard_commands import forget_commenters
from senyum.core import clock
from senyum.journal.actor import SYSTEM
from senyum.journal.record import record
from senyum.malls import queries as malls
from senyum.notices import outbox
from senyum.notices.commands import forget_subscriptions
from senyum.people.commands import forget_logins
from senyum.roster.commands import forget_notes
from senyum.visits.commands import forget_visits

PACKAGES = ("bookings", "core", "notices", "people", "planning", "roster", "surveys", "visits")
#: Models of other packages that hold words of people.
MODELS = ("catalogue.Comment",)
KEPT_JOBS = timedelta(days=7)
#: A citizen's own message that could not be sent: so long may the operator mend the cause.
KEPT_PERSONAL = timedelta(days=2)
_REMOVE_JOBS = "procrastinate.builtin_tasks.remove_old_jobs"


@dataclass(frozen=True)
class Rule:
    """`field` is Model.field, or Model.* where the whole row goes; `kept` says how long after what."""

    field: str
    kept: str
    why: str


_VISIT = "KEEP_DAYS after the visit's last ticket closed"
_BOOKING = "KEEP_DAYS after the booked day"
RULES = (
    Rule("Visit.token", _VISIT, "the citizen's link; replaced by random text that nobody has"),
    Rule("Visit.age_band", _VISIT, "about a person; for the equal-service audit, whose facts are built before"),
    Rule("Visit.district", _VISIT, "about a person; as age_band"),
    Rule("Visit.has_phone", _VISIT, "about a person; as age_band"),
    Rule("Ticket.note", _VISIT, "free words of an officer, perhaps with a name"),
    Rule("Ticket.case_number", _VISIT, "leads to the applicant"),
    Rule("Booking.token", _BOOKING, "the citizen's link; replaced by random text that nobody has"),
    Rule("Booking.contact_kind", _BOOKING, "how somebody is reached"),
    Rule("Booking.contact", _BOOKING, "an address or number, encrypted until then"),
    Rule("Booking.contact_hash", _BOOKING, "leads to who knows the address"),
    Rule("Booking.device_hash", _BOOKING, "leads to a browser"),
    Rule("Booking.why", _BOOKING, "free words of the hall's staff"),
    Rule("Leg.contact_hash", _BOOKING, "as Booking.contact_hash"),
    Rule("WaitEntry.*", _BOOKING, "who waited, and where they are reached"),
    Rule("LabelBlock.note", "KEEP_DAYS after its day", "free words of a greeter"),
    Rule("CounterSession.last_note", "one day after the session closed", "a ticket's note, kept for undo"),
    Rule("Notice.*", "KEEP_DAYS after it was queued, if sent or dead; two days if a citizen's own", "holds an address"),
    Rule("Subscription.*", "until its thing is over, the night after at the latest", "a browser at its push service"),
    Rule("ApiToken.*", "KEEP_DAYS after it was revoked or expired", "who held it"),
    Rule("IdempotencyKey.*", "48 hours (hourly job `forget_keys`)", "the answer holds a citizen's link"),
    Rule("Comment.name", "KEEP_DAYS after it was written", "who commented on a service standard; what was said stays"),
    Rule("Comment.browser", "KEEP_DAYS after it was written", "a keyed hash that slows floods; as Comment.name"),
    Rule("Session.*", "until it expires, the night after", "a log-in; its copy in the cache goes with it"),
    Rule("Login.*", "as its session", "which browser, for the list of one's own log-ins; no address"),
)

_STAFF = "staff, as long as they work here; journal and roster name them by log-in"
_PLANS = "what was planned and decided for staff; of citizens only how many are expected"
_MEASURE = "timing, line or outcome without identity: the figures of past days rest on it"
STAYS = {
    "Visit.label": "a place in a line of one day; the journal names visits by it",
    "Visit.channel": _MEASURE,
    "Visit.priority": "a class of the policy that explains the order; not a diagnosis, and self-declared",
    "Visit.language": "one of three, of the pages",
    "Ticket.state": _MEASURE,
    "Ticket.priority": "as Visit.priority",
    "Ticket.wait_basis": _MEASURE,
    "Ticket.outcome": _MEASURE,
    "LineForecast.why": _MEASURE,
    "LineForecast.basis": _MEASURE,
    **dict.fromkeys(
        (
            f"ForecastState.{name}"
            for name in ("calibration", "model", "memory", "lines", "offices", "learned", "trial")
        ),
        "how long waits were, of all together",
    ),
    "LineShown.counters": "numbers of counters",
    "LineShown.waits": "minutes by number of a ticket, of those who wait now; overwritten each minute",
    "Call.kind": _MEASURE,
    "Call.why": _MEASURE,
    "Call.passed_labels": "labels, as Visit.label",
    "Call.reason": "why somebody was called out of turn: an officer's account, in the sealed journal as well",
    "PriorityClass.code": "policy",
    "LabelSequence.prefix": "a counter of numbers",
    "DayQuota.key": "a counter of tickets",
    "BookingPolicy.contact": "policy",
    "Booking.reference": "a code like a label; the journal names bookings by it",
    "Booking.state": _MEASURE,
    "Booking.channel": _MEASURE,
    "Booking.language": "one of three, of the pages",
    "Booking.priority": "as Visit.priority",
    "Booking.letters": "names of the messages that were sent",
    "DayClosing.stage": "a mark of the closing job",
    "Smile.channel": "a tap without identity",
    "User.password": _STAFF,
    "User.username": _STAFF,
    "User.first_name": _STAFF,
    "User.last_name": _STAFF,
    "User.email": _STAFF,
    "User.name": _STAFF,
    "Role.role": _STAFF,
    "Device.kind": "a thing",
    "Device.name": "a thing",
    "Device.pin_hash": "opens a thing",
    "Device.settings": "a thing",
    "CounterSession.state": _STAFF,
    "CounterSession.close_reason": _STAFF,
    "CounterSession.last_action": _STAFF,
    "SessionPause.reason": _STAFF,
    "Shift.state": _STAFF,
    "Shift.source": _STAFF,
    "Comment.state": "whether it is shown",
    "Comment.speaks_as": "what kind of people took part: user, expert, agency, organisation, media",
    "Comment.text": "the public's word on a standard, part of how it was decided; hidden when it names somebody",
    "Comment.answer": "the agency's word, as Comment.text",
    "Proposal.state": _PLANS,
    "Proposal.days": _PLANS,
    "Proposal.asked": _PLANS,
    "Proposal.stage": _PLANS,
    "Proposal.basis": _PLANS,
    "Proposal.result": _PLANS,
    "Proposal.officers": _PLANS,
    "Proposal.options": _PLANS,
    "Proposal.charts": _PLANS,
    "Proposal.trouble": _PLANS,
    "Proposal.reason": _PLANS,
}


@app.periodic(cron="10 19 * * *")
@app.task(queueing_lock="retention")
def retention(timestamp: int) -> dict[str, int]:
    """Erase what is due; returns field -> how many values. `timestamp`: when it was due on the wall (epoch seconds)."""
    counts = erase(now=clock.now(), wall=clock.wall())
    hours = int(KEPT_JOBS.total_seconds() // 3600)
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task(_REMOVE_JOBS, queueing_lock="remove_old_jobs").defer(
            max_hours=hours, remove_failed=True, remove_cancelled=True, remove_aborted=True
        )
    return counts


def erase(*, now: datetime, wall: datetime) -> dict[str, int]:
    """Everything that is due at the hall's time `now` and the wall's time `wall`. Repeating it changes nothing."""
    kept = timedelta(days=settings.KEEP_DAYS)
    total: dict[str, int] = {}
    for mall in malls.malls():
        while counts := forget_visits(mall=mall, before=now - kept, now=now):
            for field, count in counts.items():
                total[field] = total.get(field, 0) + count
        while counts := forget_bookings(mall=mall, before=now - kept, now=now):
            for field, count in counts.items():
                total[field] = total.get(field, 0) + count
    total["CounterSession.last_note"] = forget_notes(before=now - timedelta(days=1), now=now)
    total["Subscription"] = forget_subscriptions(now=now)
    total["Comment.name"] = forget_commenters(before=now - kept, now=now)
    total["Notice"] = _forget_notices(now - kept, now)
    total.update(forget_logins(before=wall - kept, now=now, wall=wall))
    return {field: count for field, count in total.items() if count}


def _forget_notices(before: datetime, now: datetime) -> int:
    with transaction.atomic():
        count = outbox.forget(before=before, personal_before=max(before, now - KEPT_PERSONAL))
        if count:
            record(
                mall="-",
                at=now,
                kind="retention.erased",
                actor=SYSTEM,
                subject=("retention", now.date().isoformat(), "notices"),
                data={"until": before.isoformat(), "counts": {"Notice": count}},
            )
    return count
