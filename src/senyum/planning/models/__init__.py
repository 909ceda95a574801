"""Rows of planning: how well waits were foretold, and proposals that a person accepts."""
