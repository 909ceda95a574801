"""The catalogue for others: a sheet that can be imported again, the shape of SIPPN, and CPSV-AP as JSON-LD."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from senyum.catalogue import components, rules
from senyum.catalogue.content import Content, FeeText, content_of
from senyum.catalogue.models import Service
from senyum.catalogue.sheet import ServiceLine

#: SEMIC's CPSV-AP 3 rests on these vocabularies; `cv` is its own.
CONTEXT = {
    "cpsv": "http://purl.org/vocab/cpsv#",
    "cv": "http://data.europa.eu/m8g/",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcat": "http://www.w3.org/ns/dcat#",
}
_RUPIAH = "http://publications.europa.eu/resource/authority/currency/IDR"
_INDONESIA = "http://publications.europa.eu/resource/authority/country/IDN"


@dataclass(frozen=True)
class Exported:
    """A service with the content of the version in force; `version` and `adopted` say which."""

    service: Service
    content: Content
    version: int
    adopted: bool


def in_force(agency: str = "") -> Iterator[Exported]:
    """The services that have a standard in force, by agency and code; those of one agency when it is named."""
    services = (
        Service.objects.exclude(current=None)
        .select_related("agency", "current")
        .prefetch_related("current__requirements", "current__fees")
        .order_by("agency__code", "code")
    )
    for service in services.filter(agency__code=agency) if agency else services:
        assert service.current is not None
        yield Exported(service, content_of(service.current), service.current.number, service.current.adopted)


def service_lines(exported: Iterable[Exported]) -> Iterator[ServiceLine]:
    """The services as a catalogue sheet holds them."""
    for number, row in enumerate(exported, start=2):
        service = row.service
        names = {name: getattr(service, name) for name in ("name", "name_su", "name_en", "keywords")}
        yield ServiceLine(number, service.agency.code, service.code, names, service.pays_at_cashier, row.content)


def sippn(exported: Iterable[Exported]) -> list[dict[str, Any]]:
    """Service standards in the shape of a SIPPN page: number of the decree, requirements, procedure, time, fee,
    product, complaints. What nobody filled in is null.

    The page's shape is known, an interface for machines is not: the keys are ours (docs/catalogue.md).
    """
    return [
        {
            "instansi": row.service.agency.name,
            "kode": f"{row.service.agency.code}.{row.service.code}",
            "nama_layanan": row.service.name,
            "nomor_sk": row.content.decree_number or None,
            "tanggal_berlaku": row.content.effective_on.isoformat() if row.content.effective_on else None,
            "persyaratan": [need.text for need in row.content.requirements] or None,
            "prosedur": row.content.components.get(components.PROCEDURE),
            "waktu_penyelesaian": row.content.time_text or None,
            "biaya": [
                {
                    "varian": fee.variant or None,
                    "rupiah": fee.amount_rupiah,
                    "keterangan": fee.amount_text or ("gratis" if fee.amount_rupiah == 0 else None),
                    "jenis": fee.kind or None,
                    "dasar_hukum": fee.legal_basis or None,
                }
                for fee in row.content.fees
            ]
            or None,
            "produk": row.content.components.get(components.PRODUCT),
            "pengaduan": row.content.components.get(components.COMPLAINTS),
            "versi": row.version,
            "diambil_alih": row.adopted,
        }
        for row in exported
    ]


def cpsv(exported: Iterable[Exported], base: str) -> dict[str, Any]:
    """One JSON-LD graph of CPSV-AP 3. `base` begins every identifier, with a slash at its end.

    A service without a product or a legal basis has none here: nothing is made up. The mandatory description is the
    service's name and agency, since the catalogue keeps no prose about a service.
    """
    graph: list[dict[str, Any]] = []
    seen: set[str] = set()
    for row in exported:
        agency = row.service.agency
        authority = f"{base}agency/{agency.code}"
        if authority not in seen:
            seen.add(authority)
            graph.append(
                {
                    "@id": authority,
                    "@type": "cv:PublicOrganisation",
                    "dct:identifier": agency.code,
                    "skos:prefLabel": _text(agency.name, "id"),
                    "dct:spatial": {"@id": _INDONESIA},
                }
            )
        graph += _public_service(row, f"{base}service/{agency.code}.{row.service.code}", authority)
    return {"@context": CONTEXT, "@graph": graph}


def _text(value: str, language: str) -> dict[str, str]:
    return {"@value": value, "@language": language}


def _texts(**values: str) -> list[dict[str, str]]:
    return [_text(value, language) for language, value in values.items() if value]


def _public_service(row: Exported, uri: str, authority: str) -> list[dict[str, Any]]:
    service, content = row.service, row.content
    parts: dict[str, list[dict[str, Any]]] = {
        "cpsv:hasInput": [
            {
                "@id": f"{uri}/input/{place}",
                "@type": "cv:Evidence",
                "dct:identifier": f"{service.code}-{place}",
                "dct:title": _texts(id=need.text, su=need.text_su, en=need.text_en),
            }
            for place, need in enumerate(content.requirements, start=1)
        ],
        "cv:hasCost": [_cost(fee, place, uri) for place, fee in enumerate(content.fees, start=1)],
        "cpsv:produces": [
            {
                "@id": f"{uri}/output/1",
                "@type": "cv:Output",
                "dct:identifier": f"{service.code}-output",
                "dct:title": _text(content.components[components.PRODUCT], "id"),
            }
        ]
        if components.PRODUCT in content.components
        else [],
        "cv:hasLegalResource": [
            {"@id": f"{uri}/legal/{place}", "@type": "eli:LegalResource", "dct:title": _text(text, "id")}
            for place, text in enumerate(_legal(content), start=1)
        ],
    }
    node: dict[str, Any] = {
        "@id": uri,
        "@type": "cpsv:PublicService",
        "dct:identifier": f"{service.agency.code}.{service.code}",
        "dct:title": _texts(id=service.name, su=service.name_su, en=service.name_en),
        "dct:description": _text(f"{service.name}, {service.agency.name}", "id"),
        "cv:hasCompetentAuthority": {"@id": authority},
        **{name: [{"@id": part["@id"]} for part in found] for name, found in parts.items() if found},
    }
    duration = iso_duration(content.time_text)
    if duration:
        node["cv:processingTime"] = {"@value": duration, "@type": "xsd:duration"}
    words = sorted(set(rules.words(service.keywords)))
    if words:
        node["dcat:keyword"] = [_text(word, "id") for word in words]
    return [node, *(part for found in parts.values() for part in found)]


def _legal(content: Content) -> list[str]:
    """Each regulation that the standard rests on, once: its own lines, and those of requirements and fees."""
    own = content.components.get(components.LEGAL_BASIS, "").splitlines()
    rows = [need.legal_basis for need in content.requirements] + [fee.legal_basis for fee in content.fees]
    return [text for text in dict.fromkeys(line.strip() for line in (*own, *rows)) if text]


def _cost(fee: FeeText, place: int, uri: str) -> dict[str, Any]:
    node: dict[str, Any] = {"@id": f"{uri}/cost/{place}", "@type": "cv:Cost", "dct:identifier": f"cost-{place}"}
    said = "; ".join(
        part for part in (fee.variant, "gratis" if fee.amount_rupiah == 0 else "", fee.amount_text) if part
    )
    if fee.amount_rupiah is not None:
        node["cv:hasValue"] = {"@value": str(fee.amount_rupiah), "@type": "xsd:decimal"}
        node["cv:currency"] = {"@id": _RUPIAH}
    if said:
        node["dct:description"] = _text(said, "id")
    return node


_DURATION = re.compile(
    r"(?:\d+\s*(?:-|–|sampai|s/d)\s*)?(\d+)\s*(menit|jam|hari|minggu|bulan)(?: kerja)?\b", re.IGNORECASE
)
_UNITS = {"menit": "PT{}M", "jam": "PT{}H", "hari": "P{}D", "minggu": "P{}W", "bulan": "P{}M"}


def iso_duration(text: str) -> str:
    """ISO 8601 duration of a time in words, its upper bound: "14–30 hari kerja" is P30D; "" where none can be read.

    ISO 8601 knows no working days: P30D says them as days, and readers must know that (docs/catalogue.md).
    """
    found = _DURATION.match(text.strip())
    return _UNITS[found[2].lower()].format(int(found[1])) if found else ""
