"""Outbox of messages to people and the channels that carry them. Nothing leaves inside a transaction."""
