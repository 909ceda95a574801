"""Builtin words of every template: times, numbers, and what a form field needs to be read aloud."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.template import Context
from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString

from senyum.malls.models import Mall
from senyum.people import access
from senyum.people.models import User

register = template.Library()


@register.filter
def clock(value: datetime | time | None, shape: str = "%H.%M") -> str:
    """Local time of day as Indonesians write it, "09.42" ("09:42" in English). `shape`: strftime, for seconds."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    text = value.strftime(shape)
    return text.replace(".", ":") if translation.get_language() == "en" else text


@register.filter
def day(value: datetime | None) -> str:
    """Weekday and date in words: "Selasa, 24 November 2026"."""
    if value is None:
        return ""
    local = timezone.localtime(value) if isinstance(value, datetime) else value
    return date_format(local, "l, j F Y")


@register.filter
def figure(value: float | int | Decimal | None, decimals: int = 0) -> str:
    """A number with the language's separators: 1.234,5. An en dash where there is none."""
    if value is None:
        return "–"
    # Django cuts a float's digits off; people expect 21.75 to read as 21.8.
    rounded = round(value, decimals) if isinstance(value, float) else value
    return number_format(rounded, decimal_pos=decimals, use_l10n=True, force_grouping=True)


#: The icon of a place of work, by its kind (`people.access`).
_SIGNS = {
    "counter": "monitor",
    "greeter": "hand-heart",
    "floor": "layout-dashboard",
    "roster": "calendar",
    "plans": "clipboard-check",
    "bookings": "calendar-check",
    "standards": "file-text",
    "events": "list-checks",
    "words": "search",
    "devices": "tablet",
    "accounts": "users",
}


@register.filter
def sign(kind: str) -> str:
    """The icon of a place of work."""
    return _SIGNS[kind]


@register.simple_tag(takes_context=True)
def console_parts(context: Context, mall: Mall) -> list[access.Place]:
    """The parts of the mall's console that the reader may open."""
    user = context["request"].user
    return access.console_of(user, mall) if isinstance(user, User) else []


@register.filter
def epoch_ms(value: datetime | None) -> int | str:
    """Milliseconds since 1970, for `data-since` and `data-countdown`."""
    return "" if value is None else int(value.timestamp() * 1000)


@dataclass(frozen=True)
class Control:
    """How a field is drawn: `group` is the role of a set of choices, `single` one tick box."""

    id: str
    group: str
    single: bool
    described: str
    html: SafeString | str


@register.filter
def control(field: BoundField, hint: str = "") -> Control:
    """The field's control with its hint (`hint`, else its help text) and error wired to it for screen readers."""
    widget = field.field.widget
    # A placeholder vanishes as soon as somebody types: what it says belongs into the hint.
    widget.attrs.pop("placeholder", None)
    identity = field.auto_id or f"id_{field.html_name}"
    parts = [f"{identity}-hint"] if hint or field.help_text else []
    parts += [f"{identity}-error"] if field.errors else []
    attributes: dict[str, str | bool] = {"aria-describedby": " ".join(parts)} if parts else {}
    if field.errors:
        attributes["aria-invalid"] = "true"
    is_group = isinstance(widget, (RadioSelect, CheckboxSelectMultiple))
    return Control(
        id=identity,
        group=("radiogroup" if isinstance(widget, RadioSelect) else "group") if is_group else "",
        single=isinstance(widget, CheckboxInput),
        described=" ".join(parts),
        html="" if is_group else field.as_widget(attrs=attributes),
    )


@register.filter
def first_id(field: BoundField) -> str:
    """The id a link of the error summary goes to: the first choice of a group, else the control."""
    identity = field.auto_id or f"id_{field.html_name}"
    return f"{identity}_0" if isinstance(field.field.widget, (RadioSelect, CheckboxSelectMultiple)) else identity
