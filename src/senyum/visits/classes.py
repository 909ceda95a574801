"""The priority classes and the other words a visit may carry.

The groups are those of UU 25/2009 (elderly, disability, pregnant or nursing, children, victims of disasters).
A class is self-declared and says no more than this word: never a diagnosis.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REGULAR = "regular"
CLASSES: dict[str, str | Promise] = {
    REGULAR: _("Umum"),
    "elderly": _("Lansia (60 tahun ke atas)"),
    "disability": _("Penyandang disabilitas"),
    "pregnant": _("Hamil atau menyusui"),
    "child": _("Anak atau membawa balita"),
    "disaster": _("Korban bencana"),
}
CODES = tuple(CLASSES)

AGE_BANDS: dict[str, str | Promise] = {
    "u18": _("Di bawah 18 tahun"),
    "18-29": _("18-29 tahun"),
    "30-44": _("30-44 tahun"),
    "45-59": _("45-59 tahun"),
    "60+": _("60 tahun ke atas"),
}

PAUSE_REASONS: dict[str, str | Promise] = {
    "lunch": _("Istirahat makan siang"),
    "prayer": _("Salat"),
    "restroom": _("Ke belakang"),
    "escort": _("Mengantar warga"),
    "briefing": _("Arahan atau rapat"),
    "trouble": _("Gangguan jaringan atau alat"),
    "other": _("Lainnya"),
}

OUTCOME_WORDS: dict[str, str | Promise] = {
    "done": _("Selesai"),
    "incomplete": _("Berkas belum lengkap"),
    "forwarded": _("Diteruskan"),
    "case_opened": _("Permohonan dibuka"),
}

STATE_WORDS: dict[str, str | Promise] = {
    "waiting": _("Menunggu"),
    "called": _("Dipanggil"),
    "serving": _("Dilayani"),
    "parked": _("Ditunda"),
    "absent": _("Tidak hadir"),
    "served": _("Selesai dilayani"),
    "left": _("Meninggalkan antrean"),
    "lapsed": _("Gugur saat tutup"),
    "cancelled": _("Dibatalkan"),
}
