"""All writes about staffing proposals: ask, compute (for the job), decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from senyum.core.db import claim
from senyum.core.errors import NotPossible
from senyum.core.text import plain
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.record import record
from senyum.malls.models import Agency, Booth, Counter, Mall
from senyum.malls.queries import local_day
from senyum.malls.rules import moment
from senyum.people.access import actor_of, demand
from senyum.people.models import User
from senyum.planning import states
from senyum.planning.asked import SATURDAY, Asked
from senyum.planning.models import Proposal
from senyum.roster import commands as roster
from senyum.roster.commands import NewShift

#: The job that computes, by name: it stands above this package.
JOB = "senyum.jobs.compute_proposal.compute_proposal"
MOST_DAYS, FAR = 7, timedelta(days=35)
#: So many may wait or run in one mall at once.
MOST_OPEN = 3
#: A computation that has not said for so long that it lives has died with its worker.
SILENCE = timedelta(minutes=30)


def request(
    *, mall: Mall, by: User, days: Sequence[date], asked: Asked, now: datetime, agency: Agency | None = None
) -> Proposal:
    """Ask for a plan of these days of the mall, of one agency or of all. A job computes it.

    NotPossible for days that are over or too many, for other weekdays than Saturday with `asked.saturday`, and while
    `MOST_OPEN` are being computed.
    """
    demand(by, mall, "steer_plan")
    today = local_day(mall, now)
    if not days or len(days) > MOST_DAYS or min(days) < today or max(days) > today + FAR:
        raise NotPossible("days", _("Pilih hari ini atau sesudahnya, paling lama lima minggu ke depan."))
    if asked.saturday and any(d.weekday() != SATURDAY for d in days):
        raise NotPossible("not_saturday", _("Untuk membuka hari Sabtu, pilih tanggal yang jatuh pada hari Sabtu."))
    if agency is not None and not Booth.objects.filter(mall=mall, agency=agency).exists():
        raise NotPossible("no_booth", _("Instansi itu tidak punya gerai di MPP ini."))
    with transaction.atomic():
        Mall.objects.select_for_update(of=("self",), no_key=True).get(pk=mall.pk)
        if Proposal.objects.filter(mall=mall, state__in=[states.QUEUED, states.COMPUTING]).count() >= MOST_OPEN:
            raise NotPossible(
                "too_many", _("Masih ada rencana yang sedang dihitung. Tunggu, atau batalkan salah satu.")
            )
        proposal = Proposal.objects.create(
            mall=mall,
            agency=agency,
            days=[d.isoformat() for d in sorted(days)],
            asked=asked.as_json(),
            asked_by=by,
            asked_at=now,
        )
        _tell(proposal, "proposal.requested", actor_of(by), now, data={"asked": asked.as_json()})
        _wake()
    return proposal


def _wake() -> None:
    """Queue the job that computes, unless it is queued already."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task(JOB, queueing_lock="compute_proposal", allow_unknown=True).defer(timestamp=0)


def withdraw(*, proposal_id: int, by: User, now: datetime) -> None:
    """Nobody needs it any more: it is not computed, or what is being computed is thrown away."""
    with transaction.atomic():
        proposal = _locked(proposal_id)
        demand(by, proposal.mall, "steer_plan")
        _move(proposal, "withdraw")
        _tell(proposal, "proposal.withdrawn", actor_of(by), now)


def start(*, now: datetime, wall: datetime) -> Proposal | None:
    """Take the oldest that waits, to compute it; None when nothing does."""
    with transaction.atomic():
        proposal = (
            Proposal.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("mall", "agency")
            .filter(state=states.QUEUED)
            .order_by("asked_at", "pk")
            .first()
        )
        if proposal is not None:
            _move(proposal, "start", beat_at=wall)
            _tell(proposal, "proposal.started", SYSTEM, now)
    return proposal


def say_progress(*, proposal_id: int, stage: str, progress: int, now: datetime, wall: datetime) -> bool:
    """Note how far a computation is. False when nobody waits for it any more: withdrawn or decided."""
    del now  # progress is of the machine, not of the hall's time
    alive = (states.COMPUTING, states.READY)
    return claim(Proposal.objects.filter(pk=proposal_id, state__in=alive), stage=stage, progress=progress, beat_at=wall)


def finish(
    *,
    proposal_id: int,
    days: Sequence[Mapping[str, Any]],
    basis: Mapping[str, Any],
    officers: Mapping[str, int | None],
    charts: Mapping[str, str],
    now: datetime,
) -> None:
    """The plan is there and can be decided upon. NotPossible when it was withdrawn meanwhile."""
    with transaction.atomic():
        proposal = _locked(proposal_id)
        _move(
            proposal,
            "ready",
            result=list(days),
            basis=dict(basis),
            officers=dict(officers),
            charts=dict(charts),
            ready_at=now,
        )
        _tell(proposal, "proposal.ready", SYSTEM, now, data={"cost": sum(int(d["cost"]) for d in days)})


def add_options(
    *, proposal_id: int, options: Mapping[str, Any] | None, charts: Mapping[str, str], now: datetime
) -> None:
    """What else could be bought or saved, with its charts; None: it could not be computed."""
    with transaction.atomic():
        proposal = _locked(proposal_id)
        proposal.options, proposal.charts = dict(options or {}), {**proposal.charts, **charts}
        proposal.stage, proposal.progress = "", 100
        proposal.save(update_fields=["options", "charts", "stage", "progress"])
        _tell(proposal, "proposal.completed", SYSTEM, now)


def fail(*, proposal_id: int, trouble: str, now: datetime) -> None:
    """No plan could be made; `trouble` says why to whoever asked."""
    with transaction.atomic():
        proposal = _locked(proposal_id)
        _move(proposal, "fail", trouble=trouble[:500])
        _tell(proposal, "proposal.failed", SYSTEM, now, reason=trouble[:200])


def tidy(*, now: datetime, wall: datetime) -> int:
    """Plans whose days are over expire; computations that died are told as failed. How many of both."""
    count = 0
    open_states = [states.QUEUED, states.COMPUTING, states.READY]
    for proposal in Proposal.objects.filter(state__in=open_states).select_related("mall"):
        with transaction.atomic():
            proposal = _locked(proposal.pk)
            over = date.fromisoformat(proposal.days[-1]) < local_day(proposal.mall, now)
            if over and (proposal.state, "expire") in states.TRANSITIONS:
                _move(proposal, "expire")
                _tell(proposal, "proposal.expired", SYSTEM, now)
                count += 1
            elif proposal.state == states.COMPUTING and (not proposal.beat_at or proposal.beat_at < wall - SILENCE):
                # Kept in Indonesian, read in the reader's language (queries.py).
                trouble = gettext_noop("Penghitungan terhenti di tengah jalan. Minta rencana itu sekali lagi.")
                _move(proposal, "fail", trouble=trouble)
                _tell(proposal, "proposal.failed", SYSTEM, now, reason=trouble)
                count += 1
    return count


def accept(*, proposal_id: int, by: User, now: datetime) -> int:
    """Make the plan the roster of its days that are not over. How many shifts were planned.

    Stale when a day's roster has changed since it was computed; NotPossible when it is not ready or its days are over.
    """
    with transaction.atomic():
        proposal = _locked(proposal_id)
        mall, actor = proposal.mall, actor_of(by)
        demand(by, mall, "steer_plan")
        _move(proposal, "accept", decided_by=by, decided_at=now)
        today = local_day(mall, now)
        days = [d for d in proposal.result or [] if date.fromisoformat(d["date"]) >= today]
        if not days:
            raise NotPossible("day_over", _("Hari rencana ini sudah lewat. Minta rencana baru."))
        planned = sum(_accept_day(proposal, d, now, actor) for d in days)
        _tell(proposal, "proposal.accepted", actor, now, data={"shifts": planned, "days": [d["date"] for d in days]})
    return planned


def reject(*, proposal_id: int, by: User, reason: str, now: datetime) -> None:
    """Decide against the plan, with a reason."""
    if not plain(reason):
        raise NotPossible("reason_needed", _("Tulis alasannya."))
    with transaction.atomic():
        proposal = _locked(proposal_id)
        demand(by, proposal.mall, "steer_plan")
        _move(proposal, "reject", decided_by=by, decided_at=now, reason=plain(reason)[:500])
        _tell(proposal, "proposal.rejected", actor_of(by), now, reason=plain(reason)[:200])


def _accept_day(proposal: Proposal, result: Mapping[str, Any], now: datetime, actor: Actor) -> int:
    mall, day = proposal.mall, date.fromisoformat(result["date"])
    counters = dict(Counter.objects.filter(mall=mall).values_list("number", "pk"))
    codes = [a["agency"] for a in (*result["agencies"], *result["nobody"])]
    shifts = []
    for row in (s for a in result["agencies"] for s in a["shifts"]):
        if row["counter"] not in counters:
            raise NotPossible("no_counter", _("Loket di rencana ini sudah tidak ada. Minta rencana baru."))
        lunch = _at(mall, day, row["lunch"]) if row["lunch"] else None
        shifts.append(
            NewShift(
                counter_id=counters[row["counter"]],
                starts=_at(mall, day, row["from"]),
                ends=_at(mall, day, row["to"]),
                user_id=proposal.officers.get(row["officer"]),
                lunch_from=lunch,
                lunch_to=lunch + timedelta(minutes=row["lunch_minutes"]) if lunch else None,
            )
        )
    made = roster.replace_shifts(
        mall=mall,
        day=day,
        agencies=list(Booth.objects.filter(mall=mall, agency__code__in=codes).values_list("agency_id", flat=True)),
        shifts=shifts,
        source="proposal",
        proposal=proposal.pk,
        expected=result["mark"],
        now=now,
        actor=actor,
    )
    return len(made)


def _at(mall: Mall, day: date, text: str) -> datetime:
    """08.30 of that day; 24.00 is the next midnight."""
    hours, _dot, minutes = text.partition(".")
    return moment(mall.timezone, day, time(0)) + timedelta(hours=int(hours), minutes=int(minutes))


def _locked(proposal_id: int) -> Proposal:
    proposal = (
        Proposal.objects.select_for_update(of=("self",)).select_related("mall", "agency").filter(pk=proposal_id).first()
    )
    if proposal is None:
        raise NotPossible("no_proposal", _("Rencana itu tidak ada."))
    return proposal


def _move(proposal: Proposal, command: str, **changes: Any) -> None:
    after = states.TRANSITIONS.get((proposal.state, command))
    if after is None:
        raise NotPossible(
            "proposal_state", _("Rencana ini sudah diputuskan atau tidak berlaku lagi."), state=proposal.state
        )
    for name, value in {"state": after, **changes}.items():
        setattr(proposal, name, value)
    proposal.save(update_fields=["state", *changes])


def _tell(
    proposal: Proposal,
    kind: str,
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    record(
        mall=proposal.mall.code,
        at=now,
        kind=kind,
        actor=actor,
        subject=("proposal", proposal.pk, proposal.days[0]),
        reason=reason,
        data={"days": proposal.days, **(data or {})},
    )
