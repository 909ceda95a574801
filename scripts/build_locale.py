"""Make the Sundanese and English catalogues out of `src/senyum/locale/parts/*.yaml`.

    python scripts/build_locale.py            write django.po and django.mo of each language
    python scripts/build_locale.py --missing  list the visible strings that have no entry in a part
    python scripts/build_locale.py --unused   list the entries that no page and no sentence uses

The source language is Indonesian: an `id` is what stands in a template or in `_("...")`. A part is a list of

    - {id: "Ambil nomor", su: "Candak nomer", en: "Take a number"}
    - {id: "{{ n }} orang", ...}   is written as gettext sees it: "%(n)s orang"
    - {id: "%(n)s orang", su: ["%(n)s jalmi", "%(n)s jalmi"], en: ["%(n)s person", "%(n)s people"]}   one, more
    - {id: "Buka", context: "loket", su: "...", en: "..."}   for pgettext

The same id in two parts must say the same (a test says where it does not; the build takes ui.yaml's, else the first).
No gettext programs are needed.
"""

from __future__ import annotations

import argparse
import ast
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src/senyum"
LOCALE = SOURCE / "locale"
LANGUAGES = ("su", "en")
PLURALS = {"su": "nplurals=2; plural=(n != 1);", "en": "nplurals=2; plural=(n != 1);"}
#: Function -> whether its first argument is a context.
CALLS = {
    "_": False, "gettext": False, "gettext_lazy": False, "gettext_noop": False, "ngettext": False,
    "ngettext_lazy": False, "pgettext": True, "pgettext_lazy": True,
}  # fmt: skip


class PartError(Exception):
    """A part that cannot be read."""


@dataclass(frozen=True)
class Message:
    """What is translated: the Indonesian words, and the context that tells two uses apart."""

    id: str
    context: str = ""

    @property
    def key(self) -> str:
        return f"{self.context}\x04{self.id}" if self.context else self.id


@dataclass(frozen=True)
class Entry:
    """One translation: a language's words, or (one, more)."""

    message: Message
    words: dict[str, str | tuple[str, str]]
    part: str


def read_parts(directory: Path = LOCALE / "parts") -> dict[str, Entry]:
    """All entries by key; of contradicting ones the first, ui.yaml before the others. Raises PartError."""
    entries: dict[str, Entry] = {}
    for entry in all_entries(directory):
        entries.setdefault(entry.message.key, entry)
    return entries


def contradictions(directory: Path = LOCALE / "parts") -> list[str]:
    """Which parts translate one id differently."""
    first: dict[str, Entry] = {}
    return [
        f"{entry.part} and {before.part} translate {entry.message.id!r} differently"
        for entry in all_entries(directory)
        if (before := first.setdefault(entry.message.key, entry)).words != entry.words
    ]


def all_entries(directory: Path) -> Iterator[Entry]:
    """Every row of every part. Raises PartError with the file and the row."""
    for file in sorted(directory.glob("*.yaml"), key=lambda f: (f.name != "ui.yaml", f.name)):
        try:
            rows = yaml.safe_load(file.read_text()) or []
        except yaml.YAMLError as error:
            raise PartError(f"{file.name}: {error}") from error
        for row in rows:
            yield _entry(row, file.name)


def _entry(row: Any, part: str) -> Entry:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise PartError(f"{part}: {row!r} is not {{id, su, en}}")
    words: dict[str, str | tuple[str, str]] = {}
    for language in LANGUAGES:
        word = row.get(language)
        if isinstance(word, list) and len(word) == 2 and all(isinstance(w, str) and w for w in word):
            words[language] = (word[0], word[1])
        elif isinstance(word, str) and word:
            words[language] = word
        else:
            raise PartError(f"{part}: {row['id']!r} has no {language}")
    return Entry(Message(row["id"], row.get("context", "")), words, part)


# What pages say


def used() -> dict[str, set[str]]:
    """key -> where it is used, for every string in `_()`, `{% translate %}` and `{% blocktranslate %}` of the house."""
    found: dict[str, set[str]] = {}
    for message, file in [*python_messages(), *template_messages()]:
        found.setdefault(message.key, set()).add(str(file.relative_to(ROOT)))
    return found


def python_messages() -> Iterator[tuple[Message, Path]]:
    """Literals in gettext calls, tests excepted."""
    for file in sorted(SOURCE.rglob("*.py")):
        if "tests" in file.parts or "migrations" in file.parts or "formats" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in CALLS:
                    texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                    if CALLS[name] and len(texts) >= 2:
                        yield Message(texts[1], texts[0]), file
                    elif not CALLS[name] and texts:
                        yield Message(texts[0]), file


def template_messages() -> Iterator[tuple[Message, Path]]:
    """What `translate` and `blocktranslate` tags say, read with Django's own expressions for them."""
    from django.utils.translation.template import (
        block_re,
        constant_re,
        endblock_re,
        inline_re,
        plural_re,
    )

    for file in sorted([*SOURCE.rglob("templates/**/*.html"), *SOURCE.rglob("templates/**/*.txt")]):
        if "tests" in file.relative_to(SOURCE).parts:
            continue
        text = file.read_text()
        for token in _tags(text):
            if inline := inline_re.match(token):
                yield Message(_unquote(inline[1]), _unquote(inline[3] or "")), file
            elif constant := constant_re.findall(token):
                for word in constant:
                    yield Message(_unquote(word.removeprefix("_(").removesuffix(")"))), file
        yield from ((m, file) for m in _blocks(text, block_re, endblock_re, plural_re))


def _tags(text: str) -> Iterator[str]:
    """The insides of all `{% %}` and `{{ }}`, also those inside a component's attributes."""
    from django.template.base import tag_re

    for match in tag_re.finditer(text):
        piece = match[0]
        if not piece.startswith("{#"):
            yield piece[2:-2].strip()


def _blocks(text: str, block_re: Any, endblock_re: Any, plural_re: Any) -> Iterator[Message]:
    from django.template.base import tag_re
    from django.utils.translation import trim_whitespace

    pieces: list[str] | None = None
    trimmed = False
    done_one = False
    context = ""
    position = 0
    for match in tag_re.finditer(text):
        before, position = text[position : match.start()], match.end()
        piece, inside = match[0], match[0][2:-2].strip()
        if pieces is None:
            if piece.startswith("{%") and (opening := block_re.match(inside)):
                pieces, trimmed, done_one = [], " trimmed" in inside, False
                context = _unquote(opening[2] or "")
            continue
        if not done_one:
            pieces.append(before.replace("%", "%%"))
        if piece.startswith("{{") and not done_one:
            pieces.append(f"%({inside})s")
        elif piece.startswith("{%") and (endblock_re.match(inside) or plural_re.match(inside)):
            if not done_one:
                words = "".join(pieces)
                yield Message(trim_whitespace(words) if trimmed else words, context)
            done_one = bool(plural_re.match(inside))
            if not done_one:
                pieces = None


def _unquote(word: str) -> str:
    return word[1:-1] if word[:1] in "\"'" else word


# Catalogues


def po(entries: dict[str, Entry], language: str) -> str:
    """The text of a django.po."""
    lines = ['msgid ""', 'msgstr ""', *(f'"{line}\\n"' for line in _header(language))]
    for key in sorted(entries):
        entry = entries[key]
        word = entry.words[language]
        lines.append(f"\n#: {entry.part}")
        if entry.message.context:
            lines.append(f"msgctxt {_quote(entry.message.context)}")
        lines.append(f"msgid {_quote(entry.message.id)}")
        if isinstance(word, tuple):
            lines += [f"msgid_plural {_quote(entry.message.id)}"]
            lines += [f"msgstr[{i}] {_quote(form)}" for i, form in enumerate(word)]
        else:
            lines.append(f"msgstr {_quote(word)}")
    return "\n".join(lines) + "\n"


def _header(language: str) -> list[str]:
    return [
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"Language: {language}",
        f"Plural-Forms: {PLURALS[language]}",
    ]


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def mo(entries: dict[str, Entry], language: str) -> bytes:
    """The bytes of a django.mo: GNU's format, revision 0, keys sorted, no hash table."""
    pairs: dict[bytes, bytes] = {b"": "".join(f"{line}\n" for line in _header(language)).encode()}
    for key, entry in entries.items():
        word = entry.words[language]
        if isinstance(word, tuple):
            pairs[f"{key}\0{entry.message.id}".encode()] = "\0".join(word).encode()
        else:
            pairs[key.encode()] = word.encode()
    keys = sorted(pairs)
    tables = 28 + 16 * len(keys)
    blob = b""
    ids: list[tuple[int, int]] = []
    strings: list[tuple[int, int]] = []
    for table, texts in ((ids, keys), (strings, [pairs[k] for k in keys])):
        for text in texts:
            table.append((len(text), tables + len(blob)))
            blob += text + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, tables)
    return head + b"".join(struct.pack("<2I", *row) for row in (*ids, *strings)) + blob


def build() -> None:
    """Write both catalogues, and only what changed."""
    entries = read_parts()
    for language in LANGUAGES:
        place = LOCALE / language / "LC_MESSAGES"
        place.mkdir(parents=True, exist_ok=True)
        for file, content in (
            (place / "django.po", po(entries, language).encode()),
            (place / "django.mo", mo(entries, language)),
        ):
            if not file.exists() or file.read_bytes() != content:
                draft = file.with_suffix(".new")
                draft.write_bytes(content)
                draft.replace(file)


def missing() -> dict[str, set[str]]:
    """Used strings without an entry -> the files that use them."""
    entries = read_parts()
    return {key: files for key, files in used().items() if key and key not in entries}


def unused() -> set[str]:
    """Entries that nothing uses; dates.yaml translates words of Django."""
    known = used()
    return {key for key, entry in read_parts().items() if key not in known and entry.part != "dates.yaml"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--unused", action="store_true")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT / "src"))
    try:
        if asked.missing:
            for key, files in sorted(missing().items(), key=lambda row: sorted(row[1])):
                print(f"{', '.join(sorted(files))}: {key!r}")
        elif asked.unused:
            print("\n".join(sorted(unused())))
        else:
            build()
    except PartError as error:
        print(f"senyum: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
