"""What a public page tells search engines and those it is shared with: description, canonical, languages, JSON-LD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.safestring import SafeString

from senyum.surfaces.citizen.structured import script_text
from senyum.surfaces.ui.links import outward
from senyum.surfaces.ui.words import language

_LOCALES = {"id": "id_ID", "su": "su_ID", "en": "en_GB"}
#: Search engines show about so many letters of a description.
LONGEST = 155


@dataclass(frozen=True)
class PageMeta:
    """`canonical`: the one address of this page in this language; `alternates`: (language, address), all languages and
    x-default, which is Indonesian at the bare address.
    """

    title: str
    description: str
    canonical: str
    alternates: tuple[tuple[str, str], ...]
    locale: str
    jsonld: SafeString


def in_language(url: str, code: str) -> str:
    """A page's address in a language: Indonesian is the bare one."""
    return url if code == settings.LANGUAGE_CODE else f"{url}?lang={code}"


def shortened(text: str) -> str:
    """At most `LONGEST` letters, cut at a word."""
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else flat[:LONGEST].rsplit(" ", 1)[0].rstrip(",;·. ") + "…"


def meta_of(request: HttpRequest, path: str, *, title: str, description: str, data: Mapping[str, Any]) -> PageMeta:
    """The head of the page whose readable address is `path`, in the language of this request."""
    url = outward(request, path)
    codes = [code for code, _name in settings.LANGUAGES]
    return PageMeta(
        title=title,
        description=shortened(description),
        canonical=in_language(url, language()),
        alternates=(*((code, in_language(url, code)) for code in codes), ("x-default", url)),
        locale=_LOCALES.get(language(), "id_ID"),
        jsonld=script_text(data),
    )
