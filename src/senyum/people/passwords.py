"""What a password may not be, beside too short and too common."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

#: Words that anybody in the building would try first.
WORDS = frozenset(
    [
        "senyum",
        "mpp",
        "mal",
        "pelayanan",
        "publik",
        "loket",
        "antrean",
        "antrian",
        "petugas",
        "admin",
        "administrator",
        "pengelola",
        "penyambut",
        "kios",
        "papan",
        "sumedang",
        "jatinangor",
        "tadongmangsa",
        "disdukcapil",
        "dukcapil",
        "samsat",
        "polres",
        "bpjs",
        "password",
        "katasandi",
        "sandi",
        "rahasia",
        "merdeka",
        "garuda",
        "pancasila",
        "indonesia",
        "bismillah",
    ]
)
_LEET = str.maketrans("013457@$!", "oleastasi")


class NoHouseWordsValidator:
    """Refuses a password of words of the house in which, without them, fewer than four letters are left."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        text = password.lower()
        if any(_is_house(version) for version in (text, text.translate(_LEET))):
            raise ValidationError(
                _("Kata sandi ini terlalu mudah ditebak di kantor ini. Pakai beberapa kata lain."), code="house_words"
            )

    def get_help_text(self) -> str:
        """Said beside the form."""
        return str(_("Jangan hanya nama kantor atau layanan dengan angka."))


def _is_house(text: str) -> bool:
    letters = left = re.sub(r"[\W\d_]+", "", text)
    for word in sorted(WORDS, key=len, reverse=True):
        left = left.replace(word, "")
    return left != letters and len(left) < 4
