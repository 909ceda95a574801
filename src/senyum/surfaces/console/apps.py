from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "senyum.surfaces.console"
    label = "surface_console"
