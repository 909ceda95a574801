"""All writes about counter sessions and calls for help."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from senyum.core.db import claim, violated
from senyum.core.errors import NotAllowed, NotPossible, Stale
from senyum.core.text import plain
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.record import record
from senyum.malls.models import Counter
from senyum.malls.queries import local_time
from senyum.notices import outbox
from senyum.people.access import roles_in
from senyum.people.models import RoleName, User
from senyum.people.queries import addresses
from senyum.roster import states
from senyum.roster.models import CounterSession, EmergencyCall, SessionPause

#: After that long a cry for help is history: whoever reads it then would run for nothing.
HELP_IS_USEFUL = timedelta(minutes=30)


def open_session(*, counter: Counter, user: User | None, now: datetime, actor: Actor) -> CounterSession:
    """Sit down at a counter. NotPossible when it is taken, or when this user sits elsewhere."""
    if not counter.active:
        raise NotPossible("counter_off", _("Loket ini sedang tidak dipakai."))
    try:
        with scopes_disabled(), transaction.atomic():
            session = CounterSession.objects.create(
                mall_id=counter.mall_id, agency_id=counter.booth.agency_id, counter=counter, user=user, opened_at=now
            )
            _tell(session, "session.opened", actor, now)
    except IntegrityError as error:
        name = violated(error)
        if name == "one_open_session_per_counter":
            raise NotPossible(
                "counter_taken",
                _("Loket ini masih dipakai petugas lain. Ambil alih dengan alasan, atau pilih loket lain."),
            ) from error
        if name == "one_open_session_per_user":
            raise NotPossible("sits_elsewhere", _("Anda masih membuka loket lain. Tutup loket itu dulu.")) from error
        raise
    return session


def pause_session(*, session_id: int, reason: str, back_at: datetime | None, now: datetime, actor: Actor) -> None:
    """Pause with a reason and, if known, when the officer comes back: the board shows both."""
    if not plain(reason):
        raise NotPossible("reason_needed", _("Pilih alasan jeda."))
    with scopes_disabled(), transaction.atomic():
        session = _move(session_id, "pause")
        SessionPause.objects.create(session=session, reason=plain(reason)[:80], started_at=now, back_at=back_at)
        _tell(
            session,
            "session.paused",
            actor,
            now,
            reason=plain(reason)[:80],
            data={"back_at": back_at.isoformat() if back_at else None, "pause": plain(reason)[:80]},
        )


def resume_session(*, session_id: int, now: datetime, actor: Actor) -> None:
    """Come back from a pause."""
    with scopes_disabled(), transaction.atomic():
        session = _move(session_id, "resume")
        SessionPause.objects.filter(session=session, ended_at=None).update(ended_at=now)
        _tell(session, "session.resumed", actor, now)


def close_session(*, session_id: int, reason: str, now: datetime, actor: Actor, taken_over: bool = False) -> None:
    """End a session with a reason. Whoever calls makes sure that nobody is at the counter (visits.commands)."""
    with scopes_disabled(), transaction.atomic():
        session = _move(session_id, "close", closed_at=now, close_reason=plain(reason)[:200])
        SessionPause.objects.filter(session=session, ended_at=None).update(ended_at=now)
        EmergencyCall.objects.filter(session=session, closed_at=None).update(closed_at=now)
        _tell(session, "session.closed", actor, now, reason=plain(reason)[:200], data={"taken_over": taken_over})


def forget_notes_of(*, ticket_ids: Collection[int], now: datetime) -> int:
    """Erase at once the notes that sessions keep for undo of these tickets: their person asks. Returns how many."""
    with scopes_disabled():
        rows = CounterSession.objects.filter(last_ticket__in=ticket_ids, opened_at__lte=now).exclude(last_note="")
        return rows.update(last_note="")


def forget_notes(*, before: datetime, now: datetime, actor: Actor = SYSTEM) -> int:
    """Erase the notes that *undo* kept, of sessions closed before that time; certified in the journal. How many."""
    with scopes_disabled(), transaction.atomic():
        old = CounterSession.objects.filter(state=states.CLOSED, closed_at__lt=before).exclude(last_note="")
        count = old.update(last_note="")
        if count:
            record(
                mall="-",
                at=now,
                kind="retention.erased",
                actor=actor,
                subject=("retention", now.date().isoformat(), "sessions"),
                data={"until": before.isoformat(), "counts": {"CounterSession.last_note": count}},
            )
    return count


def _move(session_id: int, command: str, **changes: Any) -> CounterSession:
    session = (
        CounterSession.objects.select_for_update(of=("self",)).select_related("mall", "counter").get(pk=session_id)
    )
    after = states.TRANSITIONS.get((session.state, command))
    if after is None:
        raise NotPossible("session_state", _("Keadaan loket tidak mengizinkan ini."), state=session.state)
    if not claim(CounterSession.objects.filter(pk=session_id, state=session.state), state=after, **changes):
        raise Stale("stale", _("Keadaan loket baru saja berubah. Muat ulang halaman."))
    session.state = after
    return session


def raise_emergency(*, session_id: int, now: datetime, actor: Actor) -> EmergencyCall:
    """Call colleagues to this counter, on their screens and by a notice to the hall's managers (docs/notices.md).

    Pressing again while it is open changes nothing.
    """
    with scopes_disabled(), transaction.atomic():
        session = CounterSession.objects.select_related("mall", "counter", "agency").get(pk=session_id)
        emergency, made = EmergencyCall.objects.get_or_create(
            session=session, closed_at=None, defaults={"raised_at": now}
        )
        if made:
            _tell(session, "emergency.raised", actor, now, data={"emergency": emergency.pk})
            _call_managers(session, emergency, now)
    return emergency


def _call_managers(session: CounterSession, emergency: EmergencyCall, now: datetime) -> None:
    number = str(session.counter.number)
    outbox.tell(
        mall=session.mall.code,
        template="emergency",
        data={
            "counter": number,
            "agency": session.agency.short_name,
            "mall": session.mall.short_name,
            "time": local_time(session.mall, now).strftime("%H.%M"),
        },
        subject=("emergency", emergency.pk, number),
        once=f"emergency:{emergency.pk}",
        addresses=addresses(session.mall, [RoleName.MANAGER]),
        now=now,
        useful_until=now + HELP_IS_USEFUL,
    )


def answer_emergency(*, emergency_id: int, user: User, now: datetime, actor: Actor) -> None:
    """Say "I am coming". The first answer stands. Any colleague of the hall may; NotAllowed for people from outside."""
    with scopes_disabled(), transaction.atomic():
        emergency = EmergencyCall.objects.select_related("session__mall", "session__counter").get(pk=emergency_id)
        if not roles_in(user, emergency.session.mall):
            raise NotAllowed("other_mall", _("Anda tidak bertugas di MPP ini."))
        if not claim(
            EmergencyCall.objects.filter(pk=emergency_id, answered_at=None, closed_at=None),
            answered_by=user,
            answered_at=now,
        ):
            raise NotPossible("emergency_answered", _("Rekan lain sudah menuju ke sana."))
        _tell(emergency.session, "emergency.answered", actor, now, data={"emergency": emergency_id})


def close_emergency(*, emergency_id: int, now: datetime, actor: Actor) -> None:
    """The matter is settled."""
    with scopes_disabled(), transaction.atomic():
        emergency = EmergencyCall.objects.select_related("session__mall", "session__counter").get(pk=emergency_id)
        if not claim(EmergencyCall.objects.filter(pk=emergency_id, closed_at=None), closed_at=now):
            raise NotPossible("emergency_closed", _("Panggilan bantuan ini sudah ditutup."))
        _tell(emergency.session, "emergency.closed", actor, now, data={"emergency": emergency_id})


def _tell(
    session: CounterSession,
    kind: str,
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    record(
        mall=session.mall.code,
        at=now,
        kind=kind,
        actor=actor,
        subject=("session", session.pk, str(session.counter.number)),
        reason=reason,
        data={
            "session": session.pk,
            "counter": session.counter_id,
            "counter_number": session.counter.number,
            **(data or {}),
        },
    )
