"""Sentences read aloud, at addresses that only the server can write.

`synthesizer()` is the one of this process, for boards and kiosks. `signature` proves that the server composed a
sentence itself, so that nobody can make a device say something else, or fill its disk.
"""

from __future__ import annotations

import hmac
import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils.crypto import salted_hmac

from senyum.core import speech

_SALT = "senyum.voice"
#: Enough that guessing is hopeless, short enough for an address.
_SIGNATURE_LETTERS = 32
_CLIP_SECONDS = 86_400


@lru_cache(maxsize=1)
def synthesizer() -> speech.Synthesizer:
    """The one synthesizer of this process; its child starts with the first sentence."""
    return speech.Synthesizer(settings.DATA_DIR / "voice")


def speaks(language: str) -> bool:
    """Whether a voice reads this language here."""
    return language in speech.voices()


def signature(text: str, language: str) -> str:
    """What proves that the server itself composed this sentence; changes with the voice's version."""
    said = json.dumps([speech.VERSION, language, text])
    return salted_hmac(_SALT, said, algorithm="sha256").hexdigest()[:_SIGNATURE_LETTERS]


def is_signed(text: str, language: str, given: str) -> bool:
    """Whether `given` is the signature of this sentence."""
    return hmac.compare_digest(signature(text, language).encode(), given.encode())


def sayable(text: str) -> str:
    """`text` as one line that fits a clip: white space folded, cut at a word when it is too long."""
    line = " ".join(text.split())
    if len(line) <= speech.MAX_TEXT:
        return line
    return line[: speech.MAX_TEXT].rsplit(" ", 1)[0]


def clip(text: str, language: str) -> HttpResponse:
    """The clip of a sentence, made now when it is not there. Raises Http404 when nothing can read it."""
    try:
        return wav(synthesizer().clip(text, language))
    except (speech.SpeechError, ValueError, OSError) as error:
        raise Http404(str(error)) from error


def wav(path: Path) -> HttpResponse:
    """A WAV file as an answer that a browser keeps for a day."""
    response = HttpResponse(path.read_bytes(), content_type="audio/wav")
    response.headers["Cache-Control"] = f"private, max-age={_CLIP_SECONDS}, immutable"
    return response
