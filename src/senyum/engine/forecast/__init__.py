"""Wait forecasts: learned from snapshots of lines, calibrated as the day goes, audited afterwards (docs/forecast.md).

`forecast(state, model, calibration)` tells the wait of one place in line; `smooth` keeps what its owner sees calm;
`learn` makes model and calibration from the past; `score` says how promises were kept. Importing this takes a second
(Numba): warm it at start, with `forecast` once.
"""

from senyum.engine.forecast.calibration import Calibration
from senyum.engine.forecast.inputs import Inputs
from senyum.engine.forecast.line_state import Booked, LineState, Wait, cold, forecast
from senyum.engine.forecast.memory import Memory, remember
from senyum.engine.forecast.model import Learning, Model, learn
from senyum.engine.forecast.scoring import Score, score
from senyum.engine.forecast.smoother import Shown, Why, smooth
from senyum.engine.forecast.snapshots import Snapshots
from senyum.engine.forecast.table import PLACES, Table, table

__all__ = [
    "PLACES",
    "Booked",
    "Calibration",
    "Inputs",
    "Learning",
    "LineState",
    "Memory",
    "Model",
    "Score",
    "Shown",
    "Snapshots",
    "Table",
    "Wait",
    "Why",
    "cold",
    "forecast",
    "learn",
    "remember",
    "score",
    "smooth",
    "table",
]
