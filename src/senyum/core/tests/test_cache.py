"""The cache of the hall lies in the database."""

from __future__ import annotations

import pytest
from django.core.cache import cache


@pytest.mark.django_db
def test_what_is_put_into_the_cache_comes_out_again():
    cache.set("word", "senyum", 60)
    assert cache.get("word") == "senyum"
