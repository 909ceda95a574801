"""The voice of the hall: real clips, measured, since no test can listen."""

from __future__ import annotations

import os
import sys
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from senyum.core import speech

needs_voice = pytest.mark.skipif(not speech.voices(), reason="the espeakng-loader wheel is not installed")


@pytest.fixture
def synthesizer(tmp_path: Path) -> Iterator[speech.Synthesizer]:
    made = speech.Synthesizer(tmp_path / "voice", timeout=20)
    yield made
    made.close()


def samples(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_768


@needs_voice
@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("id", "Nomor antrean A, nol dua tujuh, silakan ke loket tiga."),
        ("en", "Number A, zero two seven, please go to counter three."),
    ],
)
def test_a_sentence_becomes_a_clear_clip(synthesizer: speech.Synthesizer, language: str, text: str) -> None:
    path = synthesizer.clip(text, language)
    heard = samples(path)
    assert 3.5 < speech.wav_seconds(path) < 7
    assert 0.4 < np.abs(heard).max() < 0.95
    assert 0.08 < np.sqrt(np.mean(heard**2)) < 0.2
    # No dead air: the voice starts and ends within a tenth of a second of the edges.
    loud = np.flatnonzero(np.abs(heard) > 0.02)
    assert loud[0] < 2_205
    assert heard.size - loud[-1] < 2_205


@needs_voice
def test_the_same_sentence_is_made_once(synthesizer: speech.Synthesizer) -> None:
    first = synthesizer.clip("Satu", "id")
    made = first.stat().st_mtime_ns
    assert synthesizer.clip("Satu", "id") == first
    assert first.stat().st_mtime_ns == made
    assert synthesizer.clip("Dua", "id") != first


@needs_voice
def test_the_web_process_never_loads_the_library(synthesizer: speech.Synthesizer) -> None:
    synthesizer.clip("Tiga", "id")
    assert "libespeak" not in Path("/proc/self/maps").read_text() if sys.platform == "linux" else True


@needs_voice
def test_many_threads_share_one_child(synthesizer: speech.Synthesizer) -> None:
    made: list[Path] = []

    def ask(number: int) -> None:
        made.append(synthesizer.clip(f"Loket {number}", "id"))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 12
    assert all(speech.wav_seconds(path) > 0.4 for path in made)


@needs_voice
def test_a_child_that_died_is_replaced(synthesizer: speech.Synthesizer) -> None:
    synthesizer.clip("Empat", "id")
    child = synthesizer._child
    assert child is not None
    child.kill()
    child.wait()
    assert synthesizer.clip("Lima", "id").exists()


@needs_voice
def test_closing_ends_the_child(synthesizer: speech.Synthesizer) -> None:
    synthesizer.clip("Enam", "id")
    child = synthesizer._child
    assert child is not None
    synthesizer.close()
    assert child.poll() is not None


@needs_voice
def test_a_child_that_hangs_is_ended_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = tmp_path / "hang"
    hanging.write_text("#!/bin/sh\nsleep 60\n")
    hanging.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(hanging))
    synthesizer = speech.Synthesizer(tmp_path, timeout=0.4)
    began = time.monotonic()
    with pytest.raises(speech.SpeechError):
        synthesizer.clip("Tujuh", "id")
    assert time.monotonic() - began < 3
    assert synthesizer._child is None
    # The next one does not wait again.
    began = time.monotonic()
    with pytest.raises(speech.SpeechError):
        synthesizer.clip("Delapan", "id")
    assert time.monotonic() - began < 0.1


def test_a_sentence_cannot_switch_to_raw_sounds() -> None:
    voice = speech.VOICES["id"]
    assert speech._with_sounds("Loket empat", voice) == "[[l'okEt]] [[@mp'at]]"
    for tricked in ("[[Loket]] [[[empat", "[]][Loket empat]]"):
        assert speech._with_sounds(tricked, voice) == "[[l'okEt]] [[@mp'at]]"


def test_sundanese_is_text_only(synthesizer: speech.Synthesizer) -> None:
    assert "su" not in speech.voices()
    with pytest.raises(speech.SpeechError):
        synthesizer.clip("Mangga", "su")


@pytest.mark.parametrize("text", ["", "  ", "x" * 301])
def test_nothing_and_too_much_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(speech.SpeechError):
        speech.synthesize(text, "id", tmp_path / "x.wav")
    assert not list(tmp_path.iterdir())


def test_without_the_wheel_there_is_no_voice_but_a_chime(
    synthesizer: speech.Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech.importlib.util, "find_spec", lambda name: None)
    assert speech.voices() == set()
    assert "not installed" in (speech.check() or "")
    with pytest.raises(speech.SpeechError):
        synthesizer.clip("Delapan", "id")
    assert speech.wav_seconds(synthesizer.chime()) == pytest.approx(0.9, abs=0.01)


def test_the_chime_is_soft_at_both_ends_and_never_clips() -> None:
    heard = speech.chime() / 32_768
    assert np.abs(heard).max() == pytest.approx(0.6, abs=0.01)
    assert np.abs(heard[:30]).max() < 0.1
    assert np.abs(heard[-200:]).max() < 0.02
    # Two tones: the second is a third lower.
    strongest = [np.abs(np.fft.rfft(part)).argmax() * 22_050 / part.size for part in (heard[:6000], heard[8000:14000])]
    assert strongest == [pytest.approx(880, abs=8), pytest.approx(698, abs=8)]


@needs_voice
def test_the_doctor_hears_the_hall() -> None:
    assert speech.check() is None


def test_old_clips_are_swept_and_the_chime_stays(synthesizer: speech.Synthesizer) -> None:
    chime = synthesizer.chime()
    old, new = synthesizer.directory / "id-old.wav", synthesizer.directory / "id-new.wav"
    for path in (old, new):
        speech.write_wav(path, speech.chime())
    now = new.stat().st_mtime + 10
    for path in (old, chime):
        os.utime(path, (now - 1000, now - 1000))
    assert speech.sweep(synthesizer.directory, older_than_seconds=500, now=now) == 1
    assert (old.exists(), new.exists(), chime.exists()) == (False, True, True)


def test_sweeping_where_nothing_was_ever_said_is_harmless(tmp_path: Path) -> None:
    assert speech.sweep(tmp_path / "never", older_than_seconds=1, now=0) == 0
