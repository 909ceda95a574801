"""The API's reference as a plain page, made from its own OpenAPI description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from senyum.surfaces.ui.access import public


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    summary: str
    bearer: bool
    statuses: tuple[str, ...]
    fields: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class Reference:
    operations: tuple[Operation, ...]


def _fields(schema: dict[str, Any], body: dict[str, Any]) -> tuple[tuple[str, str, bool], ...]:
    reference = body.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    shape = schema.get("components", {}).get("schemas", {}).get(reference.rsplit("/", 1)[-1], {})
    needed = set(shape.get("required", []))
    return tuple((name, _kind(part), name in needed) for name, part in shape.get("properties", {}).items())


def _kind(part: dict[str, Any]) -> str:
    if "enum" in part:
        return " | ".join(str(value) for value in part["enum"])
    if "anyOf" in part:
        return " | ".join(_kind(option) for option in part["anyOf"])
    return str(part.get("type", part.get("const", "object")))


@public
def reference(request: HttpRequest) -> HttpResponse:
    from senyum.surfaces.api.urls import api

    schema = api.get_openapi_schema(path_prefix="/api/v1/")
    operations = tuple(
        Operation(
            method=method.upper(),
            path=address,
            summary=operation.get("summary", ""),
            bearer=bool(operation.get("security")),
            statuses=tuple(str(status) for status in operation.get("responses", {})),
            fields=_fields(schema, operation.get("requestBody", {})),
        )
        for address, methods in schema["paths"].items()
        for method, operation in methods.items()
    )
    return render(request, "api/reference.html", {"page": Reference(operations)})
