"""The addresses of the catalogue's public pages (decision 0210)."""

from __future__ import annotations

from django.urls import path

from senyum.surfaces.citizen.views import crawlers, events, search, services, standards

urlpatterns = [
    path("robots.txt", crawlers.robots, name="robots"),
    path("sitemap.xml", crawlers.index, name="sitemap"),
    path("sitemap-house.xml", crawlers.house, name="sitemap_house"),
    path("m/<slug:mall>/sitemap.xml", crawlers.hall, name="sitemap_hall"),
    path("cari/", search.show, name="citizen_search"),
    path("m/<slug:mall>/peristiwa/<slug:event>/", events.show, name="citizen_event"),
    path("m/<slug:mall>/instansi/<slug:agency>/", services.agency, name="citizen_agency"),
    path("m/<slug:mall>/layanan/<slug:agency>/<slug:slug>/", services.service_at, name="citizen_service_at"),
    path("m/<slug:mall>/layanan/<slug:agency>/<slug:slug>/standar/", standards.show_at, name="citizen_standard_at"),
    path("m/<slug:mall>/line/<int:line>/", services.service, name="citizen_service"),
    path("m/<slug:mall>/line/<int:line>/now/", services.service_now, name="citizen_service_now"),
    path("m/<slug:mall>/line/<int:line>/standard/", standards.show, name="citizen_standard"),
    path("m/<slug:mall>/line/<int:line>/standard/comment/", standards.comment, name="citizen_standard_comment"),
]
