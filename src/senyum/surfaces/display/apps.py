from django.apps import AppConfig


class DisplayConfig(AppConfig):
    name = "senyum.surfaces.display"
    label = "surface_display"
