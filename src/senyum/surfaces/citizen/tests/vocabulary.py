"""The part of schema.org that our pages use: for each type its parents, for each property what it may hold.

Written down from the vocabulary's own pages (schema.org/GovernmentService and those it leads to, read in 2026).
`problems` says what a JSON-LD document holds that the vocabulary does not know: a type, a property of another type, a
value of a wrong kind.
"""

from __future__ import annotations

import re
from typing import Any

TYPES: dict[str, tuple[str, ...]] = {
    "Thing": (),
    "Place": ("Thing",),
    "AdministrativeArea": ("Place",),
    "Organization": ("Thing",),
    "GovernmentOrganization": ("Organization",),
    "LocalBusiness": ("Organization", "Place"),
    "GovernmentOffice": ("LocalBusiness",),
    "Service": ("Thing",),
    "GovernmentService": ("Service",),
    "ServiceChannel": ("Thing",),
    "Offer": ("Thing",),
    "OpeningHoursSpecification": ("Thing",),
    "PostalAddress": ("Thing",),
    "ItemList": ("Thing",),
    "ListItem": ("Thing",),
}
#: Property -> (types that have it, what it may hold). Kinds of plain values are Text, URL, Number, Time, Duration, Day.
PROPERTIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "name": (("Thing",), ("Text",)),
    "alternateName": (("Thing",), ("Text",)),
    "description": (("Thing",), ("Text",)),
    "identifier": (("Thing",), ("Text", "URL")),
    "url": (("Thing",), ("URL",)),
    "address": (("Organization", "Place"), ("PostalAddress", "Text")),
    "areaServed": (("Organization", "Service", "Offer"), ("AdministrativeArea", "Place", "Text")),
    "openingHoursSpecification": (("Place",), ("OpeningHoursSpecification",)),
    "containedInPlace": (("Place",), ("Place",)),
    "provider": (("Service",), ("Organization",)),
    "serviceType": (("Service",), ("Text",)),
    "hoursAvailable": (("Service",), ("OpeningHoursSpecification",)),
    "availableChannel": (("Service",), ("ServiceChannel",)),
    "offers": (("Service",), ("Offer",)),
    "serviceOutput": (("Service",), ("Thing",)),
    "termsOfService": (("Service",), ("Text", "URL")),
    "serviceLocation": (("ServiceChannel",), ("Place",)),
    "serviceUrl": (("ServiceChannel",), ("URL",)),
    "availableLanguage": (("ServiceChannel",), ("Text",)),
    "processingTime": (("ServiceChannel",), ("Duration",)),
    "price": (("Offer",), ("Number", "Text")),
    "priceCurrency": (("Offer",), ("Text",)),
    "dayOfWeek": (("OpeningHoursSpecification",), ("Day",)),
    "opens": (("OpeningHoursSpecification",), ("Time",)),
    "closes": (("OpeningHoursSpecification",), ("Time",)),
    "itemListOrder": (("ItemList",), ("Order", "Text")),
    "itemListElement": (("ItemList",), ("ListItem", "Text", "Thing")),
    "position": (("ListItem",), ("Integer", "Text")),
    "streetAddress": (("PostalAddress",), ("Text",)),
    "addressCountry": (("PostalAddress",), ("Text",)),
}
_KINDS = {
    "Text": r"(?s).+",
    "URL": r"https?://[^\s]+",
    "Number": r"\d+(\.\d+)?",
    "Time": r"([01]\d|2[0-3]):[0-5]\d",
    "Duration": r"P(\d+[DWMY])?(T\d+[HM])?",
    "Day": r"https://schema\.org/(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
}


def ancestry(kind: str) -> set[str]:
    """The type and all above it."""
    return {kind}.union(*(ancestry(parent) for parent in TYPES[kind]))


def problems(node: Any, where: str = "") -> list[str]:
    """What is wrong with a document or a node of it; an empty list when all of it is schema.org's."""
    if not where and node.get("@context") != "https://schema.org":
        return ["no @context of schema.org"]
    kind = node.get("@type")
    if kind not in TYPES:
        return [f"{where}: type {kind!r}"]
    found = []
    for name, value in node.items():
        if name.startswith("@"):
            continue
        here = f"{where}/{kind}.{name}"
        if name not in PROPERTIES or not ancestry(kind) & set(PROPERTIES[name][0]):
            found.append(f"{here}: not a property of it")
            continue
        for one in value if isinstance(value, list) else [value]:
            found += _value(one, PROPERTIES[name][1], here)
    return found


def _value(value: Any, allowed: tuple[str, ...], where: str) -> list[str]:
    if isinstance(value, dict):
        kind = value.get("@type")
        if kind in TYPES and not ancestry(kind) & set(allowed):
            return [f"{where}: a {kind}, not {allowed}"]
        return problems(value, where)
    if type(value) is int and "Integer" in allowed:
        return []
    if not isinstance(value, str):
        return [f"{where}: {value!r} is no text"]
    if not any(re.fullmatch(_KINDS[kind], value) for kind in allowed if kind in _KINDS):
        return [f"{where}: {value!r} is not {allowed}"]
    return []
