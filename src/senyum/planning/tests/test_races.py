"""Two managers decide at once, two workers look for work at once: one of them is heard."""

from __future__ import annotations

from typing import Any

import pytest

from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.planning import commands, compute, states
from senyum.planning.asked import Asked
from senyum.planning.models import Proposal
from senyum.planning.tests.small import DAY, NOW, eight_to_three
from senyum.rehearsal.queries import SmallHall
from senyum.roster.queries import shifts_of
from senyum.visits.tests.test_races import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hall(small_mall: SmallHall) -> SmallHall:
    return eight_to_three(small_mall)


def ask(hall: SmallHall) -> Proposal:
    return commands.request(
        mall=hall.mall,
        by=hall.users["pengelola"],
        days=[DAY],
        asked=Asked(),
        now=NOW,
        agency=hall.agencies["polres"],
    )


def ready(hall: SmallHall) -> Proposal:
    proposal = ask(hall)
    commands.start(now=NOW, wall=NOW)
    planned = compute.plan(
        mall=hall.mall,
        agency=hall.agencies["polres"],
        days=[DAY],
        asked=Asked(),
        now=NOW,
        say=lambda _stage, _progress: None,
    )
    commands.finish(
        proposal_id=proposal.pk,
        days=planned.days,
        basis=planned.basis,
        officers=planned.officers,
        charts={},
        now=NOW,
    )
    return proposal


def decide(hall: SmallHall, proposal: Proposal, place: int) -> Any:
    by = hall.users["pengelola"]
    if place % 2:
        return commands.accept(proposal_id=proposal.pk, by=by, now=NOW)
    commands.reject(proposal_id=proposal.pk, by=by, reason="Ada pelatihan", now=NOW)
    return 0


def heard(answers: list[Any]) -> int:
    assert all(isinstance(a, int | NotPossible) for a in answers), answers
    return sum(isinstance(a, int) for a in answers)


def test_of_16_decisions_one_is_heard_and_the_roster_agrees(hall: SmallHall) -> None:
    proposal = ready(hall)
    assert heard(together(lambda place: decide(hall, proposal, place), 16)) == 1
    proposal.refresh_from_db()
    sources = {s.source for s in shifts_of(mall=hall.mall, day=DAY) if s.number == 3}
    assert sources == ({"proposal"} if proposal.state == states.ACCEPTED else {"seed"})


def test_control_without_the_lock_several_decide(hall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = ready(hall)
    monkeypatch.setattr(
        commands,
        "_locked",
        lambda number: Proposal.objects.select_related("mall", "agency").get(pk=number),
    )
    assert heard(together(lambda place: decide(hall, proposal, 2 * place), 16)) > 1


def test_of_16_workers_each_takes_another(hall: SmallHall) -> None:
    wanted = {ask(hall).pk for _ in range(commands.MOST_OPEN)}
    taken = together(lambda _place: commands.start(now=NOW, wall=NOW), 16)
    assert all(t is None or isinstance(t, Proposal) for t in taken)
    assert sorted(t.pk for t in taken if t) == sorted(wanted)


def test_no_more_than_the_limit_wait_at_once(hall: SmallHall) -> None:
    answers = together(lambda _place: ask(hall).pk, 16)
    assert heard(answers) == commands.MOST_OPEN == Proposal.objects.count()


def test_control_without_the_lock_more_wait(hall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mall.objects, "select_for_update", lambda **_options: Mall.objects.all())
    assert heard(together(lambda _place: ask(hall).pk, 16)) > commands.MOST_OPEN
