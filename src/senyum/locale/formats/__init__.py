"""Local formats: how dates and numbers are written."""
