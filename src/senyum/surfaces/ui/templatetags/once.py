"""The key of a form, so that a double tap asks for the same thing once."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from senyum.surfaces.ui.once import FIELD, new_key

register = template.Library()


@register.simple_tag
def once_key() -> SafeString:
    """A hidden field with a new key."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, new_key())
