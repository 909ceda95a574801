from django.apps import AppConfig


class KioskConfig(AppConfig):
    name = "senyum.surfaces.kiosk"
    label = "surface_kiosk"
