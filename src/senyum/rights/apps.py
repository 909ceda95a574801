from django.apps import AppConfig


class RightsConfig(AppConfig):
    name = "senyum.rights"
    label = "rights"
