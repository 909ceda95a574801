"""What is encrypted is read by the same key alone, and found by its keyed hash."""

from __future__ import annotations

import pytest
from django.test import override_settings

from senyum.core import crypto


def test_only_the_same_key_and_purpose_read_it() -> None:
    value = crypto.encrypt("siti@contoh.id", purpose="contact")
    assert b"siti" not in value and crypto.decrypt(value, purpose="contact") == "siti@contoh.id"
    assert crypto.encrypt("siti@contoh.id", purpose="contact") != value
    with pytest.raises(crypto.WrongKey):
        crypto.decrypt(value, purpose="nik")
    with override_settings(SECRET_KEY="another"), pytest.raises(crypto.WrongKey):
        crypto.decrypt(value, purpose="contact")


def test_a_changed_value_is_refused() -> None:
    value = bytearray(crypto.encrypt("0812", purpose="contact"))
    value[-1] ^= 1
    with pytest.raises(crypto.WrongKey):
        crypto.decrypt(bytes(value), purpose="contact")


def test_an_older_key_still_opens() -> None:
    with override_settings(SECRET_KEY="older"):
        value = crypto.encrypt("0812", purpose="contact")
    with override_settings(SECRET_KEY="newer", SECRET_KEY_FALLBACKS=["older"]):
        assert crypto.decrypt(value, purpose="contact") == "0812"


def test_the_index_is_keyed() -> None:
    found = crypto.blind_index("a", purpose="contact")
    assert found == crypto.blind_index("a", purpose="contact") != crypto.blind_index("a", purpose="device")
    with override_settings(SECRET_KEY="another"):
        assert crypto.blind_index("a", purpose="contact") != found
