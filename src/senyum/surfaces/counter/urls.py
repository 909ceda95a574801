"""Addresses of the officer's console."""

from __future__ import annotations

from django.urls import path

from senyum.surfaces.counter import views

app_name = "counter"
urlpatterns = [
    path("", views.malls, name="malls"),
    path("<slug:mall>/", views.choose, name="choose"),
    path("<slug:mall>/<int:number>/", views.desk, name="desk"),
    path("<slug:mall>/<int:number>/now/", views.live_parts, name="live_parts"),
    path("<slug:mall>/<int:number>/panel/<slug:name>/", views.panel, name="panel"),
    path("<slug:mall>/<int:number>/<slug:action>/", views.act, name="act"),
]
