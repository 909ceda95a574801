"""What the commands themselves refuse, whoever calls them: other agencies' staff, citizens, devices."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.core.errors import NotAllowed
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.models import Entry
from senyum.people.access import actor_of
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.visits import commands, states
from senyum.visits.models import Ticket, Visit

pytestmark = pytest.mark.django_db

#: Who -> whether they may help a person in Dukcapil's line. A citizen is the visit's own link, not an actor.
WHO = {
    "petugas1": True,
    "koordinator": True,
    "penyambut": True,
    "pengelola": True,
    "petugas3": False,
    "petugas4": False,
    "sekda": False,
    "admin": False,
    "citizen": False,
    "device": False,
    "token": False,
    "nobody": False,
}


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


def actor(hall: SmallHall, who: str) -> Actor:
    others = {
        "citizen": Actor("citizen", "1", "A-001"),
        "device": Actor("device", str(hall.devices["kiosk"].pk), "Kios"),
        "token": Actor("token", "abc", "officer"),
        "nobody": Actor("user", "0", "petugas1"),
    }
    return others.get(who) or actor_of(hall.users[who])


def waiting(hall: SmallHall) -> Ticket:
    issued = commands.issue_visit(
        mall=hall.mall,
        line_ids=[hall.lines["ktp"].pk],
        priority="regular",
        channel="kiosk",
        actor=SYSTEM,
        now=clock.now(),
    )
    return Ticket.objects.get(pk=issued.tickets[0].id)


def _redirect(hall: SmallHall, by: Actor) -> Callable[[], object]:
    ticket = waiting(hall)
    line = hall.lines["kk"].pk
    return lambda: commands.redirect(ticket_id=ticket.pk, line_id=line, now=clock.now(), actor=by)


def _priority(hall: SmallHall, by: Actor) -> Callable[[], object]:
    ticket = waiting(hall)
    return lambda: commands.change_priority(
        visit_id=ticket.visit_id, priority="elderly", reason="tampak lelah", now=clock.now(), actor=by
    )


def _rejoin(hall: SmallHall, by: Actor) -> Callable[[], object]:
    ticket = waiting(hall)
    Ticket.objects.filter(pk=ticket.pk).update(state=states.ABSENT)
    return lambda: commands.rejoin(ticket_id=ticket.pk, now=clock.now(), actor=by)


def _delay(hall: SmallHall, by: Actor) -> Callable[[], object]:
    ticket = waiting(hall)
    return lambda: commands.delay(ticket_id=ticket.pk, minutes=10, now=clock.now(), actor=by)


def _leave(hall: SmallHall, by: Actor) -> Callable[[], object]:
    ticket = waiting(hall)
    return lambda: commands.leave(ticket_id=ticket.pk, now=clock.now(), actor=by)


def _leave_visit(hall: SmallHall, by: Actor) -> Callable[[], object]:
    ticket = waiting(hall)
    return lambda: commands.leave_visit(visit_id=ticket.visit_id, now=clock.now(), actor=by)


def _add_leg(hall: SmallHall, by: Actor) -> Callable[[], object]:
    ticket = waiting(hall)
    line = hall.lines["skck"].pk
    return lambda: commands.add_leg(visit_id=ticket.visit_id, line_id=line, now=clock.now(), actor=by)


PRESSES = [_redirect, _priority, _rejoin, _delay, _leave, _leave_visit, _add_leg]


@pytest.mark.parametrize("prepare", PRESSES, ids=lambda press: press.__name__.strip("_"))
@pytest.mark.parametrize(("who", "may"), WHO.items())
def test_who_may_help_a_person_in_a_line(small_mall, prepare, who, may):
    command = prepare(small_mall, actor(small_mall, who))
    before = Entry.objects.count(), list(Ticket.objects.values()), list(Visit.objects.values())
    if may:
        command()
        assert Entry.objects.count() == before[0] + 1
    else:
        with pytest.raises(NotAllowed, match="other_agency"):
            command()
        assert (Entry.objects.count(), list(Ticket.objects.values()), list(Visit.objects.values())) == before


def test_the_person_themselves_comes_back(small_mall):
    ticket = waiting(small_mall)
    Ticket.objects.filter(pk=ticket.pk).update(state=states.ABSENT)
    commands.rejoin(ticket_id=ticket.pk, now=clock.now())
    assert Entry.objects.get(kind="ticket.rejoined").actor_kind == "citizen"


def test_an_officer_ends_no_leg_at_another_agency(small_mall):
    """Leaving the mall takes every leg along; an officer of one agency ends the leg of theirs."""
    issued = commands.issue_visit(
        mall=small_mall.mall,
        line_ids=[small_mall.lines["ktp"].pk, small_mall.lines["skck"].pk],
        priority="regular",
        channel="kiosk",
        actor=SYSTEM,
        now=clock.now(),
    )
    officer = actor(small_mall, "petugas1")
    with pytest.raises(NotAllowed):
        commands.leave_visit(visit_id=issued.visit_id, now=clock.now(), actor=officer)
    assert not Ticket.objects.filter(state=states.LEFT).exists()
    commands.leave(ticket_id=issued.tickets[0].id, now=clock.now(), actor=officer)
    assert commands.leave_visit(visit_id=issued.visit_id, now=clock.now(), actor=actor(small_mall, "penyambut")) == 1


def test_a_further_service_for_somebody_in_no_line_is_given_by_its_own_agency(small_mall):
    ticket = waiting(small_mall)
    commands.leave(ticket_id=ticket.pk, now=clock.now())
    further = {"visit_id": ticket.visit_id, "line_id": small_mall.lines["skck"].pk, "now": clock.now()}
    with pytest.raises(NotAllowed):
        commands.add_leg(**further, actor=actor(small_mall, "petugas1"))
    commands.add_leg(**further, actor=actor(small_mall, "petugas3"))


def test_the_person_themselves_leaves_and_asks_to_be_passed_over(small_mall):
    ticket = waiting(small_mall)
    commands.delay(ticket_id=ticket.pk, minutes=5, now=clock.now())
    commands.leave(ticket_id=ticket.pk, now=clock.now())
    kinds = Entry.objects.filter(kind__in=["ticket.delayed", "ticket.left"]).values_list("actor_kind", flat=True)
    assert list(kinds) == ["citizen", "citizen"]


def test_an_officer_who_was_switched_off_helps_nobody(small_mall):
    user = small_mall.users["petugas1"]
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    with pytest.raises(NotAllowed):
        _redirect(small_mall, actor_of(user))()


def test_a_visit_with_a_leg_here_has_a_class_that_its_officers_may_change(small_mall):
    """The class belongs to the visit: either agency may set it, a third one may not."""
    issued = commands.issue_visit(
        mall=small_mall.mall,
        line_ids=[small_mall.lines["ktp"].pk, small_mall.lines["skck"].pk],
        priority="regular",
        channel="kiosk",
        actor=SYSTEM,
        now=clock.now(),
    )
    visit_id = Ticket.objects.get(pk=issued.tickets[0].id).visit_id
    for who, priority in (("petugas1", "elderly"), ("petugas3", "child")):
        commands.change_priority(
            visit_id=visit_id,
            priority=priority,
            reason="diminta warga",
            now=clock.now(),
            actor=actor(small_mall, who),
        )
    with pytest.raises(NotAllowed):
        commands.change_priority(
            visit_id=visit_id,
            priority="regular",
            reason="diminta warga",
            now=clock.now(),
            actor=actor(small_mall, "petugas4"),
        )


def test_who_may_answer_a_cry_for_help(small_mall, django_user_model):
    """Colleagues of every agency of the hall, but nobody from outside, and the first answer stands."""
    session = roster.open_session(
        counter=small_mall.counters[1], user=small_mall.users["petugas1"], now=clock.now(), actor=SYSTEM
    )
    emergency = roster.raise_emergency(session_id=session.pk, now=clock.now(), actor=SYSTEM)
    stranger = django_user_model.objects.create_user("tamu")
    with pytest.raises(NotAllowed, match="other_mall"):
        roster.answer_emergency(emergency_id=emergency.pk, user=stranger, now=clock.now(), actor=actor_of(stranger))
    colleague = small_mall.users["petugas3"]
    roster.answer_emergency(emergency_id=emergency.pk, user=colleague, now=clock.now(), actor=actor_of(colleague))
    emergency.refresh_from_db()
    assert emergency.answered_by == colleague
