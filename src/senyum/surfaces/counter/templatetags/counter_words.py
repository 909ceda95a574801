"""Words of the counter page: priority, why somebody is next, what undo takes back, elapsed time."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senyum.engine.discipline import Why
from senyum.visits import classes

register = template.Library()

#: A pill has room for one word; the whole word of a class stands in `visits.classes`.
SHORT: dict[str, str | Promise] = {
    "elderly": _("Lansia"),
    "disability": _("Disabilitas"),
    "pregnant": _("Hamil/menyusui"),
    "child": _("Anak"),
    "disaster": _("Korban bencana"),
}
WHY: dict[str, str | Promise] = {
    Why.EARLIEST.value: _("Berikutnya: gilirannya paling awal."),
    Why.PAST_PROMISE.value: _("Berikutnya: dari antrean yang Anda bantu, janjinya sudah lewat."),
    Why.HELPING.value: _("Berikutnya: antrean utama loket ini kosong, Anda membantu antrean lain."),
}
UNDO: dict[str, str | Promise] = {
    "next": _("Batalkan panggilan"),
    "serve": _("Batalkan “Datang”"),
    "absent": _("Batalkan “Tidak hadir”"),
    "park": _("Batalkan tunda"),
    "finish": _("Batalkan selesai"),
    "forward": _("Batalkan pengalihan"),
}
CHANNELS: dict[str, str | Promise] = {
    "kiosk": _("Ambil nomor di kios"),
    "greeter": _("Dibantu petugas penyambut"),
    "phone": _("Ambil nomor lewat ponsel"),
    "counter": _("Langsung di loket"),
    "paper": _("Nomor kertas"),
    "api": _("Lewat aplikasi lain"),
}
LANGUAGES: dict[str, str | Promise] = {"su": _("berbahasa Sunda"), "en": _("berbahasa Inggris")}


@register.filter
def priority_word(code: str) -> str | Promise:
    """One word for a priority class; "" for regular."""
    return SHORT.get(code, "")


@register.filter
def why_sentence(code: str) -> str | Promise:
    """Why this ticket is next, as a sentence."""
    return WHY.get(code, "")


@register.filter
def undo_word(action: str) -> str | Promise:
    """What *undo* would take back."""
    return UNDO.get(action, "")


@register.filter
def pause_word(reason: str) -> str | Promise:
    """The reason of a pause in words; an officer's own words stay as they are."""
    return classes.PAUSE_REASONS.get(reason, reason)


@register.filter
def channel_word(channel: str) -> str | Promise:
    """Where the number came from."""
    return CHANNELS.get(channel, "")


@register.filter
def language_word(language: str) -> str | Promise:
    """The language the person chose, when it is not Indonesian."""
    return LANGUAGES.get(language, "")


@register.filter
def elapsed(since: datetime | None, now: datetime) -> str:
    """Minutes and seconds from `since` to `now`, as page.js goes on counting: "08.41", "1.02.10"."""
    seconds = max(0, int((now - since).total_seconds())) if since else 0
    hours = f"{seconds // 3600}." if seconds >= 3600 else ""
    return f"{hours}{seconds // 60 % 60:02d}.{seconds % 60:02d}"


@register.filter
def elapsed_seconds(since: datetime | None, now: datetime) -> int:
    """Whole seconds from `since` to `now`."""
    return max(0, int((now - since).total_seconds())) if since else 0


@register.filter
def seconds(minutes: int) -> int:
    """Minutes as seconds."""
    return minutes * 60
