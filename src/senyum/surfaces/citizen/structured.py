"""A public page in the words of schema.org, as JSON-LD for search engines. Nothing is made up: what nobody wrote down
is left out, and amounts that depend on the case have words and no price.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from senyum.catalogue import components
from senyum.catalogue.export import iso_duration
from senyum.catalogue.queries import LineInfo, StandardFacts
from senyum.malls import queries as malls
from senyum.malls.models import Mall

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def script_text(data: Mapping[str, Any]) -> SafeString:
    """JSON-LD for inside a script element, from which no text of the catalogue can get out."""
    text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False)
    return mark_safe(text.translate(_ESCAPES))  # nosec B308 B703 - what could end the element is escaped above


def _known(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value not in ("", None, [], {})}


def hours_of(mall: Mall, booth_id: int) -> list[dict[str, Any]]:
    """The booth's week: weekdays with the same hours together."""
    plan = malls.hall_plan(mall.pk, mall.timezone)
    days: dict[tuple[str, str], list[str]] = {}
    for weekday, hours in sorted(plan.hours.get(booth_id, {}).items()):
        span = f"{hours.opens:%H:%M}", f"{hours.closes:%H:%M}"
        days.setdefault(span, []).append(f"https://schema.org/{_DAYS[weekday]}")
    return [
        {"@type": "OpeningHoursSpecification", "dayOfWeek": names, "opens": opens, "closes": closes}
        for (opens, closes), names in days.items()
    ]


def _address(mall: Mall) -> dict[str, Any] | None:
    if not mall.address:
        return None
    return {"@type": "PostalAddress", "streetAddress": mall.address, "addressCountry": "ID"}


def hall(mall: Mall, url: str) -> dict[str, Any]:
    """The hall as an office of the government."""
    return _known(
        {
            "@type": "GovernmentOffice",
            "@id": f"{url}#mall",
            "name": mall.name,
            "alternateName": mall.short_name if mall.short_name != mall.name else "",
            "url": url,
            "address": _address(mall),
            "areaServed": _areas(mall),
        }
    )


def agency(
    mall: Mall, *, name: str, short_name: str, url: str, hall_url: str, hours: list[dict[str, Any]]
) -> dict[str, Any]:
    """An agency's office in the hall, with its week."""
    return _known(
        {
            "@type": "GovernmentOffice",
            "@id": f"{url}#agency",
            "name": name,
            "alternateName": short_name if short_name != name else "",
            "url": url,
            "address": _address(mall),
            "openingHoursSpecification": hours,
            "containedInPlace": {"@type": "Place", "@id": f"{hall_url}#mall", "name": mall.name, "url": hall_url},
        }
    )


def _areas(mall: Mall) -> list[dict[str, Any]]:
    return [{"@type": "AdministrativeArea", "name": str(name)} for name in mall.districts]


def service(
    mall: Mall,
    info: LineInfo,
    facts: StandardFacts | None,
    *,
    description: str,
    urls: Mapping[str, str],
    bookable: bool,
) -> dict[str, Any]:
    """A service of an agency in this hall.

    `urls`: absolute addresses of `here`, `agency`, `hall`, `standard` and `book`. Processing times are read as in the
    CPSV export (docs/catalogue.md): the upper bound, days for working days.
    """
    hours = hours_of(mall, info.booth_id)
    place = {"@type": "Place", "@id": f"{urls['hall']}#mall", "name": mall.name, "address": _address(mall)}
    counter = {
        "@type": "ServiceChannel",
        "serviceLocation": _known(place),
        "availableLanguage": list(mall.languages),
        "processingTime": iso_duration(info.time_text),
    }
    channels = [_known(counter)]
    if bookable:
        channels.append({"@type": "ServiceChannel", "serviceUrl": urls["book"]})
    product = facts.texts.get(components.PRODUCT, "") if facts else ""
    return _known(
        {
            "@type": "GovernmentService",
            "@id": f"{urls['here']}#service",
            "name": info.name,
            "identifier": f"{info.agency_code}.{info.code}",
            "description": description,
            "serviceType": info.name,
            "url": urls["here"],
            "provider": {
                "@type": "GovernmentOrganization",
                "@id": f"{urls['agency']}#agency",
                "name": info.agency_name,
                "url": urls["agency"],
            },
            "areaServed": _areas(mall),
            "hoursAvailable": hours,
            "availableChannel": channels,
            "offers": [_offer(words, fee) for words, fee in facts.fees] if facts else [],
            "serviceOutput": {"@type": "Thing", "name": product} if product else None,
            "termsOfService": urls["standard"],
        }
    )


def _offer(words: str, fee: Any) -> dict[str, Any]:
    priced = fee.amount_rupiah is not None
    return _known(
        {
            "@type": "Offer",
            "name": fee.variant,
            "description": words,
            "price": str(fee.amount_rupiah) if priced else "",
            "priceCurrency": "IDR" if priced else "",
        }
    )


def event_list(title: str, url: str, services: list[tuple[str, str]]) -> dict[str, Any]:
    """A life event as the ordered list of its services: (name, absolute address)."""
    return {
        "@type": "ItemList",
        "name": title,
        "url": url,
        "itemListOrder": "https://schema.org/ItemListOrderAscending",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "url": address}
            for place, (name, address) in enumerate(services, start=1)
        ],
    }
