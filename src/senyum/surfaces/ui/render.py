"""A page or fragment with a frozen dataclass as its context."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def page(request: HttpRequest, template: str, context: DataclassInstance, *, status: int = 200) -> HttpResponse:
    """Render `template` with the fields of `context`, a frozen dataclass. TypeError for anything else.

    A page that carries a form error is answered with `status=422`.
    """
    if not is_dataclass(context) or not context.__dataclass_params__.frozen:  # type: ignore[attr-defined]  # dataclasses keeps it unnamed
        raise TypeError(f"{template} wants a frozen dataclass, not {type(context).__name__}")
    values = {field.name: getattr(context, field.name) for field in fields(context)}
    response = render(request, template, values, status=status)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asked, and so a fragment is the answer."""
    return request.headers.get("HX-Request") == "true"
