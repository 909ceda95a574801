"""The writes of what words mean to the search: rows by hand, and the house's own list (words.yaml)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

import yaml
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from senyum.catalogue import rules, search
from senyum.catalogue.models import Synonym
from senyum.core.errors import NotPossible
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls.commands import HOUSE, put_row

_LANGUAGES = ("id", "su", "en")
_LONGEST = 60


def _forget() -> None:
    search.forget()
    transaction.on_commit(search.forget)


def checked(language: str, word: str, means: str) -> tuple[str, str]:
    """The plain forms of word and meaning. Raises NotPossible for what the search could never use."""
    if language not in _LANGUAGES:
        raise NotPossible("language", _("Bahasanya id, su, atau en."))
    plain, meaning = (" ".join(rules.words(text)) for text in (word, means))
    count = len(plain.split())
    if not 1 <= count <= rules.LONGEST_PHRASE or len(plain) > _LONGEST:
        raise NotPossible("word", _("Tulis satu sampai tiga kata, paling panjang 60 huruf."))
    if bool(means.strip()) != bool(meaning) or len(meaning) > _LONGEST:
        raise NotPossible("means", _("Tulis artinya dengan huruf atau angka, paling panjang 60 huruf."))
    if meaning == plain:
        raise NotPossible("same", _("Kata dan artinya sama, jadi tidak ada yang perlu dicatat."))
    if not meaning and count > 1:
        raise NotPossible("filler", _("Kata pengisi hanya satu kata."))
    return plain, meaning


@transaction.atomic
def put_synonym(*, language: str, word: str, means: str, now: datetime, actor: Actor) -> Synonym:
    """Let `word` (one to three words) stand for `means`; with "" it is a filler, a word that says nothing.

    Idempotent; a row that was switched off is switched on again. Raises NotPossible for words without letters.
    """
    plain, meaning = checked(language, word, means)
    kind = Synonym.Kind.SYNONYM if meaning else Synonym.Kind.FILLER
    keys = {"language": language, "word": plain, "means": meaning}
    row, changed = put_row(Synonym, keys, {"kind": str(kind), "active": True})
    if changed:
        record(
            mall=HOUSE,
            at=now,
            kind="synonym.put",
            actor=actor,
            subject=("synonym", row.pk, plain),
            data={"language": language, "means": meaning},
        )
        _forget()
    return row


@transaction.atomic
def drop_synonym(*, language: str, word: str, means: str, now: datetime, actor: Actor) -> Synonym:
    """Switch a synonym or filler off; the row stays, so that no later version brings it back. NotPossible: no such."""
    plain, meaning = checked(language, word, means)
    row = Synonym.objects.select_for_update().filter(language=language, word=plain, means=meaning).first()
    if row is None:
        raise NotPossible("no_synonym", _("Padanan kata itu tidak ada."))
    if row.active:
        row.active, row.is_house = False, False
        row.save(update_fields=["active", "is_house"])
        record(
            mall=HOUSE,
            at=now,
            kind="synonym.dropped",
            actor=actor,
            subject=("synonym", row.pk, plain),
            data={"language": language, "means": meaning},
        )
        _forget()
    return row


@transaction.atomic
def change_synonym(*, synonym_id: int, language: str, word: str, means: str, now: datetime, actor: Actor) -> Synonym:
    """Correct a row: the old one is switched off, the right one put, both or neither. NotPossible: as both."""
    old = Synonym.objects.filter(pk=synonym_id).first()
    if old is None:
        raise NotPossible("no_synonym", _("Padanan kata itu tidak ada."))
    plain, meaning = checked(language, word, means)
    if (language, plain, meaning) != (old.language, old.word, old.means):
        drop_synonym(language=old.language, word=old.word, means=old.means, now=now, actor=actor)
    return put_synonym(language=language, word=word, means=means, now=now, actor=actor)


@dataclass(frozen=True)
class HouseWords:
    """What loading the house's list did: rows added, and rows of earlier lists that it no longer has."""

    added: int
    gone: int


def house_rows() -> Iterator[tuple[str, str, str]]:
    """(language, word, means) of words.yaml, each once; means "" for a filler."""
    text = resources.files("senyum.catalogue").joinpath("words.yaml").read_text(encoding="utf-8")
    data: Any = yaml.safe_load(text)
    found: dict[tuple[str, str, str], None] = {}
    for language in _LANGUAGES:
        for word in _list(data["fillers"][language]):
            found[language, word, ""] = None
        for means, said in data["synonyms"][language].items():
            meaning = " ".join(rules.words(str(means)))
            found.update({(language, word, meaning): None for word in _list(said) if word != meaning})
    yield from found


def _list(text: Any) -> list[str]:
    return [" ".join(rules.words(word)) for word in str(text).split(",")]


@transaction.atomic
def load_house_words(*, now: datetime, actor: Actor) -> HouseWords:
    """Bring the house's own rows to words.yaml. What people put, changed or switched off stays as it is."""
    wanted = set(house_rows())
    there = {(r.language, r.word, r.means): r for r in Synonym.objects.select_for_update()}
    gone = [row.pk for key, row in there.items() if row.is_house and key not in wanted]
    new = [
        Synonym(
            language=language,
            word=word,
            means=means,
            kind=Synonym.Kind.SYNONYM if means else Synonym.Kind.FILLER,
            is_house=True,
        )
        for language, word, means in sorted(wanted - there.keys())
    ]
    Synonym.objects.filter(pk__in=gone).delete()
    Synonym.objects.bulk_create(new, ignore_conflicts=True)
    if new or gone:
        record(
            mall=HOUSE,
            at=now,
            kind="synonym.loaded",
            actor=actor,
            subject=("synonym", 0, "words.yaml"),
            data={"added": len(new), "gone": len(gone)},
        )
        _forget()
    return HouseWords(len(new), len(gone))
