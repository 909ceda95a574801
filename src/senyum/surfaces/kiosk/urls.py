"""The addresses of the kiosk. Nothing about a person stands in them."""

from __future__ import annotations

from django.urls import path

from senyum.surfaces.kiosk.views import booked, browse, care, take

app_name = "kiosk"
urlpatterns = [
    path("<slug:mall>/", browse.start, name="start"),
    path("<slug:mall>/now/", browse.start_part, name="now"),
    path("<slug:mall>/services/", browse.agencies, name="agencies"),
    path("<slug:mall>/services/<slug:agency>/", browse.services, name="services"),
    path("<slug:mall>/pickup/", browse.pickup, name="pickup"),
    path("<slug:mall>/search/", browse.search, name="search"),
    path("<slug:mall>/check/", take.check, name="check"),
    path("<slug:mall>/take/", take.take, name="take"),
    path("<slug:mall>/booked/", booked.booked, name="booked"),
    path("<slug:mall>/ticket/", take.ticket, name="ticket"),
    path("<slug:mall>/paper/", care.paper, name="paper"),
    path("<slug:mall>/contrast/", care.contrast, name="contrast"),
    path("<slug:mall>/staff/", care.staff_page, name="staff"),
    path("<slug:mall>/alive/", care.alive, name="alive"),
    path("<slug:mall>/say/<slug:language>/<slug:signed>.wav", care.say, name="say"),
]
