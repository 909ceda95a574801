"""What is kept of words that people typed."""

from __future__ import annotations

import pytest

from senyum.core.text import plain


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  fotokopi KK ", "fotokopi KK"),
        ("baris satu\nbaris dua\tdan", "baris satu baris dua dan"),
        ("a\x00b\x07c\x1b[2J", "abc[2J"),
        ("\u202ednes\u202c \u2066x\u2069\u200e\u200f\ufeff", "dnes x"),
        ("a\u2028b\u200bc", "abc"),
        ("\ud800", ""),
        ("Ibu Tati 👩\u200d👧 ꦱ é １２", "Ibu Tati 👩\u200d👧 ꦱ é １２"),
        ("\u202e\x00 ", ""),
    ],
)
def test_control_characters_and_turning_marks_go(typed, kept):
    assert plain(typed) == kept
