"""What a screen reads aloud: the words that stand on it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from senyum.surfaces.ui import voice
from senyum.surfaces.ui.words import language

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: dict[str, Any], *texts: object) -> SafeString:
    """`data-say` with the clip of the texts, one sentence; nothing where no voice reads the language."""
    spoken = voice.sayable(". ".join(str(text).rstrip(". ") for text in texts if str(text).strip()))
    tongue = language()
    if not spoken or not voice.speaks(tongue):
        return SafeString("")
    address = reverse("kiosk:say", args=[context["mall"].code, tongue, voice.signature(spoken, tongue)])
    return format_html(' data-say="{}?{}"', address, urlencode({"text": spoken}))
