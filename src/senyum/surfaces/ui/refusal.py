"""One way to say no: a page, or for htmx a sentence above the screen that stays where it was."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senyum.surfaces.ui.render import is_htmx, page


@dataclass(frozen=True)
class RefusalContext:
    """What was refused and why."""

    heading: str | Promise
    sentence: str | Promise


HEADINGS: dict[int, str | Promise] = {
    400: _("Permintaan ini tidak bisa dibaca"),
    403: _("Anda tidak punya izin untuk ini"),
    404: _("Halaman ini tidak ada"),
    405: _("Ini tidak bisa dilakukan dari sini"),
    409: _("Tidak bisa"),
    429: _("Terlalu sering"),
    503: _("Belum bisa sekarang"),
}


def refuse(request: HttpRequest, status: int, sentence: str | Promise) -> HttpResponse:
    """Answer `status` with the sentence; for htmx it goes into #refusal and the live parts are fetched anew."""
    context = RefusalContext(heading=HEADINGS.get(status, HEADINGS[409]), sentence=sentence)
    if is_htmx(request):
        response = page(request, "ui/refusal_fragment.html", context, status=status)
        response.headers["HX-Retarget"] = "#refusal"
        response.headers["HX-Reswap"] = "innerHTML"
        response.headers["HX-Trigger"] = '{"senyum:refresh":{"target":"body"}}'
        return response
    return page(request, "ui/refusal.html", context, status=status)
