"""A proposal from the question to the roster: asked, computed, seen, decided."""

from __future__ import annotations

import contextlib
import json
import re
from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation
from procrastinate.contrib.django.models import ProcrastinateJob

from senyum.core.errors import NotAllowed, NotPossible, Stale
from senyum.jobs import compute_proposal as job
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.planning import commands, compute, queries, states
from senyum.planning.asked import Asked
from senyum.planning.models import Proposal
from senyum.planning.tests.small import DAY, NOW, eight_to_three
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.roster.queries import shifts_of

pytestmark = pytest.mark.django_db
WALL = NOW


@pytest.fixture
def hall(small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> SmallHall:
    monkeypatch.setattr("senyum.core.clock.now", lambda: NOW)
    monkeypatch.setattr("senyum.core.clock.wall", lambda: WALL)
    return eight_to_three(small_mall)


def ask(hall: SmallHall, asked: Asked | None = None, *, days: tuple[date, ...] = (DAY,), agency: str = "") -> Proposal:
    return commands.request(
        mall=hall.mall,
        by=hall.users["pengelola"],
        days=days,
        asked=asked or Asked(),
        now=NOW,
        agency=hall.agencies[agency] if agency else None,
    )


def computed(hall: SmallHall, asked: Asked | None = None, *, agency: str = "polres") -> Proposal:
    """A plan of one agency (the quickest), without its options."""
    proposal = ask(hall, asked, agency=agency)
    begun = commands.start(now=NOW, wall=WALL)
    assert begun is not None and begun.pk == proposal.pk
    planned = compute.plan(
        mall=hall.mall,
        agency=proposal.agency,
        days=[DAY],
        asked=asked or Asked(),
        now=NOW,
        say=lambda _stage, _progress: None,
    )
    commands.finish(
        proposal_id=proposal.pk,
        days=planned.days,
        basis=planned.basis,
        officers=planned.officers,
        charts={"day": "<svg/>"},
        now=NOW,
    )
    proposal.refresh_from_db()
    return proposal


def accept(hall: SmallHall, proposal: Proposal, now: datetime = NOW) -> int:
    return commands.accept(proposal_id=proposal.pk, by=hall.users["pengelola"], now=now)


def test_asking_queues_the_job_once_and_is_journaled(hall: SmallHall) -> None:
    ask(hall)
    ask(hall, Asked(more=40))
    assert ProcrastinateJob.objects.filter(task_name=commands.JOB, status="todo").count() == 1
    entries = list(Entry.objects.filter(kind="proposal.requested").order_by("id"))
    assert [e.data["asked"]["more"] for e in entries] == [0, 40]
    assert entries[0].actor_label == "pengelola" and entries[0].subject_label == DAY.isoformat()


@pytest.mark.parametrize(
    ("days", "asked", "code"),
    [
        ((DAY - timedelta(days=1),), Asked(), "days"),
        ((), Asked(), "days"),
        ((DAY + timedelta(days=90),), Asked(), "days"),
        (tuple(DAY + timedelta(days=n) for n in range(8)), Asked(), "days"),
        ((DAY,), Asked(saturday=True), "not_saturday"),
    ],
)
def test_what_cannot_be_asked(hall: SmallHall, days: tuple[date, ...], asked: Asked, code: str) -> None:
    with pytest.raises(NotPossible) as refused:
        ask(hall, asked, days=days)
    assert refused.value.code == code and not Proposal.objects.exists()


def test_three_at_most_wait_at_once(hall: SmallHall) -> None:
    first = ask(hall)
    for _ in range(commands.MOST_OPEN - 1):
        ask(hall)
    with pytest.raises(NotPossible) as refused:
        ask(hall)
    assert refused.value.code == "too_many"
    commands.withdraw(proposal_id=first.pk, by=hall.users["pengelola"], now=NOW)
    ask(hall)


@pytest.mark.parametrize("name", ["koordinator", "petugas1", "penyambut", "sekda", "admin"])
def test_only_the_manager_asks_and_decides(hall: SmallHall, name: str) -> None:
    user = hall.users[name]
    with pytest.raises(NotAllowed):
        commands.request(mall=hall.mall, by=user, days=[DAY], asked=Asked(), now=NOW)
    proposal = ask(hall)
    Proposal.objects.filter(pk=proposal.pk).update(state=states.READY, result=[])
    for act in (
        lambda: commands.accept(proposal_id=proposal.pk, by=user, now=NOW),
        lambda: commands.reject(proposal_id=proposal.pk, by=user, reason="tidak perlu", now=NOW),
        lambda: commands.withdraw(proposal_id=proposal.pk, by=user, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_the_job_computes_the_whole_mall_with_options_and_charts(hall: SmallHall) -> None:
    proposal = ask(hall, Asked(more=20))
    assert job.compute_proposal(0) == 1
    proposal.refresh_from_db()
    assert (proposal.state, proposal.trouble, proposal.progress, proposal.stage) == (states.READY, "", 100, "")
    (day,) = proposal.result
    assert {a["agency"] for a in day["agencies"]} == {"contoh-dukcapil", "contoh-polres", "contoh-bank"}
    assert day["cost"] == sum(a["cost"] for a in day["agencies"]) >= day["bound"] > 0
    assert len(day["plan"]["through_day"]["wait"]) == 14 and day["has_roster"]
    assert {s["officer"] for a in day["agencies"] for s in a["shifts"]} <= set(proposal.officers)
    assert [p["target"] for p in proposal.options["frontier"]] == [0.7, 0.8, 0.85, 0.9, 0.95]
    assert {e["agency"] for e in proposal.options["extra_officers"]} >= {"contoh-dukcapil", "contoh-polres"}
    assert set(proposal.charts) >= {f"day-{DAY}", "frontier", "extra"}
    for svg in proposal.charts.values():
        assert svg.startswith("<svg") and not re.search(r"\son\w+=|<script|<style", svg)
    json.dumps(proposal.result, allow_nan=False)
    kinds = list(Entry.objects.filter(subject_kind="proposal").order_by("id").values_list("kind", flat=True))
    assert kinds == ["proposal.requested", "proposal.started", "proposal.ready", "proposal.completed"]


def test_the_ill_do_not_work_and_are_not_paid(hall: SmallHall) -> None:
    proposal = computed(hall, Asked(ill=1, ill_agency="contoh-dukcapil"), agency="dukcapil")
    (agency,) = proposal.result[0]["agencies"]
    (ill,) = {s["officer"] for s in agency["today_shifts"] if s["ill"]}
    assert ill not in {s["officer"] for s in agency["shifts"]}
    assert agency["today"]["cost"] == 6.5 * 45_000


def test_accepting_makes_the_roster_of_the_day(hall: SmallHall) -> None:
    proposal = computed(hall)
    (agency,) = proposal.result[0]["agencies"]
    others = [s for s in shifts_of(mall=hall.mall, day=DAY) if s.number != 3]
    assert accept(hall, proposal) == len(agency["shifts"]) > 0
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by, proposal.decided_at) == (
        states.ACCEPTED,
        hall.users["pengelola"],
        NOW,
    )
    rows = shifts_of(mall=hall.mall, day=DAY)
    mine = [s for s in rows if s.number == 3]
    assert [s for s in rows if s.number != 3] == others
    zone = hall.mall.timezone
    from zoneinfo import ZoneInfo

    for row, shift in zip(mine, agency["shifts"], strict=True):
        assert row.starts.astimezone(ZoneInfo(zone)).strftime("%H.%M") == shift["from"]
        assert row.ends.astimezone(ZoneInfo(zone)).strftime("%H.%M") == shift["to"]
        assert row.user_id == hall.users[shift["officer"]].pk
        assert (row.source, row.proposal) == ("proposal", proposal.pk)
        assert (row.lunch_from is None) == (shift["lunch"] is None)
    assert Entry.objects.filter(kind__in=["shifts.replaced", "proposal.accepted"]).count() == 2
    with pytest.raises(NotPossible):
        accept(hall, proposal)


def test_where_everybody_is_ill_the_counters_stay_empty(hall: SmallHall) -> None:
    proposal = ask(hall, Asked(ill=2, ill_agency="contoh-dukcapil"))
    job.compute_proposal(0)
    proposal.refresh_from_db()
    assert [a["agency"] for a in proposal.result[0]["nobody"]] == ["contoh-dukcapil"]
    accept(hall, proposal)
    assert {s.number for s in shifts_of(mall=hall.mall, day=DAY)} == {3, 4}


def test_a_roster_that_changed_since_is_not_overwritten(hall: SmallHall) -> None:
    proposal = computed(hall)
    (mine,) = [s for s in shifts_of(mall=hall.mall, day=DAY) if s.number == 3]
    roster.cancel_shift(shift_id=mine.id, reason="sakit", now=NOW, actor=SYSTEM)
    with pytest.raises(Stale) as refused:
        accept(hall, proposal)
    assert refused.value.code == "roster_changed" and "Minta rencana baru" in str(refused.value.sentence)
    proposal.refresh_from_db()
    assert proposal.state == states.READY
    assert all(s.number != 3 for s in shifts_of(mall=hall.mall, day=DAY))


def test_a_change_in_another_agency_does_not_matter(hall: SmallHall) -> None:
    proposal = computed(hall)
    (other,) = [s for s in shifts_of(mall=hall.mall, day=DAY) if s.number == 1]
    roster.cancel_shift(shift_id=other.id, reason="sakit", now=NOW, actor=SYSTEM)
    assert accept(hall, proposal) > 0


def test_a_day_that_is_over_is_not_planned(hall: SmallHall) -> None:
    proposal = computed(hall)
    later = NOW + timedelta(days=2)
    with pytest.raises(NotPossible) as refused:
        accept(hall, proposal, later)
    assert refused.value.code == "day_over"
    assert commands.tidy(now=later, wall=later) == 1
    proposal.refresh_from_db()
    assert proposal.state == states.EXPIRED


def test_rejecting_needs_a_reason_and_leaves_the_roster(hall: SmallHall) -> None:
    proposal = computed(hall)
    before = shifts_of(mall=hall.mall, day=DAY)
    with pytest.raises(NotPossible):
        commands.reject(proposal_id=proposal.pk, by=hall.users["pengelola"], reason=" ", now=NOW)
    commands.reject(proposal_id=proposal.pk, by=hall.users["pengelola"], reason="Ada pelatihan", now=NOW)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.reason) == (states.REJECTED, "Ada pelatihan")
    assert shifts_of(mall=hall.mall, day=DAY) == before


def test_what_cannot_be_planned_is_told_to_whoever_asked(hall: SmallHall) -> None:
    proposal = ask(hall, Asked(ill=50))
    job.compute_proposal(0)
    proposal.refresh_from_db()
    assert proposal.state == states.FAILED and "petugas punya jadwal" in proposal.trouble


def test_without_the_extra_it_says_so(hall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "find_spec", lambda name: None)
    proposal = ask(hall)
    job.compute_proposal(0)
    proposal.refresh_from_db()
    assert proposal.state == states.FAILED and "senyum[planning]" in proposal.trouble


def test_a_closed_day_is_told(hall: SmallHall) -> None:
    from senyum.malls import queries as malls
    from senyum.malls.models import BoothHours

    BoothHours.objects.filter(weekday=DAY.weekday()).delete()
    malls.forget()
    proposal = ask(hall)
    job.compute_proposal(0)
    proposal.refresh_from_db()
    assert proposal.state == states.FAILED and "tutup" in proposal.trouble


def test_saturday_takes_fridays_hours(hall: SmallHall) -> None:
    from senyum.malls import queries as malls
    from senyum.malls.models import BoothHours

    BoothHours.objects.filter(weekday=5).delete()
    malls.forget()
    saturday = DAY + timedelta(days=4)
    planned = compute.plan(
        mall=hall.mall,
        agency=hall.agencies["polres"],
        days=[saturday],
        asked=Asked(saturday=True),
        now=NOW,
        say=lambda _stage, _progress: None,
    )
    (agency,) = planned.days[0]["agencies"]
    assert planned.days[0]["weekday"] == "saturday" and agency["shifts"]


def test_what_was_withdrawn_is_thrown_away(hall: SmallHall) -> None:
    proposal = ask(hall, agency="polres")
    begun = commands.start(now=NOW, wall=WALL)
    assert begun is not None
    commands.withdraw(proposal_id=proposal.pk, by=hall.users["pengelola"], now=NOW)
    assert not commands.say_progress(proposal_id=proposal.pk, stage="planning", progress=5, now=NOW, wall=WALL)
    job.compute_one(begun)
    proposal.refresh_from_db()
    assert proposal.state == states.WITHDRAWN and proposal.result is None


def test_a_computation_that_died_is_told(hall: SmallHall) -> None:
    proposal = ask(hall)
    commands.start(now=NOW, wall=WALL)
    assert commands.tidy(now=NOW, wall=WALL + timedelta(minutes=5)) == 0
    assert commands.tidy(now=NOW, wall=WALL + timedelta(hours=1)) == 1
    proposal.refresh_from_db()
    assert proposal.state == states.FAILED and "terhenti" in proposal.trouble
    with translation.override("en"):
        (row,) = queries.proposals(hall.mall, [a.pk for a in hall.agencies.values()])
        assert row.trouble == "The computation stopped half way. Ask for that plan once more."


def test_who_sees_what(hall: SmallHall) -> None:
    computed(hall, agency="polres")
    whole = ask(hall)
    everyone = [a.pk for a in hall.agencies.values()]
    dukcapil = [hall.agencies["dukcapil"].pk]
    assert next(r.id for r in queries.proposals(hall.mall, everyone)) == whole.pk
    assert [r.id for r in queries.proposals(hall.mall, dukcapil)] == [whole.pk]
    assert queries.proposals(hall.mall, []) == []
    mine = queries.proposals(hall.mall, [hall.agencies["polres"].pk])
    assert len(mine) == 2 and all(r.cost is None for r in mine)
    polres = next(r for r in queries.proposals(hall.mall, everyone) if r.agency)
    assert polres.cost and polres.kept is not None
    assert queries.proposal(hall.mall, polres.id, dukcapil) is None
    assert queries.chart(hall.mall, polres.id, "day", everyone) == "<svg/>"
    assert queries.chart(hall.mall, polres.id, "day", dukcapil) is None
    assert queries.chart(hall.mall, polres.id, "nothing", everyone) is None
    page = queries.proposal(hall.mall, polres.id, [hall.agencies["polres"].pk])
    assert page is not None and not page.whole and page.charts == () and len(page.days[0]["agencies"]) == 1


def test_a_coordinator_sees_their_part_of_a_plan_for_all(hall: SmallHall) -> None:
    proposal = ask(hall)
    job.compute_proposal(0)
    page = queries.proposal(hall.mall, proposal.pk, [hall.agencies["dukcapil"].pk])
    assert page is not None
    assert [a["agency"] for a in page.days[0]["agencies"]] == ["contoh-dukcapil"]
    assert page.row.cost is None and page.options == {}


@pytest.mark.parametrize("state", states.STATES)
@pytest.mark.parametrize("command", states.COMMANDS)
def test_each_state_and_command(hall: SmallHall, state: str, command: str) -> None:
    proposal = ask(hall)
    later = NOW + timedelta(days=2)
    user = hall.users["pengelola"]
    Proposal.objects.filter(pk=proposal.pk).update(
        state=state, result=[], decided_by=user, decided_at=NOW, beat_at=later
    )
    empty_day = {"date": DAY.isoformat(), "agencies": [], "nobody": [], "mark": compute.mark_of([]), "cost": 0}

    def accepted() -> object:
        Proposal.objects.filter(pk=proposal.pk).update(result=[empty_day])
        return accept(hall, proposal)

    acts = {
        "start": lambda: commands.start(now=NOW, wall=WALL),
        "ready": lambda: commands.finish(proposal_id=proposal.pk, days=[], basis={}, officers={}, charts={}, now=NOW),
        "fail": lambda: commands.fail(proposal_id=proposal.pk, trouble="x", now=NOW),
        "withdraw": lambda: commands.withdraw(proposal_id=proposal.pk, by=user, now=NOW),
        "accept": accepted,
        "reject": lambda: commands.reject(proposal_id=proposal.pk, by=user, reason="x", now=NOW),
        "expire": lambda: commands.tidy(now=later, wall=later),
    }
    with contextlib.suppress(NotPossible):
        acts[command]()
    proposal.refresh_from_db()
    assert proposal.state == states.TRANSITIONS.get((state, command), state)


def test_the_table_keeps_what_the_states_promise(hall: SmallHall) -> None:
    proposal = ask(hall)
    for changes in ({"state": states.READY}, {"progress": 101}, {"state": states.REJECTED, "result": []}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Proposal.objects.filter(pk=proposal.pk).update(**changes)


def test_counters_of_the_ill_are_not_told_as_savings(hall: SmallHall) -> None:
    proposal = ask(hall, Asked(ill=1, ill_agency="contoh-dukcapil"))
    job.compute_proposal(0)
    proposal.refresh_from_db()
    (ill,) = {
        s["counter"]
        for a in proposal.result[0]["agencies"]
        for s in a["today_shifts"]
        if s["ill"] and a["agency"] == "contoh-dukcapil"
    }
    assert ill not in {c["counter"] for c in proposal.options["closures"]}
