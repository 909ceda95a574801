"""How people's words become a line: fees in words, and search that forgives spelling and colloquial speech."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

_WORD = re.compile(r"[a-z0-9]+")
#: Below this trigram similarity two words have nothing to do with each other, and shorter words have too few trigrams.
SIMILAR, TRIGRAM_LETTERS = 0.4, 5
#: Services that answer less than this share of what the best one answers are left out.
ANSWER_SHARE = 0.5
#: A word of the service's own name counts so much more.
NAME_COUNTS = 1.5
MOST_WORDS = 8
LONGEST_PHRASE = 3
#: How close to the asked word what is found instead of it is: its stem, what it stands for, another word that stands
#: for the same, a longer word that begins so.
STEM, MEANT, SAID, BEGINS = 0.95, 0.95, 0.85, 0.8
#: The same for slips of the finger: neighbours swapped, a letter dropped or added, a letter changed.
SWAPPED, ADDED, CHANGED = 0.75, 0.7, 0.6
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def plain(text: str) -> str:
    """Lower case without accents, as both sides of the search are compared."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The plain words of a text, in order; "KTP-el" is "ktp" and "el"."""
    return _WORD.findall(plain(text))


@dataclass(frozen=True)
class Speech:
    """Synonyms and fillers, ready to look up: `means` from a word or phrase to what it stands for, `says` back."""

    fillers: frozenset[str]
    means: Mapping[str, Sequence[str]]
    says: Mapping[str, Sequence[str]]


def speech_of(fillers: Iterable[str], means: Mapping[str, Sequence[str]]) -> Speech:
    """Speech of the rows: `means` maps a plain word or phrase to its meanings."""
    says: dict[str, list[str]] = {}
    for word, meanings in means.items():
        for meaning in meanings:
            says.setdefault(meaning, []).append(word)
    return Speech(frozenset(fillers), {w: tuple(m) for w, m in means.items()}, {m: tuple(w) for m, w in says.items()})


def terms_of(text: str, speech: Speech) -> list[str]:
    """What somebody is looking for: words and known phrases of `text`, fillers dropped, each once, at most eight."""
    said = words(text[:200])
    found = []
    for start, word in enumerate(said):
        for length in range(LONGEST_PHRASE, 1, -1):
            phrase = " ".join(said[start : start + length])
            if phrase in speech.means and phrase.count(" ") == length - 1:
                found.append(phrase)
                break
        if word not in speech.fillers:
            found.append(word)
    return list(dict.fromkeys(found))[:MOST_WORDS]


def one_slip_words(word: str) -> dict[str, float]:
    """All words one slip away (a letter added, dropped, changed, or swapped with its neighbour), and how close."""
    found: dict[str, float] = {}
    for at in range(len(word) + 1):
        left, right = word[:at], word[at:]
        for letter in _LETTERS:
            found.setdefault(left + letter + right, ADDED)
        if right:
            found.setdefault(left + right[1:], ADDED)
            for letter in _LETTERS:
                found.setdefault(left + letter + right[1:], CHANGED)
        if len(right) > 1:
            found[left + right[1] + right[0] + right[2:]] = SWAPPED
    found.pop(word, None)
    return found


@dataclass(frozen=True)
class Lexicon:
    """What the catalogue's vocabulary knows of the asked words.

    `known`: those that stand in it, whole or as a beginning; `stems`: other forms of a word; `slips`: words of the
    vocabulary one slip away; `similar`: words that look like it, with their trigram similarity (0 to 1).
    """

    known: frozenset[str] | set[str]
    stems: Mapping[str, Sequence[str]]
    slips: Mapping[str, Sequence[str]]
    similar: Mapping[str, Sequence[tuple[str, float]]]


@dataclass(frozen=True)
class Alternative:
    """What may stand for an asked word: all of `words` together, `closeness` 0 to 1; `begins`: longer words, too."""

    words: tuple[str, ...]
    closeness: float
    begins: bool = False

    def queries(self) -> tuple[str, str]:
        """Two tsqueries: anywhere, and in the service's own name. Words are plain: letters a-z and digits."""
        star = "*" if self.begins else ""
        anywhere, named = (
            " & ".join(f"'{word}'" + (f":{star}{where}" if star or where else "") for word in self.words)
            for where in ("", "A")
        )
        return anywhere, named


def alternatives(term: str, speech: Speech, lexicon: Lexicon) -> list[Alternative]:
    """What may stand for an asked word or phrase, each once at its closest; none for a slip of a filler."""
    best: dict[tuple[tuple[str, ...], bool], float] = {}

    def put(text: str, closeness: float, *, begins: bool = False) -> None:
        key = tuple(text.split()), begins
        best[key] = max(best.get(key, 0.0), closeness)

    def mean(word: str, times: float) -> None:
        for meaning in speech.means.get(word, ()):
            put(meaning, MEANT * times)
            for other in speech.says[meaning]:
                put(other, SAID * times)
        for other in speech.says.get(word, ()):
            put(other, SAID * times)

    if " " not in term:
        put(term, 1.0)
        for stem in lexicon.stems.get(term, ()):
            put(stem, STEM)
        if len(term) >= 3 and not term.isdigit():
            put(term, BEGINS, begins=True)
    mean(term, 1.0)
    if " " not in term and term not in lexicon.known and term not in speech.means and len(term) >= 3:
        slips = one_slip_words(term) if not term.isdigit() else {}
        for word in lexicon.slips.get(term, ()):
            put(word, slips[word])
        for word in slips.keys() & speech.means.keys():
            mean(word, slips[word])
        for word, share in lexicon.similar.get(term, ()):
            put(word, SWAPPED * share)
    return [Alternative(words, closeness, begins) for (words, begins), closeness in best.items()]


def rupiah(amount: int) -> str:
    """An amount the Indonesian way: 30000 is "Rp30.000"."""
    return f"Rp{amount:,}".replace(",", ".")


def said_in(row: Any, name: str, language: str) -> str:
    """A text in `language` (id, su, en), Indonesian where there is none: columns `name`, `name_su`, `name_en`."""
    own = getattr(row, f"{name}_{language[:2]}", "") if language[:2] in ("su", "en") else ""
    return own or getattr(row, name)


def fee_words(fee_rupiah: int | None, fee_text: str) -> str:
    """What a service costs, in words: "Gratis", "Rp30.000", the amount with a note on what else there is to pay,
    or only the text that says on what it depends.
    """
    if fee_rupiah is None:
        return fee_text or _("Menurut jenisnya")
    amount = _("Gratis") if fee_rupiah == 0 else rupiah(fee_rupiah)
    return f"{amount} ({fee_text[:1].lower()}{fee_text[1:]})" if fee_text else amount
