"""What is said when the database cannot do what was asked: the same words on every surface and in the API."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senyum.core.db import Trouble, trouble_of

#: Seconds after which it is worth trying again (Retry-After).
RETRY_SECONDS: dict[Trouble, int] = {"busy": 2, "full": 30, "lost": 5}
_SAID: dict[Trouble, tuple[int, str | Promise]] = {
    "busy": (503, _("Sedang ramai sekali. Tidak ada yang berubah. Tunggu sebentar, lalu coba lagi.")),
    "full": (
        503,
        _(
            "Data sedang tidak bisa disimpan, dan tidak ada yang berubah. "
            "Beri tahu pengelola MPP; layar tetap bisa dibaca."
        ),
    ),
    # A connection may go in the very moment of the commit: nobody can say here whether the change is there.
    "lost": (
        503,
        _(
            "Sambungan ke data terputus. "
            "Tunggu sebentar, muat ulang, lalu lihat apakah langkah terakhir sudah tercatat."
        ),
    ),
    "unreadable": (400, _("Ada tanda yang tidak bisa disimpan. Hapus tanda yang aneh, lalu kirim lagi.")),
}


def said_of(error: BaseException) -> tuple[Trouble, int, str | Promise] | None:
    """(trouble, HTTP status, sentence) of an error that comes from the database; None for any other."""
    trouble = trouble_of(error)
    return (trouble, *_SAID[trouble]) if trouble else None
