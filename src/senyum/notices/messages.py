"""What the notices say. Plain text in the receiver's language; never a citizen's name, number or link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Message:
    """A subject and a body with `%(name)s` places; `needs` names what must be in the notice's data."""

    subject: str | Promise
    body: str | Promise
    needs: frozenset[str]


@dataclass(frozen=True)
class Text:
    """A message in one language: `subject` is one line."""

    subject: str
    body: str


MESSAGES: dict[str, Message] = {
    "emergency": Message(
        _("Bantuan segera: loket %(counter)s, %(mall)s"),
        _(
            "Petugas di loket %(counter)s (%(agency)s) menekan tombol darurat pukul %(time)s.\n"
            "Mohon segera datang atau pastikan rekan sudah di sana.\n\n"
            "Senyum, %(mall)s"
        ),
        frozenset({"counter", "agency", "mall", "time"}),
    ),
    "test": Message(
        _("Pesan percobaan dari Senyum"),
        _("Pesan ini membuktikan bahwa Senyum dapat mengirim pemberitahuan. Anda tidak perlu melakukan apa pun."),
        frozenset(),
    ),
}


def check(template: str, data: Mapping[str, Any]) -> None:
    """Raise ValueError where there is no such message, or where `data` lacks something that it says."""
    message = MESSAGES.get(template)
    if message is None:
        raise ValueError(f"there is no message {template!r}")
    missing = message.needs - set(data)
    if missing:
        raise ValueError(f"the message {template!r} needs {', '.join(sorted(missing))}")


def write(template: str, data: Mapping[str, Any], language: str) -> Text:
    """The message in `language` (id, su, en). Errors as `check`."""
    check(template, data)
    message = MESSAGES[template]
    with translation.override(language):
        subject, body = str(message.subject) % data, str(message.body) % data
    # A line break in a subject would begin another header.
    return Text(" ".join(subject.split()), body)
