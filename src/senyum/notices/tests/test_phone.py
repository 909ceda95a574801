"""A number has one form, however it was typed."""

from __future__ import annotations

import pytest

from senyum.notices.phone import mobile


@pytest.mark.parametrize(
    "typed",
    ["081234567890", "0812-3456-7890", "+6281234567890", "+62 812 3456 7890", "6281234567890", "81234567890"],
)
def test_one_number_has_one_form(typed: str) -> None:
    assert mobile(typed) == "6281234567890"
    assert mobile(mobile(typed)) == mobile(typed)


@pytest.mark.parametrize(
    "typed",
    ["", "0261-123456", "+1 202 555 0123", "0812", "08123456789012345", "٠٨١٢٣٤٥٦٧٨٩٠", "0812345678x", "++62812345678"],
)
def test_what_is_no_mobile_number_is_refused_and_not_quoted(typed: str) -> None:
    with pytest.raises(ValueError, match="no Indonesian mobile number") as caught:
        mobile(typed)
    assert not typed or typed not in str(caught.value)
