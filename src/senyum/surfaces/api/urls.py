"""The API's one door."""

from __future__ import annotations

from typing import Any

from django.urls import path
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from senyum.surfaces.api import bookings, counters, docs, hall, problems, standards, visits
from senyum.surfaces.api.auth import bearer

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


class Api(NinjaAPI):
    """NinjaAPI that says of its problems what they are: `application/problem+json` (RFC 9457)."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        for methods in schema["paths"].values():
            for operation in methods.values():
                if "requestBody" in operation:
                    # A body that is no JSON at all.
                    operation["responses"][400] = dict(operation["responses"][422], description="Bad Request")
                # Any request may meet a database that is busy, full or gone.
                operation["responses"][503] = {"description": "Service Unavailable", "content": _PROBLEM}
                for status, response in list(operation["responses"].items()):
                    if int(status) >= 400 and "application/json" in response.get("content", {}):
                        shape = response["content"]["application/json"]
                        operation["responses"][status] = {**response, "content": {"application/problem+json": shape}}
        return schema


api = Api(
    title="Senyum",
    version="1",
    description="The service day of a Mal Pelayanan Publik: halls, visits, counters.",
    auth=bearer,
    docs_url=None,
    urls_namespace="api-1",
)
problems.install(api)
api.add_router("", hall.router)
api.add_router("", visits.router)
api.add_router("", counters.router)
api.add_router("", bookings.router)
api.add_router("", standards.router)

urlpatterns = [
    path("docs", docs.reference, name="api-docs"),
    path("", api.urls),
]
