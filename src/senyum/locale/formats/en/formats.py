"""English as read in Indonesia: day before month, 24-hour times."""

from django.conf.locale.en_GB.formats import *  # noqa: F403  # Django's formats are modules of constants

TIME_FORMAT = "H:i"
