from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "senyum.surfaces.ui"
    label = "surface_ui"
