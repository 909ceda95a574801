"""/api/v1: the same commands and queries for machines."""
