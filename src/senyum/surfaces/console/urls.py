"""Addresses of the console."""

from django.urls import path

from senyum.surfaces.console import floor

app_name = "console"
urlpatterns = [
    path("<slug:mall>/floor/", floor.floor, name="floor"),
    path("<slug:mall>/floor/pause/", floor.pause, name="pause"),
    path("<slug:mall>/floor/resume/", floor.resume, name="resume"),
]
