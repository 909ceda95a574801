"""Who may do what, and whose people they see. The one place where roles become permissions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senyum.core.errors import NotAllowed
from senyum.journal.actor import Actor
from senyum.malls.models import Booth, Mall
from senyum.people.models import Role, RoleName, User

#: permission -> the roles that hold it in their mall (or, for officers and coordinators, in their agency there).
PERMISSIONS: dict[str, frozenset[str]] = {
    "greet": frozenset({RoleName.GREETER, RoleName.MANAGER}),
    "serve": frozenset({RoleName.OFFICER, RoleName.COORDINATOR}),
    "take_over": frozenset({RoleName.OFFICER, RoleName.COORDINATOR, RoleName.MANAGER}),
    "see_floor": frozenset(
        {RoleName.COORDINATOR, RoleName.GREETER, RoleName.MANAGER, RoleName.LEADERSHIP, RoleName.ADMINISTRATOR}
    ),
    "steer_floor": frozenset({RoleName.MANAGER}),
    "plan_shifts": frozenset({RoleName.COORDINATOR, RoleName.MANAGER}),
    "see_plan": frozenset({RoleName.COORDINATOR, RoleName.MANAGER, RoleName.LEADERSHIP}),
    "steer_plan": frozenset({RoleName.MANAGER}),
    "set_priority": frozenset({RoleName.GREETER, RoleName.OFFICER, RoleName.COORDINATOR, RoleName.MANAGER}),
    "move_ticket": frozenset({RoleName.GREETER, RoleName.OFFICER, RoleName.COORDINATOR, RoleName.MANAGER}),
    "see_standards": frozenset({RoleName.COORDINATOR, RoleName.MANAGER, RoleName.LEADERSHIP, RoleName.ADMINISTRATOR}),
    "edit_standard": frozenset({RoleName.COORDINATOR, RoleName.MANAGER, RoleName.ADMINISTRATOR}),
    "approve_standard": frozenset({RoleName.MANAGER, RoleName.ADMINISTRATOR}),
    "edit_catalogue": frozenset({RoleName.MANAGER, RoleName.ADMINISTRATOR}),
    "see_bookings": frozenset({RoleName.COORDINATOR, RoleName.MANAGER, RoleName.LEADERSHIP}),
    "set_bookings": frozenset({RoleName.COORDINATOR, RoleName.MANAGER}),
    "set_hall_bookings": frozenset({RoleName.MANAGER}),
    "pair_device": frozenset({RoleName.MANAGER, RoleName.ADMINISTRATOR}),
    "manage_people": frozenset({RoleName.ADMINISTRATOR}),
}
#: Roles that see every agency of their mall.
HALL_ROLES = frozenset({RoleName.GREETER, RoleName.MANAGER, RoleName.LEADERSHIP, RoleName.ADMINISTRATOR})


@dataclass(frozen=True)
class Place:
    """Somewhere a user may work: `kind` names the surface, `title` what the card says."""

    kind: str
    mall: str
    mall_name: str
    title: str | Promise
    agency: str
    url: str


def actor_of(user: User) -> Actor:
    """The user as the journal names them: the log-in name, which stays when the person's name is erased."""
    return Actor("user", str(user.pk), user.username)


def roles_in(user: User, mall: Mall) -> frozenset[str]:
    """The user's roles in the mall; none for somebody who is inactive."""
    if not user.is_active:
        return frozenset()
    return frozenset(Role.objects.filter(user=user, mall=mall).values_list("role", flat=True))


def may(user: User, mall: Mall, permission: str) -> bool:
    """Whether one of the user's roles in the mall holds the permission. KeyError for an unknown permission."""
    return bool(PERMISSIONS[permission] & roles_in(user, mall))


def demand(user: User, mall: Mall, permission: str) -> None:
    """Raise NotAllowed unless `may`."""
    if not may(user, mall, permission):
        raise NotAllowed("not_allowed", _("Peran Anda tidak mengizinkan ini. Minta bantuan pengelola MPP."))


def agency_ids(user: User, mall: Mall) -> list[int]:
    """The agencies whose people the user sees in the mall. Never None: an empty list means none."""
    roles = list(Role.objects.filter(user=user, mall=mall).values_list("role", "agency_id")) if user.is_active else []
    if any(role in HALL_ROLES for role, _agency in roles):
        return sorted(Booth.objects.filter(mall=mall).values_list("agency_id", flat=True))
    return sorted({agency for _role, agency in roles if agency is not None})


def agencies_with(user: User, mall: Mall, *permissions: str) -> list[int]:
    """The agencies of the mall for which the user holds one of the permissions: their own, or all by a hall role.

    Narrower than `agency_ids`: a greeter who is also an officer sees every agency and serves at one; who coordinates
    one agency and is an officer of another sees the floor of the first only.
    """
    held = frozenset[str]().union(*(PERMISSIONS[permission] for permission in permissions))
    roles = list(Role.objects.filter(user=user, mall=mall).values_list("role", "agency_id")) if user.is_active else []
    if any(role in held & HALL_ROLES for role, _agency in roles):
        return sorted(Booth.objects.filter(mall=mall).values_list("agency_id", flat=True))
    return sorted({agency for role, agency in roles if role in held and agency is not None})


def demand_agency(actor: Actor, mall: Mall, permission: str, agencies: Collection[int]) -> None:
    """Raise NotAllowed unless whoever acts may do it for one of these agencies' people.

    Staff need the permission there. The hall itself (its jobs, its demo) may. A citizen, a device or a nameless token
    may not: what they may do with a visit of their own, a command says by taking no actor.
    """
    if actor.kind in ("system", "demo"):
        return
    user = User.objects.filter(pk=actor.id).first() if actor.kind == "user" and actor.id.isdecimal() else None
    if user is None or not set(agencies) & set(agencies_with(user, mall, permission)):
        raise NotAllowed("other_agency", _("Orang ini antre di instansi lain. Minta bantuan petugas penyambut."))


def malls_with(user: User, permission: str) -> list[Mall]:
    """The malls in which the user holds the permission, by name."""
    if not user.is_active:
        return []
    roles = Role.objects.filter(user=user, role__in=PERMISSIONS[permission])
    return list(Mall.objects.filter(pk__in=roles.values("mall")).order_by("name"))


@dataclass(frozen=True)
class Part:
    """A place of work that one permission opens: `kind` names it, `path` holds `{mall}`."""

    kind: str
    permission: str
    title: str | Promise
    path: str


#: Where people are served, and the parts of the console in the order of its tabs.
_AT_PEOPLE = (
    Part("counter", "serve", _("Loket saya"), "/counter/{mall}/"),
    Part("greeter", "greet", _("Menyambut di pintu"), "/greeter/{mall}/"),
)
CONSOLE = (
    Part("floor", "see_floor", _("Lantai layanan"), "/console/{mall}/floor/"),
    Part("roster", "see_plan", _("Jadwal petugas"), "/console/{mall}/roster/"),
    Part("plans", "see_plan", _("Rencana petugas"), "/console/{mall}/plans/"),
    Part("bookings", "see_bookings", _("Pemesanan"), "/console/{mall}/bookings/"),
    Part("standards", "see_standards", _("Standar pelayanan"), "/console/{mall}/standards/"),
    Part("events", "edit_catalogue", _("Peristiwa hidup"), "/console/{mall}/events/"),
    Part("words", "edit_catalogue", _("Kata pencarian"), "/console/{mall}/words/"),
    Part("devices", "pair_device", _("Perangkat MPP"), "/console/{mall}/devices/"),
    Part("accounts", "manage_people", _("Akun petugas"), "/console/{mall}/accounts/"),
)


def _place(part: Part, mall: Mall, agency: str = "") -> Place:
    return Place(part.kind, mall.code, mall.short_name, part.title, agency, part.path.format(mall=mall.code))


def console_of(user: User, mall: Mall) -> list[Place]:
    """The parts of the mall's console that the user may open."""
    held = roles_in(user, mall)
    return [_place(part, mall) for part in CONSOLE if PERMISSIONS[part.permission] & held]


def places(user: User) -> list[Place]:
    """Where the user may work: mall by mall, first at people (one entry an agency), then the parts of the console."""
    if not user.is_active:
        return []
    answer: dict[tuple[str, str, str], Place] = {}
    roles = list(Role.objects.filter(user=user).select_related("mall", "agency").order_by("mall_id", "id"))
    for mall_id in dict.fromkeys(role.mall_id for role in roles):
        here = [role for role in roles if role.mall_id == mall_id]
        for part in (*_AT_PEOPLE, *CONSOLE):
            for role in here:
                if role.role in PERMISSIONS[part.permission]:
                    # At a counter it matters whose it is; the console shows what its reader may see by itself.
                    agency = role.agency.short_name if role.agency and part.kind == "counter" else ""
                    answer.setdefault((part.kind, role.mall.code, agency), _place(part, role.mall, agency))
    return list(answer.values())
