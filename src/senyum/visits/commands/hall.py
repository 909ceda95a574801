"""What happens to the whole hall: a pause for everyone, closing, midnight."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from senyum.core.errors import NotPossible
from senyum.core.text import plain
from senyum.engine import discipline
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.record import Note, record, record_many
from senyum.malls.models import HallPause, Mall
from senyum.malls.rules import moment
from senyum.roster import commands as roster
from senyum.roster.models import CounterSession
from senyum.visits import states
from senyum.visits.hall import forget, hall_of
from senyum.visits.models import DayClosing, Ticket


def pause_hall(*, mall: Mall, reason: str, back_at: datetime | None, now: datetime, actor: Actor) -> HallPause:
    """The whole hall stands still: nobody is called until `resume_hall`."""
    if len(plain(reason)) < 3:
        raise NotPossible("reason_needed", _("Tulis alasan jeda seluruh MPP."))
    try:
        with transaction.atomic():
            pause = HallPause.objects.create(mall=mall, reason=plain(reason)[:200], started_at=now, back_at=back_at)
            record(
                mall=mall.code,
                at=now,
                kind="hall.paused",
                actor=actor,
                subject=("mall", mall.pk, mall.code),
                reason=pause.reason,
                data={"pause": pause.reason, "back_at": back_at.isoformat() if back_at else None},
            )
    except IntegrityError as error:
        raise NotPossible("hall_paused", _("MPP sudah dalam keadaan jeda.")) from error
    forget()
    return pause


def resume_hall(*, mall: Mall, now: datetime, actor: Actor) -> int:
    """End the pause and move the promise of everyone who waits by its length, never the order. Returns how many."""
    with scopes_disabled(), transaction.atomic():
        pause = HallPause.objects.select_for_update().filter(mall=mall, ended_at=None).first()
        if pause is None:
            raise NotPossible("no_pause", _("MPP sedang tidak jeda."))
        pause.ended_at = now
        pause.save(update_fields=["ended_at"])
        # Also those at a counter: a call that is undone later must not find the old promise.
        waiting = Ticket.objects.select_for_update().filter(mall=mall, state__in=states.OPEN)
        moved = []
        for ticket in waiting.order_by("id"):
            ticket.promised_by = discipline.after_pause(
                promised_by=ticket.promised_by,
                queued_at=ticket.queued_at,
                started_at=pause.started_at,
                ended_at=now,
            )
            moved.append(ticket)
        Ticket.objects.bulk_update(moved, ["promised_by"], batch_size=500)
        record(
            mall=mall.code,
            at=now,
            kind="hall.resumed",
            actor=actor,
            subject=("mall", mall.pk, mall.code),
            data={"minutes": round((now - pause.started_at).total_seconds() / 60, 1), "moved": len(moved)},
        )
    forget()
    return len(moved)


def _mark(mall: Mall, day: date, stage: str, now: datetime) -> bool:
    """Whether this stage of the day's closing is ours to do: it happens once."""
    _row, made = DayClosing.objects.get_or_create(mall=mall, day=day, stage=stage, defaults={"at": now})
    return made


def close_day(*, mall: Mall, booth_ids: list[int], now: datetime, actor: Actor = SYSTEM) -> int:
    """After closing time of these booths: waiting, absent and parked tickets lapse. Returns how many.

    Called and serving may finish. Repeating it changes nothing more.
    """
    hall = hall_of(mall, now)
    lines = [line.id for line in hall.lines.values() if line.booth_id in booth_ids]
    with scopes_disabled(), transaction.atomic():
        rows = (
            Ticket.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("visit")
            .filter(mall=mall, day=hall.day, line_id__in=lines, state__in=states.before("lapse"))
        )
        lapsed = list(rows.order_by("id"))
        Ticket.objects.filter(pk__in=[t.pk for t in lapsed]).update(state=states.LAPSED, ended_at=now)
        record_many(_lapse_note(mall, ticket, now, actor) for ticket in lapsed)
    return len(lapsed)


def _lapse_note(mall: Mall, ticket: Ticket, now: datetime, actor: Actor) -> Note:
    return Note(
        mall=mall.code,
        at=now,
        kind="ticket.lapsed",
        actor=actor,
        subject=("ticket", ticket.pk, ticket.visit.label),
        data={
            "ticket": ticket.pk,
            "visit": ticket.visit_id,
            "label": ticket.visit.label,
            "line": ticket.line_id,
            "was": ticket.state,
        },
    )


def end_day(*, mall: Mall, day: date, now: datetime, actor: Actor = SYSTEM) -> int:
    """At the mall's midnight: whoever is still at a counter ends, the lines of `day` lapse, open sessions end.

    Returns how many tickets ended. Happens once a day.
    """
    with scopes_disabled(), transaction.atomic():
        if not _mark(mall, day, "midnight", now):
            return 0
        rows = Ticket.objects.select_for_update(of=("self",)).select_related("visit").filter(mall=mall, day=day)
        lapsed = list(rows.filter(state__in=(*states.before("lapse"), states.CALLED)).order_by("id"))
        served = list(rows.filter(state=states.SERVING).order_by("id"))
        Ticket.objects.filter(pk__in=[t.pk for t in lapsed]).update(state=states.LAPSED, ended_at=now)
        Ticket.objects.filter(pk__in=[t.pk for t in served]).update(
            state=states.SERVED, outcome=states.DONE, ended_at=now
        )
        record_many(_lapse_note(mall, ticket, now, actor) for ticket in lapsed)
        record_many(
            Note(
                mall=mall.code,
                at=now,
                kind="ticket.served",
                actor=actor,
                subject=("ticket", t.pk, t.visit.label),
                reason="midnight",
                data={
                    "ticket": t.pk,
                    "visit": t.visit_id,
                    "label": t.visit.label,
                    "line": t.line_id,
                    "outcome": "done",
                },
            )
            for t in served
        )
        # A hall that slept over midnight ends the day late: who opened since then sits there for the new day.
        midnight = moment(mall.timezone, day + timedelta(days=1), time(0))
        sessions = CounterSession.objects.filter(mall=mall, opened_at__lt=min(now, midnight)).exclude(state="closed")
        for session_id in sessions.values_list("pk", flat=True):
            roster.close_session(session_id=session_id, reason="midnight", now=now, actor=actor)
    return len(lapsed) + len(served)
