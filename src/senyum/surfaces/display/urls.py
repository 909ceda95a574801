"""Addresses of the boards."""

from __future__ import annotations

from django.urls import path

from senyum.surfaces.display import views

app_name = "display"
urlpatterns = [
    path("chime.wav", views.chime, name="chime"),
    path("<slug:mall>/", views.board, name="board"),
    path("<slug:mall>/now/", views.board_part, name="now"),
    path(
        "<slug:mall>/voice/<slug:language>/<slug:kind>/<slug:label>/<int:counter>/<slug:signed>.wav",
        views.clip,
        name="clip",
    ),
]
