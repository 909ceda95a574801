"""Who sits at which counter, from when to when, with pauses and their reasons."""
