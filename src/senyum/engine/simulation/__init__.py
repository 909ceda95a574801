"""A whole day of a mall, compiled: many days at once, exact seeds, an interval on every figure. Pure.

`simulate` plays a scenario; `one_day` keeps the life of every leg of a single day. How it works: `docs/simulation.md`.
"""

from __future__ import annotations

from senyum.engine.simulation.classic import DayOfCalls, run_day
from senyum.engine.simulation.day import DayOfLegs, one_day
from senyum.engine.simulation.report import Figure, Group, Report
from senyum.engine.simulation.run import simulate

__all__ = ["DayOfCalls", "DayOfLegs", "Figure", "Group", "Report", "one_day", "run_day", "simulate"]
