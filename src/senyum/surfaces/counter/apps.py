from django.apps import AppConfig


class CounterConfig(AppConfig):
    name = "senyum.surfaces.counter"
    label = "surface_counter"
