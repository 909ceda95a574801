"""Reading a sentence aloud, without a network: espeak-ng in a process of its own, and a chime.

The web server never loads the speech library: a `Synthesizer` starts one small child (`python -m
senyum.core.speech`), gives it one sentence at a time and puts an end to it when it does not answer.
Clips are WAV, mono, 22,050 Hz, 16 bit, with the silence trimmed and the same loudness. How the voice
was tuned is in docs/voice.md.
"""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import importlib.util
import json
import math
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Changes whenever a clip of the same text would sound different; part of each clip's name.
VERSION = "1"
RATE = 22_050
TIMEOUT_SECONDS = 3.0
REST_SECONDS = 10.0
MAX_TEXT = 300

_PEAK = 0.89  # of full scale (-1 dBFS): room for a hall amplifier
_LOUDNESS = 0.16  # root mean square of the voiced part
_SILENCE = 0.012
_EDGE_SECONDS = 0.04


@dataclass(frozen=True)
class Voice:
    """An espeak voice: `name` with its variant, words a minute, pitch and its range (0-99), 10 ms units of word gap.

    `says` gives the sounds of words that the rules of the voice get wrong, in espeak's own letters.
    """

    name: str
    pace: int
    pitch: int
    pitch_range: int
    word_gap: int
    says: dict[str, str]


VOICES = {
    "id": Voice(
        name="id+f2",
        pace=138,
        pitch=46,
        pitch_range=56,
        word_gap=2,
        says={
            "empat": "@mp'at",
            "enam": "@n'am",
            "belas": "b@l'as",
            "sebelas": "s@b@l'as",
            "loket": "l'okEt",
        },
    ),
    "en": Voice(name="en+f2", pace=142, pitch=46, pitch_range=56, word_gap=2, says={}),
}


class SpeechError(Exception):
    """The sentence could not be read: library missing, unknown language, or no answer in time."""


def voices() -> set[str]:
    """The languages that can be read aloud; empty when the library is missing. Sundanese has no voice yet."""
    return set(VOICES) if importlib.util.find_spec("espeakng_loader") else set()


def clip_path(directory: Path, text: str, language: str) -> Path:
    """Where the clip of `text` is kept: by the hash of what is said, how, and by which version."""
    said = json.dumps([VERSION, language, text]).encode()
    return directory / f"{language}-{hashlib.sha256(said).hexdigest()[:32]}.wav"


def synthesize(text: str, language: str, path: Path) -> None:
    """Write the clip of `text` to `path`, whole or not at all. Raises `SpeechError`.

    Loads the speech library into this process: surfaces use a `Synthesizer` instead.
    """
    voice = VOICES.get(language)
    if voice is None or not text.strip() or len(text) > MAX_TEXT:
        raise SpeechError(f"cannot read {len(text)} characters in {language!r}")
    write_wav(path, finished(_library().read(_with_sounds(text, voice), voice)))


def _with_sounds(text: str, voice: Voice) -> str:
    def sound(found: re.Match[str]) -> str:
        known = voice.says.get(found[0].lower())
        return f"[[{known}]]" if known else found[0]

    # Brackets switch espeak to its own letters: only this function may write them.
    return re.sub(r"[^\W\d_]+", sound, re.sub(r"[\[\]]", "", text))


def finished(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """`samples` without silence at both ends, at the house's loudness, never clipped."""
    wave_form = samples.astype(np.float64) / 32_768
    loud = np.flatnonzero(np.abs(wave_form) > _SILENCE)
    if loud.size == 0:
        raise SpeechError("nothing was heard")
    edge = int(_EDGE_SECONDS * RATE)
    wave_form = wave_form[max(0, loud[0] - edge) : loud[-1] + edge]
    voiced = wave_form[np.abs(wave_form) > _SILENCE]
    gain = _LOUDNESS / math.sqrt(float(np.mean(voiced**2)))
    # Above the knee the peaks are bent, not cut: a voice is all peaks, and a hall is loud.
    bent = np.tanh(wave_form * gain / _PEAK) * _PEAK
    fade = np.minimum(1.0, np.arange(bent.size) / (edge / 2))
    return np.asarray(np.round(bent * fade * fade[::-1] * 32_767), dtype=np.int16)


def chime() -> NDArray[np.int16]:
    """Two warm tones, a falling third (A5, F5), with soft attack and long decay: 0.9 s."""
    seconds = 0.9
    t = np.arange(int(seconds * RATE)) / RATE
    mix = np.zeros_like(t)
    for start, pitch in ((0.0, 880.0), (0.3, 698.46)):
        since = np.maximum(t - start, 0.0)
        attack = np.minimum(1.0, since / 0.012)
        for partial, level, decay in ((1.0, 1.0, 4.5), (2.0, 0.28, 7.0), (3.0, 0.09, 11.0), (0.5, 0.2, 4.0)):
            tone = np.sin(2 * np.pi * pitch * partial * since)
            mix += level * attack * np.exp(-decay * since) * tone
    mix *= np.minimum(1.0, (seconds - t) / 0.12)
    return np.asarray(np.round(mix / np.abs(mix).max() * 0.6 * 32_767), dtype=np.int16)


def write_wav(path: Path, samples: NDArray[np.int16]) -> None:
    """Write `samples` as a WAV file, visible under its name only when whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, suffix=".new")
    try:
        with os.fdopen(descriptor, "wb") as file, wave.open(file) as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes(samples.astype("<i2").tobytes())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def wav_seconds(path: Path) -> float:
    """Length of a WAV file."""
    with wave.open(str(path)) as file:
        return float(file.getnframes() / file.getframerate())


class _Library:
    """espeak-ng by ctypes. One thread at a time; it keeps its state in globals."""

    _RETRIEVAL, _DONT_EXIT = 1, 0x8000
    _UTF8, _PHONEMES = 1, 0x100
    _PACE, _PITCH, _PITCH_RANGE, _WORD_GAP = 1, 3, 4, 7
    _LONGEST_PATH = 150  # espeak keeps the path in a buffer of 160 bytes

    def __init__(self) -> None:
        try:
            import espeakng_loader

            self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
            data = self._short(Path(espeakng_loader.get_data_path()))
        except (ImportError, OSError) as error:
            raise SpeechError(f"espeak-ng is missing: {error}") from error
        rate = self._lib.espeak_Initialize(self._RETRIEVAL, 0, str(data).encode(), self._DONT_EXIT)
        if rate != RATE:
            raise SpeechError(f"espeak-ng did not start ({rate})")
        self._heard: list[NDArray[np.int16]] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._collect)
        self._lib.espeak_SetSynthCallback(self._callback)

    def _short(self, data: Path) -> Path:
        if len(str(data)) <= self._LONGEST_PATH:
            return data
        self._alias = tempfile.TemporaryDirectory(prefix="senyum-voice-")
        alias = Path(self._alias.name) / data.name
        alias.symlink_to(data)
        return alias

    def _collect(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._heard.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def read(self, text: str, voice: Voice) -> NDArray[np.int16]:
        self._heard.clear()
        if self._lib.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise SpeechError(f"voice {voice.name} is missing")
        for parameter, value in (
            (self._PACE, voice.pace),
            (self._PITCH, voice.pitch),
            (self._PITCH_RANGE, voice.pitch_range),
            (self._WORD_GAP, voice.word_gap),
        ):
            self._lib.espeak_SetParameter(parameter, value, 0)
        said = text.encode() + b"\0"
        flags = self._UTF8 | self._PHONEMES
        failed = self._lib.espeak_Synth(said, len(said), 0, 1, 0, flags, None, None)
        if failed or self._lib.espeak_Synchronize() or not self._heard:
            raise SpeechError(f"espeak-ng could not read the sentence ({failed})")
        return np.concatenate(self._heard)


_loaded: _Library | None = None


def _library() -> _Library:
    global _loaded
    if _loaded is None:
        _loaded = _Library()
    return _loaded


class Synthesizer:
    """One child process that makes clips, started at the first sentence; safe to share between threads.

    The clips of a directory are bounded: see `sweep`.
    """

    def __init__(self, directory: Path, timeout: float = TIMEOUT_SECONDS) -> None:
        self.directory = directory
        self.timeout = timeout
        self._turn = threading.Lock()
        self._broken_until = 0.0
        self._child: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        atexit.register(self.close)

    def clip(self, text: str, language: str) -> Path:
        """The clip of `text`, made when it is not there yet. Raises `SpeechError`, after `timeout` at the latest.

        After a child that did not answer, nothing is asked for `REST_SECONDS`: threads of the web server are few.
        """
        path = clip_path(self.directory, text, language)
        if path.exists():
            return path
        if language not in voices():
            raise SpeechError(f"no voice for {language!r}")
        if time.monotonic() < self._broken_until:
            raise SpeechError("the synthesizer did not answer a moment ago")
        until = time.monotonic() + self.timeout
        if not self._turn.acquire(timeout=self.timeout):
            raise SpeechError("the synthesizer is busy")
        try:
            if not path.exists():
                self._ask({"text": text, "language": language, "path": str(path)}, until)
        finally:
            self._turn.release()
        return path

    def chime(self) -> Path:
        """The clip of the chime. Needs no speech library."""
        path = self.directory / f"chime-{VERSION}.wav"
        if not path.exists():
            write_wav(path, chime())
        return path

    def _ask(self, order: dict[str, str], until: float) -> None:
        child = self._running()
        try:
            assert child.stdin is not None
            child.stdin.write(json.dumps(order) + "\n")
            child.stdin.flush()
            answer = self._answers.get(timeout=max(0.05, until - time.monotonic()))
        except (OSError, queue.Empty) as error:
            self.close()
            self._broken_until = time.monotonic() + REST_SECONDS
            raise SpeechError("the synthesizer did not answer") from error
        if answer:
            raise SpeechError(answer)

    def _running(self) -> subprocess.Popen[str]:
        if self._child is None or self._child.poll() is not None:
            self._answers = queue.Queue()
            self._child = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            threading.Thread(target=_listen, args=(self._child, self._answers), daemon=True).start()
        return self._child

    def close(self) -> None:
        """End the child. The next sentence starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()


def _listen(child: subprocess.Popen[str], answers: queue.Queue[str]) -> None:
    if child.stdout is not None:
        for line in child.stdout:
            answers.put(str(json.loads(line)))
    answers.put("the synthesizer ended")


def sweep(directory: Path, *, older_than_seconds: float, now: float) -> int:
    """Delete clips (not the chime) not made within `older_than_seconds` before `now` (epoch). Returns how many."""
    gone = 0
    for path in directory.glob("*-*.wav") if directory.is_dir() else ():
        if not path.name.startswith("chime-") and now - path.stat().st_mtime > older_than_seconds:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def check() -> str | None:
    """None when the hall can speak, else in a few words why not. Makes a clip in a process of its own."""
    if not voices():
        return "espeakng-loader is not installed"
    with tempfile.TemporaryDirectory(prefix="senyum-voice-") as directory:
        synthesizer = Synthesizer(Path(directory), timeout=10.0)
        try:
            path = synthesizer.clip("Satu dua tiga", "id")
            return None if wav_seconds(path) > 0.5 else "the clip is too short"
        except SpeechError as error:
            return str(error)
        finally:
            synthesizer.close()


def _serve() -> None:
    """The child: one order a line on standard input, one answer a line (empty: done)."""
    for line in sys.stdin:
        order = json.loads(line)
        try:
            synthesize(order["text"], order["language"], Path(order["path"]))
            answer = ""
        except (SpeechError, OSError) as error:
            answer = str(error) or type(error).__name__
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve()
