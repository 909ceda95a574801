"""The API's one door."""

from __future__ import annotations

from django.urls import path
from ninja import NinjaAPI

from senyum.surfaces.api import counters, docs, hall, problems, visits
from senyum.surfaces.api.auth import bearer

api = NinjaAPI(
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

urlpatterns = [
    path("docs", docs.reference, name="api-docs"),
    path("", api.urls),
]
