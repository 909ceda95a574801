"""What an administrator does with the people of a hall: who may, what ends, and what the journal says."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from typer.testing import CliRunner

from senyum.core import clock
from senyum.core.errors import NotAllowed, NotPossible
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.models import Entry
from senyum.malls.models import Agency, Mall
from senyum.people import commands, queries, tokens
from senyum.people.access import actor_of
from senyum.people.commands.accounts import FIRST_PASSWORD_KEPT
from senyum.people.models import ApiToken, Login, Role, User
from senyum.people.user_cli import app
from senyum.rehearsal.queries import SmallHall

pytestmark = pytest.mark.django_db


def by(hall: SmallHall, name: str = "admin") -> dict[str, object]:
    return {"now": clock.now(), "actor": actor_of(hall.users[name])}


def add(hall: SmallHall, **given: object) -> tuple[User, str]:
    wanted = {
        "mall": hall.mall,
        "username": "siti",
        "name": "Siti",
        "email": "siti@mpp.example",
        "role": "officer",
        "agency": hall.agencies["dukcapil"],
        "wall": clock.wall(),
        **by(hall),
        **given,
    }
    return commands.add_person(**wanted)  # type: ignore[arg-type]  # given by name


def other_hall(hall: SmallHall, name: str) -> Mall:
    """A second hall in which that user works as a greeter."""
    mall = Mall.objects.create(code="lain", name="MPP Lain", short_name="MPP Lain", timezone="Asia/Jakarta")
    Role.objects.create(user=hall.users[name], mall=mall, role="greeter")
    return mall


def test_somebody_new_has_one_role_and_a_first_password_that_ends(small_mall):
    user, secret = add(small_mall)
    assert user.check_password(secret)
    assert user.password_until is not None
    assert timedelta(0) < user.password_until - clock.wall() <= FIRST_PASSWORD_KEPT
    (person,) = queries.people_of(small_mall.mall, only=user.pk)
    assert [(r.role, r.agency) for r in person.roles] == [("officer", small_mall.agencies["dukcapil"].short_name)]
    assert person.waits
    assert not person.factor


def test_first_passwords_differ_and_have_no_letters_that_look_alike(small_mall):
    made = {commands.accounts.first_password() for _each in range(200)}
    assert len(made) == 200
    assert not set("".join(made)) & set("01iloIO")


@pytest.mark.parametrize("name", ["pengelola", "sekda", "koordinator", "petugas1", "penyambut"])
def test_nobody_but_an_administrator_makes_accounts(small_mall, name):
    with pytest.raises(NotAllowed):
        add(small_mall, **by(small_mall, name))
    assert not User.objects.filter(username="siti").exists()


@pytest.mark.parametrize("kind", ["citizen", "device", "token"])
def test_who_is_no_user_makes_no_accounts(small_mall, kind):
    with pytest.raises(NotAllowed):
        add(small_mall, actor=Actor(kind, str(small_mall.users["admin"].pk), "x"))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"username": "petugas1"}, "username_taken"),
        ({"username": "Siti Aminah"}, "username_odd"),
        ({"username": "s"}, "username_odd"),
        ({"username": "siti\u202e"}, "username_odd"),
        ({"name": " \u200e "}, "name_needed"),
        ({"email": "siti@"}, "email_odd"),
        ({"email": "a@x.id\nBcc: b@x.id"}, "email_odd"),
        ({"role": "manager"}, "role_agency"),
        ({"agency": None}, "role_agency"),
        ({"role": "owner", "agency": None}, "role_unknown"),
    ],
)
def test_what_does_not_fit_is_told_and_nothing_is_made(small_mall, given, code):
    people = User.objects.count()
    with pytest.raises(NotPossible) as refusal:
        add(small_mall, **given)
    assert refusal.value.code == code
    assert User.objects.count() == people


def test_an_agency_of_another_hall_is_refused(small_mall):
    foreign = Agency.objects.create(code="asing", name="Asing", short_name="Asing")
    with pytest.raises(NotPossible) as refusal:
        add(small_mall, agency=foreign)
    assert refusal.value.code == "agency_elsewhere"


def test_the_address_reaches_managers_notices_and_never_the_journal(small_mall):
    manager = small_mall.users["pengelola"]
    change = {"user": manager, "mall": small_mall.mall, "name": str(manager), **by(small_mall)}
    commands.change_person(email="pengelola@mpp.example", **change)
    assert queries.addresses(small_mall.mall, ["manager"]) == ["pengelola@mpp.example"]
    entry = Entry.objects.get(kind="user.changed")
    assert entry.data == {"fields": ["email"]}
    assert "pengelola@" not in json.dumps([entry.data, entry.reason, entry.subject_label])
    commands.change_person(email="pengelola@mpp.example", **change)
    assert Entry.objects.filter(kind="user.changed").count() == 1
    commands.change_person(email="", **change)
    assert queries.addresses(small_mall.mall, ["manager"]) == []


def test_a_person_of_two_halls_wants_an_administrator_of_both(small_mall):
    officer = small_mall.users["petugas1"]
    mall = other_hall(small_mall, "petugas1")
    with pytest.raises(NotAllowed) as refusal:
        commands.disable_person(user=officer, mall=small_mall.mall, reason="pindah", **by(small_mall))
    assert refusal.value.code == "works_elsewhere"
    with pytest.raises(NotAllowed):
        commands.reset_access(user=officer, mall=small_mall.mall, wall=clock.wall(), **by(small_mall))
    Role.objects.create(user=small_mall.users["admin"], mall=mall, role="administrator")
    commands.disable_person(user=officer, mall=small_mall.mall, reason="pindah", **by(small_mall))
    officer.refresh_from_db()
    assert not officer.is_active


def test_a_person_who_does_not_work_here_is_not_touched_from_here(small_mall):
    stranger = User.objects.create(username="jauh")
    with pytest.raises(NotPossible) as refusal:
        commands.reset_access(user=stranger, mall=small_mall.mall, wall=clock.wall(), **by(small_mall))
    assert refusal.value.code == "not_here"
    with pytest.raises(NotPossible):
        commands.give_role(user=stranger, mall=small_mall.mall, role="greeter", agency=None, **by(small_mall))


def test_a_hall_cannot_lose_its_administrator_by_its_own_hand(small_mall):
    me = small_mall.users["admin"]
    own = Role.objects.get(user=me)
    for attempt in (
        lambda: commands.disable_person(user=me, mall=small_mall.mall, reason="coba", **by(small_mall)),
        lambda: commands.take_role(role=own, **by(small_mall)),
        lambda: commands.reset_access(user=me, mall=small_mall.mall, wall=clock.wall(), **by(small_mall)),
        lambda: commands.remove_factors(user=me, mall=small_mall.mall, reason="coba", **by(small_mall)),
    ):
        with pytest.raises(NotPossible) as refusal:
            attempt()
        assert refusal.value.code == "oneself"


def test_a_role_taken_away_ends_its_tokens_and_its_pages(small_mall):
    officer = small_mall.users["petugas1"]
    secret = commands.create_token(role="officer", mall=small_mall.mall, user=officer, now=clock.now(), actor=SYSTEM)
    browser = Client()
    browser.force_login(officer)
    assert browser.get("/counter/contoh/").status_code == 200
    commands.take_role(role=Role.objects.get(user=officer), **by(small_mall))
    assert browser.get("/counter/contoh/").status_code == 404
    assert tokens.look_up(secret, clock.wall()) is None
    assert Entry.objects.get(kind="role.taken").data["role"] == "officer"


def test_a_reset_ends_log_ins_and_tokens(small_mall):
    officer = small_mall.users["petugas1"]
    secret = commands.create_token(role="officer", mall=small_mall.mall, user=officer, now=clock.now(), actor=SYSTEM)
    browser = Client()
    browser.force_login(officer)
    first = commands.reset_access(user=officer, mall=small_mall.mall, wall=clock.wall(), **by(small_mall))
    officer.refresh_from_db()
    assert officer.check_password(first)
    assert browser.get("/my-work/").status_code == 302
    assert tokens.look_up(secret, clock.wall()) is None
    assert not Login.objects.filter(user=officer).exists()
    assert first not in json.dumps(list(Entry.objects.values("data", "reason", "subject_label")))


def test_lost_factors_are_removed_with_a_reason_only(small_mall):
    officer = small_mall.users["petugas1"]
    with pytest.raises(NotPossible) as refusal:
        commands.remove_factors(user=officer, mall=small_mall.mall, reason="hilang", **by(small_mall))
    assert refusal.value.code == "no_factor"
    Authenticator.objects.create(user=officer, type="totp", data={"secret": "x"})
    with pytest.raises(NotPossible) as refusal:
        commands.remove_factors(user=officer, mall=small_mall.mall, reason="  ", **by(small_mall))
    assert refusal.value.code == "reason_needed"
    commands.remove_factors(user=officer, mall=small_mall.mall, reason="ponsel hilang", **by(small_mall))
    assert not Authenticator.objects.filter(user=officer).exists()
    assert Entry.objects.get(kind="user.factors_removed").reason == "ponsel hilang"


def test_switched_off_and_on_again(small_mall):
    officer = small_mall.users["petugas1"]
    commands.disable_person(user=officer, mall=small_mall.mall, reason="cuti", **by(small_mall))
    commands.disable_person(user=officer, mall=small_mall.mall, reason="cuti", **by(small_mall))
    assert Entry.objects.filter(kind="user.deactivated").count() == 1
    commands.enable_person(user=officer, mall=small_mall.mall, **by(small_mall))
    commands.enable_person(user=officer, mall=small_mall.mall, **by(small_mall))
    officer.refresh_from_db()
    assert officer.is_active
    assert Entry.objects.filter(kind="user.activated").count() == 1


# From the command line


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output.strip()


def test_the_first_administrator_is_made_on_the_machine(small_mall):
    code, secret = run(
        "add", "kepala", "--mall", "contoh", "--name", "Kepala", "--role", "administrator", "--email", "k@mpp.example"
    )
    assert code == 0
    user = User.objects.get(username="kepala")
    assert user.check_password(secret)
    assert user.email == "k@mpp.example"
    assert Role.objects.get(user=user).role == "administrator"


def test_the_list_names_people_roles_and_addresses(small_mall):
    assert run("email", "pengelola", "p@mpp.example")[0] == 0
    rows = {row["username"]: row for row in json.loads(run("list", "--mall", "contoh", "--json")[1])}
    assert rows["pengelola"] == {
        "username": "pengelola",
        "name": str(small_mall.users["pengelola"]),
        "email": "p@mpp.example",
        "active": True,
        "roles": [{"role": "manager", "agency": ""}],
    }
    assert "p@mpp.example" in run("list", "--mall", "contoh")[1]


def test_roles_and_switches_from_the_command_line(small_mall):
    assert run("role", "petugas1", "--mall", "contoh", "--role", "greeter")[0] == 0
    assert set(Role.objects.filter(user__username="petugas1").values_list("role", flat=True)) == {"officer", "greeter"}
    assert run("role", "petugas1", "--mall", "contoh", "--role", "greeter", "--take")[0] == 0
    assert run("role", "petugas1", "--mall", "contoh", "--role", "greeter", "--take")[0] == 2
    assert run("disable", "petugas1", "--reason", "pindah")[0] == 0
    assert not User.objects.get(username="petugas1").is_active
    assert run("enable", "petugas1")[0] == 0
    secret = run("reset", "petugas1")[1]
    assert User.objects.get(username="petugas1").check_password(secret)


@pytest.mark.parametrize(
    "words",
    [
        ("email", "nobody", "x@x.id"),
        ("email", "petugas1", "not an address"),
        ("list", "--mall", "nowhere"),
        ("role", "petugas1", "--mall", "contoh", "--role", "officer", "--agency", "nowhere"),
        ("remove-factors", "petugas1", "--reason", "hilang"),
    ],
)
def test_what_cannot_be_done_is_said_and_ends_with_2(small_mall, words):
    code, output = run(*words)
    assert code == 2
    assert output.endswith((".", "go.id"))


def test_the_version_is_said_without_a_hall():
    from importlib.metadata import version

    from senyum.cli import app as whole

    result = CliRunner().invoke(whole, ["--version"])
    assert (result.exit_code, result.output.strip()) == (0, f"senyum {version('senyum')}")


def test_tokens_of_others_stay_when_one_persons_access_is_reset(small_mall):
    secret = commands.create_token(
        role="officer", mall=small_mall.mall, user=small_mall.users["petugas2"], now=clock.now(), actor=SYSTEM
    )
    commands.reset_access(user=small_mall.users["petugas1"], mall=small_mall.mall, wall=clock.wall(), **by(small_mall))
    assert ApiToken.objects.get().revoked_at is None
    assert tokens.look_up(secret, clock.wall()) is not None
