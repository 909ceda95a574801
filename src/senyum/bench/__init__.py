"""Measurements of a whole hall: queue and live streams."""
