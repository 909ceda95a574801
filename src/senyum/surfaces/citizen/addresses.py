"""The readable addresses of a hall's pages: what search engines keep and people print (decision 0210)."""

from __future__ import annotations

from senyum.catalogue.queries import LineInfo
from senyum.malls.models import Mall


def agency_address(mall: Mall, agency_code: str) -> str:
    """The page of an agency in a hall."""
    return f"/m/{mall.code}/instansi/{agency_code}/"


def page_address(mall: str, agency: str, slug: str) -> str:
    """The page of a service, by the codes of hall and agency."""
    return f"/m/{mall}/layanan/{agency}/{slug}/"


def service_address(mall: Mall, info: LineInfo) -> str:
    """The page of a service in a hall."""
    return page_address(mall.code, info.agency_code, info.slug)


def standard_of(service: str) -> str:
    """The page of the full standard, by the service's own address."""
    return f"{service}standar/"


def standard_address(mall: Mall, info: LineInfo) -> str:
    """The page of a service's full standard."""
    return standard_of(service_address(mall, info))


def event_address(mall: Mall, slug: str) -> str:
    """The page of a life event in a hall."""
    return f"/m/{mall.code}/peristiwa/{slug}/"
