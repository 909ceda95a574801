"""Bookings: a promise for a later time, and whatever keeps it from being given twice."""
