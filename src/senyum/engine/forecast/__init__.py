"""Wait forecasts: learned from snapshots of lines, calibrated as the day goes, audited afterwards (docs/forecast.md)."""
