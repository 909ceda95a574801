"""Clips of a hall's calls, at addresses that only the server can write.

An address says what is spoken (mall, language, kind, label, counter) and carries a signature over it, so
that nobody can make the hall say something else, or fill its disk. It holds no personal data.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, astuple, dataclass

from django.urls import reverse
from django.utils.crypto import salted_hmac

from senyum.core import speech
from senyum.visits import announce

_SALT = "senyum.display.voice"
#: Enough that guessing is hopeless, short enough for an address.
_SIGNATURE_LETTERS = 32


@dataclass(frozen=True)
class Sayable:
    """One reading of a call: `mall` is its code, `kind` one of `announce.KINDS`."""

    mall: str
    language: str
    kind: str
    label: str
    counter: int


def signature(call: Sayable) -> str:
    """What proves that the server itself composed this sentence; changes with the voice's version."""
    said = json.dumps([speech.VERSION, *astuple(call)])
    return salted_hmac(_SALT, said, algorithm="sha256").hexdigest()[:_SIGNATURE_LETTERS]


def is_signed(call: Sayable, given: str) -> bool:
    """Whether `given` is the signature of this reading."""
    return hmac.compare_digest(signature(call).encode(), given.encode())


def clip_url(call: Sayable) -> str:
    """The address of a call's clip; empty where no voice reads its language."""
    if call.language not in speech.voices():
        return ""
    return reverse("display:clip", kwargs={**asdict(call), "signed": signature(call)})


def spoken(call: Sayable) -> str:
    """The sentence for the voice. ValueError for what is not a call."""
    return announce.spoken(label=call.label, counter=call.counter, language=call.language, kind=call.kind)
