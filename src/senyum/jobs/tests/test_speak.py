"""Clips of the day before yesterday go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from senyum.core import clock, speech
from senyum.jobs import speak


def test_old_clips_go_at_night(tmp_path: Path, settings: pytest.FixtureRequest) -> None:
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]  # set in settings.py
    old, new = tmp_path / "voice/id-old.wav", tmp_path / "voice/id-new.wav"
    for path in (old, new):
        speech.write_wav(path, speech.chime())
    long_ago = clock.wall().timestamp() - speak.KEPT_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    assert speak.sweep_clips(0) == 1
    assert [path.exists() for path in (old, new)] == [False, True]
    assert speak.sweep_clips(0) == 0
