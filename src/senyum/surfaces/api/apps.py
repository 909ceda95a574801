from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "senyum.surfaces.api"
    label = "surface_api"
