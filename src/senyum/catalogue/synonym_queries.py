"""What the console reads of the search's words: the rows, and what a question finds now and after a change."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from senyum.catalogue import rules, search
from senyum.catalogue.models import Service, Synonym
from senyum.catalogue.synonym_commands import checked

#: A page shows so many rows; a filter finds the others.
MOST_ROWS = 200


@dataclass(frozen=True)
class Words:
    """Rows of the filter, and how many there are besides those shown."""

    rows: tuple[Synonym, ...]
    more: int


@dataclass(frozen=True)
class Preview:
    """What `asked` finds now and would find after a change: names of services, best first."""

    asked: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether the change would change nothing for this question."""
        return self.before == self.after


def words_of(about: str) -> Words:
    """Synonyms and fillers in which a word of `about` begins a word; all of them without one. Two queries."""
    rows = Synonym.objects.order_by("-active", "word", "language", "means")
    plain = " ".join(rules.words(about))
    if plain:
        rows = rows.filter(Q(word__contains=plain) | Q(means__contains=plain))
    elif about.strip():
        rows = rows.none()
    shown = tuple(rows[:MOST_ROWS])
    return Words(shown, rows.count() - len(shown))


def preview(asked: str, *, without: int | None = None, put: tuple[str, str, str] | None = None) -> Preview:
    """What a question finds in the whole catalogue before and after. `put`: (language, word, meaning).

    Writes nothing. Raises NotPossible for words that the search could never use.
    """
    pair = checked(*put) if put else None
    changed = search.speech_if(without=without, put=pair)
    now = search.speech_if()
    return Preview(
        asked,
        _names(search.find(asked, limit=5, everywhere=True, own=now)),
        _names(search.find(asked, limit=5, everywhere=True, own=changed)),
    )


def _names(hits: list[search.Hit] | None) -> tuple[str, ...]:
    ids = [hit.service_id for hit in hits or ()]
    rows = Service.objects.select_related("agency").in_bulk(ids)
    return tuple(f"{rows[i].name} ({rows[i].agency.short_name})" for i in ids if i in rows)
