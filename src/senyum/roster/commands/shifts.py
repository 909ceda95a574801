"""All writes about shifts: who is to sit where, from when to when.

A booth's row is the lock of its roster: whoever plans for an agency holds it, so that what was read is still true.
Behind it stand two exclusion constraints: no counter and no person has two shifts at one time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled

from senyum.core.db import claim, violated
from senyum.core.errors import NotAllowed, NotPossible, Stale
from senyum.core.text import plain
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls.models import Booth, Counter, Mall
from senyum.malls.queries import local_day
from senyum.people.access import agencies_with
from senyum.people.models import Role, User
from senyum.roster import queries, states
from senyum.roster.models import Shift


@dataclass(frozen=True, slots=True)
class NewShift:
    """A shift to be planned. Times are aware; `user_id` None: somebody who is not named; no lunch: both None."""

    counter_id: int
    starts: datetime
    ends: datetime
    user_id: int | None = None
    lunch_from: datetime | None = None
    lunch_to: datetime | None = None


def plan_shifts(
    *,
    mall: Mall,
    day: date,
    shifts: Sequence[NewShift],
    source: str,
    now: datetime,
    actor: Actor,
    proposal: int | None = None,
) -> list[Shift]:
    """Add shifts to a day. NotPossible when one does not fit into the day or overlaps another."""
    with scopes_disabled(), transaction.atomic():
        agencies = _agencies(mall, shifts)
        _demand(actor, mall, agencies)
        _lock(mall, agencies)
        made = _create(mall, day, shifts, source, proposal)
        _tell(mall, day, "shifts.planned", actor, now, agencies, planned=len(made), cancelled=0, source=source)
    return made


def replace_shifts(
    *,
    mall: Mall,
    day: date,
    agencies: Collection[int],
    shifts: Sequence[NewShift],
    source: str,
    now: datetime,
    actor: Actor,
    proposal: int | None = None,
    expected: str | None = None,
) -> list[Shift]:
    """The shifts of these agencies on that day become `shifts`; those planned before are cancelled.

    `expected`: `queries.roster_mark` of the roster that the choice was made on; Stale when it has changed since.
    NotPossible for a day that is over, for a shift of another agency, and as `plan_shifts`.
    """
    if day < local_day(mall, now):
        raise NotPossible("day_over", _("Hari itu sudah lewat. Pilih hari ini atau sesudahnya."))
    with scopes_disabled(), transaction.atomic():
        if _agencies(mall, shifts) - set(agencies):
            raise NotPossible("other_counter", _("Loket itu milik instansi lain."))
        _demand(actor, mall, agencies)
        _lock(mall, agencies)
        if expected is not None and queries.roster_mark(mall=mall, day=day, agencies=agencies) != expected:
            raise Stale(
                "roster_changed",
                _("Jadwal petugas hari itu sudah berubah sejak dihitung. Minta rencana baru."),
            )
        old = Shift.objects.filter(mall=mall, day=day, agency__in=agencies, state=states.PLANNED)
        gone = old.update(state=states.SHIFT_TRANSITIONS[states.PLANNED, "cancel"])
        made = _create(mall, day, shifts, source, proposal)
        _tell(mall, day, "shifts.replaced", actor, now, agencies, planned=len(made), cancelled=gone, source=source)
    return made


def cancel_shift(*, shift_id: int, reason: str, now: datetime, actor: Actor) -> None:
    """Take one shift back, with a reason. NotPossible when it is not planned any more."""
    if not plain(reason):
        raise NotPossible("reason_needed", _("Tulis alasannya."))
    with scopes_disabled(), transaction.atomic():
        shift = Shift.objects.select_related("mall", "counter").filter(pk=shift_id).first()
        if shift is None:
            raise NotPossible("no_shift", _("Jadwal itu tidak ada."))
        _demand(actor, shift.mall, {shift.agency_id})
        _lock(shift.mall, {shift.agency_id})
        after = states.SHIFT_TRANSITIONS.get((shift.state, "cancel"))
        if after is None or not claim(Shift.objects.filter(pk=shift_id, state=shift.state), state=after):
            raise NotPossible("shift_state", _("Jadwal itu sudah dibatalkan."))
        record(
            mall=shift.mall.code,
            at=now,
            kind="shift.cancelled",
            actor=actor,
            subject=("shift", shift.pk, str(shift.counter.number)),
            reason=plain(reason)[:200],
            data={"day": shift.day.isoformat(), "counter": shift.counter_id},
        )


def _agencies(mall: Mall, shifts: Sequence[NewShift]) -> set[int]:
    """The agencies of the counters. NotPossible for a counter of another mall, or one that is out of use."""
    wanted = {shift.counter_id for shift in shifts}
    rows = Counter.objects.filter(mall=mall, pk__in=wanted, active=True).values_list("pk", "booth__agency_id")
    found = dict(rows)
    if wanted - found.keys():
        raise NotPossible("no_counter", _("Loket itu tidak dipakai di MPP ini."))
    return set(found.values())


def _demand(actor: Actor, mall: Mall, agencies: Collection[int]) -> None:
    """The hall itself (its seed) may; staff for agencies for which they hold the permission, all of them."""
    if actor.kind in ("system", "demo"):
        return
    user = User.objects.filter(pk=actor.id).first() if actor.kind == "user" and actor.id.isdecimal() else None
    if user is None or not set(agencies) <= set(agencies_with(user, mall, "plan_shifts")):
        raise NotAllowed("not_allowed", _("Jadwal instansi ini diatur pengelola MPP dan koordinatornya."))


def _lock(mall: Mall, agencies: Collection[int]) -> None:
    rows = Booth.objects.select_for_update(of=("self",), no_key=True).filter(mall=mall, agency__in=agencies)
    list(rows.order_by("pk"))


def _create(mall: Mall, day: date, shifts: Sequence[NewShift], source: str, proposal: int | None) -> list[Shift]:
    agency_of = dict(
        Counter.objects.filter(pk__in={s.counter_id for s in shifts}).values_list("pk", "booth__agency_id")
    )
    people = {s.user_id for s in shifts if s.user_id is not None}
    works_for = set(Role.objects.filter(mall=mall, user__in=people).values_list("user_id", "agency_id"))
    for shift in shifts:
        if local_day(mall, shift.starts) != day:
            raise NotPossible("other_day", _("Jadwal harus mulai pada hari itu."))
        if shift.user_id is not None and (shift.user_id, agency_of[shift.counter_id]) not in works_for:
            raise NotPossible("other_officer", _("Petugas itu tidak bertugas di instansi loket ini."))
    rows = [
        Shift(
            mall=mall,
            agency_id=agency_of[shift.counter_id],
            counter_id=shift.counter_id,
            user_id=shift.user_id,
            day=day,
            starts=shift.starts,
            ends=shift.ends,
            lunch_from=shift.lunch_from,
            lunch_to=shift.lunch_to,
            source=source,
            proposal=proposal,
        )
        for shift in shifts
    ]
    try:
        with transaction.atomic():
            return Shift.objects.bulk_create(rows)
    except IntegrityError as error:
        sentence = _SENTENCES.get(violated(error))
        if sentence is None:
            raise
        raise NotPossible(violated(error), sentence) from error


_SENTENCES: dict[str, str | Promise] = {
    "shift_counter_once": _("Dua jadwal di loket yang sama bertumpuk waktunya. Ubah salah satu."),
    "shift_user_once": _("Seorang petugas punya dua jadwal pada waktu yang sama. Ubah salah satu."),
    "shift_order": _("Jadwal harus selesai setelah mulai."),
    "shift_lunch_inside": _("Istirahat harus di dalam jam jadwal."),
}


def _tell(
    mall: Mall,
    day: date,
    kind: str,
    actor: Actor,
    now: datetime,
    agencies: Collection[int],
    *,
    planned: int,
    cancelled: int,
    source: str,
) -> None:
    record(
        mall=mall.code,
        at=now,
        kind=kind,
        actor=actor,
        subject=("roster", day.isoformat(), day.isoformat()),
        data={"agencies": sorted(agencies), "planned": planned, "cancelled": cancelled, "source": source},
    )
