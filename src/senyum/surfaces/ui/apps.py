from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "senyum.surfaces.ui"
    label = "surface_ui"

    def ready(self) -> None:
        from senyum.surfaces.ui.languages import teach_sundanese
        from senyum.surfaces.ui.logins import listen

        teach_sundanese()
        listen()
