"""A key is kept for two days."""

from __future__ import annotations

from datetime import timedelta

import pytest

from senyum.core import clock
from senyum.core.models import IdempotencyKey
from senyum.jobs.forget_keys import forget_keys

pytestmark = pytest.mark.django_db


def test_old_keys_go_and_young_ones_stay() -> None:
    now = clock.now()
    for hours in (47, 49):
        IdempotencyKey.objects.create(scope="t", key=str(hours), digest=b"", at=now - timedelta(hours=hours))
    assert forget_keys(0) == 1
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["47"]
    assert forget_keys(0) == 0
