"""Use cases: one per command."""
