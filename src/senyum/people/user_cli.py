"""`senyum user`: the people of a hall from the command line, for whoever runs the machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, TypeVar

import typer
from django.utils import translation

from senyum.core import clock
from senyum.core.errors import SenyumError
from senyum.journal.actor import Actor
from senyum.malls.models import Agency, Mall
from senyum.people import commands, queries
from senyum.people.models import Role, User

app = typer.Typer(no_args_is_help=True, help="People with a log-in: list, add, e-mail, roles, disable, reset.")
T = TypeVar("T")
_OPERATOR = Actor("system", "cli", "senyum user")

MallCode = Annotated[str, typer.Option("--mall", help="Code of the mall.")]
Username = Annotated[str, typer.Argument(help="Log-in name.")]
RoleCode = Annotated[str, typer.Option(help="officer, coordinator, greeter, manager, leadership, administrator.")]
AgencyCode = Annotated[str, typer.Option(help="Code of the agency; for officers and coordinators.")]
Reason = Annotated[str, typer.Option(help="Why; stands in the journal.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON list; docs/operation.md has the keys.")]


@app.command("list")
def list_people(mall: MallCode, as_json: AsJson = False) -> None:
    """The people of a hall with their roles, by name."""
    with translation.override("en"):
        people = queries.people_of(_hall(mall))
        if as_json:
            rows = [
                {
                    "username": person.username,
                    "name": person.name,
                    "email": person.email,
                    "active": person.active,
                    "roles": [{"role": held.role, "agency": held.agency} for held in person.roles],
                }
                for person in people
            ]
            typer.echo(json.dumps(rows, ensure_ascii=False))
            return
        for person in people:
            roles = ", ".join(f"{held.role} {held.agency}".strip() for held in person.roles)
            state = "" if person.active else " (disabled)"
            typer.echo(f"{person.username}{state}\t{person.name}\t{person.email or '-'}\t{roles}")


@app.command()
def add(
    username: Username,
    mall: MallCode,
    name: Annotated[str, typer.Option(help="The person's name.")],
    role: RoleCode,
    agency: AgencyCode = "",
    email: Annotated[str, typer.Option(help="E-mail address, for notices.")] = "",
) -> None:
    """Make a log-in and print its first password: it is shown only now and lasts three days."""
    hall = _hall(mall)
    _user, secret = _tried(
        lambda: commands.add_person(
            mall=hall,
            username=username,
            name=name,
            email=email,
            role=role,
            agency=_agency(agency),
            now=clock.now(),
            wall=clock.wall(),
            actor=_OPERATOR,
        )
    )
    typer.echo(secret)


@app.command()
def email(username: Username, address: Annotated[str, typer.Argument(help="'' takes it away.")]) -> None:
    """Set the e-mail address that notices go to."""
    user = _user(username)
    _tried(
        lambda: commands.change_person(
            user=user, mall=_any_hall(user), name=str(user), email=address, now=clock.now(), actor=_OPERATOR
        )
    )


@app.command()
def role(
    username: Username,
    mall: MallCode,
    role: RoleCode,
    agency: AgencyCode = "",
    take: Annotated[bool, typer.Option("--take", help="Take it away instead.")] = False,
) -> None:
    """Give or take a role in a hall."""
    user, hall, office = _user(username), _hall(mall), _agency(agency)
    if not take:
        _tried(
            lambda: commands.give_role(user=user, mall=hall, role=role, agency=office, now=clock.now(), actor=_OPERATOR)
        )
        return
    held = Role.objects.filter(user=user, mall=hall, role=role, agency=office).first()
    if held is None:
        raise _leave(f"{username} does not hold this role.")
    _tried(lambda: commands.take_role(role=held, now=clock.now(), actor=_OPERATOR))


@app.command()
def disable(username: Username, reason: Reason) -> None:
    """Switch somebody off: log-ins end at once."""
    user = _user(username)
    _tried(
        lambda: commands.disable_person(
            user=user, mall=_any_hall(user), reason=reason, now=clock.now(), actor=_OPERATOR
        )
    )


@app.command()
def enable(username: Username) -> None:
    """Switch somebody on again."""
    user = _user(username)
    _tried(lambda: commands.enable_person(user=user, mall=_any_hall(user), now=clock.now(), actor=_OPERATOR))


@app.command()
def reset(username: Username) -> None:
    """A new first password, printed once; log-ins and tokens end, a second factor stays asked for."""
    user = _user(username)
    secret = _tried(
        lambda: commands.reset_access(
            user=user, mall=_any_hall(user), now=clock.now(), wall=clock.wall(), actor=_OPERATOR
        )
    )
    typer.echo(secret)


@app.command("remove-factors")
def remove_factors(username: Username, reason: Reason) -> None:
    """Take passkeys and code apps away from somebody who lost theirs."""
    user = _user(username)
    _tried(
        lambda: commands.remove_factors(
            user=user, mall=_any_hall(user), reason=reason, now=clock.now(), actor=_OPERATOR
        )
    )


def _tried(command: Callable[[], T]) -> T:
    try:
        return command()
    except SenyumError as error:
        with translation.override("en"):
            raise _leave(str(error.sentence)) from error


def _leave(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(2)


def _user(username: str) -> User:
    found = User.objects.filter(username=username).first()
    if found is None:
        raise _leave(f"There is no user {username!r}.")
    return found


def _hall(code: str) -> Mall:
    found = Mall.objects.filter(code=code).first()
    if found is None:
        raise _leave(f"There is no mall {code!r}.")
    return found


def _agency(code: str) -> Agency | None:
    if not code:
        return None
    found = Agency.objects.filter(code=code).first()
    if found is None:
        raise _leave(f"There is no agency {code!r}.")
    return found


def _any_hall(user: User) -> Mall:
    """A hall of the user; the operator may do everything, so which one does not matter."""
    held = Role.objects.filter(user=user).select_related("mall").first()
    found = held.mall if held else Mall.objects.order_by("id").first()
    if found is None:
        raise _leave("There is no mall yet.")
    return found
