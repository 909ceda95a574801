"""The addresses of the person at the door."""

from __future__ import annotations

from django.urls import path

from senyum.surfaces.greeter.views import booked, home, paper, take, visit

app_name = "greeter"
urlpatterns = [
    path("<slug:mall>/", home.home, name="home"),
    path("<slug:mall>/door/", home.door_part, name="door"),
    path("<slug:mall>/arrive/", home.arrive, name="arrive"),
    path("<slug:mall>/greet/", home.greet, name="greet"),
    path("<slug:mall>/check-in/", booked.check_in, name="check_in"),
    path("<slug:mall>/find/", home.find, name="find"),
    path("<slug:mall>/take/", take.take, name="take"),
    path("<slug:mall>/visit/<int:visit>/", visit.show, name="visit"),
    path("<slug:mall>/visit/<int:visit>/message/", visit.message, name="message"),
    path("<slug:mall>/visit/<int:visit>/<slug:action>/", visit.act, name="act"),
    path("<slug:mall>/paper/", paper.pads, name="pads"),
    path("<slug:mall>/paper/<int:block>/", paper.pad, name="pad"),
    path("<slug:mall>/paper/<int:block>/print/", paper.leaves, name="leaves"),
]
