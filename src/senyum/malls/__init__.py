"""Mall, agency, booth, counter, calendar and opening hours."""
