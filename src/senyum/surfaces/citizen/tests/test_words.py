"""How waits and moments are said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone, translation

from senyum.surfaces.citizen import words

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("p50", "p90", "said"),
    [
        (5.2, 11.3, "5-12 menit"),
        (0.0, 1.5, "kurang dari 2 menit"),
        (12.0, 12.0, "12 menit"),
        (130.0, 200.0, "lebih dari 2 jam"),
        (None, None, ""),
    ],
)
def test_a_range_of_minutes(p50, p90, said):
    assert words.minutes_range(p50, p90) == said


def test_a_range_of_clock_times_is_local_and_never_ends_too_early():
    with timezone.override("Asia/Makassar"):
        assert words.clock_range(NOON, NOON.replace(minute=9, second=1)) == "13.00-13.10"
    with timezone.override("Asia/Jakarta"), translation.override("en"):
        assert words.clock_range(NOON, NOON.replace(minute=9)) == "12:00-12:09"
        assert words.clock_range(NOON, NOON) == "12:00"
    assert words.clock_range(None, NOON) == ""


@pytest.mark.parametrize(
    ("waiting", "p50", "counters", "said"),
    [
        (4, 8.0, 1, ("ok", "Sepi")),
        (4, 20.0, 1, ("wait", "Biasa")),
        (4, 31.0, 1, ("late", "Ramai")),
        (4, None, 1, ("late", "Ramai")),
        (0, 10.0, 1, ("ok", "Kosong")),
        (4, 8.0, 0, ("calm", "Loket belum buka")),
    ],
)
def test_how_full(waiting, p50, counters, said):
    assert words.fullness(waiting, p50, counters) == said


def test_hours_are_said_as_they_are():
    with timezone.override("Asia/Jakarta"):
        assert words.hours(NOON.replace(hour=1), NOON.replace(hour=16, minute=59, second=59)) == "08.00-23.59"
    assert words.hours(None, None) == ""


def test_when():
    with timezone.override("Asia/Jakarta"):
        assert words.when(NOON, NOON) == "hari ini pukul 12.00"
        assert words.when(NOON.replace(day=25), NOON) == "besok pukul 12.00"
        assert words.when(NOON.replace(day=30), NOON) == "Senin, 30 November 2026 pukul 12.00"
        # Eleven at night in UTC is tomorrow in Jakarta.
        assert words.when(NOON.replace(hour=23), NOON).startswith("besok")
    assert words.when(None, NOON) == ""
