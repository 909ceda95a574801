"""The smile: once, only after service, and its means."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_scopes import scopes_disabled

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.malls.queries import local_day
from senyum.roster import commands as roster
from senyum.surveys import queries
from senyum.surveys.commands import smile
from senyum.surveys.models import Smile
from senyum.visits import commands
from senyum.visits.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unscoped():
    with scopes_disabled():
        yield


@pytest.fixture
def served(small_mall):
    """Gives a function: a ticket of a line served at a counter, by its id."""
    opened: set[int] = set()

    def serve(code: str, counter: int) -> int:
        now = clock.now()
        place = small_mall.counters[counter]
        if counter not in opened:
            roster.open_session(counter=place, user=small_mall.users[f"petugas{counter}"], now=now, actor=SYSTEM)
            opened.add(counter)
        commands.issue_visit(
            mall=small_mall.mall,
            line_ids=[small_mall.lines[code].pk],
            priority="regular",
            channel="kiosk",
            actor=SYSTEM,
            now=now,
        )
        common = {"counter_id": place.pk, "actor": SYSTEM, "now": now, "wall": now}
        ticket = commands.call_next(seen=None, **common).ticket_id
        commands.serve(seen=ticket, **common)
        commands.finish(seen=ticket, **common)
        return ticket

    return serve


def _gives(ticket: int, score: int) -> Smile:
    return smile(ticket_id=ticket, score=score, channel="phone", now=clock.now())


def test_a_smile_is_given_once_and_told_without_a_name(small_mall, served):
    ticket = served("ktp", 1)
    _gives(ticket, 4)
    with pytest.raises(NotPossible, match="no_invitation"):
        _gives(ticket, 1)
    entry = Entry.objects.get(kind="smile.given")
    assert entry.data == {"line": small_mall.lines["ktp"].pk, "score": 4}
    assert (entry.actor_kind, entry.actor_label) == ("citizen", "")
    assert Ticket.objects.get(pk=ticket).smiled_at is not None


@pytest.mark.parametrize("score", [0, 5, -1])
def test_only_four_faces(served, score):
    with pytest.raises(NotPossible, match="score"):
        _gives(served("ktp", 1), score)
    assert not Smile.objects.exists()


def test_an_unknown_channel(served):
    with pytest.raises(NotPossible, match="channel"):
        smile(ticket_id=served("ktp", 1), score=4, channel="letter", now=clock.now())


def test_not_before_service_and_not_for_a_ticket_that_is_not_there(small_mall):
    issued = commands.issue_visit(
        mall=small_mall.mall,
        line_ids=[small_mall.lines["ktp"].pk],
        priority="regular",
        channel="kiosk",
        actor=SYSTEM,
        now=clock.now(),
    )
    for ticket in (issued.tickets[0].id, 0):
        with pytest.raises(NotPossible, match="no_invitation"):
            _gives(ticket, 4)


def test_means_of_a_mall_a_line_and_an_officer(small_mall, served):
    day = local_day(small_mall.mall, clock.now())
    assert queries.smile_of_mall(small_mall.mall, day) == (0, None)
    _gives(served("ktp", 1), 4)
    _gives(served("ktp", 1), 3)
    _gives(served("skck", 3), 1)
    served("kk", 2)
    users, lines = small_mall.users, small_mall.lines
    assert queries.smile_of_mall(small_mall.mall, day) == (3, pytest.approx(8 / 3))
    assert queries.smiles_of(small_mall.mall, day, user_id=users["petugas1"].pk) == (2, 3.5)
    assert queries.smile_of_line(lines["skck"].pk, small_mall.mall, day) == (1, 1.0)
    assert queries.smiles_of(small_mall.mall, day - timedelta(days=1)) == (0, None)


def test_an_officer_sees_their_smiles_in_groups_so_that_no_tap_can_be_told(small_mall, served):
    day, officer = local_day(small_mall.mall, clock.now()), small_mall.users["petugas1"].pk

    def seen() -> tuple[int, float | None]:
        return queries.smile_of_session_user(officer, small_mall.mall, day)

    for score in (4, 4, 3, 4):
        _gives(served("ktp", 1), score)
        assert seen() == (0, None)
    _gives(served("ktp", 1), 2)
    assert seen() == (5, 3.4)
    # The next one taps the saddest face: what the officer sees does not move until four others have tapped, too.
    for score in (1, 4, 4, 4):
        _gives(served("ktp", 1), score)
        assert seen() == (5, 3.4)
    _gives(served("ktp", 1), 4)
    assert seen() == (10, 3.4)
    assert queries.smile_of_session_user(small_mall.users["petugas2"].pk, small_mall.mall, day) == (0, None)
    assert queries.smile_of_session_user(officer, small_mall.mall, day - timedelta(days=1)) == (0, None)


def test_invitations_of_a_label(small_mall, served):
    first = served("ktp", 1)
    label = Ticket.objects.get(pk=first).visit.label
    found = queries.invitations(small_mall.mall, label, clock.now())
    assert [(one.ticket_id, one.counter_number, one.agency) for one in found] == [(first, 1, "Disdukcapil")]
    assert found[0].name("en") == "Electronic ID card" and found[0].name("id") == "KTP elektronik"
    _gives(first, 4)
    assert queries.invitations(small_mall.mall, label, clock.now()) == []
    assert queries.invitations(small_mall.mall, "Z-001", clock.now()) == []
