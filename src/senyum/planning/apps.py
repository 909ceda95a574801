from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "senyum.planning"
    label = "planning"
