"""The announcement line of a hall: the words of a call, and who is announced when. Pure.

The same words are read aloud and shown on the board. `plan` is the rule of the line as one function;
the board plays it in the browser (`surfaces/display/static/display/line.js`), and a test holds both
to the same choices. Times are aware datetimes, lengths are real seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

CALL, RECALL = "call", "recall"
KINDS = (CALL, RECALL)
LANGUAGES = ("id", "su", "en")

#: Above this many seconds the line is long: one reading, first language, nothing for those at the desk.
LONG_LINE_SECONDS = 15.0
READINGS = 2
CHIME_SECONDS = 0.9
GAP_SECONDS = 0.35

_LABEL = re.compile(r"([A-Z]{1,2})-?([0-9]{1,6})")

# The Sundanese words are a draft in the lemes register and wait for a native reviewer (docs/voice.md).
_DIGITS = {
    "id": ["nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"],
    "su": ["nol", "hiji", "dua", "tilu", "opat", "lima", "genep", "tujuh", "dalapan", "salapan"],
    "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
}
_EN_TEENS = [
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_EN_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_TEN_WORDS = {  # ten, eleven, teen, tens, one hundred, hundreds
    "id": ("sepuluh", "sebelas", "belas", "puluh", "seratus", "ratus"),
    "su": ("sapuluh", "sawelas", "welas", "puluh", "saratus", "ratus"),
}
_SENTENCES = {
    ("id", CALL): "Nomor antrean {label}, silakan ke loket {counter}",
    ("id", RECALL): "Panggilan ulang, nomor antrean {label}, silakan ke loket {counter}",
    ("su", CALL): "Nomer antrian {label}, mangga sumping ka loket {counter}",
    ("su", RECALL): "Diondang deui, nomer antrian {label}, mangga sumping ka loket {counter}",
    ("en", CALL): "Number {label}, please go to counter {counter}",
    ("en", RECALL): "Calling again, number {label}, please go to counter {counter}",
}


def number_words(number: int, language: str) -> str:
    """`number` as people say it in `language`; 0 to 999, beyond that digit by digit. Negative: ValueError."""
    if number < 0:
        raise ValueError(number)
    if number > 999:
        return digit_words(str(number), language)
    return _english(number) if language == "en" else _decimal(number, language)


def _english(number: int) -> str:
    if number < 10:
        return _DIGITS["en"][number]
    if number < 20:
        return _EN_TEENS[number - 10]
    if number < 100:
        tens, unit = _EN_TENS[number // 10 - 2], number % 10
        return f"{tens}-{_DIGITS['en'][unit]}" if unit else tens
    hundred = f"{_DIGITS['en'][number // 100]} hundred"
    return f"{hundred} and {_english(number % 100)}" if number % 100 else hundred


def _decimal(number: int, language: str) -> str:
    """Indonesian and Sundanese count alike: units, sa-/se- forms for ten, eleven and a hundred."""
    digits = _DIGITS[language]
    ten, eleven, teen, tens, one_hundred, hundreds = _TEN_WORDS[language]
    if number < 10:
        return digits[number]
    if number < 12:
        return ten if number == 10 else eleven
    if number < 20:
        return f"{digits[number - 10]} {teen}"
    if number < 100:
        head, rest = f"{digits[number // 10]} {tens}", number % 10
    else:
        head = one_hundred if number < 200 else f"{digits[number // 100]} {hundreds}"
        rest = number % 100
    return f"{head} {_decimal(rest, language)}" if rest else head


def digit_words(digits: str, language: str) -> str:
    """ASCII `digits` one by one: "027" -> "nol dua tujuh"."""
    return " ".join(_DIGITS[language][int(digit)] for digit in digits)


def label_words(label: str, language: str) -> str:
    """ "A-027" -> "A nol dua tujuh", "AB-1027" -> "A B satu nol dua tujuh". ValueError for anything else."""
    found = _LABEL.fullmatch(label)
    if found is None:
        raise ValueError(label)
    letters, digits = found.groups()
    return f"{' '.join(letters)} {digit_words(digits, language)}"


def words(*, label: str, counter: int, language: str, kind: str = CALL) -> str:
    """The sentence of a call as it is shown and read. ValueError for an unknown label, language or kind."""
    sentence = _SENTENCES.get((language, kind))
    if sentence is None:
        raise ValueError((language, kind))
    return sentence.format(label=label_words(label, language), counter=number_words(counter, language))


def spoken(*, label: str, counter: int, language: str, kind: str = CALL) -> str:
    """The same sentence for a voice: a breath after each letter, so that letters and digits stay apart."""
    sentence = words(label=label, counter=counter, language=language, kind=kind)
    shown = label_words(label, language)
    paused = re.sub(r"\b([A-Z]) ", r"\1, ", shown)
    return sentence.replace(shown, paused, 1) + "."


def estimated_seconds(text: str) -> float:
    """How long a reading of `text` takes at the hall's pace, within 0.7 s (measured: docs/voice.md)."""
    return 0.1 * len(text)


@dataclass(frozen=True)
class Call:
    """A call that may be announced. `serving_at`: since when the ticket is served; `quiet`: shown, never spoken."""

    call_id: int
    at: datetime
    label: str
    counter: int
    kind: str = CALL
    quiet: bool = False
    serving_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def withdrawn(self, at: datetime) -> bool:
        return self.withdrawn_at is not None and self.withdrawn_at <= at

    def serving(self, at: datetime) -> bool:
        return self.serving_at is not None and self.serving_at <= at


@dataclass(frozen=True)
class Reading:
    """One sentence in one language, from `starts` to `ends`."""

    language: str
    text: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class Spoken:
    """One announcement: chime at `starts`, then the readings. `withdrawn`: undone while it was being spoken."""

    call_id: int
    starts: datetime
    ends: datetime
    readings: tuple[Reading, ...]
    short: bool
    withdrawn: bool


Seconds = Callable[[str], float]


def full_seconds(call: Call, languages: Sequence[str], seconds: Seconds = estimated_seconds) -> float:
    """Length of the whole announcement of `call`: chime and each language `READINGS` times."""
    texts = [_text(call, language) for language in languages] * READINGS
    return CHIME_SECONDS + sum(GAP_SECONDS + seconds(text) for text in texts)


def _text(call: Call, language: str) -> str:
    return words(label=call.label, counter=call.counter, language=language, kind=call.kind)


def is_long(
    waiting: Sequence[Call], at: datetime, languages: Sequence[str], seconds: Seconds = estimated_seconds
) -> bool:
    """Whether the line is long at `at`: its first call has waited, or the others would take, too many seconds."""
    if not waiting:
        return False
    waited = (at - waiting[0].at).total_seconds()
    behind = sum(full_seconds(call, languages, seconds) for call in waiting[1:])
    return max(waited, behind) > LONG_LINE_SECONDS


def choose(
    waiting: Sequence[Call], at: datetime, languages: Sequence[str], seconds: Seconds = estimated_seconds
) -> tuple[Call, bool, int] | None:
    """Whom to announce at `at`: the call, whether shortly, and how many of `waiting` are done with. None: nobody.

    `waiting` is in the order of the calls and holds only calls made by `at`.
    """
    audible = [call for call in waiting if not (call.quiet or call.withdrawn(at))]
    while audible:
        short = is_long(audible, at, languages, seconds)
        call = audible.pop(0)
        if not (short and call.serving(at)):
            return call, short, list(waiting).index(call) + 1
    return None


def plan(
    calls: Sequence[Call],
    now: datetime,
    languages: Sequence[str],
    last_end: datetime | None = None,
    seconds: Seconds = estimated_seconds,
) -> list[Spoken]:
    """What the hall hears from `now` on, one announcement at a time, in the order of the calls.

    `last_end` is when the running announcement ends. Nothing is decided before its time: a call that is
    withdrawn before its turn is not heard, one withdrawn while it is read stops after that reading.
    """
    line = sorted(calls, key=lambda call: (call.at, call.call_id))
    free = max(now, last_end) if last_end else now
    heard: list[Spoken] = []
    while line and languages:
        free = max(free, line[0].at)
        waiting = [call for call in line if call.at <= free]
        chosen = choose(waiting, free, languages, seconds)
        if chosen is None:
            line = line[len(waiting) :]
            continue
        call, short, done = chosen
        line = line[done:]
        heard.append(_announce(call, free, languages[:1] if short else [*languages] * READINGS, short, seconds))
        free = heard[-1].ends
    return heard


def _announce(call: Call, start: datetime, languages: Sequence[str], short: bool, seconds: Seconds) -> Spoken:
    end = start + timedelta(seconds=CHIME_SECONDS)
    readings: list[Reading] = []
    for language in languages:
        if call.withdrawn(end):
            break
        text = _text(call, language)
        begins = end + timedelta(seconds=GAP_SECONDS)
        end = begins + timedelta(seconds=seconds(text))
        readings.append(Reading(language, text, begins, end))
    return Spoken(call.call_id, start, end, tuple(readings), short, call.withdrawn(end))
