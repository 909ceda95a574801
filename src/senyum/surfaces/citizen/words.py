"""The phone says times and lines as every screen does: the words stand in `ui.words`."""

from senyum.surfaces.ui.words import clock_range, fullness, hours, minutes_range, people, when

__all__ = ["clock_range", "fullness", "hours", "minutes_range", "people", "when"]
