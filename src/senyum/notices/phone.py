"""Indonesian mobile numbers in one form."""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[\s().\-\u2010-\u2013]")
_MOBILE = re.compile(r"628[0-9]{7,11}", re.ASCII)


def mobile(text: str) -> str:
    """ "0812-3456-7890", "+62 812..." or "62812..." as "6281234567890" (E.164 without its plus).

    ValueError for anything else: a land line, another country, too short or too long. No message quotes the number.
    """
    digits = _SEPARATORS.sub("", text).removeprefix("+")
    if digits.startswith("0"):
        digits = "62" + digits[1:]
    elif digits.startswith("8"):
        digits = "62" + digits
    if not _MOBILE.fullmatch(digits):
        raise ValueError("this is no Indonesian mobile number")
    return digits
