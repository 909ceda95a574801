"""Rows of planning: how well waits were foretold, and proposals that a person accepts."""

from senyum.planning.models.accuracy import Accuracy
from senyum.planning.models.proposals import Proposal

__all__ = ["Accuracy", "Proposal"]
