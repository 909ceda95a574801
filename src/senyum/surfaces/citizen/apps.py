from django.apps import AppConfig


class CitizenConfig(AppConfig):
    name = "senyum.surfaces.citizen"
    label = "surface_citizen"
