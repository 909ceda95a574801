"""The life of a standard: every state with every command, who may, in which order, and what the journal says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from senyum.catalogue import standard_commands as commands
from senyum.catalogue import states
from senyum.catalogue.content import Content, FeeText, RequirementText, content_of
from senyum.catalogue.models import Comment, Service, Standard
from senyum.catalogue.queries import standard_at, standard_on
from senyum.core import clock
from senyum.core.errors import NotAllowed, NotPossible
from senyum.journal.models import Entry
from senyum.malls.models import Mall
from senyum.malls.queries import local_day, local_time
from senyum.people.models import Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(small_mall) -> datetime:
    """Ten in the morning of the hall."""
    return local_time(small_mall.mall, clock.wall()).replace(hour=10, minute=0, second=0, microsecond=0)


def person(name):
    return User.objects.get(username=name)


class Life:
    """The KTP service's standard in the hands of its coordinator (author) and the hall's manager (approver)."""

    def __init__(self, small, now):
        self.mall, self.now = small.mall, now
        self.service = Service.objects.get(pk=small.lines["ktp"].service_id)
        self.author, self.manager = person("koordinator"), person("pengelola")
        self.today = local_day(self.mall, now)
        self.standard = None

    def by(self, user=None, days=0):
        return {"by": user or self.author, "mall": self.mall, "now": self.now + timedelta(days=days)}

    def draft(self):
        self.standard = commands.start_draft(service_id=self.service.pk, **self.by())
        return self

    def submit(self, first=0, last=3, **by):
        commands.submit(
            standard_id=self.standard.pk,
            review_from=self.today + timedelta(days=first),
            review_to=self.today + timedelta(days=last),
            **(by or self.by()),
        )
        return self

    def approve(self, user=None, days=4, effective=10, decree="SK 188/1/2026"):
        commands.approve(
            standard_id=self.standard.pk,
            decree_number=decree,
            effective_on=self.today + timedelta(days=effective),
            **self.by(user or self.manager, days),
        )
        return self

    def row(self):
        return Standard.objects.get(pk=self.standard.pk)

    def state(self):
        return self.row().state


@pytest.fixture
def life(small_mall, now):
    return Life(small_mall, now)


def refused(do, code, error=NotPossible):
    with pytest.raises(error) as caught:
        do()
    assert caught.value.code == code
    return caught.value


def test_from_draft_to_in_force(life):
    before = life.service.current
    life.draft()
    content = replace(
        content_of(life.standard),
        time_text="1 hari kerja",
        components={"product": "KTP-el", "complaints": "Lapor ke loket 1\n\nDijawab dalam 5 hari kerja"},
        requirements=(RequirementText("KK", legal_basis="Perpres 96/2018", issued_by="Disdukcapil", forms="asli"),),
        fees=(FeeText(0, "Biasa", kind="retribution"), FeeText(25000, "Kilat", kind="retribution")),
    )
    commands.save_draft(standard_id=life.standard.pk, content=content, change_note="Lebih jelas", **life.by())
    life.submit().approve()
    early = life.now + timedelta(days=9)
    assert commands.enforce_due(now=early) == 0
    assert life.state() == "approved" and life.service.current == before
    midnight = local_time(life.mall, life.now + timedelta(days=10)).replace(hour=0, minute=1)
    assert commands.enforce_due(now=midnight) == 1
    assert commands.enforce_due(now=midnight) == 0
    life.service.refresh_from_db()
    now_told, old = life.service.current, Standard.objects.get(pk=before.pk)
    assert (now_told.pk, now_told.state, now_told.number) == (life.standard.pk, "in_force", 2)
    assert (old.state, old.in_force_to) == ("superseded", now_told.in_force_from)
    assert (life.service.fee_rupiah, life.service.fee_text) == (None, "Biasa: gratis; Kilat: Rp25.000")
    assert life.service.time_text == "1 hari kerja"
    assert content_of(now_told).requirements == content.requirements
    assert (now_told.decree_number, now_told.approver, now_told.author) == ("SK 188/1/2026", life.manager, life.author)
    told = Entry.objects.filter(kind__startswith="standard.").order_by("id").values_list("kind", "actor_label")
    assert list(told) == [
        ("standard.drafted", "koordinator"),
        ("standard.saved", "koordinator"),
        ("standard.submitted", "koordinator"),
        ("standard.approved", "pengelola"),
        ("standard.put_in_force", "Senyum"),
    ]


def test_a_visit_keeps_the_version_it_began_under(life):
    began = life.now
    before = life.service.current
    life.draft().submit().approve()
    commands.put_in_force(standard_id=life.standard.pk, now=life.now + timedelta(days=11))
    assert standard_at(life.service.pk, began) == before
    assert standard_at(life.service.pk, life.now + timedelta(days=11)) == life.row()
    assert standard_on(life.service.pk, life.mall, life.today) == before
    assert standard_on(life.service.pk, life.mall, life.today + timedelta(days=12)) == life.row()


def test_a_draft_begins_with_what_is_in_force_but_its_decree(life):
    life.draft().submit().approve()
    commands.put_in_force(standard_id=life.standard.pk, now=life.now + timedelta(days=11))
    life.draft()
    known, begun = content_of(life.service.standards.get(number=2)), content_of(life.standard)
    assert known.decree_number and not begun.decree_number and begun.effective_on is None
    assert replace(known, decree_number="", effective_on=None) == begun
    assert life.standard.based_on.number == 2


def test_one_draft_at_a_time(life):
    life.draft()
    error = refused(life.draft, "draft_open")
    assert error.now_true == {"standard": life.standard.pk}
    commands.withdraw(standard_id=life.standard.pk, reason="Salah layanan", **life.by())
    assert life.state() == "withdrawn"
    life.draft()
    assert life.standard.number == 3


# Every state with every command -----------------------------------------------------------------------------------

CALLS = {
    "save": lambda life: commands.save_draft(
        standard_id=life.standard.pk, content=content_of(life.standard), **life.by()
    ),
    "submit": lambda life: life.submit(first=30, last=31),
    "give_back": lambda life: commands.give_back(standard_id=life.standard.pk, reason="r", **life.by(life.manager)),
    "approve": lambda life: life.approve(),
    "put_in_force": lambda life: commands.put_in_force(standard_id=life.standard.pk, now=life.now + timedelta(days=11)),
    "withdraw": lambda life: commands.withdraw(standard_id=life.standard.pk, reason="r", **life.by(life.manager)),
}


def reach(life, state):
    life.draft()
    if state == states.WITHDRAWN:
        commands.withdraw(standard_id=life.standard.pk, reason="r", **life.by())
    if state in (states.IN_REVIEW, states.APPROVED, states.IN_FORCE, states.SUPERSEDED):
        life.submit()
    if state in (states.APPROVED, states.IN_FORCE, states.SUPERSEDED):
        life.approve()
    if state in (states.IN_FORCE, states.SUPERSEDED):
        commands.put_in_force(standard_id=life.standard.pk, now=life.now + timedelta(days=10))
    if state == states.SUPERSEDED:
        commands.adopt(
            service=life.service,
            content=Content(5, "lain"),
            now=life.now + timedelta(days=10),
            actor=commands.SYSTEM,
        )
    assert life.state() == state


@pytest.mark.parametrize("state", states.STATES)
@pytest.mark.parametrize("command", sorted(CALLS))
def test_the_table_is_the_law(life, state, command):
    reach(life, state)
    life.standard = life.row()
    do = partial(CALLS[command], life)
    after = states.TRANSITIONS.get((state, command))
    if after is None:
        refused(do, "standard_state")
        assert life.state() == state
    else:
        do()
        assert life.state() == after


def test_every_command_of_the_table_is_tried_or_told_by_another():
    assert set(states.COMMANDS) == set(CALLS) | {"supersede", "adopt"}


# Who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["petugas1", "penyambut", "sekda", "petugas3"])
def test_who_may_not_edit(life, name):
    refused(
        lambda: commands.start_draft(service_id=life.service.pk, **life.by(person(name))), "other_agency", NotAllowed
    )


def test_a_coordinator_edits_their_own_agency_only(small_mall, life):
    other = small_mall.lines["skck"].service
    refused(lambda: commands.start_draft(service_id=other.pk, **life.by()), "other_agency", NotAllowed)
    life.draft()
    stranger = User.objects.create(username="polisi")
    Role.objects.create(user=stranger, mall=life.mall, role="coordinator", agency=other.agency)
    for command in ("save", "submit", "withdraw"):
        life.author, keep = stranger, life.author
        life.manager, manager = stranger, life.manager
        refused(partial(CALLS[command], life), "other_agency", NotAllowed)
        life.author, life.manager = keep, manager
    assert life.state() == "draft"


def test_a_hall_without_the_agency_lends_nothing(life):
    elsewhere = Mall.objects.create(code="lain", name="Lain", short_name="Lain", languages=["id"])
    Role.objects.create(user=life.manager, mall=elsewhere, role="manager")
    life.draft().submit()
    life.mall = elsewhere
    refused(life.approve, "other_agency", NotAllowed)


def test_nobody_approves_what_they_wrote(life):
    life.draft()
    commands.save_draft(standard_id=life.standard.pk, content=content_of(life.standard), **life.by(life.manager))
    life.submit()
    refused(life.approve, "own_draft")
    refused(partial(life.approve, life.author), "other_agency", NotAllowed)
    life.approve(person("admin"))
    assert life.row().approver.username == "admin"


# Days, words, order -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "last"), [(-1, 3), (3, 2), (0, 400)])
def test_a_review_has_sound_days(life, first, last):
    life.draft()
    refused(partial(life.submit, first, last), "review_days")


def test_no_approval_before_the_review_is_over(life):
    life.draft().submit(last=3)
    refused(partial(life.approve, days=3), "review_open")
    life.approve(days=4)


@pytest.mark.parametrize("effective", [4, 3, 900])
def test_in_force_tomorrow_at_the_earliest(life, effective):
    life.draft().submit()
    refused(partial(life.approve, effective=effective), "effective_on")


def test_no_approval_without_a_decree(life):
    life.draft().submit()
    refused(partial(life.approve, decree=" \n"), "decree")


def test_a_late_job_ends_nothing_in_the_past(life):
    """The worker was down from the effective day on: what citizens were told in between stays what it was."""
    before = life.service.current
    life.draft().submit().approve(effective=5)
    late = life.now + timedelta(days=8)
    assert commands.enforce_due(now=late) == 1
    assert standard_at(life.service.pk, life.now + timedelta(days=6)) == before
    assert life.row().in_force_from == late


def test_a_draft_saved_by_another_is_not_overwritten(life):
    life.draft()
    seen = life.standard.saved_at
    save = partial(commands.save_draft, standard_id=life.standard.pk, content=content_of(life.standard), seen=seen)
    save(**life.by(life.manager, days=1))
    refused(lambda: save(**life.by(days=2)), "draft_moved")


WRONG = [
    ({"standard_minutes": 0}, "standard_minutes"),
    ({"standard_minutes": 481}, "standard_minutes"),
    ({"time_text": "x" * 601}, "time_text"),
    ({"components": {"unknown": "x"}}, "components.unknown"),
    ({"components": {"product": "x" * 8001}}, "components.product"),
    ({"requirements": (RequirementText("", reason="r"),)}, "requirements.0.text"),
    ({"requirements": (RequirementText("a", example_url="http://a.id/x"),)}, "requirements.0.example_url"),
    ({"requirements": (RequirementText("a", example_url="https://a@b.id"),)}, "requirements.0.example_url"),
    ({"requirements": tuple(RequirementText(str(n)) for n in range(61))}, "requirements"),
    ({"fees": (FeeText(None, "A"),)}, "fees.0.amount_rupiah"),
    ({"fees": (FeeText(-1),)}, "fees.0.amount_rupiah"),
    ({"fees": (FeeText(2**31),)}, "fees.0.amount_rupiah"),
    ({"fees": (FeeText(1, kind="x"),)}, "fees.0.kind"),
    ({"fees": tuple(FeeText(n) for n in range(41))}, "fees"),
]


@pytest.mark.parametrize(("changes", "where"), WRONG)
def test_what_is_wrong_is_refused_with_its_field(life, changes, where):
    life.draft()
    content = replace(content_of(life.standard), **changes)
    save = partial(commands.save_draft, standard_id=life.standard.pk, content=content, **life.by())
    assert where in refused(save, "standard_content").now_true["where"]
    assert content_of(life.row()) == content_of(life.standard)


def test_hidden_marks_and_empty_rows_go(life):
    life.draft()
    content = Content(
        10,
        " 1 hari\u202e\x00 ",
        {"product": "  KTP\u200f \r\n\r\n\r\n\r\nbaru ", "safety": " \n "},
        (RequirementText(" "), RequirementText("KK\u202e")),
        (FeeText(None), FeeText(0, " Biasa ")),
    )
    commands.save_draft(standard_id=life.standard.pk, content=content, **life.by())
    assert content_of(life.row()) == Content(
        10, "1 hari", {"product": "KTP\n\nbaru"}, (RequirementText("KK"),), (FeeText(0, "Biasa"),)
    )


# Comments ---------------------------------------------------------------------------------------------------------


def say(life, text="Bagus", days=0, browser="a", **more):
    today = life.today + timedelta(days=days)
    now = life.now + timedelta(days=days)
    return commands.add_comment(standard_id=life.standard.pk, text=text, now=now, today=today, browser=browser, **more)


def test_comments_only_in_the_days_of_the_review(life):
    life.draft()
    refused(partial(say, life), "review_closed")
    life.submit(first=1, last=2)
    refused(partial(say, life), "review_closed")
    refused(partial(say, life, days=3), "review_closed")
    said = say(life, days=1, name=" Ibu\nAni\u202e ", speaks_as="user")
    assert (said.state, said.name, said.speaks_as) == ("pending", "Ibu Ani", "user")
    entry = Entry.objects.get(kind="standard.commented")
    assert "Ani" not in str(entry.data) + entry.actor_label + entry.reason


@pytest.mark.parametrize("text", ["", " \n ", "ab", "x" * 2001])
def test_a_comment_says_something(life, text):
    life.draft().submit()
    refused(partial(say, life, text), "comment_text")


def test_a_phone_and_a_day_have_a_limit(life, monkeypatch):
    life.draft().submit()
    for _n in range(commands.COMMENTS_PER_BROWSER):
        say(life)
    refused(partial(say, life), "comment_limit")
    monkeypatch.setattr(commands, "COMMENTS_PER_DAY", 4)
    say(life, browser="b")
    refused(partial(say, life, browser="c"), "comment_limit")
    say(life, browser="c", days=2)


def test_every_comment_is_read_before_the_approval(life):
    life.draft().submit()
    said = say(life)
    refused(life.approve, "comments_open")
    read = partial(commands.moderate, comment_id=said.pk)
    read(show=True, answer="Terima kasih", **life.by())
    assert Comment.objects.get().state == "shown"
    read(show=False, **life.by(life.manager))
    assert (Comment.objects.get().state, Comment.objects.get().answer) == ("hidden", "")
    read(show=True, **life.by())
    life.approve()
    refused(
        lambda: commands.moderate(comment_id=said.pk, show=True, **life.by(person("petugas1"))),
        "other_agency",
        NotAllowed,
    )


def test_names_of_commenters_end(life):
    life.draft().submit()
    say(life, name="Ani")
    later = life.now + timedelta(days=40)
    assert commands.forget_commenters(before=life.now, now=later) == 0
    assert commands.forget_commenters(before=later, now=later) == 1
    assert commands.forget_commenters(before=later, now=later) == 0
    kept = Comment.objects.get()
    assert (kept.name, kept.browser, kept.text) == ("", "", "Bagus")
    assert Entry.objects.filter(kind="retention.erased").last().data["counts"] == {"Comment.name": 1}


def test_what_does_not_exist(life):
    for do in (
        lambda: commands.start_draft(service_id=0, **life.by()),
        lambda: commands.withdraw(standard_id=0, reason="r", **life.by()),
        lambda: commands.moderate(comment_id=0, show=True, **life.by()),
    ):
        with pytest.raises(NotPossible):
            do()


@pytest.mark.parametrize("command", [commands.withdraw, commands.give_back])
def test_an_end_has_a_reason(life, command):
    life.draft().submit()
    refused(lambda: command(standard_id=life.standard.pk, reason=" ", **life.by(life.manager)), "reason_needed")


def test_only_an_approver_withdraws_what_was_approved(life):
    life.draft().submit().approve()
    refused(
        lambda: commands.withdraw(standard_id=life.standard.pk, reason="r", **life.by()), "other_agency", NotAllowed
    )


def test_a_standard_decided_here_is_left_alone_by_the_seed(life):
    from senyum.catalogue.commands import put_service

    life.draft().submit().approve()
    commands.put_in_force(standard_id=life.standard.pk, now=life.now + timedelta(days=10))
    put_service(
        agency=life.service.agency,
        code=life.service.code,
        name="KTP baru",
        standard_minutes=3,
        fee_rupiah=9,
        now=life.now,
        actor=commands.SYSTEM,
    )
    life.service.refresh_from_db()
    assert (life.service.name, life.service.current_id) == ("KTP baru", life.standard.pk)
    assert (life.service.standard_minutes, life.service.fee_rupiah) == (10, 0)
