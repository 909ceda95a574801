"""Who may open a page. Each view says it with one of these decorators; a test asks every route.

    @public                                  anybody
    @staff("serve")                          logged in, holding the permission (people.access.PERMISSIONS) in the mall
    @staff("see_floor", "greet")             holding one of several
    @staff()                                 logged in, any role
    @device("kiosk")                         a paired device of that kind
    @device("display", "kiosk", or_staff="pair_device")

A mall in the address (`<slug:mall>`) arrives in the view as the Mall itself; its time zone is set, and
`request.mall`, `request.actor` and, for devices, `request.device` are there. Scoped models see the agencies of
the person in that mall, and none when the address names no mall.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import scope

from senyum.core import clock
from senyum.core.cookies import named
from senyum.core.errors import NotAllowed
from senyum.journal.actor import Actor
from senyum.malls.models import Booth, Mall
from senyum.people import access, tokens
from senyum.people.commands import note_device_seen
from senyum.people.commands.devices import SEEN_EVERY
from senyum.people.models import Device, Role, User

View = Callable[..., HttpResponse]
COOKIE = named("senyum_device")
COOKIE_SALT = "senyum.device"
COOKIE_SECONDS = 400 * 86400


@dataclass(frozen=True)
class Access:
    """What a view says of itself: `kind` is public, staff or device."""

    kind: str
    permissions: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


def access_of(view: Any) -> Access | None:
    """The access a view declares, or None when it declares nothing."""
    answer = getattr(view, "access", None)
    return answer if isinstance(answer, Access) else None


def _mall(request: HttpRequest, kwargs: dict[str, Any]) -> Mall | None:
    if "mall" not in kwargs:
        return None
    mall = Mall.objects.filter(code=kwargs["mall"]).first()
    if mall is None:
        raise Http404
    kwargs["mall"] = mall
    in_hall(request, mall)
    return mall


def in_hall(request: HttpRequest, mall: Mall) -> None:
    """The page is one of this hall: its name stands at the top, and times are its own."""
    request.mall = mall  # type: ignore[attr-defined]  # read by the base page
    timezone.activate(mall.timezone)


def public(view: View) -> View:
    """Anybody may open it. A mall in the address arrives as the Mall; nothing scoped can be read by accident."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        _mall(request, kwargs)
        return view(request, *args, **kwargs)

    inner.access = Access("public")  # type: ignore[attr-defined]  # read by guards
    return inner


def staff(*permissions: str, mall_of: Callable[..., Mall | None] | None = None) -> Callable[[View], View]:
    """Only for staff who hold one of the permissions in the mall of the address; without permissions, any role there.

    `mall_of(**kwargs)` finds the mall where the address does not name it (a counter's id); None means 404.
    Nobody logged in: to the log-in page. A user without any role in the mall: 404. Without the permission: NotAllowed.
    """
    for permission in permissions:
        access.PERMISSIONS[permission]

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user = request.user
            if not isinstance(user, User) or not user.is_active:
                return _log_in(request)
            mall = _mall(request, kwargs) if mall_of is None else _found(request, mall_of(**kwargs))
            request.actor = access.actor_of(user)  # type: ignore[attr-defined]  # read by views
            if mall is None:
                _check_anywhere(user, permissions)
                with scope(agency=[]):
                    return view(request, *args, **kwargs)
            roles = access.roles_in(user, mall)
            if not roles:
                raise Http404
            _check(roles, permissions)
            # By the permission that opened the page: another role of the same person lends nothing here.
            seen = access.agencies_with(user, mall, *permissions) if permissions else access.agency_ids(user, mall)
            with scope(agency=seen):
                return view(request, *args, **kwargs)

        inner.access = Access("staff", permissions=permissions)  # type: ignore[attr-defined]  # read by guards
        return inner

    return decorate


def _found(request: HttpRequest, mall: Mall | None) -> Mall:
    if mall is None:
        raise Http404
    in_hall(request, mall)
    return mall


def _check(roles: frozenset[str] | set[str], permissions: tuple[str, ...]) -> None:
    if permissions and not any(access.PERMISSIONS[p] & roles for p in permissions):
        raise NotAllowed("not_allowed", _("Peran Anda tidak mengizinkan ini. Minta bantuan pengelola MPP."))


def _check_anywhere(user: User, permissions: tuple[str, ...]) -> None:
    _check(frozenset(Role.objects.filter(user=user).values_list("role", flat=True)), permissions)


def _log_in(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        # A fragment cannot hold the log-in page: the whole screen goes there and comes back.
        here = request.headers.get("HX-Current-URL", "")
        path = "/" + here.split("://", 1)[-1].partition("/")[2]
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = f"{resolve_url(settings.LOGIN_URL)}?next={quote(path)}"
        return response
    return redirect_to_login(request.get_full_path())


@dataclass(frozen=True)
class PairedDevice:
    """The device a browser was paired as. `speaks`: a board that is its hall's voice."""

    id: int
    kind: str
    name: str
    mall: Mall
    actor: Actor
    speaks: bool


def paired(request: HttpRequest) -> PairedDevice | None:
    """The device this browser is paired as, or None: not paired, token revoked, device switched off."""
    secret = request.get_signed_cookie(COOKIE, default=None, salt=COOKIE_SALT, max_age=COOKIE_SECONDS)
    identity = tokens.look_up(secret, clock.wall()) if secret else None
    if identity is None or identity.device_id is None:
        return None
    device = Device.objects.select_related("mall").filter(pk=identity.device_id, active=True).first()
    if device is None:
        return None
    note_seen(device)
    speaks = device.settings.get("speaks") is True
    return PairedDevice(device.pk, device.kind, device.name, device.mall, identity.actor, speaks)


def note_seen(device: Device) -> None:
    """Note that a device is in use, every ten minutes at most. A database that cannot write keeps no board dark."""
    now = clock.wall()
    if device.last_seen_at is not None and now - device.last_seen_at < SEEN_EVERY:
        return
    with suppress(DatabaseError):
        note_device_seen(device_id=device.pk, now=now)


def hall_agencies(mall: Mall) -> list[int]:
    """All agencies of the mall: what a device of the hall shows, numbers and counters but no people."""
    return sorted(Booth.objects.filter(mall=mall).values_list("agency_id", flat=True))


def device(*kinds: str, or_staff: str = "") -> Callable[[View], View]:
    """Only for a paired device of one of the kinds; `or_staff`: or somebody holding that permission in the mall.

    A mall in the address must be the device's own (else 404). A browser that is not paired goes to the pairing page.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            own = paired(request)
            if own is None or own.kind not in kinds:
                if or_staff and request.user.is_authenticated:
                    return staff(or_staff)(view)(request, *args, **kwargs)
                return HttpResponseRedirect(f"{resolve_url('device')}?next={quote(request.path)}")
            if "mall" in kwargs and kwargs["mall"] != own.mall.code:
                raise Http404
            if "mall" in kwargs:
                kwargs["mall"] = own.mall
            request.device = own  # type: ignore[attr-defined]  # read by views
            request.actor = own.actor  # type: ignore[attr-defined]  # read by views
            _found(request, own.mall)
            with scope(agency=hall_agencies(own.mall)):
                return view(request, *args, **kwargs)

        inner.access = Access("device", permissions=(or_staff,) if or_staff else (), devices=kinds)  # type: ignore[attr-defined]  # read by guards
        return inner

    return decorate
