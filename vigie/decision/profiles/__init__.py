"""Profiles: one file each, found by name."""
