"""Running a hall: starting, checking, saving, restoring. Knows no citizen; stands beside the command line."""
