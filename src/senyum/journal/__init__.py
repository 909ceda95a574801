"""Append-only, hash-chained record of every change: the audit, the event stream and the source of facts."""
