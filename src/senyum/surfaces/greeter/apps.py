from django.apps import AppConfig


class GreeterConfig(AppConfig):
    name = "senyum.surfaces.greeter"
    label = "surface_greeter"
