"""How people's words become a line: fees in words, and search that forgives spelling and colloquial speech."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

_FILLER = """
    saya aku mau ingin minta tolong mohon bikin buat membuat bikinin ngurus urus mengurus pengurusan nyieun ngadamel
    bade hoyong nyuhunkeun abdi kuring dimana mana di ke ka dari pada untuk yang nu anu dan atau sareng jeung
    layanan pelayanan loket gerai antrean nomor cara gimana bagaimana kumaha apa naon nya dong ya kak pak bu
    e el i want need to get make the my for of how do please service queue number
"""
#: Words that say "I want" and not what: Indonesian, colloquial, Sundanese, English.
FILLER = frozenset(_FILLER.split())

#: How people say it -> the word the catalogue uses.
SYNONYMS: Mapping[str, str] = {
    "antrian": "antrean",
    "antri": "antrean",
    "ngantri": "antrean",
    "ilang": "hilang",
    "kahilangan": "hilang",
    "kehilangan": "hilang",
    "leungit": "hilang",
    "ical": "hilang",
    "lost": "hilang",
    "ruksak": "rusak",
    "butut": "rusak",
    "anyar": "baru",
    "enggal": "baru",
    "pasport": "paspor",
    "passport": "paspor",
    "paspot": "paspor",
    "lahiran": "kelahiran",
    "lahir": "kelahiran",
    "ngalahirkeun": "kelahiran",
    "maot": "kematian",
    "pupus": "kematian",
    "wafat": "kematian",
    "meninggal": "kematian",
    "mati": "kematian",
    "kawin": "nikah",
    "merit": "nikah",
    "nikahan": "nikah",
    "kartos": "kartu",
    "polis": "polisi",
    "padamelan": "kerja",
    "gawe": "kerja",
    "loker": "kerja",
    "pindahan": "pindah",
    "ngalih": "pindah",
    "cai": "air",
    "ledeng": "air",
    "taneuh": "tanah",
    "imah": "rumah",
    "budak": "anak",
    "murangkalih": "anak",
    "ektp": "ktp",
    "ktpel": "ktp",
}

_WORD = re.compile(r"[a-z0-9]+")
#: Below this trigram similarity two words have nothing to do with each other.
_SIMILAR = 0.5
_PHRASE_SHARE = 0.5


def plain(text: str) -> str:
    """Lower case without accents, as both sides of the search are compared."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The plain words of a text, in order; "KTP-el" is "ktp" and "el"."""
    return _WORD.findall(plain(text))


def search_words(text: str) -> list[str]:
    """What somebody is looking for: synonyms replaced, fillers dropped, each word once, at most eight."""
    found = [SYNONYMS.get(word, word) for word in words(text)]
    return list(dict.fromkeys(word for word in found if word not in FILLER))[:8]


def one_slip(a: str, b: str) -> bool:
    """Whether two words differ by one letter added, dropped, changed or swapped with its neighbour (ktp, kpt)."""
    if abs(len(a) - len(b)) > 1:
        return False
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    if len(a) == len(b):
        swapped = a[:at] + a[at + 1 : at + 2] + a[at : at + 1] + a[at + 2 :]
        return a[at + 1 :] == b[at + 1 :] or swapped == b
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return longer[at + 1 :] == shorter[at:]


@dataclass(frozen=True)
class Candidate:
    """A line as the search sees it: `similar` is the database's trigram similarity of each search word (0 to 1)."""

    line_id: int
    name: str
    text: str
    similar: Sequence[float]


def _known(text: str) -> set[str]:
    """The words of a text as they are written, and as the catalogue's own word for them."""
    found = words(text)
    return {*found, *(SYNONYMS.get(word, word) for word in found)}


def _closeness(word: str, known: set[str], similar: float) -> float:
    if word in known:
        return 1.0
    if len(word) >= 3 and any(k.startswith(word) for k in known):
        return 0.8
    if 3 <= len(word) <= 5 and any(len(k) >= 3 and one_slip(word, k) for k in known):
        return 0.6
    return 0.7 * similar if similar >= _SIMILAR else 0.0


def rank(wanted: Sequence[str], candidates: Sequence[Candidate]) -> list[int]:
    """Line ids that answer the search words, best first.

    A word that few lines know says more than one that many do; a word of the line's own name counts half more.
    Lines that answer less than half of what the best line answers are left out.
    """
    if not wanted or not candidates:
        return []
    known = [_known(c.text) for c in candidates]
    names = [_known(c.name) for c in candidates]
    closeness = [
        [_closeness(word, known[i], c.similar[j]) for j, word in enumerate(wanted)] for i, c in enumerate(candidates)
    ]
    counts = [sum(row[j] > 0 for row in closeness) for j in range(len(wanted))]
    weight = [math.log(1 + len(candidates) / n) if n else 0.0 for n in counts]
    scored = []
    for i, candidate in enumerate(candidates):
        score = sum(weight[j] * closeness[i][j] * (1.5 if word in names[i] else 1.0) for j, word in enumerate(wanted))
        # Among equals the shorter name is the plainer answer.
        scored.append((score - len(names[i]) / 1000, candidate.line_id))
    best = max(score for score, _id in scored)
    kept = [(score, line_id) for score, line_id in scored if score > 0 and score >= best * _PHRASE_SHARE]
    return [line_id for _score, line_id in sorted(kept, key=lambda pair: (-pair[0], pair[1]))]


def rupiah(amount: int) -> str:
    """An amount the Indonesian way: 30000 is "Rp30.000"."""
    return f"Rp{amount:,}".replace(",", ".")


def fee_words(fee_rupiah: int | None, fee_text: str) -> str:
    """What a service costs, in words: "Gratis", "Rp30.000", the amount with a note on what else there is to pay,
    or only the text that says on what it depends.
    """
    if fee_rupiah is None:
        return fee_text or _("Menurut jenisnya")
    amount = _("Gratis") if fee_rupiah == 0 else rupiah(fee_rupiah)
    return f"{amount} ({fee_text[:1].lower()}{fee_text[1:]})" if fee_text else amount
