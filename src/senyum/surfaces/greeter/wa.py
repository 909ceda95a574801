"""A WhatsApp message that the greeter taps: a link, nothing is sent and nothing is stored by the server."""

from __future__ import annotations

import re
from urllib.parse import quote

from django.utils import translation
from django.utils.translation import gettext as _

from senyum.visits.queries import VisitView

_MOBILE = re.compile(r"628[1-9][0-9]{6,10}")
_ABROAD = re.compile(r"[1-9][0-9]{7,14}")


class Unreadable(ValueError):
    """What was typed is no telephone number."""


def international(typed: str) -> str:
    """ "0812 3456-7890", "+62 812..", "812.." as "6281234567890"; other countries with their +. Else Unreadable."""
    plain = re.sub(r"[\s().\-/]", "", typed)
    if plain.startswith("+") and not plain.startswith("+62"):
        digits = plain[1:]
        if _ABROAD.fullmatch(digits):
            return digits
        raise Unreadable(typed)
    digits = plain.removeprefix("+")
    if digits.startswith("620"):
        digits = "62" + digits[3:]
    elif digits.startswith("0"):
        digits = "62" + digits[1:]
    elif digits.startswith("8"):
        digits = "62" + digits
    if not _MOBILE.fullmatch(digits):
        raise Unreadable(typed)
    return digits


def message_link(phone: str, view: VisitView, link: str) -> str:
    """The wa.me address with the message, in the visit's language. `phone` as `international` gives it."""
    with translation.override(view.language):
        text = _("Nomor antrean Anda di %(mall)s: %(label)s. Ikuti antreannya di sini: %(link)s") % {
            "mall": view.mall.short_name,
            "label": view.label,
            "link": link,
        }
    return f"https://wa.me/{phone}?text={quote(text, safe='')}"
