"""Words that people typed, made fit to be kept and shown to others."""

from __future__ import annotations

import unicodedata

#: Joiners that real scripts need; all other format characters can only hide or turn what is read.
_JOINERS = "\u200c\u200d"


def plain(text: str) -> str:
    """One line of `text`: line breaks become blanks, control characters and marks that turn or hide what is read
    (U+202E and its kin) go, and so do blanks around it.
    """
    kept = (
        " " if c in "\r\n\t" else c
        for c in text
        if c in "\r\n\t" or c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    )
    return "".join(kept).strip()
