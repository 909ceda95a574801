"""Indonesian: Django's own, with 24-hour times and a leading zero, as on the boards."""

from django.conf.locale.id.formats import *  # noqa: F403  # Django's formats are modules of constants

TIME_FORMAT = "H.i"
