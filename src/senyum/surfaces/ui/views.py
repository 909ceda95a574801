"""The pages that belong to no surface: front door, language, work places, pairing of devices, faults."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from senyum.malls.models import Mall
from senyum.people.access import Place, places
from senyum.people.models import User
from senyum.surfaces.ui.access import PairedDevice, paired, public, staff
from senyum.surfaces.ui.middleware import keep_language
from senyum.surfaces.ui.refusal import refuse
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.robots import indexable


@dataclass(frozen=True)
class HomeContext:
    """The front door: every mall."""

    malls: tuple[Mall, ...]


@public
@indexable
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """All malls, and the way in for staff."""
    return page(request, "ui/home.html", HomeContext(malls=tuple(Mall.objects.order_by("id"))))


@public
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Speak another language on this device, and go back to where the person was."""
    wish = request.POST.get("lang", "")
    response = HttpResponseRedirect(local_path(request, request.POST.get("next", "")))
    if wish in {code for code, _name in settings.LANGUAGES}:
        keep_language(response, wish)
    return response


def local_path(request: HttpRequest, wish: str) -> str:
    """`wish` when it is an address of this house, else the front door. A `lang` in it is dropped."""
    if not url_has_allowed_host_and_scheme(wish, allowed_hosts=None) or not wish.startswith("/"):
        return "/"
    path, mark, query = wish.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith("lang=")]
    return path + (mark + "&".join(kept) if kept else "")


@dataclass(frozen=True)
class WorkContext:
    """Where this user may work, and what this browser is paired as."""

    places: tuple[Place, ...]
    device: PairedDevice | None


@staff()
@require_GET
def work(request: HttpRequest) -> HttpResponse:
    """The landing after log-in: one card per place."""
    user = request.user
    found = places(user) if isinstance(user, User) else []
    return page(request, "ui/work.html", WorkContext(places=tuple(found), device=paired(request)))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return refuse(request, 400, _("Ada yang tidak lengkap. Kembali ke halaman sebelumnya, lalu coba lagi."))


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return refuse(request, 403, _("Peran Anda tidak mengizinkan ini. Minta bantuan pengelola MPP."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form was too old, or came from elsewhere."""
    return refuse(request, 403, _("Halaman ini sudah terlalu lama terbuka. Muat ulang, lalu coba lagi."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return refuse(request, 404, _("Periksa lagi alamatnya, atau mulai dari halaman depan."))


def fault(request: HttpRequest) -> HttpResponse:
    """500. Asks nothing of the database, the session or the language: any of them may be what broke."""
    return render(None, "ui/fault.html", status=500)
