"""Addresses of the console of those who steer a hall."""

from __future__ import annotations

from django.urls import path

from senyum.surfaces.console import floor

app_name = "console"
urlpatterns = [
    path("<slug:mall>/floor/", floor.show, name="floor"),
    path("<slug:mall>/floor/pause/", floor.pause, name="pause"),
    path("<slug:mall>/floor/resume/", floor.resume, name="resume"),
    path("<slug:mall>/ticket/<int:ticket>/", floor.life, name="ticket"),
]
