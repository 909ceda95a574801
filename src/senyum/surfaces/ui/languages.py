"""The three languages of the house."""

from __future__ import annotations

from django.conf.locale import LANG_INFO


def teach_sundanese() -> None:
    """Tell Django that Sundanese exists: it ships no locale for it. Missing strings fall back to Indonesian."""
    LANG_INFO.setdefault("su", {"bidi": False, "code": "su", "name": "Sundanese", "name_local": "Basa Sunda"})
