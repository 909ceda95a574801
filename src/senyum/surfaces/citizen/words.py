"""The phone says times and lines as every screen does: the words stand in `ui.words`."""

from senyum.surfaces.ui.words import clock, clock_range, fullness, hours, later, minutes_range, on_day, people, when

__all__ = ["clock", "clock_range", "fullness", "hours", "later", "minutes_range", "on_day", "people", "when"]
