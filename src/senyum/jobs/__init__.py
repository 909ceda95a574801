"""Background work, one file a job."""
