"""Every address of the house. A surface adds one line."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    # The API first: machines ask most often, and each pattern before it is tried on every request.
    path("api/v1/", include("senyum.surfaces.api.urls")),
    path("", include("senyum.surfaces.ui.urls")),
    path("counter/", include("senyum.surfaces.counter.urls")),
    path("greeter/", include("senyum.surfaces.greeter.urls")),
    path("kiosk/", include("senyum.surfaces.kiosk.urls")),
    path("display/", include("senyum.surfaces.display.urls")),
    path("console/", include("senyum.surfaces.console.urls")),
    path("", include("senyum.surfaces.citizen.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("senyum.surfaces.console.trust")),
    path("", include("senyum.surfaces.console.reads")),
]

handler400 = "senyum.surfaces.ui.views.bad_request"
handler403 = "senyum.surfaces.ui.views.permission_denied"
handler404 = "senyum.surfaces.ui.views.not_found"
handler500 = "senyum.surfaces.ui.views.fault"
